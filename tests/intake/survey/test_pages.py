"""The survey's pages: a plan for the day, a promise, a result, and work in one step; each asked by who may and who may not."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from dvc.accounts.roles import Role
from dvc.audit.models import Look
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from dvc.photos.models import Photo
from intake.help_requests.models import Need, NeedState
from intake.people.models import Household, Town
from intake.survey import reports
from intake.survey.models import Appointment, AppointmentState, Round, Survey
from intake.survey.queries import day_page
from intake.survey.route import Place
from intake.survey.views import WAITING_SHOWN
from tests import make
from tests.dvc.photos.pictures import jpeg
from tests.intake.survey.scene import FORM, booked, going, told, waiting

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _morning() -> Any:
    with time_machine.travel(make.at(10), tick=False):
        yield


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def client(operation: Operation) -> Client:
    made = Client()
    made.force_login(make.user(operation.center, Role.SURVEY, name="調査 太郎"))
    return made


def url(name: str, operation: Operation, *ids: Any) -> str:
    return reverse(name, args=[operation.pk, *ids])


def text(response: Any) -> str:
    return str(response.content.decode())


@pytest.mark.database
def test_the_longest_waiting_come_first_and_a_crisis_before_them(
    client: Client, operation: Operation
) -> None:
    old, new, crisis, promised = (waiting(operation) for _ in range(4))
    Need.objects.filter(pk=old.pk).update(received_at=make.at(9) - timedelta(days=5))
    Need.objects.filter(pk=crisis.pk).update(received_at=make.at(9), needs_crisis=True)
    missed = booked(new)
    reports.nobody_there(missed, note="不在票を入れた", by=SYSTEM, at=make.at(9))
    booked(promised)
    page = text(client.get(url("survey_home", operation)))
    waiting_part = page[page.index("待っている調査") :]
    order = [int(n) for n in re.findall(r">N(\d+)<", waiting_part)]
    assert order == [crisis.number, old.number, new.number]
    assert "不在1回" in waiting_part
    assert "不在票を入れた" in waiting_part


@pytest.mark.database
def test_of_hundreds_who_wait_those_of_one_town_are_shown_and_everybody_is_reached(
    client: Client, operation: Operation
) -> None:
    """Sixty were shown and nobody behind them; on a phone already those were a walk of thirty screens."""
    here, there = (
        Town.objects.create(center=operation.center, name=name, lat=38.3, lng=141.0)
        for name in ("八幡一丁目", "大代五丁目")
    )
    for number in range(WAITING_SHOWN + 3):
        need = waiting(operation)
        Household.objects.filter(needs=need).update(town=here if number < 2 else there)
    unknown = waiting(operation)
    home = url("survey_home", operation)

    def shown(page: str) -> int:
        return page.count(">約束する</a>")

    first = text(client.get(home))
    assert shown(first) == WAITING_SHOWN
    assert f"すべての町（{WAITING_SHOWN + 4}件）" in first
    assert "八幡一丁目（2件）" in first
    assert "町丁目は未確認（1件）" in first
    assert shown(text(client.get(home, {"page": "2"}))) == 4
    town = text(client.get(home, {"town": here.pk}))
    assert shown(town) == 2
    assert f'<option value="{here.pk}" selected>' in town
    assert shown(text(client.get(home, {"town": "none"}))) == 1
    assert shown(text(client.get(home, {"town": "999999", "page": "x"}))) == WAITING_SHOWN
    round_ = going(operation)
    answers = {"round": round_.pk, "window_from": "10:00", "window_until": "12:00"}
    booking = client.post(f"{url('survey_book', operation, unknown.pk)}?town={here.pk}", answers)
    assert booking.headers["Location"].endswith(f"&town={here.pk}")


@pytest.mark.database
def test_no_arrival_is_expected_in_the_past_and_a_round_goes_on_from_where_it_was(
    operation: Operation,
) -> None:
    round_ = going(operation)  # leaves at 9:30
    been, first, near = (booked(waiting(operation, lat=lat), round_) for lat in (38.5, 38.5, 38.3))
    told(been.need, been, hour=11)
    start = Place(38.3, 141.006)

    def expected(at: datetime) -> list[tuple[str, int]]:
        (page,) = day_page(operation, round_.day, start=start, at=at)
        return [(line.arrive, line.late) for line in page.lines]

    # It stands before the next door at a quarter past one, an hour and a quarter after it was promised there.
    assert expected(make.at(13, 12))[:2] == [("", 0), ("13:15", 75)]
    assert expected(make.at(8))[1][0] == "10:00"  # before it leaves: as planned
    assert expected(make.at(9) + timedelta(days=1)) == [("", 0)] * 3
    assert near.position > first.position


def test_the_day_costs_few_queries_however_many_visits(
    client: Client, operation: Operation, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        round_ = going(operation)
        for _ in range(4):
            booked(waiting(operation), round_)
    for _ in range(10):
        waiting(operation)
    with django_assert_max_num_queries(12):
        page = text(client.get(url("survey_home", operation)))
    assert page.count("着く見込み") == 8
    Round.objects.update(day=make.day(make.at(10)) - timedelta(days=1))
    with django_assert_max_num_queries(10):
        client.get(url("survey_home", operation))


@pytest.mark.database
def test_a_round_is_made_and_a_visit_promised_on_the_pages(client: Client, operation: Operation) -> None:
    one, two = make.user(operation.center, name="佐々木"), make.user(operation.center, name="千葉")
    path = url("survey_round_new", operation)
    alone = client.post(
        path, {"first": one.pk, "second": "", "companion": "", "car": "軽ワゴン", "starts": "9:30"}
    )
    assert (alone.status_code, "現地調査は2人で行きます" in text(alone)) == (422, True)
    made = client.post(path, {"first": one.pk, "second": two.pk, "car": "軽ワゴン", "starts": "9時30分"})
    assert made.status_code == 302, text(made)
    round_ = Round.objects.get()
    need = waiting(operation)
    book = url("survey_book", operation, need.pk)
    assert "調査1班（佐々木・千葉）" in text(client.get(book))
    wrong = client.post(book, {"round": round_.pk, "window_from": "12:00", "window_until": "10:00"})
    assert (wrong.status_code, "より前の時刻" in text(wrong)) == (422, True)
    client.post(
        book, {"round": round_.pk, "window_from": "10:00", "window_until": "12:00", "note": "犬がいる"}
    )
    visit = Appointment.objects.get()
    assert (visit.need, visit.window, visit.note) == (need, "10:00～12:00", "犬がいる")
    page = text(client.get(url("need_detail", operation, need.pk)))
    assert "調査1班（佐々木・千葉）が伺います" in page
    again = client.post(book, {"round": round_.pk, "window_from": "13:00", "window_until": "15:00"})
    assert "もう約束してあります" in text(again)


@pytest.mark.database
def test_a_visit_is_moved_missed_or_taken_back_with_a_reason(client: Client, operation: Operation) -> None:
    round_ = going(operation)
    first, second = booked(waiting(operation), round_), booked(waiting(operation), round_)
    page = text(client.get(url("survey_visit", operation, first.pk)))
    assert "日時を変える" in page
    # What the page offers is what is sent: the round that goes is chosen already.
    assert re.findall(r'<option value="(\d+)" selected>', page) == [str(round_.pk)]
    client.post(url("survey_move", operation, second.pk), {"to": "up"})
    assert list(round_.appointments.all()) == [second, first]
    client.post(url("survey_order", operation, round_.pk))
    client.post(
        url("survey_visit", operation, first.pk),
        {"round": round_.pk, "window_from": "13:00", "window_until": "14:30"},
    )
    first.refresh_from_db()
    assert first.window == "13:00～14:30"
    refused = client.post(url("survey_cancel", operation, first.pk), {"reason": ""})
    assert (refused.status_code, "理由を短く" in text(refused)) == (409, True)
    client.post(url("survey_cancel", operation, first.pk), {"reason": "雨"})
    client.post(url("survey_absent", operation, second.pk), {"reason": "車がない"})
    assert set(Appointment.objects.values_list("state", "reason")) == {
        (AppointmentState.CANCELLED, "雨"), (AppointmentState.ABSENT, "車がない"),
    }  # fmt: skip
    assert client.post(url("survey_absent", operation, second.pk)).status_code == 409


@pytest.mark.database
def test_a_survey_on_paper_with_photos_is_keyed_once(
    client: Client, operation: Operation, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    visit = booked(waiting(operation))
    path = url("survey_key", operation, visit.need_id)
    data = {**FORM, "visit": visit.pk, "form_token": str(uuid.uuid4())}
    bad = client.post(path, {**data, "photos": SimpleUploadedFile("x.jpg", b"no photo")})
    assert (bad.status_code, "写真として読めませんでした" in text(bad)) == (422, True)
    assert "「x.jpg」" in text(bad)
    assert "もう一度ぜんぶ選んで" in text(bad)
    assert 'value="泥5cmで2間"' in text(bad)
    large = client.post(
        path, {**data, "photos": SimpleUploadedFile("家.jpg", b"\xff\xd8" + bytes(40_000_000))}
    )
    assert (large.status_code, "「家.jpg」：写真が大きすぎます（40MB）" in text(large)) == (422, True)
    assert 'value="泥5cmで2間"' in text(large)
    many = client.post(path, {**data, "photos": [SimpleUploadedFile(f"{n}.jpg", jpeg()) for n in range(21)]})
    assert (many.status_code, "写真が21枚あります。20枚までに" in text(many)) == (422, True)
    assert not Survey.objects.exists()
    for _ in range(2):
        done = client.post(path, {**data, "photos": [SimpleUploadedFile("a.jpg", jpeg())]})
        assert done.status_code == 302
    survey = Survey.objects.get()
    assert (survey.need.state, survey.appointment, len(survey.photos)) == (NeedState.SURVEYED, visit, 1)
    page = text(client.get(url("survey_result", operation, survey.pk)))
    assert f"/photos/{Photo.objects.get().pk}/?small" in page
    assert "仏壇と写真" in page
    assert Look.objects.filter(why="survey result").count() == 1


@pytest.mark.database
def test_an_empty_sheet_does_not_end_the_visit(client: Client, operation: Operation) -> None:
    visit = booked(waiting(operation))
    key = url("survey_key", operation, visit.need_id)
    answer = client.post(key, {"visit": visit.pk, "form_token": str(uuid.uuid4())})
    assert answer.status_code == 422
    assert "まだ何も書かれていません" in text(answer)
    visit.refresh_from_db()
    assert visit.state == AppointmentState.BOOKED
    assert not Survey.objects.exists()


def test_an_estimate_without_a_kind_of_work_is_read_all_the_same(
    client: Client, operation: Operation
) -> None:
    """Its words stood on no page: who had written them was told that there is no estimate."""
    said = told(
        waiting(operation),
        e={"e1-category": "", "e1-people": "6", "e1-minutes": "180", "e1-reason": "泥5cmで2間"},
    )
    page = text(client.get(url("survey_result", operation, said.survey.pk)))
    assert "見立て1（何をするかは選ばれていません）" in page
    for words in ("何人で：6", "1回に何時間：3時間", "そう見立てた理由：泥5cmで2間"):
        assert words in page


def test_the_estimate_becomes_work_and_the_need_ready_with_one_press(
    client: Client, operation: Operation
) -> None:
    survey = told(waiting(operation)).survey
    page = text(client.get(url("survey_result", operation, survey.pk)))
    assert "6人（3～10人）× 3時間 × 2回" in page
    client.post(url("survey_items", operation, survey.pk), {"ready": "1"})
    need = Need.objects.get(pk=survey.need_id)
    assert (need.state, need.items.get().people_ideal) == (NeedState.READY, 6)
    again = client.post(url("survey_items", operation, survey.pk), {"ready": "1"})
    assert (again.status_code, "もうつくってあります" in text(again)) == (409, True)


def test_a_danger_is_said_before_work_is_made_and_keeps_the_need_back(
    client: Client, operation: Operation
) -> None:
    survey = told(waiting(operation), building_tag="red").survey
    assert "応急危険度判定 赤・黄" in text(client.get(url("survey_result", operation, survey.pk)))
    client.post(url("survey_items", operation, survey.pk), {"ready": "1"})
    need = Need.objects.get(pk=survey.need_id)
    assert (need.state, need.items.count()) == (NeedState.SURVEYED, 1)


@pytest.mark.database
def test_who_decides_on_the_phone_says_why(client: Client, operation: Operation) -> None:
    need = waiting(operation)
    path = url("survey_desk_only", operation, need.pk)
    assert "理由を書いてください" in text(client.post(path, {"desk-reason": ""}))
    client.post(path, {"desk-reason": "写真が届いた"})
    need.refresh_from_db()
    assert need.state == NeedState.TRIAGE


def test_photos_on_the_way_are_counted(client: Client, operation: Operation) -> None:
    survey = told(waiting(operation)).survey
    Survey.objects.filter(pk=survey.pk).update(
        photos=[{"sent": "a" * 64, "caption": ""}], signature=[[0, 0, 9, 9]]
    )
    page = text(client.get(url("survey_result", operation, survey.pk)))
    assert "写真が1枚、まだ届いていません" in page
    assert '<polyline points="0,0 9,9"/>' in page


def test_the_tablets_page_holds_nobody_and_opens_for_its_device(client: Client, operation: Operation) -> None:
    booked(waiting(operation))
    page = text(client.get(url("tablet_survey", operation)))
    assert "高橋" not in page
    assert 'name="e1-people"' in page
    made = client.post(url("survey_register", operation), {"name": "調査1"}, content_type="application/json")
    assert (made.status_code, made.json()["profile"]) == (200, "survey")
    paired = Client()
    paired.cookies["device"] = client.cookies["device"].value
    assert paired.get(url("tablet_survey", operation)).status_code == 200
    assert paired.get(url("survey_home", operation)).status_code == 302


def test_colleagues_without_the_right_and_strangers_see_nothing(operation: Operation) -> None:
    survey = told(waiting(operation)).survey
    visit = booked(waiting(operation))
    pages = [
        url("survey_home", operation), url("survey_result", operation, survey.pk), url("survey_visit", operation, visit.pk),
        url("survey_key", operation, visit.need_id), url("survey_book", operation, visit.need_id), url("tablet_survey", operation),
    ]  # fmt: skip
    colleague, stranger = Client(), Client()
    colleague.force_login(make.user(operation.center, Role.RECEPTION))
    stranger.force_login(make.user(make.center()))
    assert [colleague.get(page).status_code for page in pages] == [403] * len(pages)
    assert [stranger.get(page).status_code for page in pages] == [404] * len(pages)
    chief = Client()
    chief.force_login(make.user(operation.center))
    foreign = booked(waiting(make.operation(operation.center, name="別")))
    assert chief.get(url("survey_visit", operation, foreign.pk)).status_code == 404

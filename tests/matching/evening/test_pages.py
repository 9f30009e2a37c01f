"""「一日を閉じる」 on screen: refused by name, the way to settle each thing, exceptions, closing, opening again."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.models import User
from dvc.accounts.roles import Role
from dvc.audit.models import Look
from dvc.operations.models import Operation
from intake.checkin.models import Visit
from matching.dispatch import services as dispatches
from matching.dispatch.models import Dispatch
from matching.evening import services
from matching.evening.models import DayClosing, Kind, NamedException
from matching.evening.views import FEW, PER_PAGE
from matching.teams.models import Ride
from matching.teams.services import people_of
from tests import make
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(name: str, operation: Operation, *args: object) -> str:
    return reverse(name, args=[operation.pk, *args])


def a_team_out(operation: Operation) -> Dispatch:
    """Out since an hour ago, by the real clock; with a printed sheet."""
    now = timezone.now()
    crew = [
        scene.present(operation, make.volunteer(operation.center, name, "一郎"), at=now)
        for name in ("髙﨑", "𠮷田")
    ]
    dispatch = dispatches.assign(
        scene.team(operation, *crew, at=now),
        make.need(operation),
        by=make.by(make.user(operation.center)),
        at=now,
    )
    dispatches.count_sheet(dispatch, by=make.by(make.user(operation.center)), at=now)
    return dispatches.depart(dispatch, checks=scene.ALL, by=make.by(make.user(operation.center)), at=now)


@pytest.mark.database
def test_a_day_is_closed_from_the_page_with_exceptions_and_opened_again() -> None:
    operation = make.operation()
    dispatch = a_team_out(operation)
    client = signed_in(make.user(operation.center, Role.CHIEF))
    page = client.get(url("evening", operation)).content.decode()
    for said in (
        "髙﨑 一郎さん",
        "1班",
        f"依頼書No.{dispatch.serial}（1班）1枚",
        url("dispatch_detail", operation, dispatch.pk),
    ):
        assert said in page
    assert Look.objects.filter(why="一日のしめ").count() == 2
    answer = client.post(url("evening_close", operation))
    assert answer.status_code == 409
    assert "まだ閉じられません。戻っていないもの：" in answer.content.decode()
    keys = [f"visit:{visit.pk}" for visit in operation.visits.all()]
    keys += [f"team:{dispatch.team_id}", f"order:{dispatch.pk}"]
    nobody = {"key": keys[0], "told_by": "", "reason": "x"}
    assert client.post(url("evening_except", operation), nobody).status_code == 409
    for key in keys:
        told = {"key": key, "told_by": "髙﨑リーダー", "usual": "電話で確かめた", "reason": "7時すぎ"}
        assert client.post(url("evening_except", operation), told).status_code == 302
    assert NamedException.objects.filter(reason="電話で確かめた　7時すぎ").count() == 4
    assert client.post(url("evening_close", operation)).status_code == 302
    assert "この日は閉じてあります" in client.get(url("evening", operation)).content.decode()
    client.post(url("evening_except_undo", operation, NamedException.objects.first().pk))  # type: ignore[union-attr]
    assert "閉じたあとに、戻っていないものが1件" in client.get(url("evening", operation)).content.decode()
    seen = {"closing": str(DayClosing.objects.get().pk)}
    assert client.post(url("evening_reopen", operation), {**seen, "reason": ""}).status_code == 409
    client.post(url("evening_reopen", operation), {**seen, "reason": "班が遅れて戻った"})
    assert not DayClosing.objects.standing().exists()
    assert "班が遅れて戻った" in client.get(url("evening", operation)).content.decode()


def test_a_page_left_open_from_an_earlier_closing_opens_no_later_one() -> None:
    operation = make.operation()
    client, other = (signed_in(make.user(operation.center, Role.CHIEF)) for _ in range(2))
    client.post(url("evening_close", operation))
    page = client.get(url("evening", operation)).content.decode()
    seen = re.search(r'name="closing" value="(\d+)"', page)
    assert seen is not None
    told = {"closing": seen[1], "reason": "数え直す"}
    other.post(url("evening_reopen", operation), told)
    other.post(url("evening_close", operation))  # and closed for good
    answer = client.post(url("evening_reopen", operation), {**told, "reason": "班が遅れて戻った"})
    assert answer.status_code == 409
    assert "ほかの人が開き直しています" in answer.content.decode()
    assert DayClosing.objects.standing().count() == 1
    assert client.post(url("evening_reopen", operation), {"reason": "x", "closing": "x"}).status_code == 409
    operation.refresh_from_db()
    assert operation.closed_day is not None


def test_a_colleague_of_another_desk_and_a_stranger_see_nothing() -> None:
    operation = make.operation()
    a_team_out(operation)
    stranger = make.user(make.center("よその市のセンター"))
    for user, status in ((make.user(operation.center, Role.SURVEY), 403), (stranger, 404)):
        client = signed_in(user)
        assert client.get(url("evening", operation)).status_code == status
        assert client.post(url("evening_close", operation)).status_code == status
    # Whoever may not open the page where it is settled is told who does it.
    page = (
        signed_in(make.user(operation.center, Role.RECEPTION)).get(url("evening", operation)).content.decode()
    )
    assert "片づけるのは、担当の係です。" in page


@pytest.mark.database
def test_sheets_and_keys_are_counted_in_on_the_teams_page() -> None:
    operation = make.operation()
    dispatch = a_team_out(operation)
    now = timezone.now()
    dispatches.come_back(dispatch, by=make.by(make.user(operation.center)), at=now)
    client = signed_in(make.user(operation.center, Role.EQUIPMENT))
    assert (
        "まだ戻っていないもの" in client.get(url("dispatch_detail", operation, dispatch.pk)).content.decode()
    )
    address = url("dispatch_sheets_in", operation, dispatch.pk)
    assert "1～1の数" in client.post(address, {"count": "5"}, follow=True).content.decode()
    assert "なくしたときは" in client.post(address, {"count": "1", "lost": "1"}, follow=True).content.decode()
    assert "受け取りました" in client.post(address, {"count": "1"}, follow=True).content.decode()
    page = client.get(url("dispatch_detail", operation, dispatch.pk)).content.decode()
    assert "全部戻りました" in page
    crew = people_of(dispatch.team) or [row.volunteer for row in dispatch.team.members.all()]
    ride = Ride.objects.create(team=dispatch.team, position=1, driver=crew[0], key_missing=True, over_at=now)
    client.post(url("dispatch_key", operation, dispatch.pk, ride.pk))
    ride.refresh_from_db()
    assert ride.key_missing  # their own car: no key of the center's


def test_at_noon_when_everybody_is_here_the_page_is_shown_in_pages() -> None:
    """With three thousand people here it did not answer: a card and a form for each."""
    operation, now = make.operation(), timezone.now()
    for number in range(PER_PAGE + 1):
        person = make.volunteer(operation.center, f"氏{number:03}", "一郎")
        scene.present(operation, person, at=now)
    client = signed_in(make.user(operation.center, Role.CHIEF))
    page = client.get(url("evening", operation)).content.decode()
    assert page.count("data-key=") == PER_PAGE
    assert f"1～{PER_PAGE}件目（全{PER_PAGE + 1}件）" in page
    assert Look.objects.filter(why="一日のしめ").count() == PER_PAGE
    day = timezone.localdate(now)
    follows = f"?{Kind.HEAD}=2&amp;day={day.isoformat()}#{Kind.HEAD}"
    assert follows in page
    second = client.get(f"{url('evening', operation)}?{Kind.HEAD}=2&day={day.isoformat()}").content.decode()
    assert second.count("data-key=") == 1


def test_many_missing_are_a_row_each_with_name_and_state_and_what_nobody_answers_for_comes_first() -> None:
    """Sixty open cards were 20,000 pixels on a phone. What must be seen stands in the row; what opens is what one does."""
    operation, now = make.operation(), timezone.now()
    people = [make.volunteer(operation.center, f"氏{number:03}", "一郎") for number in range(FEW)]
    for person in people:
        scene.present(operation, person, at=now)
    user = make.user(operation.center, Role.CHIEF)
    client = signed_in(user)
    page = client.get(url("evening", operation)).content.decode()
    assert len(re.findall(r"<details class=\"more missing [^>]* open>", page)) == FEW
    assert 'name="q"' not in page

    scene.present(operation, make.volunteer(operation.center, "最後", "一郎"), at=now)
    day = timezone.localdate(now)
    services.name_exception(
        operation, f"visit:{Visit.objects.get(volunteer=people[0]).pk}", told_by="家族",
        reason="帰っていると聞いた", day=day, by=make.by(user), at=now,
    )  # fmt: skip
    page = client.get(url("evening", operation)).content.decode()
    rows = re.findall(r"<details class=\"more missing [^>]*>\s*<summary>(.*?)</summary>", page)
    assert not re.search(r"<details class=\"more missing [^>]* open>", page)
    assert [row.split("さん")[0] for row in rows] == [
        *(f"氏{n:03} 一郎" for n in range(1, FEW)),
        "最後 一郎",
        "氏000 一郎",
    ]
    assert all("に到着" in row for row in rows)
    assert "例外" in rows[-1]
    assert "帰っていると聞いた（家族から聞いた" in rows[-1]


def test_who_telephones_is_found_among_all_who_are_missing() -> None:
    operation, now = make.operation(), timezone.now()
    for number in range(PER_PAGE):
        scene.present(operation, make.volunteer(operation.center, f"氏{number:03}", "一郎"), at=now)
    found = make.volunteer(operation.center, "髙﨑", "花", phone="090-1234-9876")
    scene.present(operation, found, at=now)
    client = signed_in(make.user(operation.center, Role.CHIEF))
    for text in ("高崎", "9876"):
        page = client.get(url("evening", operation), {"q": text}).content.decode()
        assert page.count("data-key=") == 1
        assert "髙﨑 花さん" in page
        assert f"{PER_PAGE + 1}件のうち、「{text}」に合う1件" in page
    page = client.get(url("evening", operation), {"q": "氏"}).content.decode()
    assert page.count("data-key=") == PER_PAGE
    for text in ("・", "いない人"):
        assert client.get(url("evening", operation), {"q": text}).content.decode().count("data-key=") == 0
    # The whole is what keeps the day open, whatever is looked for.
    assert f"戻っていないものが{PER_PAGE + 1}件あります" in page

"""What people see of a team with several houses: the leader one at a time, the desk all of them, the paper in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.models import Entry, Look
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState
from intake.volunteers.models import Volunteer
from matching.control.board import Lane, board, pages_in
from matching.dispatch import services, sheets, tokens, undoing
from matching.dispatch.models import ActivityReport, Dispatch, DispatchState
from matching.dispatch.templatetags.visits import about
from matching.queue.near import near
from tests import make
from tests.matching.dispatch import scene
from tests.matching.dispatch.test_pages import REPORT, board_url, signed_in, url

pytestmark = pytest.mark.django_db
S = DispatchState
STORY = {"outcome": "completed", "people": "2", "text": "泥を出しました。", "near_miss": "", "injury": ""}


@pytest.fixture(autouse=True)
def nobody_was_throttled() -> None:
    cache.clear()


def chain_now(*, count: int = 3, depart: bool = True) -> list[Dispatch]:
    """A team of this very moment with several houses: pages ask the real clock."""
    now = timezone.now()
    operation = make.operation()
    crew = [make.volunteer(operation.center, family, "一") for family in ("髙﨑", "𠮷田")]
    for person in crew:
        person.policies.update(valid_from=now - timedelta(days=1), valid_to=now + timedelta(days=90))
        scene.present(operation, person, at=now - timedelta(hours=1))
    first, *then = (make.need(operation) for _ in range(count))
    start = services.assign(scene.team(operation, *crew, at=now), first, then=then, by=SYSTEM, at=now)
    if depart:
        services.depart(start, checks=scene.ALL, by=SYSTEM, at=now, due_back_at=now + timedelta(hours=6))
    return visits_of(start)


def visits_of(dispatch: Dispatch) -> list[Dispatch]:
    rows = Dispatch.objects.filter(team=dispatch.team_id).order_by("position")
    return list(rows.select_related("operation__center", "team__leader", "need__household"))


def leader(visit: Dispatch, name: str = "leader_page") -> str:
    return reverse(name, args=[tokens.leader_token(visit.token_nonce)])


def address(visit: Dispatch) -> str:
    assert visit.need.household is not None
    return visit.need.household.address


def read(path: str, status: int = 200) -> str:
    response = Client().get(path)
    assert response.status_code == status
    return response.content.decode()


def desk(visit: Dispatch, *roles: Role) -> Client:
    return signed_in(make.user(visit.operation.center, *roles))


# ── the leader's page ──────────────────────────────────────────────────────────────────────────
def test_the_leader_sees_one_address_at_a_time_and_the_town_of_the_next() -> None:
    first, second, third = chain_now()
    text = read(leader(first))
    assert "1軒目（3軒のうち）" in text
    assert address(first) in text
    for later in (second, third):
        assert address(later) not in text
        assert f"N{later.need.number}" in text
    assert text.index(address(first)) < text.index("つぎ</h2>") < text.index(f"N{second.need.number}")


def test_before_departure_no_address_is_shown_whichever_secret_is_used() -> None:
    visits = chain_now(depart=False)
    for visit in visits:
        text = read(leader(visit))
        assert "まだ出発前です" in text
        assert not any(address(one) in text for one in visits)


def test_the_sheet_s_secret_follows_the_team_from_house_to_house() -> None:
    first, second, _ = chain_now()
    client = Client()
    client.post(leader(first, "leader_on_site"))
    told = client.post(leader(first, "leader_report"), STORY, follow=True).content.decode()
    assert "つぎのお宅へ向かいます" in told
    assert 'data-confirmed="report"' in told
    for _ in range(2):  # a second tap on the same button goes no further
        text = client.post(leader(first, "leader_next"), follow=True).content.decode()
        assert "つぎのお宅へ向かうことを、センターに伝えました" in text
    assert address(second) in text
    assert address(first) not in text
    assert "2軒目（3軒のうち）" in read(leader(first))
    assert [visit.state for visit in visits_of(first)] == [S.VISITED, S.DEPARTED, S.NEXT]
    assert Entry.objects.filter(action="dispatch.moved_on", via="leader").count() == 1


@pytest.mark.database
def test_a_report_sent_again_from_an_old_page_is_the_old_house_s() -> None:
    first, second, _ = chain_now()
    client = Client()
    client.post(leader(first, "leader_report"), STORY)
    client.post(leader(first, "leader_next"))
    again = client.post(leader(first, "leader_report"), STORY, follow=True)
    assert "報告は先に届いています" in again.content.decode()
    assert ActivityReport.objects.get().dispatch == first
    assert Need.objects.get(pk=second.need_id).state == NeedState.IN_PROGRESS
    text = read(leader(second, "leader_report"))
    assert f"N{second.need.number}" in text
    assert 'data-keep="report-2"' in text


def test_a_report_put_off_is_asked_for_at_the_next_house() -> None:
    first, second, _ = chain_now()
    client = Client()
    client.post(leader(first, "leader_on_site"))
    assert "報告はあとにして、つぎのお宅へ" in read(leader(first))
    client.post(leader(first, "leader_next"))
    text = read(leader(second))
    assert f"前のお宅（N{first.need.number}）の報告がまだです" in text
    assert leader(first, "leader_report") in text
    client.post(leader(first, "leader_report"), STORY)
    assert "の報告がまだです" not in read(leader(second))
    assert Need.objects.get(pk=first.need_id).state == NeedState.COMPLETED


def test_who_goes_home_early_gives_the_rest_back_and_is_not_asked_to_go_on() -> None:
    first, second, third = chain_now()
    text = Client().post(leader(first, "leader_leaving"), follow=True).content.decode()
    assert "つぎのお宅へ向かいます" not in text
    assert {Need.objects.get(pk=one.need_id).state for one in (second, third)} == {NeedState.READY}
    for dropped in (second, third):
        assert "いまは開けません" in read(leader(dropped), status=404)


def test_a_house_the_desk_took_away_is_said_when_the_leader_wants_to_go_there() -> None:
    first, second = chain_now(count=2)
    services.drop_visit(second, reason="人手", by=SYSTEM, at=timezone.now())
    response = Client().post(leader(first, "leader_next"))
    assert response.status_code == 409
    assert "センターに電話するか" in response.content.decode()
    assert "つぎ</h2>" not in read(leader(first))


def test_no_address_of_the_day_opens_two_hours_after_the_return() -> None:
    first, second, third = chain_now()
    services.move_on(first, by=SYSTEM, at=timezone.now())
    services.come_back(second, by=SYSTEM, at=timezone.now())
    assert address(second) in read(leader(first))
    Dispatch.objects.filter(team=first.team_id, returned_at__isnull=False).update(
        returned_at=timezone.now() - timedelta(minutes=121)
    )
    for visit in (first, second, third):
        text = read(leader(visit), status=404)
        assert not any(address(one) in text for one in (first, second, third))


def test_a_late_team_is_told_to_phone_and_the_desk_sees_it() -> None:
    first, *_ = chain_now()
    Dispatch.objects.filter(pk=first.pk).update(planned_from=timezone.now() - timedelta(minutes=25))
    assert "予定より25分おくれています" in read(leader(first))
    client = desk(first)
    assert "予定より25分おくれ" in client.get(board_url(first.operation)).content.decode()
    assert "予定より25分おくれ" in client.get(url("dispatch_detail", first)).content.decode()


# ── the desk ───────────────────────────────────────────────────────────────────────────────────
def lanes_of(dispatch: Dispatch) -> Sequence[Lane]:
    now = timezone.now()
    return board(dispatch.operation, at=now, real=now, pages=pages_in(QueryDict())).lanes


@pytest.mark.database
def test_the_board_counts_the_team_once_and_shows_what_comes_next() -> None:
    first, second, third = chain_now()
    (card,) = [card for lane in lanes_of(first) for card in lane.page]
    assert card.dispatch == first
    assert card.heads == 2
    text = desk(first).get(board_url(first.operation)).content.decode()
    assert "1／3軒目" in text
    assert text.index(f"N{second.need.number}") < text.index(f"N{third.need.number}")
    services.move_on(first, by=SYSTEM, at=timezone.now())
    services.come_back(second, by=SYSTEM, at=timezone.now())
    assert {lane.key: len(lane.page) for lane in lanes_of(first)} == {
        "before": 0,
        "out": 0,
        "late": 0,
        "back": 1,
    }
    assert "報告がまだ" in desk(first).get(board_url(first.operation)).content.decode()


@pytest.mark.database
def test_the_desk_moves_a_team_on_drops_a_house_and_adds_a_near_one() -> None:
    first, second, third = chain_now()
    client = desk(first, Role.MATCHING)
    client.post(url("dispatch_next", first))
    assert [visit.state for visit in visits_of(first)] == [S.VISITED, S.DEPARTED, S.NEXT]
    assert "理由を選ぶか" in client.post(url("dispatch_drop", third), {"reason": ""}).content.decode()
    client.post(url("dispatch_drop", third), {"reason": "人数・資機材がそろわないため"})
    assert Need.objects.get(pk=third.need_id).state == NeedState.READY
    page = client.get(url("dispatch_add", second)).content.decode()
    assert f"N{third.need.number}" in page
    # At any hour: in the evening there is no time for it, which has to be overruled.
    client.post(url("dispatch_add", second), {"need": str(third.need_id), "ok": "yes", "reason": "話した"})
    assert [visit.state for visit in visits_of(first)] == [S.VISITED, S.DEPARTED, S.CANCELLED, S.NEXT]
    taken = client.post(url("dispatch_add", second), {"need": str(third.need_id)})
    assert taken.status_code == 409
    for nonsense in ("", "x", "9" * 30):
        assert client.post(url("dispatch_add", second), {"need": nonsense}).status_code == 404


@pytest.mark.parametrize("name", ["dispatch_drop", "dispatch_add"])
def test_who_may_not_send_teams_changes_no_chain(name: str) -> None:
    _, second, _ = chain_now()
    assert desk(second, Role.NEEDS_DESK).get(url(name, second)).status_code == 403
    stranger = signed_in(make.user(make.center("よその市のセンター")))
    assert stranger.post(url(name, second), {"reason": "雨", "need": "1"}).status_code == 404
    assert Client().post(url(name, second)).status_code == 302
    second.refresh_from_db()
    assert second.state == S.NEXT


def test_minors_in_a_team_keep_it_from_a_house_for_adults() -> None:
    first, *_ = chain_now(count=1)
    member = first.team.members.select_related("volunteer").last()
    assert member is not None
    Volunteer.objects.filter(pk=member.volunteer_id).update(said_minor=True, birth_date=None)
    adults = make.need(first.operation, minors_ok=False)
    said = desk(first).post(url("dispatch_add", first), {"need": str(adults.pk)})
    assert (said.status_code, "18歳未満" in said.content.decode()) == (409, True)
    adults.refresh_from_db()
    assert adults.state == NeedState.READY


@pytest.mark.database
def test_what_waits_near_is_listed_by_the_way_and_what_is_far_or_blocked_is_not() -> None:
    operation = make.operation()
    here = make.need(operation)
    beside, further = make.need(operation, lng=141.007), make.need(operation, lng=141.010)
    make.need(operation, lat=38.32)
    make.need(operation, state=NeedState.TRIAGE)
    found = near(operation, here, at=make.at(9))
    assert [one.waiting.need for one in found] == [beside, further]
    assert [round(one.metres, -1) for one in found] == [110, 450]


@pytest.mark.database
def test_the_return_page_asks_about_every_house_and_writes_each_report() -> None:
    first, second, third = chain_now()
    services.move_on(first, by=SYSTEM, at=timezone.now())
    client = desk(first)
    page = client.get(url("dispatch_return", second)).content.decode()
    assert f"N{first.need.number}" in page
    assert "行っていない（また班を待つ）" in page
    form = {
        **REPORT,
        f"v{first.pk}-outcome": "completed",
        f"v{first.pk}-people": "2",
        f"v{third.pk}-outcome": "",
    }
    bad = client.post(url("dispatch_return", second), {**form, f"v{first.pk}-outcome": "continuing"})
    assert bad.status_code == 422
    assert not ActivityReport.objects.exists()
    client.post(url("dispatch_return", second), form)
    assert [visit.state for visit in visits_of(first)] == [S.BACK, S.BACK, S.CANCELLED]
    states = [Need.objects.get(pk=one.need_id).state for one in (first, second, third)]
    assert states == [NeedState.COMPLETED, NeedState.COMPLETED, NeedState.READY]


def test_the_tools_of_a_house_that_is_done_are_asked_for_at_the_return_too() -> None:
    first, second = chain_now(count=2)
    first.need.items.update(tools={"shovel": 3})
    second.need.items.update(tools={"shovel": 1, "rope": 2})
    services.report(first, outcome="completed", people=2, by=SYSTEM, at=timezone.now())
    page = desk(first).get(url("dispatch_return", first)).content.decode()
    assert "角スコップ × 3、ロープ × 2" in page


def test_a_house_the_team_did_without_telling_is_written_down_at_the_return() -> None:
    first, second = chain_now(count=2)
    form = {**REPORT, f"v{second.pk}-outcome": "completed", f"v{second.pk}-people": "2"}
    desk(first).post(url("dispatch_return", first), form)
    assert [visit.state for visit in visits_of(first)] == [S.BACK, S.BACK]
    assert {Need.objects.get(pk=one.need_id).state for one in (first, second)} == {NeedState.COMPLETED}


def test_reports_left_for_later_are_asked_for_on_the_board_until_they_are_there() -> None:
    first, second = chain_now(count=2)
    services.move_on(first, by=SYSTEM, at=timezone.now())
    client = desk(first)
    client.post(
        url("dispatch_return", second), {"later": "1", "heads": "all", "sheets_back": "", "outcome": ""}
    )
    assert "報告がまだ" in client.get(board_url(first.operation)).content.decode()
    client.post(url("dispatch_return", second), {**REPORT, f"v{first.pk}-outcome": ""})
    assert ActivityReport.objects.get().dispatch == second
    assert "報告がまだ" in client.get(board_url(first.operation)).content.decode()
    client.post(
        url("dispatch_return", second), {f"v{first.pk}-outcome": "absent", f"v{first.pk}-people": "2"}
    )
    assert "報告がまだ" not in client.get(board_url(first.operation)).content.decode()


def test_a_house_withdrawn_before_departure_is_taken_off_at_the_gate() -> None:
    first, second, _ = chain_now(depart=False)
    needs.move(second.need, NeedState.WITHDRAWN, by=SYSTEM, at=timezone.now(), reason="本人から", told="本人")
    client = desk(first)
    page = client.get(url("dispatch_depart", first)).content.decode()
    assert f"困りごとN{second.need.number}は「取下げ」に変わりました。この訪問を外してください。" in page
    assert url("dispatch_drop", second) in page
    client.post(url("dispatch_drop", second), {"reason": "依頼した人の都合のため"})
    assert "この訪問を外してください" not in client.get(url("dispatch_depart", first)).content.decode()


@pytest.mark.parametrize(
    ("hour", "minute", "said"), [(9, 29, "9:30"), (9, 32, "9:30"), (9, 33, "9:35"), (9, 58, "10:00")]
)
def test_planned_times_are_said_on_five_minutes(hour: int, minute: int, said: str) -> None:
    assert about(make.at(hour, minute)) == said


# ── paper ──────────────────────────────────────────────────────────────────────────────────────
def test_the_order_has_every_house_in_order_with_its_own_time_work_and_map() -> None:
    operation: Operation = make.operation()
    first = make.need(operation, detail="床下、6畳2間", tools={"shovel": 3}, minutes=60)
    second = make.need(operation, detail="庭の土砂", tools={"shovel": 2, "cart": 1}, minutes=60)
    second.hazards, second.parking, second.health_note = ["nails"], "向かいの空き地", "心臓の薬"
    second.save()
    start = services.assign(
        scene.team(operation), first, then=[second], legs=[20, 5], by=SYSTEM, at=make.at(9, 30)
    )
    start = visits_of(start)[0]
    sheet = sheets.order(start, base_url="https://center.example.jp", at=make.at(9, 40))
    assert (sheet.pages, [stop.position for stop in sheet.stops]) == (3, [1, 2])
    assert [(stop.planned.begin, stop.planned.until) for stop in sheet.stops if stop.planned] == [
        (make.at(10), make.at(11)), (make.at(11, 5), make.at(12, 5))
    ]  # fmt: skip
    assert sheet.tools == ["角スコップ × 3", "台車 × 1"]
    client = signed_in(make.user(operation.center))
    visits = visits_of(start)
    for visit in visits:  # from whichever house it is printed
        text = client.get(url("work_order", visit)).content.decode()
        wanted = (address(visits[0]), "床下、6畳2間", address(visits[1]), "庭の土砂")
        places = [text.index(words) for words in wanted]
        assert places == sorted(places)
        for words in (
            "向かいの空き地",
            "釘・ガラス",
            "角スコップ × 3、台車 × 1",
            "1／3ページ",
            "2／3ページ",
            "3／3ページ",
        ):
            assert words in text, words
        assert "心臓の薬" not in text


@pytest.mark.database
def test_whose_address_was_on_a_printed_order_is_on_record_for_every_house() -> None:
    visits = chain_now(depart=False)
    client = desk(visits[0])
    for times, open_it in ((1, client.get), (2, client.post)):
        open_it(url("work_order" if times == 1 else "work_order_pdf", visits[0]))
        for visit in visits:
            seen = Look.objects.filter(subject_id=str(visit.pk), classes="P1 P2 P3 V1")
            assert seen.count() == times


@pytest.mark.once
def test_a_chain_s_pdf_is_two_pages_and_the_map_and_counts_three_sheets() -> None:
    first, second, _ = chain_now(depart=False)
    client = desk(first)
    made = client.post(url("work_order_pdf", second))
    assert scene.pages_of(made.content) == 3
    assert [visit.sheets_printed for visit in visits_of(first)] == [3, 0, 0]
    assert services.sheets_of(first.team_id) == 3


def test_the_board_takes_only_the_house_off_a_team_whose_first_request_is_gone() -> None:
    first, _ = chain_now(count=2, depart=False)
    need = Need.objects.get(pk=first.need_id)
    needs.move(need, NeedState.WITHDRAWN, by=SYSTEM, at=timezone.now(), reason="もう片づいた", told="本人")
    text = signed_in(make.user(first.operation.center)).get(board_url(first.operation)).content.decode()
    assert url("dispatch_drop", first) in text
    assert url("dispatch_cancel", first) not in text


def test_what_was_typed_at_the_return_while_the_leader_went_on_is_kept() -> None:
    first, second = chain_now(count=2)
    client = desk(first)
    assert client.get(url("dispatch_return", first)).status_code == 200
    services.move_on(first, by=SYSTEM, at=timezone.now())  # a tap that the phone had kept
    client.post(url("dispatch_return", first), {**REPORT, "injury": "釘を踏んだ"})
    report = ActivityReport.objects.get()
    assert (report.dispatch, report.injury) == (first, "釘を踏んだ")
    assert [visit.state for visit in visits_of(first)] == [S.BACK, S.BACK]
    assert client.get(url("dispatch_return", second)).status_code == 200  # its report is asked for still


def test_what_was_typed_at_the_return_of_a_departure_that_was_taken_back_stays_on_the_page() -> None:
    (only,) = chain_now(count=1)
    client = desk(only)
    undoing.undo(only, seen="departed", by=SYSTEM, at=timezone.now())
    answer = client.post(url("dispatch_return", only), {**REPORT, "injury": "釘を踏んだ"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "釘を踏んだ" in page
    assert "書いたことは、まだ記録していません" in page
    assert not ActivityReport.objects.exists()

"""The day closes when everybody and everything is back, or when somebody has said of each exception why not."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from importlib import import_module
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.checkin import services as checkin
from intake.checkin.models import Visit
from intake.help_requests.models import NeedState
from intake.paper.models import SheetKind, SheetState
from intake.paper.services import explain, print_sheets
from intake.volunteers.models import Skill, VehicleKind, Volunteer
from matching.dispatch import services as dispatches
from matching.dispatch import sheet_counts, undoing
from matching.dispatch.models import Dispatch, DispatchState
from matching.equipment import services as equipment
from matching.equipment.models import Vehicle
from matching.evening import services
from matching.evening.calls import Open, still_open
from matching.evening.ledger import ledger, open_days
from matching.evening.models import DayClosing, Kind, NamedException
from matching.field import services as field
from matching.field.models import Said
from matching.loans import services as loans
from matching.loans.models import Outcome
from matching.loans.services import Borrower
from matching.safety import services as safety
from matching.safety.models import RecallReason
from matching.teams import services as teams
from matching.teams.models import Ride
from matching.teams.queries import vehicles_here
from matching.teams.rides import Drive
from tests import make
from tests.infra.scale import count
from tests.matching.dispatch import scene
from tests.matching.dispatch.test_pages import signed_in

pytestmark = pytest.mark.django_db
DAY, FIVE = make.day(make.MORNING), make.at(17)
TOMORROW = make.at(24 + 17)


def car(operation: Operation) -> Vehicle:
    return equipment.add_vehicle(
        operation, site=operation.center.sites.get(), name="白の軽トラ", kind=VehicleKind.KEI_TRUCK, seats=2, by=SYSTEM,
        at=make.at(8),
    )  # fmt: skip


def missing(operation: Operation, *, day: date = DAY, at: datetime = FIVE) -> dict[str, list[str]]:
    """Kind → what is missing and has no reason, by name."""
    found = ledger(operation, day=day, at=at)
    for tally in found.tallies:
        assert tally.out == tally.back + tally.lacking
        assert tally.back >= 0
    return {
        str(tally.kind): names
        for tally in found.tallies
        if (names := [one.what for one in tally.missing if one.excused is None])
    }


def refused(operation: Operation, *, at: datetime = FIVE, day: date = DAY) -> str:
    with pytest.raises(Refused) as refusal:
        services.close_day(operation, day=day, by=SYSTEM, at=at)
    assert refusal.value.code == "evening.missing"
    return refusal.value.text


def explain_all(operation: Operation, *, at: datetime = FIVE, day: date = DAY) -> None:
    for one in ledger(operation, day=day, at=at).unexplained:
        services.name_exception(
            operation,
            one.key,
            told_by="髙﨑リーダー",
            reason="明日持ってくる",
            day=day,
            by=SYSTEM,
            at=at,
        )


def a_day_with_everything(operation: Operation) -> tuple[Dispatch, Volunteer, Volunteer]:
    """A team of two with a car, a saw, three shovels and two sheets, back at 13:00 without any of them."""
    leader = scene.present(operation, make.volunteer(operation.center, "髙﨑", "一郎", skills=[Skill.DRIVER]))
    other = scene.present(operation, make.volunteer(operation.center, "𠮷田", "花"))
    team = teams.form(
        operation, volunteers=[leader, other], leader=leader, mode="car", by=SYSTEM, at=make.at(9),
        rides=[Drive(car(operation), leader)],
    )  # fmt: skip
    site = operation.center.sites.get()
    equipment.set_stock(operation, site=site, counts={"shovel": 5}, reason="開設", by=SYSTEM, at=make.at(8))
    [saw] = equipment.add_items(
        operation, site=site, tool="chainsaw", count=1, about="", from_stock=False, by=SYSTEM, at=make.at(8)
    )
    dispatch = dispatches.assign(team, make.need(operation), by=SYSTEM, at=make.at(9, 30))
    loans.lend(
        operation,
        Borrower(team=team),
        site=site,
        counts={"shovel": 3},
        items=[saw],
        by=SYSTEM,
        at=make.at(9, 40),
    )
    dispatches.count_sheet(dispatch, papers=2, by=SYSTEM, at=make.at(9, 45))
    dispatches.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=scene.TEN)
    return dispatch, leader, other


def test_closing_is_refused_for_each_thing_by_name_until_it_is_back() -> None:
    operation = make.operation()
    dispatch, leader, other = a_day_with_everything(operation)
    assert missing(operation) == {
        "head": ["髙﨑 一郎さん", "𠮷田 花さん"], "team": ["1班"], "sheet": [f"依頼書No.{dispatch.serial}（1班）2枚"],
        "tool": ["角スコップ × 3（1班）", "チェーンソー 1号（1班）"], "vehicle": ["「白の軽トラ」（1班）"],
    }  # fmt: skip
    assert "髙﨑 一郎さん、𠮷田 花さん、1班、依頼書" in refused(operation)
    vehicle = Vehicle.objects.get()
    dispatches.come_back(dispatch, sheets_back=1, keys_missing=[vehicle.pk], by=SYSTEM, at=scene.ONE)
    assert "team" not in missing(operation)
    assert missing(operation)["vehicle"] == ["「白の軽トラ」（1班）"]
    assert missing(operation)["sheet"] == [f"依頼書No.{dispatch.serial}（1班）1枚"]
    checkin.leave(operation, leader, by=SYSTEM, at=make.at(14))
    assert "髙﨑" not in refused(operation)
    assert "𠮷田 花さん" in refused(operation)
    checkin.leave(operation, other, by=SYSTEM, at=make.at(14))
    assert refused(operation).count("依頼書") == 1
    sheet_counts.count_in(dispatch, back=1, by=SYSTEM, at=make.at(14, 10))
    assert "依頼書" not in refused(operation)
    assert not vehicles_here(operation).exists()
    teams.bring_key(Ride.objects.get(), by=SYSTEM, at=make.at(14, 20))
    assert vehicles_here(operation).exists()
    assert missing(operation) == {"tool": ["角スコップ × 3（1班）", "チェーンソー 1号（1班）"]}
    loans.give_back(operation, tool="shovel", count=3, team=dispatch.team, by=SYSTEM, at=make.at(14, 30))
    text = refused(operation)
    assert "チェーンソー 1号" in text
    assert "スコップ" not in text
    [loan] = dispatch.team.loans.filter(item__isnull=False)
    loans.give_back_loan(loan, count=1, outcome=Outcome.FINE, by=SYSTEM, at=make.at(15))
    closing = services.close_day(operation, day=DAY, by=SYSTEM, at=FIVE)
    assert closing.figures == {
        "head": [2, 2, 0], "nameless": [0, 0, 0], "team": [1, 1, 0], "sheet": [2, 2, 0], "tool": [4, 4, 0],
        "vehicle": [1, 1, 0],
    }  # fmt: skip
    assert services.close_day(operation, day=DAY, by=SYSTEM, at=make.at(18)) == closing
    assert Entry.objects.filter(action="evening.closed").count() == 1


def test_named_exceptions_close_the_day_and_stay_on_the_next_days_list_until_settled() -> None:
    operation = make.operation()
    dispatch, *people = a_day_with_everything(operation)
    chief = make.by(make.user(operation.center))
    with pytest.raises(Refused) as refusal:
        services.name_exception(
            operation, f"team:{dispatch.team_id}", told_by=" ", reason="?", day=DAY, by=chief, at=FIVE
        )
    assert refusal.value.code == "evening.words_needed"
    explain_all(operation)
    closing = services.close_day(operation, day=DAY, by=chief, at=FIVE)
    assert closing.closed_by == chief.user
    assert closing.figures["head"] == [2, 0, 2]
    tomorrow = DAY + timedelta(days=1)
    found = ledger(operation, day=tomorrow, at=TOMORROW)
    assert len(found.excused) == 7
    assert found.unexplained == []
    dispatches.come_back(dispatch, sheets_back=2, by=SYSTEM, at=make.at(24 + 10))
    for visit in Visit.objects.filter(volunteer__in=people):
        checkin.close_visit(visit, reason="電話で確かめた", by=SYSTEM, at=make.at(24 + 10))
    assert {one.kind for one in ledger(operation, day=tomorrow, at=TOMORROW).excused} == {Kind.TOOL}
    services.close_day(operation, day=tomorrow, by=chief, at=TOMORROW)
    settled = NamedException.objects.exclude(settled_at=None)
    assert {one.kind for one in settled} == {Kind.HEAD, Kind.TEAM, Kind.SHEET, Kind.VEHICLE}
    assert not settled.filter(taken_back=True).exists()
    assert Entry.objects.filter(action="evening.exception_settled").count() == 5
    with pytest.raises(Refused) as refusal:
        services.name_exception(
            operation, f"team:{dispatch.team_id}", told_by="x", reason="y", day=DAY, by=chief, at=FIVE
        )
    assert refusal.value.code == "evening.there_by_now"


def test_a_day_is_opened_again_with_a_reason_and_an_exception_taken_back_is_missing_again() -> None:
    operation = make.operation()
    scene.present(operation, make.volunteer(operation.center))
    explain_all(operation)
    closing = services.close_day(operation, day=DAY, by=SYSTEM, at=FIVE)
    with pytest.raises(Refused) as refusal:
        services.reopen_day(closing, reason=" ", by=SYSTEM, at=make.at(18))
    assert refusal.value.code == "evening.reason_needed"
    services.reopen_day(closing, reason="班が遅れて戻った", by=SYSTEM, at=make.at(18))
    services.reopen_day(closing, reason="二度目", by=SYSTEM, at=make.at(19))
    assert closing.reopen_reason == "班が遅れて戻った"
    services.take_back(NamedException.objects.get(), by=SYSTEM, at=make.at(18))
    assert "佐藤 花子さん" in refused(operation, at=make.at(18))
    with pytest.raises(Refused) as refusal:
        services.close_day(operation, day=DAY + timedelta(days=1), by=SYSTEM, at=FIVE)
    assert refusal.value.code == "evening.in_the_future"


def test_no_day_is_closed_over_a_call_for_help_or_a_recall() -> None:
    operation = make.operation()
    dispatch = scene.out(operation)
    note = field.tell(dispatch, Said.SOS, op=uuid4(), by=SYSTEM, told_at=make.at(12), at=make.at(12))
    field.tell(dispatch, Said.TOOLS, op=uuid4(), by=SYSTEM, told_at=make.at(12), at=make.at(12))
    dispatches.come_back(dispatch, by=SYSTEM, at=scene.ONE)
    for person in [member.volunteer for member in dispatch.team.members.select_related("volunteer")]:
        checkin.leave(operation, person, by=SYSTEM, at=make.at(14))
    recall = safety.start_recall(operation, reason=RecallReason.QUAKE, by=SYSTEM, at=make.at(15))
    open_ = still_open(operation, day=DAY)
    assert (open_.pressing, open_.notes, open_.unreported, open_.recall) == (1, 1, 1, True)
    assert still_open(operation, day=DAY - timedelta(days=1)) == Open(0, 0, 0, False)
    page = signed_in(make.user(operation.center, Role.CHIEF)).get(
        reverse("evening", args=[operation.pk]), {"day": DAY.isoformat()}
    )
    said = page.content.decode()
    for words in ("呼び戻しが続いています", "連絡1件に、まだ返事をしていません", "報告がまだのお宅が1件"):
        assert words in said
    for code, settle in (
        ("evening.recall_runs", lambda: safety.end_recall(recall, reason="解除", by=SYSTEM, at=FIVE)),
        ("evening.calls_wait", lambda: field.answer(note, agreed=True, text="", by=SYSTEM, at=FIVE)),
    ):
        with pytest.raises(Refused) as refused:
            services.close_day(operation, day=DAY, by=SYSTEM, at=FIVE)
        assert refused.value.code == code
        settle()
    services.close_day(operation, day=DAY, by=SYSTEM, at=FIVE)


def test_no_team_leaves_on_a_closed_day_until_somebody_opens_it_again_with_a_reason() -> None:
    operation = make.operation()
    dispatch = scene.assigned(operation)
    explain_all(operation)
    closing = services.close_day(operation, day=DAY, by=SYSTEM, at=make.at(11))
    with pytest.raises(Refused) as refusal:
        dispatches.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=make.at(11, 30))
    assert "7月18日は、もう閉じてあります" in refusal.value.text
    chief = make.by(make.user(operation.center, Role.CHIEF))
    with pytest.raises(Refused):  # not even the chief, with a reason, without opening it
        dispatches.depart(dispatch, checks=scene.ALL, override="急ぐ", by=chief, at=make.at(11, 30))
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.ACCEPTED
    services.reopen_day(closing, reason="まだ行く班がある", by=SYSTEM, at=make.at(11, 40))
    dispatches.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=make.at(11, 50))
    assert dispatch.state == DispatchState.DEPARTED


def test_a_day_that_was_closed_keeps_nobody_from_leaving_on_the_next() -> None:
    operation = make.operation()
    dispatch = scene.assigned(operation)
    explain_all(operation)
    services.close_day(operation, day=DAY, by=SYSTEM, at=FIVE)
    operation.refresh_from_db()
    assert operation.closed_day == DAY
    older = DAY - timedelta(days=1)
    again = services.close_day(operation, day=older, by=SYSTEM, at=FIVE)  # one that was forgotten
    operation.refresh_from_db()
    assert operation.closed_day == DAY
    services.reopen_day(again, reason="数え直す", by=SYSTEM, at=FIVE)
    operation.refresh_from_db()
    assert operation.closed_day == DAY
    dispatches.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=make.at(24 + 10))
    assert dispatch.state == DispatchState.DEPARTED


@pytest.mark.django_db(transaction=True)
def test_of_a_closing_and_a_departure_at_the_same_moment_the_second_hears_of_the_first() -> None:
    for _ in range(6):
        operation = make.operation()
        dispatch = scene.assigned(operation)
        explain_all(operation)
        team = f"team:{dispatch.team_id}"
        start, said = threading.Barrier(2), dict[str, str]()

        def act(
            what: str,
            operation: Operation = operation,
            dispatch: Dispatch = dispatch,
            start: threading.Barrier = start,
            said: dict[str, str] = said,
        ) -> None:
            try:
                start.wait(timeout=30)
                if what == "close":
                    services.close_day(operation, day=DAY, by=SYSTEM, at=scene.TEN)
                else:
                    dispatches.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=scene.TEN)
                said[what] = "done"
            except Refused as refused:
                said[what] = refused.code
            finally:
                connection.close()

        threads = [threading.Thread(target=act, args=(what,)) for what in ("close", "depart")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        dispatch.refresh_from_db()
        out = dispatch.state == DispatchState.DEPARTED
        if said["depart"] == "done":
            # The day was closed with the team outside and named, not with a team that was still at the center.
            assert out
            closed_with = ledger(operation, day=DAY, at=scene.TEN).find(team)
            assert closed_with is not None
            closing = DayClosing.objects.filter(operation=operation).first()
            departed = Entry.objects.get(action="dispatch.departed", operation_id=operation.pk)
            closed = Entry.objects.filter(action="evening.closed", operation_id=operation.pk).first()
            assert closing is None or (closed is not None and departed.pk < closed.pk)
        else:
            assert not out
            assert said == {"close": "done", "depart": "dispatch.not_ready"}


def test_a_report_for_yesterday_is_kept_for_yesterday_and_nothing_of_the_closed_day_is_rewritten() -> None:
    operation = make.operation()
    dispatch = scene.out(operation)
    explain_all(operation)
    closing = services.close_day(operation, day=DAY, by=SYSTEM, at=FIVE)
    morning = make.at(24 + 9)
    reported = dispatches.report(
        dispatch,
        outcome="completed",
        people=2,
        text="きのうのうちに終わった",
        by=SYSTEM,
        at=morning,
        by_leader=False,
    )
    again = dispatches.report(
        dispatch, outcome="continuing", people=2, remaining="床下", by=SYSTEM, at=make.at(24 + 9, 5)
    )
    assert (reported.changed, again.changed) == (True, False)
    dispatch.need.refresh_from_db()
    assert dispatch.need.state == NeedState.COMPLETED
    assert dispatch.later_reports.get().outcome == "continuing"  # two that differ: a person is asked
    dispatches.come_back(dispatch, by=SYSTEM, at=make.at(24 + 9, 10))
    closing.refresh_from_db()
    assert closing.reopened_at is None
    assert closing.figures["team"] == [1, 0, 1]
    assert {one.kind for one in ledger(operation, day=DAY, at=morning).missing} == {Kind.HEAD}
    services.close_day(operation, day=DAY + timedelta(days=1), by=SYSTEM, at=TOMORROW)
    assert NamedException.objects.filter(kind=Kind.TEAM, settled_at__isnull=False).count() == 1


def test_what_was_closed_before_operations_knew_of_it_is_told_by_the_upgrade() -> None:
    operation, other = make.operation(), make.operation()
    for one, day in ((operation, DAY), (operation, DAY - timedelta(days=1)), (other, DAY)):
        services.close_day(one, day=day, by=SYSTEM, at=FIVE)
    services.reopen_day(
        DayClosing.objects.get(operation=other, reopened_at=None), reason="まだ", by=SYSTEM, at=FIVE
    )
    Operation.objects.update(closed_day=None)
    import_module("matching.evening.migrations.0003_closed_day").say(apps, None)
    operation.refresh_from_db()
    other.refresh_from_db()
    assert (operation.closed_day, other.closed_day) == (DAY, None)


def test_what_was_said_of_a_team_that_had_not_left_does_not_cover_it_outside_the_next_evening() -> None:
    operation = make.operation()
    dispatch = scene.assigned(operation)
    explain_all(operation)
    services.close_day(operation, day=DAY, by=SYSTEM, at=FIVE)
    dispatches.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=make.at(24 + 10))
    tomorrow = DAY + timedelta(days=1)
    assert missing(operation, day=tomorrow, at=TOMORROW)["team"] == ["1班"]
    assert "1班" in refused(operation, day=tomorrow, at=TOMORROW)
    explain_all(operation, day=tomorrow, at=TOMORROW)
    services.close_day(operation, day=tomorrow, by=SYSTEM, at=TOMORROW)
    said = NamedException.objects.filter(key=f"team:{dispatch.team_id}")
    assert [(one.stage, one.taken_back) for one in said] == [("ready", True), ("out", False)]


def test_one_sheet_that_was_explained_does_not_cover_four() -> None:
    operation = make.operation()
    dispatch = scene.assigned(operation)
    dispatches.count_sheet(dispatch, by=SYSTEM, at=make.at(9, 45))
    explain_all(operation)
    assert "sheet" not in missing(operation)
    dispatches.count_sheet(dispatch, papers=3, by=SYSTEM, at=make.at(16))
    assert missing(operation)["sheet"] == [f"依頼書No.{dispatch.serial}（1班）4枚"]
    explain_all(operation)
    assert "sheet" not in missing(operation)
    sheet_counts.count_in(dispatch, back=2, by=SYSTEM, at=make.at(16, 30))  # fewer than were explained
    assert "sheet" not in missing(operation)
    NamedException.objects.filter(settled_at=None).update(count=None, stage="")  # from before this was kept
    assert "sheet" not in missing(operation)


def test_a_newer_reason_stands_and_the_same_one_twice_changes_nothing() -> None:
    operation = make.operation()
    scene.present(operation, make.volunteer(operation.center))
    explain_all(operation)
    key = ledger(operation, day=DAY, at=FIVE).excused[0].key
    before = Entry.objects.count()
    services.name_exception(
        operation, key, told_by="髙﨑リーダー", reason="明日持ってくる", day=DAY, by=SYSTEM, at=FIVE
    )
    assert Entry.objects.count() == before
    services.name_exception(operation, key, told_by="家族", reason="家にいる", day=DAY, by=SYSTEM, at=FIVE)
    assert NamedException.objects.standing().get().reason == "家にいる"
    assert NamedException.objects.count() == 2


def test_whoever_reception_saw_leaving_while_their_team_is_still_out_is_looked_for() -> None:
    operation = make.operation()
    dispatch = scene.out(operation)
    leader = dispatch.team.leader
    assert leader is not None
    checkin.leave(operation, leader, by=SYSTEM, at=make.at(12))
    found = ledger(operation, day=DAY, at=FIVE)
    head = next(one for one in found.missing if one.visit and one.visit.volunteer == leader)
    assert "受付では帰ったことになっている" in head.note
    assert "head" in missing(operation)


def test_lists_with_names_come_in_and_blank_forms_only_count_on_a_day_of_paper() -> None:
    operation = make.operation()
    [listed] = print_sheets(
        operation, kind=SheetKind.LIST, count=1, title="外に出ている班", by=SYSTEM, at=make.at(11)
    )
    print_sheets(operation, kind=SheetKind.FORM, count=3, title="", by=SYSTEM, at=make.at(8))
    assert missing(operation) == {"sheet": ["用紙No.1「外に出ている班」"]}
    explain(listed, state=SheetState.UNUSED, reason="", by=SYSTEM, at=make.at(16))
    assert missing(operation) == {}
    operation.paper_periods.create(
        started_at=make.at(9), ended_at=make.at(10), reason="停電", recorded_at=make.at(10)
    )
    assert len(missing(operation)["sheet"]) == 3


def test_yesterday_is_closed_without_the_people_of_today_and_asked_for_until_then() -> None:
    operation = make.operation()
    person = scene.present(operation, make.volunteer(operation.center))
    morning = make.at(24 + 9)
    scene.present(operation, make.volunteer(operation.center, "今日", "来た人"), at=morning)
    assert missing(operation, at=morning) == {"head": ["佐藤 花子さん"]}
    assert open_days(operation, at=morning) == [DAY]
    Visit.objects.filter(volunteer=person).update(left_at=make.at(15))
    services.close_day(operation, day=DAY, by=SYSTEM, at=morning)
    assert open_days(operation, at=morning) == []


def test_a_lost_sheet_needs_a_reason_and_no_more_come_in_than_went_out() -> None:
    operation = make.operation()
    dispatch = scene.assigned(operation)
    dispatches.count_sheet(dispatch, papers=2, by=SYSTEM, at=make.at(9, 45))
    dispatches.cancel(dispatch, reason="雨", by=SYSTEM, at=scene.TEN)
    assert "取りやめた派遣" in ledger(operation, day=DAY, at=FIVE).tallies[3].missing[0].note
    for back, lost, code in ((0, 0, "count"), (3, 0, "count"), (3, -1, "count"), (1, 1, "lost_reason")):
        with pytest.raises(Refused) as refusal:
            sheet_counts.count_in(dispatch, back=back, lost=lost, by=SYSTEM, at=FIVE)
        assert refusal.value.code == f"dispatch.sheets_{code}"
    sheet_counts.count_in(dispatch, back=1, lost=1, reason="雨でとけた", by=SYSTEM, at=FIVE)
    assert "sheet" not in missing(operation)


def test_the_ledger_asks_the_same_number_of_questions_for_one_team_and_for_six(
    django_assert_max_num_queries: object,
) -> None:
    operation = make.operation()
    for _ in range(6):
        scene.out(operation)
    with django_assert_max_num_queries(19):  # type: ignore[operator]
        ledger(operation, day=DAY, at=FIVE)


def test_the_ledger_reads_of_thousands_only_what_their_lines_say() -> None:
    operation = make.operation()
    dispatches.count_sheet(scene.out(operation), by=SYSTEM, at=scene.TEN)
    with CaptureQueriesContext(connection) as asked:
        assert len(ledger(operation, day=DAY, at=FIVE).missing) == 4  # two people, a team, a sheet
    said = " ".join(one["sql"] for one in asked)
    for column in ('"facts"', '"checks"', '"token_nonce"'):
        assert column not in said


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["arrive", "team", "out", "back", "leave", "cancel", "undo", "explain"]),
        st.integers(0, 7),
    ),
    max_size=24,
)


@settings(
    max_examples=count(12, 200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_heads_out_are_heads_back_and_exceptions_after_any_day(
    steps: list[tuple[str, int]], db: None
) -> None:
    """A second bookkeeping in plain sets beside the real services; the ledger names exactly whoever it misses."""
    from django.db import transaction

    with transaction.atomic():
        _play(steps)
        transaction.set_rollback(True)


def _taken_back(dispatch: Dispatch, seen: str, at: datetime) -> bool:
    try:
        undoing.undo(dispatch, seen=seen, by=SYSTEM, at=at)
    except Refused:
        return False
    return dispatch.state != seen


def _play(steps: list[tuple[str, int]]) -> None:
    operation = make.operation()
    crowd = [make.volunteer(operation.center, "人", f"{n}番") for n in range(8)]
    came, here, explained = set[int](), set[int](), set[int]()
    free, waiting, away = (
        set[int](),
        list[tuple[Dispatch, set[int]]](),
        list[tuple[Dispatch, set[int]]](),
    )
    at = make.at(9)
    last: tuple[str, Dispatch, set[int]] | None = None  # a tap that may have been a mistake
    for step, n in steps:
        at += timedelta(minutes=7)
        if step == "arrive" and n not in came:
            scene.present(operation, crowd[n], at=at)
            for one in (came, here, free):
                one.add(n)
        elif step == "team" and free & here:
            crew = sorted(free & here)[:3]
            team = scene.team(operation, *[crowd[one] for one in crew], at=at)
            waiting.append((dispatches.assign(team, make.need(operation), by=SYSTEM, at=at), set(crew)))
            free -= set(crew)
        elif step == "out" and waiting and waiting[0][1] <= here:
            dispatch, crew_ = waiting.pop(0)
            away.append((dispatches.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=at), crew_))
            last = "out", dispatch, crew_
        elif step == "back" and away:
            dispatch, crew_ = away.pop(n % len(away))
            dispatches.come_back(dispatch, by=SYSTEM, at=at)
            free |= crew_
            last = "back", dispatch, crew_
        elif step == "cancel" and waiting:
            dispatch, crew_ = waiting.pop(n % len(waiting))
            dispatches.cancel(dispatch, reason="雨", by=SYSTEM, at=at)
            free |= crew_
        elif step == "undo" and last is not None:
            what, dispatch, crew_ = last
            if what == "out" and (dispatch, crew_) in away and _taken_back(dispatch, "departed", at):
                away.remove((dispatch, crew_))
                waiting.insert(0, (dispatch, crew_))
            elif what == "back" and _taken_back(dispatch, "back", at):
                assert crew_ <= free & here, "from under a team or a leaving that followed"
                away.append((dispatch, crew_))
                free -= crew_
            last = None
        elif step == "leave" and n in here:
            checkin.leave(operation, crowd[n], by=SYSTEM, at=at)
            here.discard(n)
    still_out = {one for _, crew_ in away for one in crew_}
    lost = here | still_out
    for step, n in steps:
        if step == "explain" and n in lost:
            visit = Visit.objects.get(volunteer=crowd[n])
            services.name_exception(
                operation, f"visit:{visit.pk}", told_by="家族", reason="無事", day=DAY, by=SYSTEM, at=at
            )
            explained.add(n)
    heads = ledger(operation, day=DAY, at=at).tallies[0]
    assert {one.visit.volunteer_id for one in heads.missing if one.visit} == {crowd[n].pk for n in lost}
    assert (heads.out, heads.back, heads.excused) == (len(came), len(came - lost), len(explained))
    teams_out = len(waiting) + len(away)
    if lost - explained or teams_out:
        assert refused(operation, at=at)
    else:
        figures = services.close_day(operation, day=DAY, by=SYSTEM, at=at).figures["head"]
        assert figures == [len(came), len(came) - len(explained), len(explained)]

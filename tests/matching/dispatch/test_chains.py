"""A team that does several needs one after the other: each is held for it, one is at work, none is forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import time, timedelta
from time import sleep

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState, WorkState
from intake.volunteers.models import Group
from matching.dispatch import services, undoing
from matching.dispatch.models import Dispatch, DispatchState, Outcome
from matching.dispatch.states import STEPS
from matching.queue import services as queue
from matching.queue.near import near
from matching.safety import services as safety
from matching.safety.models import Weather
from matching.teams.models import Member, TeamState
from matching.teams.services import people_of
from tests import make
from tests.infra.scale import count
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db
S, N = DispatchState, NeedState


def chain(operation: Operation | None = None, *, count: int = 3, out: bool = False) -> list[Dispatch]:
    """A team with `count` needs one after the other, legs of 20, 5, 5 minutes, two hours of work each."""
    operation = operation or make.operation()
    first, *then = (make.need(operation) for _ in range(count))
    legs = [20, 5, 5][:count]
    start = services.assign(scene.team(operation), first, then=then, legs=legs, by=SYSTEM, at=make.at(9, 30))
    if out:
        services.depart(start, checks=scene.ALL, by=SYSTEM, at=scene.TEN)
    return visits_of(start)


def visits_of(dispatch: Dispatch) -> list[Dispatch]:
    rows = Dispatch.objects.filter(team=dispatch.team_id).order_by("position")
    return list(rows.select_related("operation", "team", "need"))


def told(visit: Dispatch) -> tuple[str, str]:
    """State of the visit and of its need, as the tables have them."""
    row = Dispatch.objects.select_related("need").get(pk=visit.pk)
    return row.state, row.need.state


def code_of(error: pytest.ExceptionInfo[Refused]) -> str:
    return error.value.code


# ── getting ready ──────────────────────────────────────────────────────────────────────────────
def test_every_need_of_a_chain_is_held_and_only_the_first_is_at_hand() -> None:
    visits = chain()
    assert [told(visit) for visit in visits] == [
        (S.ACCEPTED, N.ASSIGNED),
        (S.NEXT, N.ASSIGNED),
        (S.NEXT, N.ASSIGNED),
    ]
    assert [visit.position for visit in visits] == [1, 2, 3]
    assert [visit.serial for visit in visits] == [1, 2, 3]
    assert Dispatch.objects.live().count() == 1
    for visit in visits:
        assert set(visit.need.items.values_list("state", flat=True)) == {WorkState.LEASED}
        with pytest.raises(Refused) as error:
            services.assign(scene.team(visit.operation), visit.need, by=SYSTEM, at=make.at(9, 31))
        assert code_of(error) == "dispatch.need_taken"


@pytest.mark.parametrize("state", ["accepted", "next", "departed", "on_site"])
def test_the_database_itself_lets_no_second_team_hold_a_need_of_a_chain(state: str) -> None:
    _, second, _ = chain()
    other = scene.team(second.operation)
    values = {f.name: getattr(second, f.name) for f in Dispatch._meta.fields if f.name != "id"}
    values |= {
        "team": other,
        "serial": 99,
        "position": 1,
        "leader_token_hash": "a",
        "genuine_token_hash": "b",
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispatch.objects.create(**values | {"state": state})


def test_the_same_need_twice_or_more_than_three_are_no_chain() -> None:
    operation = make.operation()
    one, two, three, four = (make.need(operation) for _ in range(4))
    team = scene.team(operation)
    for then, code in (([two, one], "dispatch.need_taken"), ([two, three, four], "dispatch.enough_visits")):
        with pytest.raises(Refused) as error, transaction.atomic():
            services.assign(team, one, then=then, by=SYSTEM, at=make.at(9, 30))
        assert code_of(error) == code
        one.refresh_from_db()
        two.refresh_from_db()
    assert not Dispatch.objects.exists()
    assert {need.state for need in Need.objects.all()} == {N.READY}


def test_calling_it_off_before_departure_gives_every_need_back() -> None:
    visits = chain()
    services.cancel(visits[0], reason="雨", by=SYSTEM, at=make.at(9, 40))
    services.cancel(visits[0], reason="二度目", by=SYSTEM, at=make.at(9, 41))
    assert [told(visit) for visit in visits] == [(S.CANCELLED, N.READY)] * 3
    assert not Member.objects.filter(left_at__isnull=True).exists()
    assert Entry.objects.filter(action="dispatch.cancelled").count() == 1
    assert Entry.objects.filter(action="dispatch.visit_dropped").count() == 2


def test_a_later_visit_is_dropped_and_another_team_can_have_its_need_at_once() -> None:
    first, second, third = chain()
    for _ in range(2):
        services.drop_visit(second, reason="人手が要る", by=SYSTEM, at=make.at(9, 40))
    assert [told(one) for one in (first, second, third)] == [
        (S.ACCEPTED, N.ASSIGNED), (S.CANCELLED, N.READY), (S.NEXT, N.ASSIGNED)
    ]  # fmt: skip
    assert Entry.objects.filter(action="dispatch.visit_dropped").count() == 1
    need = Need.objects.get(pk=second.need_id)
    assert services.assign(scene.team(first.operation), need, by=SYSTEM, at=make.at(9, 41)).serial == 4


def test_dropping_the_first_house_before_departure_makes_the_next_the_first() -> None:
    first, second, third = chain()
    needs.move(first.need, N.WITHDRAWN, by=SYSTEM, at=make.at(9, 35), reason="本人から", told="本人")
    blocks = services.departure_blocks(first, at=make.at(9, 40))
    assert [(block.code, block.firm) for block in blocks] == [("need", True)]
    assert "この訪問を外してください" in str(blocks[0])
    services.drop_visit(first, reason="取下げのため", by=SYSTEM, at=make.at(9, 40))
    assert [told(one) for one in (first, second, third)] == [
        (S.CANCELLED, N.WITHDRAWN), (S.ACCEPTED, N.ASSIGNED), (S.NEXT, N.ASSIGNED)
    ]  # fmt: skip
    assert services.departure_blocks(second, at=make.at(9, 41)) == []
    services.depart(second, checks=scene.ALL, by=SYSTEM, at=scene.TEN)
    assert told(second) == (S.DEPARTED, N.IN_PROGRESS)


def test_the_only_visit_is_not_dropped_but_called_off() -> None:
    (only,) = chain(count=1)
    with pytest.raises(Refused) as error:
        services.drop_visit(only, reason="雨", by=SYSTEM, at=make.at(9, 40))
    assert code_of(error) == "dispatch.only_visit"


def test_a_drop_wants_a_reason_and_a_house_nobody_has_been_to() -> None:
    first, second, _ = chain(out=True)
    with pytest.raises(Refused) as error:
        services.drop_visit(second, reason="  ", by=SYSTEM, at=make.at(10, 5))
    assert code_of(error) == "dispatch.reason_needed"
    with pytest.raises(Refused) as error:
        services.drop_visit(first, reason="雨", by=SYSTEM, at=make.at(10, 5))
    assert code_of(error) == "dispatch.been_there"


def test_minors_keep_a_chain_from_leaving_wherever_they_may_not_go() -> None:
    operation = make.operation()
    crew = [
        scene.present(operation, make.volunteer(operation.center, "大人")),
        scene.present(operation, make.volunteer(operation.center, "少年", birth_date=make.day(make.MORNING).replace(year=2010), guardian_consent=True)),
    ]  # fmt: skip
    start = services.assign(
        scene.team(operation, *crew), make.need(operation), then=[make.need(operation, minors_ok=False)], by=SYSTEM,
        at=make.at(9, 30),
    )  # fmt: skip
    assert "minor_work" in {block.code for block in services.departure_blocks(start, at=make.at(9, 40))}


def test_what_a_coordinator_decided_keeps_a_need_from_being_added() -> None:
    """Only minors were asked about: who was never to go there again was sent there by telephone."""
    (only,) = chain(count=1, out=True)
    held, banned, placed, fixed, free = (make.need(only.operation) for _ in range(5))
    tomorrow = make.day(make.at(11) + timedelta(days=1))
    inside, outside = (
        people_of(only.team)[0],
        scene.present(only.operation, make.volunteer(only.operation.center, "外")),
    )
    club = Group.objects.create(center=only.operation.center, name="青年部", created_at=make.at(8))
    queue.hold(held, reason="雨がやむまで", by=SYSTEM, at=make.at(10))
    queue.ban(banned, inside, by=SYSTEM, at=make.at(10))
    queue.lock(placed, club, reason="前日割当", by=SYSTEM, at=make.at(10), day=tomorrow)
    queue.pin([fixed], members=[outside], leader=outside, reason="よい班", by=SYSTEM, at=make.at(10))
    for need, said in (
        (held, "雨がやむまで"), (banned, f"{inside.name}さんは"), (placed, "「青年部」が行く"), (fixed, "固定した班")
    ):  # fmt: skip
        with pytest.raises(Refused) as error:
            services.add_visit(only.team, need, by=SYSTEM, at=make.at(11))
        assert code_of(error) == "dispatch.need_kept"
        assert said in error.value.text
        assert Need.objects.get(pk=need.pk).state == N.READY
    shown = {one.waiting.need.pk for one in near(only.operation, only.need, at=make.at(11))}
    assert shown == {banned.pk, free.pk}, "what is kept for others is not offered either"
    assert services.add_visit(only.team, free, by=SYSTEM, at=make.at(11)).state == S.NEXT


# ── out there ──────────────────────────────────────────────────────────────────────────────────
def test_leaving_plans_every_visit_and_the_return() -> None:
    first, second, third = chain(count=3)
    Need.objects.filter(pk=second.need_id).update(open_from=time(13))
    services.depart(first, checks=scene.ALL, by=SYSTEM, at=scene.TEN)
    planned = [(one.planned_from, one.planned_until) for one in visits_of(first)]
    assert planned == [
        (make.at(10, 20), make.at(12, 20)), (make.at(13), make.at(15)), (make.at(15, 5), make.at(17, 5))
    ]  # fmt: skip
    first.refresh_from_db()
    assert first.due_back_at == make.at(16)  # 30 minutes after the day's work ends, however long the chain
    assert [told(one) for one in visits_of(first)] == [
        (S.DEPARTED, N.IN_PROGRESS), (S.NEXT, N.ASSIGNED), (S.NEXT, N.ASSIGNED)
    ]  # fmt: skip
    assert third.planned_from is None


def test_a_team_goes_on_after_its_report_and_each_need_gets_its_own() -> None:
    first, second, _ = chain(count=3, out=True)
    services.arrive_on_site(first, by=SYSTEM, at=make.at(10, 20))
    services.report(first, outcome=Outcome.COMPLETED, people=2, text="一軒目", by=SYSTEM, at=make.at(12))
    assert told(first) == (S.LEAVING, N.COMPLETED)
    assert told(second) == (S.NEXT, N.ASSIGNED)
    now = services.move_on(first, by=SYSTEM, at=make.at(12, 5))
    assert now == second
    assert told(first) == (S.VISITED, N.COMPLETED)
    assert told(second) == (S.DEPARTED, N.IN_PROGRESS)
    assert (now.departed_at, now.due_back_at) == (make.at(12, 5), make.at(16))
    services.report(second, outcome=Outcome.CONTINUING, people=2, remaining="奥", by=SYSTEM, at=make.at(14))
    assert told(second) == (S.LEAVING, N.READY)
    assert Dispatch.objects.in_field().count() == 1
    assert [row.report.outcome for row in (first, second)] == ["completed", "continuing"]


def test_going_on_told_twice_or_late_changes_nothing_more() -> None:
    first, second, third = chain(out=True)
    services.move_on(first, by=SYSTEM, at=make.at(12))
    entries = Entry.objects.count()
    assert services.move_on(first, by=SYSTEM, at=make.at(12, 1)) == second
    services.leave_site(first, by=SYSTEM, at=make.at(12, 2))
    services.arrive_on_site(first, by=SYSTEM, at=make.at(12, 3))
    assert Entry.objects.count() == entries
    assert [told(one)[0] for one in (first, second, third)] == [S.VISITED, S.DEPARTED, S.NEXT]


def test_a_report_of_the_house_before_may_come_later() -> None:
    first, second, _ = chain(out=True)
    services.move_on(first, by=SYSTEM, at=make.at(12))
    assert told(first) == (S.VISITED, N.IN_PROGRESS)
    services.report(first, outcome=Outcome.COMPLETED, people=2, by=SYSTEM, at=make.at(12, 30))
    assert told(first) == (S.VISITED, N.COMPLETED)
    assert told(second) == (S.DEPARTED, N.IN_PROGRESS)


def test_what_is_told_of_a_later_house_says_that_the_team_went_on() -> None:
    first, second, third = chain(out=True)
    services.arrive_on_site(second, by=SYSTEM, at=make.at(12))
    assert [told(one)[0] for one in (first, second, third)] == [S.VISITED, S.ON_SITE, S.NEXT]
    services.report(third, outcome=Outcome.COMPLETED, people=2, by=SYSTEM, at=make.at(14))
    assert told(third) == (S.LEAVING, N.COMPLETED)
    assert told(second) == (S.VISITED, N.IN_PROGRESS)


def test_nothing_is_heard_of_a_later_house_before_the_team_has_left() -> None:
    first, second, _ = chain()
    for fact in (services.arrive_on_site, services.leave_site, services.come_back, services.move_on):
        for visit in (first, second):
            with pytest.raises(Refused) as error:
                fact(visit, by=SYSTEM, at=make.at(10))
            assert code_of(error) == "dispatch.not_departed"
    with pytest.raises(Refused) as error:
        services.depart(second, checks=scene.ALL, by=SYSTEM, at=make.at(10))
    assert code_of(error) == "dispatch.is_next"


def test_a_house_that_is_withdrawn_meanwhile_is_passed_over() -> None:
    first, second, third = chain(out=True)
    needs.move(second.need, N.WITHDRAWN, by=SYSTEM, at=make.at(11), reason="本人から", told="本人")
    assert services.move_on(first, by=SYSTEM, at=make.at(12)) == third
    assert [told(one) for one in (second, third)] == [(S.CANCELLED, N.WITHDRAWN), (S.DEPARTED, N.IN_PROGRESS)]
    with pytest.raises(Refused) as error:
        services.move_on(third, by=SYSTEM, at=make.at(14))
    assert code_of(error) == "dispatch.no_next"


@pytest.mark.parametrize("how", ["leave", "back", "stopped"])
def test_houses_the_team_has_not_been_to_wait_again_with_a_sentence(how: str) -> None:
    visits = chain(out=True)
    ready_at = Need.objects.get(pk=visits[1].need_id).ready_at
    if how == "leave":
        services.leave_site(visits[0], by=SYSTEM, at=make.at(12))
    elif how == "back":
        services.come_back(visits[0], by=SYSTEM, at=make.at(12))
    else:
        services.report(visits[0], outcome=Outcome.STOPPED, people=2, text="雷", by=SYSTEM, at=make.at(12))
    for visit in visits[1:]:
        assert told(visit) == (S.CANCELLED, N.READY)
        change = visit.need.changes.last()
        assert change is not None
        assert "まだ伺っていません" in change.reason
        need = Need.objects.get(pk=visit.need_id)
        assert need.ready_at == ready_at  # it keeps its place in the queue
        assert set(need.items.values_list("state", flat=True)) == {WorkState.OPEN}


def test_going_home_after_a_report_lets_the_rest_go() -> None:
    first, second, _ = chain(out=True)
    services.report(first, outcome=Outcome.COMPLETED, people=2, by=SYSTEM, at=make.at(12))
    services.leave_site(first, by=SYSTEM, at=make.at(12, 1))
    assert told(second) == (S.CANCELLED, N.READY)


def test_a_team_that_was_called_on_while_going_home_is_on_its_way_home_again_when_that_is_taken_back() -> (
    None
):
    (first,) = chain(count=1, out=True)
    services.arrive_on_site(first, by=SYSTEM, at=make.at(10, 30))
    services.leave_site(first, by=SYSTEM, at=make.at(12))
    services.add_visit(first.team, make.need(first.operation), by=SYSTEM, at=make.at(12, 5))
    further = services.move_on(first, by=SYSTEM, at=make.at(12, 6))
    undoing.undo(further, seen=S.DEPARTED, by=SYSTEM, at=make.at(12, 7))
    assert [told(one)[0] for one in (first, further)] == [S.LEAVING, S.NEXT]


def test_everybody_is_back_once_and_every_visit_with_them() -> None:
    first, second, third = chain(out=True)
    services.count_sheet(first, by=SYSTEM, at=make.at(10))
    services.move_on(first, by=SYSTEM, at=make.at(12))
    for _ in range(2):
        services.come_back(second, sheets_back=1, by=SYSTEM, at=make.at(14))
    services.come_back(first, by=SYSTEM, at=make.at(14, 1))
    assert [told(one)[0] for one in (first, second, third)] == [S.BACK, S.BACK, S.CANCELLED]
    rows = Dispatch.objects.filter(pk__in=[first.pk, second.pk])
    assert {row.returned_at for row in rows} == {make.at(14)}
    back = Entry.objects.get(action="dispatch.back")
    assert (back.subject_id, back.details["sheets_out"]) == (str(second.pk), 1)
    first.team.refresh_from_db()
    assert first.team.state == TeamState.BACK
    assert not Member.objects.filter(left_at__isnull=True).exists()
    assert told(first)[1] == N.IN_PROGRESS  # its report is still missing, and may come
    services.report(first, outcome=Outcome.COMPLETED, people=2, by=SYSTEM, at=make.at(15))
    assert told(first) == (S.BACK, N.COMPLETED)


# ── one more, one less, while it is out ────────────────────────────────────────────────────────
def test_a_team_that_is_out_takes_one_more_and_is_expected_later() -> None:
    (only,) = chain(count=1)
    services.depart(only, checks=scene.ALL, by=SYSTEM, at=scene.TEN, due_back_at=make.at(13))
    need = make.need(only.operation, minutes=60)
    added = services.add_visit(only.team, need, by=SYSTEM, at=make.at(11), leg_minutes=5)
    assert (told(added), added.position) == ((S.NEXT, N.ASSIGNED), 2)
    assert (added.planned_from, added.planned_until) == (make.at(12, 25), make.at(13, 25))
    only.refresh_from_db()
    assert only.due_back_at == make.at(14, 5)
    services.drop_visit(added, reason="遅くなるため", by=SYSTEM, at=make.at(11, 10))
    only.refresh_from_db()
    assert only.due_back_at == make.at(13)


def test_a_team_outside_gets_no_further_house_while_nobody_may_leave() -> None:
    operation = make.operation()
    (visit,), (waiting,) = chain(operation, count=1, out=True), chain(operation, count=1)
    alert = safety.raise_weather(operation, Weather.THUNDER, by=SYSTEM, at=make.at(11))
    with pytest.raises(Refused) as error:
        services.add_visit(visit.team, make.need(operation), by=SYSTEM, at=make.at(11, 5))
    assert code_of(error) == "dispatch.stopped"
    assert "雷が出ています" in error.value.text
    services.add_visit(waiting.team, make.need(operation), by=SYSTEM, at=make.at(11, 5))  # the gate asks it
    safety.end_weather(alert, by=SYSTEM, at=make.at(11, 10))
    services.add_visit(visit.team, make.need(operation), by=SYSTEM, at=make.at(11, 45))


def test_no_more_than_three_houses_ahead_and_none_for_a_team_that_is_over() -> None:
    first, second, _ = chain(out=True)
    with pytest.raises(Refused) as error:
        services.add_visit(first.team, make.need(first.operation), by=SYSTEM, at=make.at(11))
    assert code_of(error) == "dispatch.enough_visits"
    services.move_on(first, by=SYSTEM, at=make.at(12))
    assert services.add_visit(first.team, make.need(first.operation), by=SYSTEM, at=make.at(12)).position == 4
    services.come_back(second, by=SYSTEM, at=make.at(13))
    with pytest.raises(Refused) as error:
        services.add_visit(first.team, make.need(first.operation), by=SYSTEM, at=make.at(13, 1))
    assert code_of(error) == "dispatch.team_busy"
    with pytest.raises(Refused) as error:
        services.add_visit(first.team, make.need(make.operation()), by=SYSTEM, at=make.at(13, 1))
    assert code_of(error) == "dispatch.other_operation"


def test_a_team_says_how_far_behind_it_is() -> None:
    first, _, _ = chain(out=True)
    first = visits_of(first)[0]
    assert first.minutes_behind(make.at(10, 20)) == 0
    assert first.minutes_behind(make.at(10, 45)) == 25
    services.arrive_on_site(first, by=SYSTEM, at=make.at(10, 45))
    assert first.minutes_behind(make.at(12, 20)) == 0
    assert first.minutes_behind(make.at(12, 50)) == 30


# ── whatever is pressed ────────────────────────────────────────────────────────────────────────
ACTS = ["depart", "on_site", "leave", "back", "report", "stop", "next", "drop", "cancel", "add", "withdraw"]


def play(visit: Dispatch, act: str, minute: int) -> None:
    at = make.at(10, minute)
    if act == "depart":
        services.depart(visit, checks=scene.ALL, by=SYSTEM, at=at)
    elif act in ("cancel", "drop"):
        (services.cancel if act == "cancel" else services.drop_visit)(visit, reason="雨", by=SYSTEM, at=at)
    elif act in ("report", "stop"):
        outcome = Outcome.COMPLETED if act == "report" else Outcome.STOPPED
        services.report(visit, outcome=outcome, people=2, by=SYSTEM, at=at)
    elif act == "add":
        services.add_visit(visit.team, make.need(visit.operation), by=SYSTEM, at=at)
    elif act == "withdraw":
        needs.move(
            Need.objects.get(pk=visit.need_id), N.WITHDRAWN, by=SYSTEM, at=at, reason="本人", told="本人"
        )
    else:
        fact = {
            "on_site": services.arrive_on_site, "leave": services.leave_site, "back": services.come_back,
            "next": services.move_on,
        }[act]  # fmt: skip
        fact(visit, by=SYSTEM, at=at)


@pytest.mark.once
@settings(
    max_examples=count(10, 60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 3)), max_size=10), leave=st.booleans())
def test_whatever_is_pressed_of_whichever_house_nothing_is_forgotten_or_held_twice(
    acts: list[tuple[str, int]], leave: bool
) -> None:
    with transaction.atomic():
        first = chain(out=leave)[0]
        for minute, (act, which) in enumerate(acts, start=1):
            visits = visits_of(first)
            before = {visit.pk: S(visit.state) for visit in visits}
            entries = Entry.objects.count()
            try:
                with transaction.atomic():
                    play(visits[min(which, len(visits) - 1)], act, minute)
            except Refused:
                assert Entry.objects.count() == entries
            after = visits_of(first)
            for visit in after:
                was = before.get(visit.pk, S.NEXT)
                # One press may walk two edges (told of a later house: on the way there, and at it).
                assert visit.state == was or any(visit.state in {to, *STEPS[to]} for to in STEPS[was])
            live = [visit for visit in after if visit.state in (S.ACCEPTED, S.DEPARTED, S.ON_SITE, S.LEAVING)]
            over = Member.objects.filter(team=first.team, left_at__isnull=True).count() == 0
            assert len(live) == (0 if over else 1)
            for visit in after:
                need = Need.objects.get(pk=visit.need_id)
                if visit.state in (S.ACCEPTED, S.NEXT):
                    assert not over
                    assert need.state in (N.ASSIGNED, N.WITHDRAWN)
                if visit.state == S.CANCELLED:
                    assert need.state in (N.READY, N.WITHDRAWN)
                if need.state == N.ASSIGNED:
                    assert visit.state in (S.ACCEPTED, S.NEXT)
        transaction.set_rollback(True)


# ── a wrong tap ────────────────────────────────────────────────────────────────────────────────
def undo(visit: Dispatch, seen: str, *, minute: int) -> Dispatch:
    row = Dispatch.objects.get(pk=visit.pk)
    return undoing.undo(row, seen=seen, by=SYSTEM, at=make.at(12, minute))


def test_going_on_to_the_next_house_is_taken_back_to_where_the_team_was() -> None:
    visits = chain(out=True)
    services.arrive_on_site(visits[0], by=SYSTEM, at=make.at(10, 20))
    services.move_on(visits[0], by=SYSTEM, at=make.at(12))
    services.postpone(visits_of(visits[0])[1], due_back_at=make.at(16), by=SYSTEM, at=make.at(12, 1))
    now = undo(visits[1], S.DEPARTED, minute=2)
    assert now.pk == visits[0].pk
    assert [told(visit) for visit in visits] == [
        (S.ON_SITE, N.IN_PROGRESS), (S.NEXT, N.ASSIGNED), (S.NEXT, N.ASSIGNED),
    ]  # fmt: skip
    first, second, _ = visits_of(visits[0])
    assert (first.due_back_at, second.departed_at, second.due_back_at) == (make.at(16), None, None)
    assert set(second.need.items.values_list("state", flat=True)) == {WorkState.LEASED}
    assert Entry.objects.filter(action="dispatch.undone").count() == 2
    undo(visits[1], S.DEPARTED, minute=3)  # a second tap on an old page
    assert Entry.objects.filter(action="dispatch.undone").count() == 2
    services.move_on(visits[0], by=SYSTEM, at=make.at(12, 10))
    assert told(visits[1]) == (S.DEPARTED, N.IN_PROGRESS)


def test_a_house_that_was_reported_before_going_on_stays_reported_when_going_on_was_a_mistake() -> None:
    visits = chain(count=2, out=True)
    services.report(visits[0], outcome=Outcome.COMPLETED, people=2, by=SYSTEM, at=make.at(11, 50))
    services.move_on(visits[0], by=SYSTEM, at=make.at(12))
    undo(visits[1], S.DEPARTED, minute=2)
    assert [told(visit) for visit in visits] == [(S.LEAVING, N.COMPLETED), (S.NEXT, N.ASSIGNED)]


def test_at_a_later_house_the_arrival_and_the_return_are_taken_back_and_only_of_the_last_house() -> None:
    visits = chain(count=3, out=True)
    services.report(visits[0], outcome=Outcome.COMPLETED, people=2, by=SYSTEM, at=make.at(11, 50))
    services.move_on(visits[0], by=SYSTEM, at=make.at(12))
    services.arrive_on_site(visits[1], by=SYSTEM, at=make.at(12, 1))
    undo(visits[1], S.ON_SITE, minute=2)
    assert told(visits[1]) == (S.DEPARTED, N.IN_PROGRESS)
    services.arrive_on_site(visits[1], by=SYSTEM, at=make.at(12, 3))
    services.count_sheet(visits[0], by=SYSTEM, at=make.at(9, 40))
    services.come_back(visits[1], sheets_back=1, by=SYSTEM, at=make.at(12, 5))
    assert told(visits[2]) == (S.CANCELLED, N.READY)
    with pytest.raises(Refused) as error:
        undo(visits[0], S.BACK, minute=6)
    assert code_of(error) == "dispatch.undo_chain"
    undo(visits[1], S.BACK, minute=6)
    assert [told(visit)[0] for visit in visits] == [S.VISITED, S.ON_SITE, S.CANCELLED]
    rows = visits_of(visits[0])
    assert [row.returned_at for row in rows] == [None] * 3
    assert rows[0].sheets_back == 0
    assert rows[0].team.state == TeamState.OUT
    assert len(people_of(rows[0].team)) == 2
    services.come_back(visits[1], sheets_back=1, by=SYSTEM, at=make.at(13))
    assert [told(visit)[0] for visit in visits] == [S.BACK, S.BACK, S.CANCELLED]


def test_going_on_is_not_taken_back_from_under_a_report_or_another_team() -> None:
    visits = chain(count=2, out=True)
    services.move_on(visits[0], by=SYSTEM, at=make.at(12))
    Need.objects.filter(pk=visits[0].need_id).update(state=N.READY)
    other = scene.assigned(visits[0].operation, need=Need.objects.get(pk=visits[0].need_id))
    with pytest.raises(Refused) as error:
        undo(visits[1], S.DEPARTED, minute=2)
    assert code_of(error) == "dispatch.undo_people_gone"
    assert told(visits[1]) == (S.DEPARTED, N.IN_PROGRESS)
    assert told(other) == (S.ACCEPTED, N.ASSIGNED)
    services.report(visits[1], outcome=Outcome.COMPLETED, people=2, by=SYSTEM, at=make.at(12, 3))
    undo(visits[1], S.DEPARTED, minute=4)  # it is on its way back: not what was on the screen
    assert told(visits[1]) == (S.LEAVING, N.COMPLETED)


# ── races ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.django_db(transaction=True)
def test_of_chains_that_share_a_need_in_whatever_order_one_wins_and_no_need_is_lost() -> None:
    operation = make.operation()
    shared = [make.need(operation) for _ in range(3)]
    crews = [
        scene.team(operation, scene.present(operation, make.volunteer(operation.center, f"姓{n}", "名")))
        for n in range(6)
    ]
    orders = [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1), (1, 2, 0), (0, 2, 1)]
    start, codes = threading.Barrier(6), list[str]()

    def want(number: int) -> None:
        try:
            first, *then = [Need.objects.get(pk=shared[i].pk) for i in orders[number]]
            start.wait(timeout=30)
            services.assign(crews[number], first, then=then, by=SYSTEM, at=make.at(9, 30))
            codes.append("won")
        except Refused as refused:
            codes.append(refused.code)
        finally:
            connection.close()

    _together(want, 6)
    assert sorted(codes) == ["dispatch.need_taken"] * 5 + ["won"]
    assert Dispatch.objects.holding().count() == 3
    assert len(set(Dispatch.objects.values_list("team", flat=True))) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rival", ["drop", "back", "add"])
def test_going_on_while_the_desk_decides_leaves_every_need_with_one_state(rival: str) -> None:
    visits = chain(count=2, out=True)
    extra = make.need(visits[0].operation)
    start = threading.Barrier(2)

    def act(number: int) -> None:
        try:
            visit = Dispatch.objects.select_related("team", "operation").get(pk=visits[0].pk)
            start.wait(timeout=30)
            if number == 0:
                services.move_on(visit, by=SYSTEM, at=make.at(12))
            elif rival == "drop":
                services.drop_visit(visits[1], reason="雨", by=SYSTEM, at=make.at(12))
            elif rival == "back":
                services.come_back(visit, by=SYSTEM, at=make.at(12))
            else:
                services.add_visit(visit.team, extra, by=SYSTEM, at=make.at(12))
        except Refused:
            pass
        finally:
            connection.close()

    _together(act, 2)
    rows = {visit.need_id: (visit.state, visit.need.state) for visit in visits_of(visits[0])}
    states = {state for state, _ in rows.values()}
    if rival == "drop":
        assert rows[visits[1].need_id] in [(S.DEPARTED, N.IN_PROGRESS), (S.CANCELLED, N.READY)]
    elif rival == "back":
        assert not states & {S.NEXT, S.DEPARTED, S.VISITED}
        assert rows[visits[1].need_id] in [(S.BACK, N.IN_PROGRESS), (S.CANCELLED, N.READY)]
    else:
        assert rows[visits[1].need_id] == (S.DEPARTED, N.IN_PROGRESS)
        assert rows[extra.pk] == (S.NEXT, N.ASSIGNED)


@pytest.mark.django_db(transaction=True)
def test_a_house_added_while_the_team_is_being_taken_back_is_given_back_too() -> None:
    (only,) = chain(count=1, out=True)
    extra = make.need(only.operation)
    added = threading.Event()

    def act(number: int) -> None:
        try:
            visit = Dispatch.objects.select_related("team", "operation").get(pk=only.pk)
            if number == 0:
                with transaction.atomic():
                    services.add_visit(visit.team, extra, by=SYSTEM, at=make.at(12))
                    added.set()
                    sleep(0.5)  # the other one is waiting for this team's row by now
            else:
                added.wait(timeout=30)
                services.come_back(visit, by=SYSTEM, at=make.at(12, 1))
        finally:
            connection.close()

    _together(act, 2)
    assert [told(visit) for visit in visits_of(only)] == [(S.BACK, N.IN_PROGRESS), (S.CANCELLED, N.READY)]


def _together(act: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=act, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    connection.ensure_connection()

"""When the engine is asked: at a change of what it is told, not too often, and now and then while anything waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Operation
from dvc.outbox import services as outbox
from dvc.outbox.models import Row
from intake.checkin import services as checkin
from intake.help_requests import services as help_requests
from intake.help_requests.models import NeedState, WorkItem
from matching.dispatch.models import Dispatch
from matching.equipment import services as equipment
from matching.equipment.models import Vehicle
from matching.proposals import decisions, runs
from matching.proposals.models import MatchRun, RunState
from matching.queue import services as queue
from tests import make
from tests.matching.proposals.morning import answer, due, people, present

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def test_a_change_asks_and_its_own_answer_does_not(operation: Operation) -> None:
    present(operation)
    make.need(operation)
    assert due(make.at(9, 10), operation)
    answer(operation, at=make.at(9, 10))
    assert not due(make.at(9, 11), operation)
    present(operation, "二")
    assert due(make.at(9, 12), operation)


def test_changes_ask_at_most_every_ten_seconds(operation: Operation) -> None:
    present(operation)
    answer(operation, at=make.at(9, 10))
    present(operation, "二")
    assert not due(make.at(9, 10) + timedelta(seconds=9), operation)
    assert due(make.at(9, 10) + timedelta(seconds=10), operation)


def test_two_hundred_check_ins_in_a_minute_are_few_questions(operation: Operation) -> None:
    """The sweeper looks every second; each question is answered two seconds after it was asked."""
    make.need(operation)
    answer(operation, at=make.at(9))
    asked = 0
    for second in range(60):
        at = make.at(9, 1) + timedelta(seconds=second)
        for number in range(200 * second // 60, 200 * (second + 1) // 60):
            checkin.arrive(
                operation, make.volunteer(operation.center, f"人{number}"), site=None, by=SYSTEM, at=at
            )
        asked += due(at, operation)
        for run in MatchRun.objects.filter(operation=operation, state=RunState.REQUESTED):
            if at - run.asked_at >= timedelta(seconds=2):
                held = outbox.claim(Row.objects.get(dedupe_key=f"run:{run.pk}").pk, at=at)
                assert held is not None
                runs.run(held, now=lambda at=at: at)  # type: ignore[misc]
    print(f"200 check-ins in a minute: {asked} questions")
    assert 3 <= asked <= 6


def happenings(operation: Operation) -> dict[str, Callable[[datetime], object]]:
    """What happens at a center that changes who could go where, each through its service."""
    here = people(operation, 9)
    out, changed, closed, held, pinned, barred, waiting = (make.need(operation) for _ in range(7))
    new = make.need(operation, state=NeedState.SURVEYED)
    site = operation.center.sites.get()
    truck = Vehicle.objects.create(operation=operation, site=site, name="軽トラ", kind="kei_truck", seats=2)
    newcomer = make.volunteer(operation.center, "新")
    gone: list[Dispatch] = []

    def send(at: datetime) -> None:
        gone.append(decisions.send(out, volunteers=here[:2], leader=here[0], by=SYSTEM, at=at))

    item = WorkItem.objects.create(need=changed, category="cleaning")
    return {
        "somebody arrived": lambda at: checkin.arrive(operation, newcomer, site=None, by=SYSTEM, at=at),
        "somebody left": lambda at: checkin.leave(operation, here[8], by=SYSTEM, at=at),
        "a team was decided": send,
        "a decision was taken back": lambda at: decisions.undo(gone[0], by=SYSTEM, at=at),
        "a need became ready": lambda at: help_requests.move(new, NeedState.READY, by=SYSTEM, at=at),
        "a need was closed": lambda at: help_requests.move(
            closed, NeedState.WITHDRAWN, reason="本人が済ませた", by=SYSTEM, at=at
        ),
        "a need changed": lambda at: help_requests.remove_item(item, by=SYSTEM, at=at),
        "a need was held": lambda at: queue.hold(held, reason="雨", by=SYSTEM, at=at),
        "a need was let go": lambda at: queue.unhold(held, by=SYSTEM, at=at),
        "somebody was barred": lambda at: queue.ban(barred, here[3], by=SYSTEM, at=at),
        "a destination was set": lambda at: queue.lock(waiting, here[4], reason="近所", by=SYSTEM, at=at),
        "a team was fixed": lambda at: queue.pin(
            [pinned], members=here[5:7], leader=here[5], reason="約束", by=SYSTEM, at=at
        ),
        "tools were counted": lambda at: equipment.set_stock(
            operation, site=site, counts={"shovel": 9}, by=SYSTEM, at=at
        ),
        "a vehicle went away": lambda at: equipment.set_available(truck, available=False, by=SYSTEM, at=at),
    }  # fmt: skip


@pytest.mark.long
@pytest.mark.once
def test_whatever_changes_who_could_go_where_is_a_reason_to_think_again(operation: Operation) -> None:
    at, silent = make.at(9, 10), []
    for what, happens in happenings(operation).items():
        answer(operation, at=at)
        assert not due(at + timedelta(seconds=20), operation), what
        happens(at + timedelta(seconds=25))
        if not due(at + timedelta(seconds=30), operation):
            silent.append(what)
        at += timedelta(minutes=1)
    assert silent == []


def test_while_a_question_waits_no_other_is_asked(operation: Operation) -> None:
    present(operation)
    asked = runs.request_run(operation, why="test", by=SYSTEM, at=make.at(9, 10))
    MatchRun.objects.filter(pk=asked.pk).update(asked_at=make.at(9, 10))
    assert not due(make.at(9, 30), operation)


def test_every_three_minutes_while_needs_and_people_wait(operation: Operation) -> None:
    need = make.need(operation)
    present(operation)
    answer(operation, at=make.at(9, 10))
    assert not due(make.at(9, 12), operation)
    assert due(make.at(9, 13), operation)
    answer(operation, at=make.at(9, 13))
    queue.hold(need, reason="雨", by=SYSTEM, at=make.at(9, 14))
    answer(operation, at=make.at(9, 14))
    assert not due(make.at(9, 30), operation)


def test_an_operation_without_automatic_matching_is_left_alone(operation: Operation) -> None:
    operations.edit_operation(operation, by=SYSTEM, at=make.at(8), auto_match=False)
    present(operation)
    assert not due(make.at(9, 10), operation)


@pytest.mark.parametrize("others", [1, 6])
def test_the_sweepers_check_is_cheap_however_many_are_open(
    operation: Operation, django_assert_max_num_queries: DjangoAssertNumQueries, others: int
) -> None:
    present(operation)
    answer(operation, at=make.at(9, 10))
    for number in range(others):
        answer(make.operation(make.center(f"センター{number}")), at=make.at(9, 10))
    due(make.at(9, 11), operation)  # the ordinary operations beside them ask their first question
    with django_assert_max_num_queries(5):
        assert runs.request_due_runs(at=make.at(9, 12)) == 0

"""What a worker keeps in memory saves time and decides nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.checkin import services as checkin
from matching.proposals import memory, runs
from matching.proposals.models import MatchRun
from matching.queue import services as queue
from matching.solver.vcjson import plan_to_json
from tests import make
from tests.matching.proposals.morning import answer, people, present

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The effort ends every run, however busy the machine; nothing else is thought about in between."""
    monkeypatch.setattr(runs, "WHOLE", runs.Budget(effort=20, seconds=600))
    monkeypatch.setattr(runs, "CHANGE", runs.Budget(effort=5, seconds=600))
    monkeypatch.setattr(runs, "PROOF_SECONDS", 0.0)
    monkeypatch.setattr(runs, "HELP_SECONDS", 0.0)


def played(operation: Operation, *, forgetful: bool) -> list[MatchRun]:
    """A morning of changes; a forgetful worker is another process each time."""
    memory.drop_all()
    needs = [make.need(operation, people_min=2, people_ideal=3, people_max=4) for _ in range(5)]
    here = people(operation, 14)
    told = [answer(operation, at=make.at(9, 30))]
    changes: tuple[Callable[[], object], ...] = (
        lambda: present(operation, "新"),
        lambda: checkin.leave(operation, here[3], by=SYSTEM, at=make.at(9, 32)),
        lambda: make.need(operation),
        lambda: queue.hold(needs[0], reason="確認中", by=SYSTEM, at=make.at(9, 34)),
        lambda: present(operation, "遅"),
    )
    for minute, change in enumerate(changes, start=31):
        if forgetful:
            memory.drop_all()
        change()
        told.append(answer(operation, at=make.at(9, minute), why="change"))
    return told


@pytest.mark.parametrize("forgetful", [False, True])
def test_a_plan_made_from_memory_or_without_is_the_one_that_the_row_alone_gives(forgetful: bool) -> None:
    for run in played(make.operation(), forgetful=forgetful):
        assert run.plan is not None
        assert plan_to_json(runs.replay(run))["teams"] == run.plan["teams"]


def test_after_a_change_what_was_remembered_is_taken_and_kept_again() -> None:
    operation = make.operation()
    make.need(operation)
    people(operation, 4)
    answer(operation, at=make.at(9, 30))
    session = memory.take(operation)
    assert session is not None
    assert memory.take(operation) is not session  # out of the memory until an answer is in its row
    answer(operation, at=make.at(9, 31), why="change")
    kept = memory.take(operation)
    assert kept is not None
    run = MatchRun.objects.filter(operation=operation).latest("pk")
    assert run.previous is not None
    assert "around" in run.previous


def test_what_is_remembered_of_another_answer_is_not_believed() -> None:
    operation = make.operation()
    make.need(operation)
    people(operation, 4)
    run = answer(operation, at=make.at(9, 30))
    assert run.plan is not None
    MatchRun.objects.filter(pk=run.pk).update(plan={**run.plan, "teams": []})
    session = memory.take(operation)
    assert session is not None
    assert session.plan.teams == ()


def test_only_so_many_operations_are_remembered() -> None:
    memory.drop_all()
    for _ in range(memory.MOST + 2):
        operation = make.operation()
        make.need(operation)
        people(operation, 2)
        answer(operation, at=make.at(9, 30))
    assert len(memory._kept) == memory.MOST

"""Matching workers killed and stopped in mid-solve, and several of them at several operations: every question is
answered, and none twice."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from dvc.outbox import services as outbox
from dvc.outbox.models import Row as OutboxRow
from dvc.outbox.models import State
from matching.proposals import runs
from matching.proposals.models import MatchRun, Proposal, ProposalState, RunState
from tests import make
from tests.faults.ledger import Ledger, Row, p95
from tests.infra.center import until
from tests.infra.locks import is_locked
from tests.infra.scale import count
from tests.infra.worker import broker_of_the_settings, worker
from tests.matching.proposals.crowd import crowd

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

KILLS, STOPS, ROUNDS = count(2, 50), count(1, 20), count(1, 5)
CONTROLS = 3
LEASE = 2
# An engine that is at work long enough to be killed in the middle, and no longer.
FAST = {"OUTBOX_LEASE_SECONDS": str(LEASE), "LOG_LEVEL": "WARNING", "MATCHING_SECONDS": "4"}


@pytest.fixture
def parts() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        stack.enter_context(broker_of_the_settings())
        yield stack


def morning(people: int = count(60, 200), needs: int = count(18, 60)) -> Operation:
    """A drill whose clock stands at 9:30, so that a plan can be made at any hour."""
    drill = make.operation(make.center(f"センター{Operation.objects.count()}"), mode=Mode.DRILL, name="訓練")
    operation = operations.set_clock(drill, reading=make.at(9, 30), speed=0, by=SYSTEM, at=timezone.now())
    crowd(operation, people, needs, seed=operation.pk)
    return operation


def ask(operation: Operation) -> MatchRun:
    return runs.request_run(operation, why="test", by=SYSTEM, at=make.at(9, 30))


def state_of(run: MatchRun) -> tuple[str, str]:
    """State and worker."""
    return MatchRun.objects.values_list("state", "worker").get(pk=run.pk)


def caught(operation: Operation, number: signal.Signals) -> tuple[MatchRun, int, float]:
    """A question whose worker got this signal while it was thinking; that worker, and when."""
    while True:
        run = ask(operation)
        until(lambda run=run: state_of(run)[1], 60, "a worker that begins")  # type: ignore[misc]
        pid = int(state_of(run)[1].rpartition(":")[2])
        os.kill(pid, number)
        if state_of(run)[0] == RunState.REQUESTED and not is_writing():
            return run, pid, time.monotonic()
        os.kill(pid, signal.SIGCONT)  # it was too quick, or was just writing


def is_writing() -> bool:
    """PostgreSQL's locks are of rows: they keep nobody else waiting."""
    return connection.vendor == "sqlite" and is_locked(connection.settings_dict["NAME"])


def is_answered(run: MatchRun) -> bool:
    outbox.sweep(at=timezone.now())
    return state_of(run)[0] == RunState.DONE


def answers(run: MatchRun) -> int:
    return Entry.objects.filter(action="match.done", subject_id=str(run.pk)).count()


def in_two_offers(operation: Operation) -> list[int]:
    """People, and needs as negative numbers, that more than one open offer names."""
    offers = Proposal.objects.filter(operation=operation, state=ProposalState.OFFERED)
    needs = [-need for need in offers.values_list("visits__need", flat=True)]
    named = Counter([*(who for row in offers for who in row.members), *needs])
    return [who for who, times in named.items() if times > 1]


def test_kill_9_of_a_worker_in_mid_solve_another_answers_and_no_proposal_is_doubled(
    parts: ExitStack, tmp_path: Path, ledger: Ledger
) -> None:
    operation = morning()
    lost = doubled = 0
    took = []
    for number in range(KILLS):
        first = parts.enter_context(worker(tmp_path / f"first{number}", **FAST))
        run, pid, since = caught(operation, signal.SIGKILL)
        assert pid == first.pid
        parts.enter_context(worker(tmp_path / f"second{number}", **FAST))
        until(lambda run=run: is_answered(run), 90, "another worker's answer")  # type: ignore[misc]
        took.append(time.monotonic() - since)
        run.refresh_from_db()
        assert (run.attempts, run.worker.endswith(f":{pid}")) == (2, False)
        lost += answers(run) == 0
        doubled += answers(run) - 1 + len(in_two_offers(operation))
        parts.close()
        parts.enter_context(broker_of_the_settings())
    assert Proposal.objects.filter(state=ProposalState.OFFERED).count() > count(5, 10)
    ledger.note(
        Row(
            "kill -9 a matching worker in mid-solve",
            KILLS,
            lost,
            doubled,
            f"{p95(took):.1f} s",
            "see the stop below",
        )
    )
    assert (lost, doubled) == (0, 0)


def stopped_past_its_lease(parts: ExitStack, operation: Operation, log: Path, **more: str) -> int:
    """How often a question was answered whose worker was stopped in mid-solve, slept past its lease, and went on."""
    parts.enter_context(worker(log.with_suffix(".1"), **FAST, **more))
    run, pid, _ = caught(operation, signal.SIGSTOP)
    second = parts.enter_context(worker(log.with_suffix(".2"), **FAST, **more))
    until(lambda: is_answered(run), 90, "the other worker's answer")
    assert state_of(run)[1].endswith(f":{second.pid}")
    second.kill()
    second.wait()
    os.kill(pid, signal.SIGCONT)
    # It is through with the old question when it has answered another.
    other = ask(morning(people=20, needs=4))
    until(lambda: is_answered(other), 90, "the first worker's next answer")
    assert state_of(other)[1].endswith(f":{pid}")
    return answers(run)


def test_a_worker_stopped_past_its_lease_commits_nothing_late(
    parts: ExitStack, tmp_path: Path, ledger: Ledger
) -> None:
    operation = morning()
    doubled = 0
    for number in range(STOPS):
        doubled += stopped_past_its_lease(parts, operation, tmp_path / f"log{number}") - 1
        doubled += len(in_two_offers(operation))
        parts.close()
        parts.enter_context(broker_of_the_settings())
    unfenced = {"DJANGO_SETTINGS_MODULE": "tests.faults.unfenced_settings"}
    late = tries = 0
    # A stop may fall where even this worker notices: while it asks whether it may go on.
    while not late and tries < CONTROLS:
        if tries:
            parts.close()
            parts.enter_context(broker_of_the_settings())
        log = tmp_path / f"unfenced{tries}"
        late += stopped_past_its_lease(parts, operation, log, **unfenced) - 1
        # A plan that its sleep cut short is another one: then the last thing to stop it is a constraint of the database.
        late += "IntegrityError" in log.with_suffix(".1").read_text(encoding="utf-8")
        tries += 1
    assert late > 0
    ledger.note(
        Row(
            "SIGSTOP a matching worker past its lease",
            STOPS,
            0,
            doubled,
            "",
            f"without the fence: {late} late, red",
        )
    )
    assert doubled == 0


def test_a_question_cancelled_in_mid_solve_is_not_answered_and_the_worker_goes_on(
    parts: ExitStack, tmp_path: Path
) -> None:
    operation = morning()
    parts.enter_context(worker(tmp_path / "log", **FAST))
    run, pid, _ = caught(operation, signal.SIGSTOP)
    offered = Proposal.objects.filter(operation=operation).count()
    assert runs.cancel(operation, by=SYSTEM, at=make.at(9, 30))
    os.kill(pid, signal.SIGCONT)
    other = ask(morning(people=20, needs=4))
    until(lambda: is_answered(other), 90, "the worker's next answer")
    assert (state_of(run)[0], answers(run)) == (RunState.CANCELLED, 0)
    assert Proposal.objects.filter(operation=operation).count() == offered


def test_two_workers_answer_three_operations_and_each_question_once(
    parts: ExitStack, tmp_path: Path, ledger: Ledger
) -> None:
    morning_of_each = [morning() for _ in range(3)]
    workers = [parts.enter_context(worker(tmp_path / f"log{number}", **FAST)) for number in range(2)]
    asked, took = [], []
    for _ in range(ROUNDS):
        since = time.monotonic()
        questions = [ask(operation) for operation in morning_of_each]
        until(lambda questions=questions: all(is_answered(run) for run in questions), 120)  # type: ignore[misc]
        took.append(time.monotonic() - since)
        asked += questions
    answered_by = {state_of(run)[1].rpartition(":")[2] for run in asked}
    assert answered_by <= {str(one.pid) for one in workers}
    doubled = sum(answers(run) - 1 for run in asked) + sum(len(in_two_offers(one)) for one in morning_of_each)
    assert {run.attempts for run in MatchRun.objects.all()} == {1}
    assert not OutboxRow.objects.exclude(state=State.DONE).exists()
    for operation in morning_of_each:
        offers = Proposal.objects.filter(operation=operation, state=ProposalState.OFFERED)
        assert offers.exists()
        assert all(row.need.operation_id == operation.pk for row in offers.select_related("need"))
    ledger.note(
        Row(
            f"two workers ({len(answered_by)} at work), three operations",
            len(asked),
            0,
            doubled,
            f"{p95(took):.1f} s",
        )
    )
    assert doubled == 0

"""While the engine's machine code is being made nothing is begun and nothing is lost; the screens say so, and the worker
stays free to show life."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from dvc.outbox import services as outbox
from dvc.outbox.models import Row, State
from matching.proposals import runs, what_if
from matching.proposals.models import MatchRun, RunState, WhatIf
from matching.proposals.what_if import Change
from matching.solver import warm
from tests import make
from tests.infra.center import until
from tests.matching.proposals.morning import people
from tests.matching.proposals.test_pages import NOW, signed_in, text, url

pytestmark = [pytest.mark.django_db, pytest.mark.database]

# Stands where the compiler does: it has made what is wanted as soon as somebody says so.
COMPILER = """
import json, pathlib, time
here = pathlib.Path.cwd()
while not (here / "go").exists():
    time.sleep(0.05)
wanted = pathlib.Path(json.loads((here / "wanted").read_text()))
wanted.parent.mkdir(exist_ok=True)
wanted.write_text(str(here))
"""


@pytest.fixture
def operation() -> Operation:
    drill = make.operation(mode=Mode.DRILL, name="訓練")
    return operations.set_clock(drill, reading=NOW, speed=0, by=SYSTEM, at=NOW)


@pytest.fixture
def client(operation: Operation) -> Client:
    return signed_in(operation, Role.MATCHING)


@pytest.fixture
def new_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine on which nobody has made the code yet."""
    solver = tmp_path / "matching" / "solver"
    (solver / "search").mkdir(parents=True)
    (solver / "search" / "moves.py").write_text("from matching.solver.search.jit import compiled\n")
    (solver / "warm.py").write_text(COMPILER)
    engine = warm.Engine(solver)
    (tmp_path / "wanted").write_text(json.dumps(str(engine.stamp())))
    monkeypatch.setattr(warm, "HERE", engine)
    yield tmp_path
    (tmp_path / "go").touch()
    assert engine._child is not None
    engine._child.wait(timeout=30)
    engine.begin()  # sees that it has ended


def turn(row: Row) -> str:
    """A worker's turn, when the row is due: what has become of it."""
    Row.objects.filter(pk=row.pk, state=State.PENDING).update(run_after=None)
    outbox.work(row.pk, now=timezone.now)
    return Row.objects.get(pk=row.pk).state


def test_a_question_waits_for_the_machine_code_and_is_answered_then(
    operation: Operation, client: Client, new_machine: Path
) -> None:
    need = make.need(operation)
    people(operation, 4)
    run = runs.request_run(operation, why="test", by=SYSTEM, at=NOW)
    row = Row.objects.get(kind=runs.KIND)
    assert turn(row) == State.PENDING
    assert turn(row) == State.PENDING
    run.refresh_from_db()
    row.refresh_from_db()
    assert (run.state, run.started_at, run.attempts) == (RunState.REQUESTED, None, 0)
    assert (row.state, row.attempts) == (State.PENDING, 0), "waiting is no failed try"
    assert row.run_after is not None
    page = text(client, url("matching_board", operation))
    assert "自動の提案を準備しています" in page
    assert "計算の順番を待っています" not in page
    (new_machine / "go").touch()
    until(lambda: warm.HERE.ready, 30, "the machine code")
    assert turn(row) == State.DONE
    run.refresh_from_db()
    assert (run.state, run.attempts) == (RunState.DONE, 1)
    page = text(client, url("matching_board", operation))
    assert "準備しています" not in page
    assert f"N{need.number}" in page


def test_a_worker_that_died_meanwhile_is_not_preparing_for_ever(
    operation: Operation, client: Client, new_machine: Path
) -> None:
    run = runs.request_run(operation, why="test", by=SYSTEM, at=NOW)
    turn(Row.objects.get(kind=runs.KIND))
    long_ago = timezone.now() - timedelta(seconds=25)
    MatchRun.objects.filter(pk=run.pk).update(asked_at=long_ago, preparing_at=long_ago)
    page = text(client, url("matching_board", operation))
    assert "計算が進んでいません" in page
    assert "提案の計算が止まっています。手で組めます。" in page
    MatchRun.objects.filter(pk=run.pk).update(preparing_at=timezone.now())
    assert "止まっています" not in text(client, url("matching_board", operation))


def test_a_what_if_waits_too(operation: Operation, client: Client, new_machine: Path) -> None:
    make.need(operation)
    people(operation, 3)
    asked = what_if.ask(operation, Change(leaders=1), by=SYSTEM, at=NOW)
    row = Row.objects.get(kind=what_if.KIND)
    assert turn(row) == State.PENDING
    WhatIf.objects.update(asked_at=timezone.now() - timedelta(minutes=1))
    page = text(client, url("what_if_result", operation, what_if_id=asked.pk))
    assert "計算の準備をしています" in page
    (new_machine / "go").touch()
    until(lambda: warm.HERE.ready, 30, "the machine code")
    assert turn(row) == State.DONE
    asked.refresh_from_db()
    assert asked.state == RunState.DONE

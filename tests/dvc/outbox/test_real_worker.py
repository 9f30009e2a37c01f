"""Background work over a real broker and a real Celery worker; none of it is lost when one of them is."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from dvc.audit.services import SYSTEM
from dvc.core import env
from dvc.outbox import services
from dvc.outbox.models import Row, State
from matching.proposals import runs
from matching.proposals.models import MatchRun
from tests import make
from tests.infra.center import until
from tests.infra.worker import broker_of_the_settings, worker

pytestmark = [
    pytest.mark.parts,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def row() -> Row:
    """A question to the matching, put but not published: there was no broker."""
    run = runs.request_run(make.operation(), why="test", by=SYSTEM, at=timezone.now())
    return Row.objects.get(kind="matching.run", object_id=str(run.pk))


def is_done(row: Row) -> bool:
    row.refresh_from_db()
    return row.state == State.DONE


def test_a_row_without_a_broker_waits_and_is_worked_once_there_is_one(row: Row, tmp_path: Path) -> None:
    assert row.state == State.PENDING
    with broker_of_the_settings(), worker(tmp_path / "log"):
        assert services.publish(row)
        until(lambda: is_done(row), 60, (tmp_path / "log").read_text())
    assert MatchRun.objects.get(pk=row.object_id).state == "done"
    assert row.attempts == 1


def test_the_same_message_twice_is_worked_once(row: Row, tmp_path: Path) -> None:
    with broker_of_the_settings():
        for _ in range(5):
            assert services.publish(row)
        second = runs.request_run(make.operation(), why="test", by=SYSTEM, at=timezone.now())
        last = Row.objects.get(object_id=str(second.pk))
        with worker(tmp_path / "log"):
            until(lambda: services.sweep(at=timezone.now()) >= 0 and is_done(last), 90)
    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.DONE, 1)


def test_work_of_a_killed_worker_is_done_by_the_next_one(row: Row, tmp_path: Path) -> None:
    with broker_of_the_settings():
        with worker(tmp_path / "log") as killed:
            assert services.publish(row)
            os.killpg(killed.pid, signal.SIGKILL)
            killed.wait()
        assert not is_done(row)
        with worker(tmp_path / "log"):
            until(lambda: services.sweep(at=timezone.now()) >= 0 and is_done(row), 90)
    assert MatchRun.objects.get(pk=row.object_id).state == "done"


def test_a_broker_that_lost_everything_costs_time_and_no_work(row: Row, tmp_path: Path) -> None:
    with broker_of_the_settings() as broker:
        assert services.publish(row)
        broker.kill()
        broker.wait()
    for file in sorted((Path(os.environ["DATA"]) / "broker").rglob("*"), reverse=True):
        if file.is_file():
            file.unlink()
    with broker_of_the_settings(), worker(tmp_path / "log"):
        until(lambda: services.sweep(at=timezone.now()) >= 0 and is_done(row), 90)
    assert MatchRun.objects.get(pk=row.object_id).state == "done"


def test_hints_that_wait_their_turn_are_not_doubled_and_lost_ones_are_sent_again(row: Row) -> None:
    """A worker with much to do: asked again every ten seconds, it would never come to an end."""
    for _ in range(2):
        runs.request_run(make.operation(make.center()), why="test", by=SYSTEM, at=timezone.now())
    later = timezone.now() + services.GRACE
    wait = services.REPUBLISH_AFTER + timedelta(seconds=1)
    with (
        broker_of_the_settings(),
        redis.Redis(unix_socket_path=str(env.broker_socket(settings.DATA))) as hints,
    ):
        sent = [services.sweep(at=later)]
        sent.append(services.sweep(at=later + wait))
        hints.lpop("matching")
        sent.append(services.sweep(at=later + 2 * wait))
        hints.flushall()
        sent.append(services.sweep(at=later + 4 * wait))
        assert hints.llen("matching") == 3
    assert sent == [3, 0, 1, 3]

"""Background work over a real broker and a real Celery worker; none of it is lost when one of them is."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
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
    later = timezone.now()
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


KINDS = {f"test.{queue}": ("tests.dvc.outbox.handlers.finish", queue) for queue in ("default", "matching")}
WAIT = services.REPUBLISH_AFTER + timedelta(seconds=1)


@contextmanager
def hints_of_the_broker() -> Iterator[redis.Redis]:
    with (
        broker_of_the_settings(),
        redis.Redis(unix_socket_path=str(env.broker_socket(settings.DATA))) as hints,
    ):
        hints.flushall()  # it keeps its hints on a disk, also those of the test before
        yield hints


def put(kind: str, number: int) -> list[Row]:
    return [services.put(f"test.{kind}", one, dedupe_key=str(one)) for one in range(number)]


def test_what_its_own_commit_told_is_told_once(settings: pytest.FixtureRequest) -> None:
    settings.OUTBOX_HANDLERS = KINDS  # type: ignore[attr-defined]
    with hints_of_the_broker() as hints:
        put("default", 1)
        assert hints.llen("default") == 1
        assert services.sweep(at=timezone.now() + timedelta(seconds=5)) == 0


def test_what_could_not_be_told_at_its_commit_is_told_by_the_next_round(
    settings: pytest.FixtureRequest,
) -> None:
    settings.OUTBOX_HANDLERS = KINDS  # type: ignore[attr-defined]
    [row] = put("default", 1)
    later = services.put("test.default", 9, dedupe_key="later", run_after=timezone.now() + timedelta(days=1))
    assert Row.objects.get(pk=row.pk).published_at is None
    with hints_of_the_broker() as hints:
        assert services.sweep(at=timezone.now()) == 1
        assert hints.llen("default") == 1
    assert Row.objects.get(pk=row.pk).published_at is not None
    assert Row.objects.get(pk=later.pk).published_at is None


def test_a_queue_that_waits_long_hides_no_lost_hint_of_another(settings: pytest.FixtureRequest) -> None:
    settings.OUTBOX_HANDLERS = KINDS  # type: ignore[attr-defined]
    with hints_of_the_broker() as hints:
        put("default", 5)
        put("matching", 1)
        hints.delete("matching")
        assert services.sweep(at=timezone.now() + WAIT, limit=3) == 1
        assert (hints.llen("default"), hints.llen("matching")) == (5, 1)


def test_what_was_told_while_the_clock_was_ahead_is_told_again(settings: pytest.FixtureRequest) -> None:
    settings.OUTBOX_HANDLERS = KINDS  # type: ignore[attr-defined]
    [row] = put("default", 1)  # nobody was there to hear it
    with hints_of_the_broker() as hints:
        assert services.sweep(at=timezone.now() + timedelta(hours=26)) == 1
        hints.flushall()
        assert services.sweep(at=timezone.now()) == 1
        assert hints.llen("default") == 1
    assert Row.objects.get(pk=row.pk).state == State.PENDING


def test_a_kind_of_another_release_stands_in_nobodys_way(settings: pytest.FixtureRequest) -> None:
    settings.OUTBOX_HANDLERS = KINDS  # type: ignore[attr-defined]
    foreign, ours = [*put("matching", 1), *put("default", 1)]
    settings.OUTBOX_HANDLERS = {"test.default": KINDS["test.default"]}  # type: ignore[attr-defined]
    with hints_of_the_broker():
        assert services.sweep(at=timezone.now() + WAIT) == 1
    told = set(Row.objects.exclude(published_at=None).values_list("pk", flat=True))
    assert (ours.pk in told, foreign.pk in told) == (True, False)

"""Broker, worker, sweeper and beat of a running center killed, emptied and left dead, while tablets scan and work comes in:
every piece of work is done once, and no scan waits for any of them."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from dvc.core import env
from tests.faults.ledger import Ledger, Row, p95
from tests.faults.test_server import Desk
from tests.infra.center import RunningCenter, center, until
from tests.infra.scale import count
from tests.infra.tablet import Tablet

KILLS, FLUSHES, DEATHS = count(1, 200), count(1, 50), count(1, 20)
PENDING, SCANS = count(100, 5000), count(10, 300)
WORK = 20
NOTED = {
    "DJANGO_SETTINGS_MODULE": "tests.faults.noted_settings", "OUTBOX_LEASE_SECONDS": "2", "LOG_LEVEL": "ERROR",
}  # fmt: skip


class Center:
    """A running center, a tablet at it, and work whose effect can be counted."""

    def __init__(self, running: RunningCenter) -> None:
        self.running = running
        self.desk = Desk(running, 40 + 2 * SCANS + 2 * (2 * KILLS + FLUSHES + 2 * DEATHS))
        self.tablet: Tablet = self.desk.tablet()

    def put(self, number: int) -> None:
        self.running.shell.run(f"from tests.faults import noted; noted.put({number})")

    def count(self, what: str = "waiting") -> int:
        told = self.running.shell.run(
            "import json; from tests.faults import noted; print(json.dumps(noted.count()))"
        )
        return int(told[what])

    def scan(self) -> float:
        """Seconds from the scan to its answer. Raises `AssertionError` when the server did not take it."""
        self.desk.scan(self.tablet)
        begun = time.monotonic()
        assert self.tablet.drain()
        return time.monotonic() - begun

    @property
    def hints(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(env.broker_socket(self.running.data)))

    @contextmanager
    def dead(self, name: str) -> Iterator[None]:
        """kill -9, and nobody starts another meanwhile."""
        until(lambda: self.running.child(name))
        with self.running.unattended():
            self.running.kill(name)
            yield

    def until_done(self) -> float:
        begun = time.monotonic()
        until(lambda: self.count() == 0, 300, f"work is left: {self.running.printed()[-3000:]}")
        return time.monotonic() - begun


@pytest.fixture(scope="module")
def shaken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Center]:
    with center(tmp_path_factory.mktemp("center"), **NOTED) as running:
        yield Center(running)


def ended(
    shaken: Center, ledger: Ledger, fault: str, n: int, took: list[float], control: str
) -> tuple[int, int]:
    """How much was lost and how much doubled, of work and of what the tablet was told."""
    lost, doubled = shaken.desk.lost_and_doubled(shaken.tablet)
    lost, doubled = lost + shaken.count("lost"), doubled + shaken.count("doubled")
    ledger.note(Row(fault, n, lost, doubled, f"{p95(took):.1f} s", control))
    return lost, doubled


@pytest.mark.parametrize(("name", "times"), [("broker", KILLS), ("worker", KILLS)])
def test_kill_9_of_broker_or_worker_under_work_loses_and_doubles_none(
    shaken: Center, ledger: Ledger, name: str, times: int
) -> None:
    dice, took = random.Random(name), []
    for _ in range(times):
        with shaken.running.stopped("worker"):
            shaken.put(WORK)
        time.sleep(dice.random() * 0.2)
        old = shaken.running.kill(name)
        shaken.scan()
        shaken.put(WORK)
        shaken.scan()
        shaken.running.wait_for_another(name, old)
        took.append(shaken.until_done())
    assert ended(shaken, ledger, f"kill -9 {name} under work", times, took, "see the next") == (0, 0)


def test_a_broker_that_lost_every_hint_costs_time_and_no_work(shaken: Center, ledger: Ledger) -> None:
    took = []
    for _ in range(FLUSHES):
        with shaken.running.stopped("worker"), shaken.hints as hints:
            shaken.put(WORK)
            assert hints.llen("default") >= WORK - 1
            hints.flushall()
            shaken.scan()
        took.append(shaken.until_done())
    with shaken.running.stopped("sweeper"):
        with shaken.running.stopped("worker"), shaken.hints as hints:
            shaken.put(WORK)
            hints.flushall()
        shaken.put(1)  # what comes afterwards is done, so the worker had its turn
        until(lambda: shaken.count() < WORK + 1)
        left = shaken.count()
    assert left >= WORK - 1
    shaken.until_done()
    assert ended(
        shaken, ledger, "FLUSHALL of the broker", FLUSHES, took, f"without the sweeper: {left} left, red"
    ) == (0, 0)


@pytest.mark.parametrize("name", ["sweeper", "beat"])
def test_work_outlives_a_dead_sweeper_and_a_dead_beat(shaken: Center, ledger: Ledger, name: str) -> None:
    """What waits for its time is the sweeper's, and nothing is beat's: without it all is done as ever."""
    took, left = [], 0
    for _ in range(DEATHS):
        with shaken.dead(name):
            shaken.put(WORK)
            shaken.running.shell.run("from tests.faults import noted; noted.put_for_later()")
            shaken.scan()
            until(lambda: shaken.count() <= 1)
            if name == "sweeper":
                time.sleep(3)  # its time has come and gone
                left += shaken.count()
        took.append(shaken.until_done())
    control = f"what was for later waited {left} times, red" if name == "sweeper" else "as the sweeper's"
    assert left == (DEATHS if name == "sweeper" else 0)
    assert ended(shaken, ledger, f"{name} dead while work comes in", DEATHS, took, control) == (0, 0)


def test_no_scan_waits_for_a_dead_or_a_hung_broker_and_all_that_waited_is_told_to_the_next(
    shaken: Center, ledger: Ledger
) -> None:
    until(shaken.running.is_healthy)
    normal = [shaken.scan() for _ in range(SCANS)]
    with shaken.dead("broker"):
        down = [shaken.scan() for _ in range(SCANS)]
        begun = time.monotonic()
        shaken.put(1)
        asked = time.monotonic() - begun
        assert shaken.count() == 1
        shaken.put(PENDING)
    begun = time.monotonic()
    until(lambda: shaken.count("untold") == 0, 300)
    told = time.monotonic() - begun
    took = shaken.until_done()
    with shaken.running.stopped("broker"):
        hung = shaken.scan()
    speed = f"scan {1000 * p95(down):.0f} ms, {1000 * p95(normal):.0f} with it, {1000 * hung:.0f} hung; put {asked:.2f} s"
    assert ended(
        shaken, ledger, f"broker down ({speed})", len(down), [took], "nothing of it is done meanwhile, red"
    ) == (0, 0)
    assert ended(shaken, ledger, f"{PENDING} hints to send again (p95: all sent)", PENDING, [told], "") == (
        0,
        0,
    )
    assert asked < 2  # kombu alone would wait that long and try again

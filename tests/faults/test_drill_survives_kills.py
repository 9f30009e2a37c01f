"""kill -9 of worker, broker and web in the middle of the sample drill leaves the same final state as a run without
it. Controls: the comparison sees one lost visit, and without the sweeper a killed worker's drill does not finish."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.infra.center import RunningCenter, center, until

pytestmark = [pytest.mark.faults, pytest.mark.always]

SPEED = "600"
SECONDS_TO_FINISH = 600
LEASE = 3
# The same plan in both drills: by its effort, however slow the machine is while two drills are at work beside other tests.
FAST = {"OUTBOX_LEASE_SECONDS": str(LEASE), "LOG_LEVEL": "WARNING", "MATCHING_SECONDS": "40"}
START = """
from django.utils import timezone
from dvc.accounts.services import ensure_first_user
from dvc.audit.services import By
from dvc.drills import services
user = ensure_first_user(at=timezone.now())
center = services.sample_center(user, at=timezone.now())
services.start_sample(center, speed={speed}, by=By(user=user), at=timezone.now())
"""


@pytest.fixture
def parts() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def started(parts: ExitStack, folder: Path, speed: str = SPEED) -> RunningCenter:
    """A running center whose drill has begun."""
    folder.mkdir()
    running = parts.enter_context(center(folder, **FAST))
    running.shell.run(START.format(speed=speed))
    return running


def database(running: RunningCenter) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{running.database}?mode=ro", uri=True, timeout=20)


def drill_row(running: RunningCenter) -> tuple[str, int]:
    with closing(database(running)) as connection:
        state, step = connection.execute("SELECT state, next_step FROM drills_drill").fetchone()
    return str(state), int(step)


def has_reached(running: RunningCenter, step: int) -> bool:
    return drill_row(running)[1] >= step


def worker_has_pulsed(running: RunningCenter, since: float) -> bool:
    """Whether the worker has answered a pulse after `since`: it takes turns, so work that lay there is taken next."""
    ages = running.health()[1].get("seconds_since", {})
    return bool(abs(ages.get("worker.default.1", 1e9)) < time.monotonic() - since)


def is_finished(running: RunningCenter) -> bool:
    return drill_row(running)[0] == "finished"


def digest(running: RunningCenter) -> dict[str, Any]:
    return dict(
        running.shell.run("import json; from tests.faults.digest import digest; print(json.dumps(digest()))")
    )


def test_killing_everything_in_the_middle_of_a_drill_changes_nothing(
    parts: ExitStack, tmp_path: Path
) -> None:
    calm = started(parts, tmp_path / "calm")
    shaken = started(parts, tmp_path / "shaken")
    for name, after_step in (("worker", 20), ("broker", 40), ("web", 55), ("matching", 70), ("worker", 90)):
        until(partial(has_reached, shaken, after_step), SECONDS_TO_FINISH, f"step {after_step}")
        old = shaken.kill(name)
        shaken.wait_for_another(name, old)
    for running in (calm, shaken):
        until(partial(is_finished, running), SECONDS_TO_FINISH, "the end of the drill")
    undisturbed, disturbed = digest(calm), digest(shaken)
    assert len(undisturbed["visits"]) == 60
    assert len(undisturbed["teams"]) >= 10
    assert disturbed == undisturbed
    _one_lost_visit_would_be_seen(shaken, undisturbed)


def _one_lost_visit_would_be_seen(running: RunningCenter, undisturbed: dict[str, Any]) -> None:
    running.shell.run(
        "from intake.checkin.models import Visit; "
        "Visit.objects.filter(pk=Visit.objects.latest('id').pk).update(left_at=None)"
    )
    assert digest(running) != undisturbed


def test_control_without_the_sweeper_a_killed_worker_stops_the_drill(
    parts: ExitStack, tmp_path: Path
) -> None:
    running = started(parts, tmp_path / "control")
    until(partial(has_reached, running, 5), SECONDS_TO_FINISH, "the first steps")
    with running.stopped("sweeper"):
        running.wait_for_another("worker", running.kill("worker"))
        with running.unattended():  # the supervisor would replace a sweeper that is silent for a minute
            since = time.monotonic()
            until(lambda: worker_has_pulsed(running, since), SECONDS_TO_FINISH, "a pulse")
            time.sleep(LEASE)  # the last message it found is worked off, and the dead one's lease is over
            _, stuck = drill_row(running)
            time.sleep(2 * LEASE)
            assert drill_row(running)[1] == stuck
    until(lambda: drill_row(running)[1] > stuck, SECONDS_TO_FINISH, "the sweeper to take it up again")

"""A short morning through a real worker and a real sweeper: whatever happens when, no promise is broken."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from matching.proposals.models import MatchRun
from matching.teams.models import Member
from tests.bench.morning_played import Morning, report, violations
from tests.infra.center import BASE
from tests.infra.worker import broker_of_the_settings, environment, worker

pytestmark = [pytest.mark.parts, pytest.mark.once, pytest.mark.django_db(transaction=True)]


@contextmanager
def sweeper(log: Path) -> Iterator[None]:
    """A sweeper of its own on the database of the test."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "sweep"],
            cwd=BASE,
            env=environment(MATCHING_SECONDS_BETWEEN="2"),
            stdout=out,
            stderr=out,
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.long
def test_a_short_morning_breaks_no_promise(tmp_path: Path) -> None:
    morning = Morning(people=60, needs=16, minutes=30, speed=120)
    morning.prepare()
    with broker_of_the_settings(), worker(tmp_path / "worker"), sweeper(tmp_path / "sweeper"):
        morning.play()
    print("\n".join(report(morning)))
    assert violations(morning) == []
    assert morning.in_two_offers() == []
    assert set(MatchRun.objects.values_list("state", flat=True)) == {"done"}
    assert set(MatchRun.objects.values_list("attempts", flat=True)) == {1}
    assert morning.served
    in_teams = list(Member.objects.filter(left_at=None).values_list("volunteer", flat=True))
    assert len(in_teams) == len(set(in_teams))
    assert sum(len(some) for some in morning.latencies().values()) == len(morning.events)

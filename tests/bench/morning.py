"""A simulated morning through the real center (PostgreSQL under `make bench`): `python -m tests.bench morning`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.infra.center import BASE, center

PEOPLE, NEEDS, MINUTES, SPEED = 300, 80, 120, 40.0


def main() -> None:
    """300 people, 80 needs, two hours in three minutes."""
    with (
        tempfile.TemporaryDirectory(prefix="dvc-bench-") as folder,
        center(Path(folder), LOG_LEVEL="WARNING", BACKUP_MINUTES="0") as running,
    ):
        subprocess.run(
            [sys.executable, "-m", "tests.bench.morning"], cwd=BASE, env=running.environment(), check=True
        )


def play() -> None:
    """In the environment of a running center."""
    import django

    django.setup()
    from tests.bench.morning_played import Morning, report, violations

    print(f"{PEOPLE} people, {NEEDS} needs, {MINUTES} minutes at {SPEED:g} times the speed", flush=True)
    morning = Morning(PEOPLE, NEEDS, MINUTES, SPEED)
    morning.prepare()
    morning.play()
    print("\n".join(report(morning)), flush=True)
    print(f"rules broken: {len(violations(morning))}; people in two offers: {len(morning.in_two_offers())}")


if __name__ == "__main__":
    play()

"""The center on one laptop: SQLite, embedded broker. Memory after some work, seconds from `make run` to a page."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench import center as bench
from tests.bench import checkin
from tests.infra.center import center


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="dvc-bench-") as folder,
        center(Path(folder), LOG_LEVEL="WARNING") as running,
    ):
        checkin.prepared(running, 100)
        for path in ("/", "/sign-in/", "/healthz"):
            running.get(path)
        resident, proportional = bench.memory(running)
        print(
            f"memory of all processes: {resident:.0f} MB resident, {proportional:.0f} MB proportional (goal ≤ 500)"
        )
    with tempfile.TemporaryDirectory(prefix="dvc-bench-") as folder:
        page, healthy = bench.seconds_to_first_page(Path(folder))
        print(
            f"`make run` on a warm cache: first page after {page:.1f} s (goal ≤ 20), healthy after {healthy:.1f} s"
        )


if __name__ == "__main__":
    main()

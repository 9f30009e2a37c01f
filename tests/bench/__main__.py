"""`make bench`: what is slow, what is fast, on this machine. Compare figures of one run only: machines are shared.

`python -m tests.bench [checkin] [kit] [scan] [decode] [large] [exchange] [maps] [search] [outbox] [control] [orders] [center] [morning] [matching]`: the parts named, or all. `matching`
named first takes what follows as its own (tests.bench.matching): all of it is measured then, the examples only otherwise.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import checkin, control, exchange, kit, matching, morning, orders, outbox, search
from tests.infra.center import BASE, center


def machine() -> str:
    """What the figures were measured on."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")),
        platform.machine(),
    )  # fmt: skip
    load = " ".join(f"{one:.2f}" for one in os.getloadavg())
    return f"{os.cpu_count()} × {model}, Python {platform.python_version()}, load {load}"


def main(arguments: list[str]) -> int:
    print(f"machine: {machine()}", flush=True)
    if arguments[:1] == ["matching"]:
        matching.main(arguments[1:])
        return 0
    chosen = set(arguments)
    parts: dict[str, Callable[[], object]] = {
        "checkin": bench_checkin,
        "kit": kit.main,
        "scan": bench_scan,
        "decode": bench_decode,
        "large": bench_large,
        "maps": bench_maps,
        "search": search.main,
        "outbox": outbox.main,
        "exchange": exchange.main,
        "control": control.main,
        "orders": orders.main,
        "center": bench_center,
        "morning": morning.main,
        "matching": lambda: matching.main(["examples", "--bound-seconds", "0"]),
    }
    for name, part in parts.items():
        if not chosen or name in chosen:
            print(f"\n━━ {name}", flush=True)
            begun = time.monotonic()
            part()
            print(f"({name}: {time.monotonic() - begun:.0f} s)", flush=True)
    return 0


def bench_checkin() -> None:
    """Through gunicorn on the database of the environment (PostgreSQL under `make bench`)."""
    with (
        tempfile.TemporaryDirectory(prefix="dvc-bench-") as folder,
        center(Path(folder), LOG_LEVEL="WARNING") as running,
    ):
        single, calm, batched = checkin.measure(running)
        for name, rate, goal in (
            ("one op per request, 8 connections", single, "≥ 400/s"),
            (
                f"the same at a pace of {checkin.HALF_LOAD}/s, timed from when each was due",
                calm,
                "p99 ≤ 50 ms",
            ),
            ("batches of 200, 2 connections", batched, "≥ 2,000/s"),
        ):
            print(
                f"{name}: {rate.per_second:.0f} check-ins/s (goal {goal} with two cores of its own); per request p50 "
                f"{rate.p50:.1f} ms, p95 {rate.p95:.1f} ms, p99 {rate.p99:.1f} ms; processor time for each op: web "
                f"{rate.web:.2f} ms, database {rate.database:.2f} ms",
                flush=True,
            )
        print(f"ratio batched : single = {batched.per_second / single.per_second:.1f}")
        told = checkin.prepared(running, 2)
        path = Path(folder) / "told.json"
        path.write_text(json.dumps(told))
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.queries", str(path)],
            cwd=BASE, env=running.environment(), check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        for what, number in json.loads(done.stdout).items():
            print(f"SQL statements per {what}: {number}" + (" (goal ≤ 12)" if what == "scan" else ""))


def bench_scan() -> None:
    """Seconds from the reader's last key to green on the page, in Chromium."""
    _run([sys.executable, "-m", "tests.bench.scan"])


def bench_large() -> None:
    """60,000 cards, and a tablet that comes back after three days."""
    _run([sys.executable, "-m", "tests.bench.large"])


def bench_decode() -> None:
    """How many pictures of cards the tablet's decoder reads, by kind and level."""
    _run([sys.executable, "-m", "tests.bench.decode"])


def bench_maps() -> None:
    """The map and the lists of 5,000 requests."""
    here = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = "from tests.bench import maps; maps.measure()"
    _run([sys.executable, "manage.py", "shell", "-v0", "-c", command], here)


def bench_center() -> None:
    """The embedded center (SQLite): memory and start."""
    quiet = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    _run([sys.executable, "-m", "tests.bench.embedded"], quiet)


def _run(command: list[str], variables: dict[str, str] | None = None) -> None:
    subprocess.run(command, cwd=BASE, env=variables, check=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

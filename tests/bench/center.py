"""Memory of the embedded center, and seconds from `make run` on a warm cache to the first page."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from dvc.runtime.process import die_with_parent
from tests.infra.center import BASE, RunningCenter, free_port, until
from tests.infra.processes import children, family


def memory(running: RunningCenter) -> tuple[float, float]:
    """(resident, proportional) MB of the supervisor and everything below it. Resident counts shared pages once per
    process, proportional once in all. The process that prints the first link is let go first."""
    running.sign_in_link()
    until(lambda: "dvc-center" not in children(running.process.pid).values(), 60, "the link")
    resident = proportional = 0
    for pid in family(running.process.pid):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Rss:"):
                resident += int(line.split()[1])
            elif line.startswith("Pss:"):
                proportional += int(line.split()[1])
    return resident / 1024, proportional / 1024


def seconds_to_first_page(folder: Path) -> tuple[float, float]:
    """(`make run` to the first page, to /healthz 200) with an environment and a front end that are built already."""
    port = free_port()
    variables = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "BROKER_URL"}
    }
    start = time.monotonic()
    process = subprocess.Popen(
        ["make", "run"], cwd=BASE, env={**variables, "PORT": str(port), "DATA": str(folder / "data")},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent(),  # noqa: PLW1509 - nothing but a system call happens there
        start_new_session=True,
    )  # fmt: skip
    try:
        until(lambda: _answers(port, "/"), 120, "no first page")
        page = time.monotonic() - start
        until(lambda: _answers(port, "/healthz"), 120, "never healthy")
        return page, time.monotonic() - start
    finally:
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: make alone would not pass it on
        process.wait(60)


def _answers(port: int, path: str) -> bool:
    line = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        line.request("GET", path)
        return line.getresponse().status in (200, 302)
    except (OSError, HTTPException):
        return False
    finally:
        line.close()

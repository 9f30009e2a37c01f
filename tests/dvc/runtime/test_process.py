"""What a forked part has of its parent's, and what not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dvc.runtime.process import Part
from tests.infra.center import BASE, until


@contextmanager
def part(run: Callable[[], int | None]) -> Iterator[Part]:
    started = Part("example", run)
    try:
        yield started
    finally:
        started.send(signal.SIGKILL)
        started.wait()
        started.out.close()


def tell(**what: Any) -> None:
    print(json.dumps(what), flush=True)


@pytest.mark.parametrize(("run", "code"), [(lambda: None, 0), (lambda: 7, 7), (lambda: sys.exit(3), 3)])
def test_what_a_part_returns_is_its_exit_code(run: Callable[[], int | None], code: int) -> None:
    with part(run) as started:
        assert started.wait() == code
        assert started.poll() == code


def test_an_error_is_told_where_the_parts_lines_are_read() -> None:
    with part(lambda: 1 // 0) as started:
        assert started.wait() == 1
        assert b"ZeroDivisionError" in started.out.read()


def test_a_part_ends_at_a_signal_that_its_parent_handles_otherwise() -> None:
    def sleep() -> None:
        tell(here=True)
        time.sleep(60)

    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with part(sleep) as started:
            assert started.out.readline()
            started.send(signal.SIGTERM)
            assert started.wait() == -signal.SIGTERM
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == []


def test_a_part_holds_nothing_its_parent_has_open_and_leads_a_session_of_its_own() -> None:
    def look() -> None:
        mine = [number for number in range(64) if os.path.exists(f"/proc/self/fd/{number}")]
        blocked = sorted(signal.pthread_sigmask(signal.SIG_BLOCK, []))
        tell(open=mine, leader=os.getsid(0) == os.getpid(), blocked=blocked, input=sys.stdin.read())

    read, write = os.pipe()
    try:
        os.set_inheritable(write, True)
        with part(look) as started:
            name = until(lambda: _name(started.pid).startswith("dvc-") and _name(started.pid))
            said = json.loads(started.out.readline())
    finally:
        os.close(read)
        os.close(write)
    assert name == "dvc-example"
    assert said == {"open": [0, 1, 2], "leader": True, "blocked": [], "input": ""}


def _name(pid: int) -> str:
    with open(f"/proc/{pid}/comm") as comm:
        return comm.read().strip()


@pytest.mark.database
def test_what_is_loaded_for_the_parts_opens_no_database_and_starts_no_thread() -> None:
    code = """if True:
        import json, os
        from dvc.runtime import parts
        parts.load()
        from django.db import connections
        open_ones = [one.alias for one in connections.all(initialized_only=True) if one.connection is not None]
        sockets = [name for name in map(os.readlink, (f"/proc/self/fd/{n}" for n in range(3, 64)
                   if os.path.exists(f"/proc/self/fd/{n}"))) if "socket" in name]
        print(json.dumps({"threads": len(os.listdir("/proc/self/task")), "databases": open_ones, "sockets": sockets}))
    """
    done = subprocess.run([sys.executable, "-c", code], cwd=BASE, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"threads": 1, "databases": [], "sockets": []}

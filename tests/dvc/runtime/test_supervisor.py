"""How long the supervisor waits before it starts a part again."""

from __future__ import annotations

import errno
import os
import sys
import time

import pytest

from dvc.runtime.supervisor import Child, Supervisor, _kill


def test_a_web_server_that_had_answered_is_started_again_at_once_one_that_never_did_later_and_later() -> None:
    said: list[str] = []
    web = Child("web", [sys.executable, "-c", "raise SystemExit(3)"])
    supervisor = Supervisor([web], link=False, write=lambda name, line: said.append(f"{name} {line}"))

    def lives_and_dies(*, answered: bool) -> None:
        supervisor.start(web)
        if answered:
            supervisor.web_answered = time.monotonic()
        assert web.process is not None
        web.process.wait()
        supervisor.revive()

    for answered in (False, False, False, True, True, False):
        lives_and_dies(answered=answered)
    supervisor.forward(0)
    seconds = ("0.5", "1", "2", "0.1", "0.1", "0.5")
    assert said == [f"web ended with 3; starting again in {wait} s" for wait in seconds]


def test_a_part_for_which_there_is_no_room_is_started_later_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    sweeper, web = Child("sweeper", lambda: time.sleep(60)), Child("web", lambda: time.sleep(60))
    supervisor = Supervisor(
        [sweeper, web], link=False, write=lambda name, line: said.append(f"{name} {line}")
    )
    opened = len(os.listdir("/proc/self/fd"))

    def no_room() -> int:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    try:
        with monkeypatch.context() as full:
            full.setattr(os, "fork", no_room)
            supervisor.start(sweeper)
        assert said == ["sweeper cannot be started: [Errno 11] Resource temporarily unavailable"]
        assert len(os.listdir("/proc/self/fd")) <= opened + 4  # multiprocessing forgets its own four
        supervisor.start(web)
        supervisor.once = [Child("center", lambda: time.sleep(60))]
        sweeper.start_at = 0.0
        supervisor.revive()
        assert (sweeper.running, web.running) == (True, True)
        assert [child.running for child in supervisor.once] == [True]
        assert sweeper.failures == 0  # three of them would set a broker's file aside
    finally:
        for child in (sweeper, web, *supervisor.once):
            _kill(child)
        supervisor.forward(0)


def test_of_two_matching_workers_the_one_that_hangs_is_killed_and_no_other() -> None:
    """They shared one sign of life: the healthy one spoke for both, and the other hung for ever."""
    said: list[str] = []
    first, second = (
        Child(name, lambda: time.sleep(60), pulse=f"worker.matching.{number}")
        for number, name in ((1, "matching"), (2, "matching2"))
    )
    beat = Child("beat", lambda: time.sleep(60))
    supervisor = Supervisor(
        [first, second, beat], link=False, write=lambda name, line: said.append(f"{name} {line}")
    )
    try:
        for child in supervisor.children:
            supervisor.start(child)
            child.started -= 3600
        answer = {
            "database": "ok", "broker": "ok", "seconds_since": {"worker.matching.1": 4.0, "worker.matching.2": 700.0}
        }  # fmt: skip
        supervisor._kill_stuck(answer)
        assert (first.running, second.running, beat.running) == (True, False, False)
        assert said == ["matching2 shows no life for 330 s; killing it"]
    finally:
        for child in supervisor.children:
            _kill(child)
        supervisor.forward(0)


def test_a_part_is_killed_at_once_also_before_it_has_a_session_of_its_own() -> None:
    child = Child("web", lambda: time.sleep(60))
    supervisor = Supervisor([child], link=False, write=lambda name, line: None)
    supervisor.start(child)
    began = time.monotonic()
    _kill(child)
    supervisor.forward(0)
    assert time.monotonic() - began < 30
    assert not child.running

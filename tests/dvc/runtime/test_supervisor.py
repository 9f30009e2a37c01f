"""When a part that shows no life is killed, and when it is given time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from dvc.runtime.supervisor import STUCK_SECONDS, Child, Supervisor

LIMIT = STUCK_SECONDS["web"]
Watched = Callable[..., bool]


@pytest.fixture
def web() -> Iterator[Child]:
    """A process that does nothing, in the place of the web server."""
    child = Child("web", ["sleep", "600"])
    yield child
    if child.process is not None:
        child.process.kill()
        child.process.wait()
        assert child.process.stdout is not None
        child.process.stdout.close()


@pytest.fixture
def survives(web: Child) -> Watched:
    """Whether a web server of this age lives on after the supervisor looked; `answered`: how long ago it did so."""
    said: list[str] = []
    supervisor = Supervisor([web], link=False, write=lambda name, line: said.append(line))

    def look(age: float, answered: float | None = None) -> bool:
        if not web.running:
            supervisor.start(web)
        web.started = time.monotonic() - age
        supervisor.web_answered = time.monotonic() - (age + 1 if answered is None else answered)
        supervisor._kill_stuck(None)
        supervisor.forward(0)  # closes the pipe of one that is dead
        return web.running

    return look


def test_what_has_answered_and_falls_silent_is_killed(survives: Watched) -> None:
    assert survives(1000, answered=LIMIT - 5)
    assert not survives(1000, answered=LIMIT + 5)


def test_what_is_starting_has_longer_and_longer_still_after_it_was_killed_too_early(
    survives: Watched,
) -> None:
    assert survives(2 * LIMIT - 5)
    assert not survives(2 * LIMIT + 5)
    assert survives(4 * LIMIT - 5)
    assert not survives(4 * LIMIT + 5)
    for _ in range(3):
        assert survives(8 * LIMIT - 5)
        assert not survives(8 * LIMIT + 5)


def test_once_it_has_answered_the_patience_is_the_old_one(survives: Watched) -> None:
    assert not survives(2 * LIMIT + 5)
    assert survives(100, answered=0)
    assert not survives(1000, answered=LIMIT + 5)
    assert survives(2 * LIMIT - 5)

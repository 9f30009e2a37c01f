"""How long the supervisor waits before it starts a part again."""

from __future__ import annotations

import sys
import time

from dvc.runtime.supervisor import Child, Supervisor


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

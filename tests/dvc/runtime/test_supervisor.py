"""How long the supervisor waits before it starts a part again."""

from __future__ import annotations

import sys
import time

from django.core.management import get_commands, load_command_class

from dvc.runtime.supervisor import Child, Supervisor, plan_children


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


def test_every_command_a_center_is_started_with_knows_its_options() -> None:
    commands = [child.command[2:] for child in plan_children() if child.command[1] == "manage.py"]
    assert [name for name, *_ in commands] == ["sweep"]
    for name, *options in commands:
        # Raises where it does not.
        load_command_class(get_commands()[name], name).create_parser("manage.py", name).parse_args(options)

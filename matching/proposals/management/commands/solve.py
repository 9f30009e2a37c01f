"""The solver on files: vcmatch/1 in, vcplan/1 out. No database is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from matching.solver.engine import solve
from matching.solver.model import Plan, ProblemError
from matching.solver.vcjson import plan_from_json, plan_to_json, problem_from_json


class Command(BaseCommand):
    help = "Solve INSTANCE.json (vcmatch/1) and write the plan (vcplan/1)."
    requires_system_checks: list[str] = []  # noqa: RUF012  (Django's own way to say so)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("instance", type=Path)
        parser.add_argument("-o", "--out", type=Path, help="where the plan goes (default: printed)")
        parser.add_argument("--seconds", type=float, help="stop after this time")
        parser.add_argument(
            "--effort", type=int, help="stop after this many rounds; repeatable on any machine"
        )
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--previous", type=Path, help="a plan to change as little as it is worth")

    def handle(self, *args: Any, instance: Path, out: Path | None, **options: Any) -> None:
        if options["seconds"] is None and options["effort"] is None:
            options["seconds"] = 10.0
        try:
            problem = problem_from_json(_read(instance))
            previous: Plan | None = (
                plan_from_json(_read(options["previous"])) if options["previous"] else None
            )
        except ProblemError as error:
            raise CommandError(f"{instance}: {error}") from error
        plan = solve(
            problem,
            seconds=options["seconds"],
            effort=options["effort"],
            seed=options["seed"],
            previous=previous,
        )
        text = json.dumps(plan_to_json(plan), ensure_ascii=False)
        if out is None:
            self.stdout.write(text)
        else:
            out.write_text(text, encoding="utf-8")


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{path}: no JSON ({error})") from error

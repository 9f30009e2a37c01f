"""The solver on files: vcmatch/1 in, vcplan/1 out. No database is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from matching.solver.bound import gap, gap_sentence, upper_bound
from matching.solver.engine import solve
from matching.solver.model import Plan, Problem, ProblemError
from matching.solver.rules import review
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
        parser.add_argument(
            "--bound",
            type=float,
            nargs="?",
            const=60.0,
            metavar="SECONDS",
            help="also prove what no plan can be worth more than, for so long at most (60), and say the gap",
        )

    def handle(self, *args: Any, instance: Path, out: Path | None, **options: Any) -> None:
        if options["seconds"] is None and options["effort"] is None:
            options["seconds"] = 10.0
        try:
            asked = _read(instance)
            problem = problem_from_json(asked)
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
        answer = plan_to_json(plan, asked)
        if options["bound"] is not None:
            answer |= self._bound(problem, plan, options["bound"])
        text = json.dumps(answer, ensure_ascii=False)
        if out is None:
            self.stdout.write(text)
        else:
            out.write_text(text, encoding="utf-8")

    def _bound(self, problem: Problem, plan: Plan, seconds: float) -> dict[str, float]:
        """The keys "bound" and "gap" of the answer; the same is said on stderr, which leaves stdout to the plan."""
        score = review(problem, plan).score.total
        bound = upper_bound(problem, seconds=seconds).value
        share = gap(score, bound)
        self.stderr.write(
            f"score {score:.1f}  bound {bound:.1f}  gap {100 * share:.2f} %  {gap_sentence(share)}"
        )
        return {"bound": round(bound, 3), "gap": round(share, 5)}


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{path}: no JSON ({error})") from error

"""Solve a stored question again and print the plan: the same question gives the same answer."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from matching.proposals import runs
from matching.proposals.models import MatchRun
from matching.solver.vcjson import plan_to_json


class Command(BaseCommand):
    help = "Solve the stored problem of a match run again and print its plan (vcplan/1)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=int, help="the number of the run")

    def handle(self, *args: Any, run: int, **options: Any) -> None:
        found = MatchRun.objects.filter(pk=run).first()
        if found is None:
            raise CommandError(f"there is no run {run}")
        try:
            plan = runs.replay(found)
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(plan_to_json(plan), ensure_ascii=False, indent=1))

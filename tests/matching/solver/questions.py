"""`python -m tests.matching.solver.questions`: the plans of a fixed list of questions, one JSON a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from matching.solver.engine import solve
from matching.solver.model import Plan
from matching.solver.vcjson import plan_to_json
from tests.infra.scale import count
from tests.matching.instances import problem, tiny


def asked() -> Iterator[Plan]:
    for seed in range(count(10, 150)):
        made = tiny(seed)
        first = solve(made, effort=15, seed=seed)
        yield first
        yield solve(made, effort=5, seed=seed, previous=first)
    for kind in ("storm", "split", "sites") if count(0, 1) else ("storm",):
        yield solve(problem(kind, "120x50", 5), effort=30, seed=3)


if __name__ == "__main__":
    for plan in asked():
        sys.stdout.write(json.dumps(plan_to_json(plan), ensure_ascii=False) + "\n")

"""What the engine is worth: `python -m tests.bench.bench_solver [FOLDER] [--seconds 10] [NAME ...]`.

For each vcmatch/1 instance of a folder: the plan a coordinator makes with cards (priority order, first fit,
leftovers join teams), the engine's first plan and its plan after some seconds, all checked and scored by
matching.solver.rules. Seconds are of this process, on whatever else the machine is doing.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from matching.solver.crews import Crew, Ground, State, fit
from matching.solver.engine import solve
from matching.solver.model import Plan, Problem
from matching.solver.rules import review
from matching.solver.units import make_units
from matching.solver.vcjson import problem_from_json

REPO = Path(__file__).resolve().parents[2]
EXAMPLES = Path(os.environ.get("MATCHING_REFERENCE", REPO.parent / "shared" / "matching")) / "examples"


def by_hand(problem: Problem) -> State:
    """The plan a coordinator makes with cards: needs by priority, people in the order they came.

    For each need the first people who fit, until a team can go; one team, one need. Whoever is left at the end
    joins the first team that takes them. No prices, no tours, no second thoughts. Pins and locks are not read.
    """
    ground = Ground(problem, make_units(problem))
    state = State(ground)
    order = sorted(range(len(ground.needs)), key=lambda n: (ground.needs[n].tier, -ground.needs[n].weight, n))
    for need in order:
        crew = _first_fit(state, need)
        if crew is not None:
            state.put(crew)
    for unit in range(len(ground.units)):
        if state.free[unit]:
            _join_somewhere(state, unit)
    return state


def _first_fit(state: State, need: int) -> Crew | None:
    """Leader first, then who is asked for, then a car, then whoever is next in the row."""
    ground = state.ground
    task = ground.task((need,))
    for mode in task.modes:
        row = [u for u in range(len(ground.units)) if state.free[u] and task.can(mode)[u]]
        lead = [u for u in row if ground.units[u].lead_exp >= task.leader_exp]
        asked = [u for u in row if _is_asked_for(state, need, u)]
        drive = [u for u in row if ground.units[u].cars or ground.units[u].drivers] if mode == "car" else []
        for chosen in _rows(lead, asked, drive, row):
            crew = _seat(state, need, chosen)
            if crew is not None:
                return crew
    return None


def _is_asked_for(state: State, need: int, unit: int) -> bool:
    task, one = state.ground.task((need,)), state.ground.units[unit]
    return bool(
        any(one.skills[s] for s in task.skills) or (task.women and one.women) or task.langs & one.langs
    )


def _rows(lead: list[int], asked: list[int], drive: list[int], row: list[int]) -> Iterator[list[int]]:
    """A few rows of people to try: the first leaders, each with the specialists and drivers in front."""
    for leader in lead[:3]:
        for driver in drive[:3] or [leader]:
            yield list(dict.fromkeys([leader, driver, *asked[:3], *row[:30]]))
            yield list(dict.fromkeys([leader, driver, *row[:30]]))


def _seat(state: State, need: int, row: list[int]) -> Crew | None:
    """People join from the front of the row while there is room, until the team can go."""
    task = state.ground.task((need,))
    chosen: list[int] = []
    size = 0
    for unit in row:
        if size + state.ground.units[unit].size > task.hi:
            continue
        chosen.append(unit)
        size += state.ground.units[unit].size
        if size >= task.lo:
            crew = fit(state, task, chosen)
            if crew is not None:
                return crew
    return None


def _join_somewhere(state: State, unit: int) -> None:
    for key, crew in list(state.crews.items()):
        if crew.size + state.ground.units[unit].size <= crew.task.hi:
            more = fit(state, crew.task, (*crew.units, unit), crew)
            if more is not None:
                state.replace(key, more)
                return


def value(problem: Problem, plan: Plan) -> float:
    """The plan's score; a plan that breaks a rule stops the bench."""
    found = review(problem, plan)
    if found.violations:
        raise SystemExit(f"{problem.id}: the plan breaks {found.violations[0]}")
    return found.score.total


def measure(path: Path, seconds: float) -> str:
    """One line of the table."""
    problem = problem_from_json(json.loads(path.read_text()))
    idle = problem.params.w.idle * sum(v.idle_w for v in problem.volunteers if v.insured)
    hand = by_hand(problem).value - idle
    began = time.monotonic()
    first = value(problem, solve(problem, effort=0))
    first_took = time.monotonic() - began
    rounds = 0

    def count(done: int, _best: float) -> None:
        nonlocal rounds
        rounds = done

    plan = solve(problem, seconds=seconds, progress=count)
    best = value(problem, plan)
    served = sum(len(team.visits) for team in plan.teams)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{path.stem:14} {len(problem.volunteers):5} × {len(problem.needs):4} {hand:11,.0f} "
        f"{first:11,.0f} {first_took:5.1f} s {best:11,.0f} {best / hand if hand else 0:6.3f} "
        f"{served:5} {rounds:6} {memory:6.0f} MB"
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("names", nargs="*", help="instances by name, without .json; all of the folder if none")
    asked.add_argument("--folder", type=Path, default=EXAMPLES)
    asked.add_argument("--seconds", type=float, default=10.0)
    given = asked.parse_args()
    paths = sorted(given.folder.glob("*.json"), key=lambda p: (p.stat().st_size, p.name))
    if not paths:
        print(f"no instances in {given.folder}; set MATCHING_REFERENCE or --folder")
    print(f"{'instance':14} {'size':>12} {'by hand':>11} {'first plan':>11} {'took':>7} "
          f"{f'{given.seconds:g} s':>11} {'ratio':>6} {'served':>5} {'rounds':>6} {'memory':>9}")  # fmt: skip
    for path in paths:
        if not given.names or path.stem in given.names:
            print(measure(path, given.seconds), flush=True)


if __name__ == "__main__":
    main()

"""Teams remade exactly: never a worse plan, never a broken rule, and on a small morning the best plan there is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from matching.solver.bound import gap, upper_bound
from matching.solver.crews import Ground, State, fit
from matching.solver.engine import solve
from matching.solver.model import Plan, Problem
from matching.solver.rules import review
from matching.solver.search import plan as search_plan
from matching.solver.search.plan import REMADE_FROM
from matching.solver.search.remake import drawn_whole, remade_plan
from matching.solver.units import make_units
from tests.infra.scale import count
from tests.matching import instances
from tests.matching.solver.test_properties import own_breaches

KINDS = ("base", "scarce", "leaders", "cars", "split", "pins", "sites", "shuttle")


@pytest.mark.parametrize("kind", KINDS)
def test_remade_plans_keep_every_rule_and_every_decision(kind: str) -> None:
    for seed in range(count(1, 12)):
        made = instances.problem(kind, "40x15", seed)
        plan = solve(made, effort=REMADE_FROM)
        assert not own_breaches(made, plan)


def test_a_small_morning_gets_the_best_plan_there_is() -> None:
    made = instances.problem("base", "60x25", 3)
    bound = upper_bound(made)
    plan = solve(made, effort=2 * REMADE_FROM)
    assert bound.tight
    assert gap(review(made, plan).score.total, bound.value) < 0.005


def test_remaking_finds_what_moving_one_by_one_did_not() -> None:
    """The same rounds of moves, and then some teams remade: better somewhere, worse nowhere."""
    gained = 0.0
    for seed in range(count(2, 10)):
        made = instances.problem("scarce", "60x30", seed)
        moved = solve(made, effort=REMADE_FROM - 1)
        remade = _remade_from(made, moved)
        assert remade >= review(made, moved).score.total - 1e-6
        gained += remade - review(made, moved).score.total
    assert gained > 0


def state_of(made: Problem, plan: Plan) -> State:
    """A plan without pins as a state."""
    units = make_units(made)
    ground = Ground(made, units)
    state = State(ground)
    for team in plan.teams:
        task = ground.task(tuple(ground.number_of[n] for n in team.visits))
        crew = fit(state, task, sorted({units.of[m] for m in team.members}), like=team)
        assert crew is not None
        state.put(crew)
    return state


def _remade_from(made: Problem, plan: Plan) -> float:
    """The score after one round from a plan."""
    state = state_of(made, plan)
    idle = made.params.w.idle * sum(v.idle_w for v in made.volunteers if v.insured)
    with ThreadPoolExecutor(2) as threads:
        found = remade_plan(state, set(), rounds=1, seed=0, threads=threads, go_on=lambda *_: True)
    told = sum(need is not None for need in made.baseline.values())
    return found.value - idle - made.params.w.churn * told


def test_the_same_effort_and_seed_give_the_same_plan() -> None:
    made = instances.problem("scarce", "50x20", 5)
    first, second = (solve(made, effort=REMADE_FROM, seed=4) for _ in range(2))
    assert first == second


def test_who_was_sent_somewhere_stays_there() -> None:
    made = instances.problem("base", "60x25", 7)
    free = solve(made, effort=20)
    team = next(team for team in free.teams if len(team.members) > 1)
    locked = replace(made, locks=tuple((m, team.visits[0]) for m in team.members[:2]))
    plan = solve(locked, effort=REMADE_FROM)
    assert not own_breaches(locked, plan)
    assert not [note for note in plan.notes if note.code.startswith("lock")]


def test_a_no_in_the_midst_of_remaking_ends_it_with_a_plan() -> None:
    made = instances.problem("base", "40x15", 2)

    def progress(done: int, points: float) -> bool:
        return done <= (1 - search_plan.REMAKING) * REMADE_FROM

    plan = solve(made, effort=REMADE_FROM, progress=progress)
    assert plan.teams
    assert not own_breaches(made, plan)


def test_a_whole_plan_that_is_drawn_is_about_as_good_as_one_that_is_searched() -> None:
    """Its teams become crews: vehicles of the center and shuttle seats go to those they were meant for."""
    for seed in range(count(2, 8)):
        made = instances.problem("cars", "80x40", seed)
        ground = Ground(made, make_units(made))
        empty = State(ground)
        drawn = drawn_whole(empty, set())
        assert drawn is not None
        moved = solve(made, effort=REMADE_FROM - 1)
        idle = made.params.w.idle * sum(v.idle_w for v in made.volunteers if v.insured)
        assert drawn.value - idle > 0.95 * review(made, moved).score.total

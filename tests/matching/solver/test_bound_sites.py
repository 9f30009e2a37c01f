"""The bound of a morning at many sites, program by program: no plan is above it, whoever may go to several sites counts once,
and it is where one program over all sites is."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.solver.bound import program_of
from matching.solver.bound.left import left_by_pins
from matching.solver.bound.people import Crowd, parties
from matching.solver.bound.presence import Presence
from matching.solver.bound.sites import BySites, by_sites
from matching.solver.engine import solve
from matching.solver.model import Problem, Site
from matching.solver.rules import review
from tests.infra.scale import count
from tests.matching import instances
from tests.matching.solver.mornings import morning, need, pinned_mornings, random_morning, volunteer
from tests.matching.solver.test_bound import best_of_all, handful

CLOSE = 0.01


def bound(problem: Problem, rounds: int | None = 40) -> float:
    """What is proven site by site; the plain score where nobody can go anywhere."""
    left = left_by_pins(problem)
    return left.score + _found(problem, rounds).value + CLOSE


def _found(problem: Problem, rounds: int | None = 40) -> BySites:
    left = left_by_pins(problem)
    return by_sites(left, Crowd(problem, parties(problem, left.away)), rounds=rounds)


def at_two_sites(seed: int) -> Problem:
    """A handful of people and needs at two sites; most of the people may go to both."""
    dice, problem = random.Random(seed), handful(seed)
    sites = (Site("C1", 38.3, 141.0), Site("C2", 38.31, 141.01))
    may = (("C1", "C2"), ("C1", "C2"), ("C1",), ("C2",))
    where = {one.id: dice.choice(sites).id for one in problem.needs}
    return replace(
        problem,
        sites=sites,
        volunteers=tuple(replace(v, sites=dice.choice(may)) for v in problem.volunteers),
        needs=tuple(replace(n, site=where[n.id], stop=None) for n in problem.needs),
        stops=(),
        fleet=tuple(replace(one, site=dice.choice(sites).id) for one in problem.fleet),
        stock={site.id: {"shovel": dice.randint(0, 6), "washer": dice.randint(0, 2)} for site in sites},
    )


def test_the_best_plan_of_all_is_not_above_the_bound_after_any_number_of_rounds() -> None:
    near, many = 0, count(40, 300)
    for seed in range(many):
        problem = at_two_sites(seed)
        best = best_of_all(problem)
        found = [bound(problem, rounds) for rounds in (1, 2, 5, 40)]
        assert best <= min(found), seed
        assert found == sorted(found, reverse=True)
        near += found[-1] - best <= 0.1 * max(100.0, abs(best))
    assert near >= 0.5 * many


@settings(max_examples=count(30, 300), deadline=None)
@given(pinned_mornings, st.sampled_from((1, 3, 40)))
def test_no_plan_of_the_engine_is_above_the_bound(problem: Problem, rounds: int) -> None:
    plan = solve(problem, effort=20)
    assert review(problem, plan).score.total <= bound(problem, rounds)


@pytest.mark.parametrize("kind", ["sites", "storm", "prefecture"])
def test_no_plan_of_the_engine_is_above_the_bound_at_three_sites_and_at_eight(kind: str) -> None:
    for seed in range(count(1, 20)):
        problem = instances.problem(kind, "80x40", seed)
        plan = solve(problem, effort=100)
        assert review(problem, plan).score.total <= bound(problem, 4)


def test_program_by_program_it_is_where_one_program_over_all_sites_is() -> None:
    for seed in range(count(2, 10)):
        problem = instances.problem("sites", "120x50", seed)
        left = left_by_pins(problem)
        whole = program_of(left, Crowd(problem, parties(problem, left.away)))
        assert whole is not None
        value = np.inf
        for _ in range(60):
            solution = whole.solve()
            priced = whole.price(solution.duals)
            value = min(value, priced.value)
            whole.add_cuts(whole.violated(solution.columns))
            whole.add_teams(priced.options, priced.heads)
        assert _found(problem, 60).value <= value * 1.005


def test_whoever_may_go_to_two_sites_is_at_one() -> None:
    """A need at each site for all there are: one of them waits."""
    sites = (Site("C1", 38.3, 141.0), Site("C2", 38.4, 141.0))
    people = tuple(volunteer(f"V{i}", sites=("C1", "C2")) for i in range(2))
    needs = (need("N0", weight=30), need("N1", site="C2", lat=38.4, weight=10))
    problem = morning(sites=sites, volunteers=people, needs=needs)
    assert bound(problem) == pytest.approx(3000, abs=1)
    at_home = replace(
        problem,
        volunteers=(*people, *(volunteer(f"W{i}", sites=("C2",)) for i in range(2))),
    )
    assert bound(at_home) == pytest.approx(4000, abs=1)


def test_what_prices_prove_is_a_constant_and_what_they_say_each_party_brings() -> None:
    """Whatever the prices, and however much of whom is here."""
    for seed in range(count(20, 200)):
        dice, problem = np.random.default_rng(seed), random_morning(seed)
        left = left_by_pins(problem)
        crowd = Crowd(problem, parties(problem, left.away))
        program = program_of(left, crowd) if left.needs and crowd.parties else None
        if program is None:
            continue
        presence, many = Presence(program), len(crowd.parties)
        for _ in range(3):
            solution = program.solve()
            priced = program.price(solution.duals)
            program.add_cuts(program.violated(solution.columns))
            program.add_teams(priced.options, priced.heads)
        y = dice.random(len(program.rhs)) * dice.choice((1, 100, 1000))
        each = presence.brought(y)
        presence.deal(np.ones(many))
        everybody = program.price(y).value
        for _ in range(3):
            here = np.round(dice.random(many), dice.choice((0, 2)))
            presence.deal(here)
            assert program.price(y).value == pytest.approx(everybody - each @ (1 - here), abs=1e-4)

"""What is said to help most does: it is added to the morning and the plan is made again."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from matching.solver.bound import upper_bound
from matching.solver.engine import solve
from matching.solver.helps import EFFORT, PERSONS, Extra, Help, candidates, to_json, what_helps, with_extra
from matching.solver.model import FleetVehicle, Plan, Problem
from matching.solver.rules import review
from tests.infra.scale import count
from tests.matching.instances import KINDS, problem
from tests.matching.solver.mornings import morning, need, volunteer

KIND_NAMES = [name for name in KINDS if name != "prefecture"][:: count(2, 1)]
MORNINGS = [(kind, seed) for seed in range(count(1, 4)) for kind in KIND_NAMES]


@cache
def told_of(kind: str, seed: int) -> tuple[Problem, Plan, Plan, tuple[Help, ...]]:
    """A morning, its plan, the plan the extras were tried beside, and what was found."""
    made = problem(kind, "36x18", seed)
    plan = solve(made, effort=30)
    return made, plan, *what_helps(made, plan, upper_bound(made, effort=5).prices)


@pytest.mark.parametrize(("kind", "seed"), MORNINGS)
def test_what_is_named_brings_what_is_said_in_a_new_plan(kind: str, seed: int) -> None:
    made, plan, base, found = told_of(kind, seed)
    before = review(made, base)
    assert before.score.total >= review(made, plan).score.total
    for one in found:
        wider = with_extra(made, one.extra)
        after = solve(wider, effort=EFFORT, previous=base)
        now = review(wider, after)
        assert len(now.violations) <= len(before.violations)
        assert now.score.served - before.score.served == one.needs
        assert now.score.total - before.score.total == pytest.approx(one.points, abs=0.1)
        here = {m for team in after.teams for m in team.members} & set(made.volunteer_by)
        assert len(here) - len({m for team in base.teams for m in team.members}) == one.people
        # Without it such a plan can not be.
        assert len(review(made, after).violations) > len(before.violations)
    assert [one.points for one in found] == sorted((one.points for one in found), reverse=True)


def test_something_helps_on_most_mornings() -> None:
    helped = sum(bool(told_of(kind, seed)[3]) for kind, seed in MORNINGS)
    assert helped >= len(MORNINGS) * 2 // 3


def test_one_truck_is_named_where_two_needs_wait_for_one() -> None:
    people = tuple(volunteer(f"V{i}", skills=frozenset({"driver"})) for i in range(4))
    needs = tuple(need(f"N{i}", truck=True, min=2, ideal=2, max=2) for i in range(2))
    made = morning(volunteers=people, needs=needs)
    _, found = what_helps(made, solve(made))
    assert found[0].extra.kind == "truck"
    assert found[0].needs >= 1
    wider = replace(made, fleet=(FleetVehicle("new", "C1", "truck", 2),))
    served = review(wider, solve(wider)).score.served
    assert served == found[0].needs


def test_nothing_is_named_where_nothing_is_missing() -> None:
    made = morning(volunteers=(volunteer("V0"), volunteer("V1")), needs=(need("N1"),))
    plan = solve(made)
    assert candidates(made, plan) == []
    assert what_helps(made, plan)[1] == ()


def test_nothing_is_tried_when_somebody_else_asks() -> None:
    made = problem("leaders", "36x18", 1)
    plan = solve(made, effort=5)
    assert candidates(made, plan) != []
    assert what_helps(made, plan, go_on=lambda: False)[1] == ()
    assert what_helps(made, plan, seconds=0.0)[1] == ()


def test_who_comes_for_a_skill_is_no_leader_besides() -> None:
    made: Problem = problem("storm", "36x18", 1)
    for extra in candidates(made, solve(made, effort=5), upper_bound(made, effort=3).prices):
        came = with_extra(made, extra)
        assert len(came.volunteers) - len(made.volunteers) == (extra.amount if extra.kind in PERSONS else 0)
        if extra.kind == "skill":
            asked = [n for n in made.needs if extra.what in n.skills]
            assert all(
                v.exp <= max(n.min_exp for n in asked) for v in came.volunteers if v.id.startswith("?")
            )


def test_what_is_stored_names_the_place() -> None:
    extra = Extra("truck", "", "S2")
    (row,) = to_json([Help(extra, 1, 2, 3.4)], {"S2": "西の拠点"})
    assert row == {
        "kind": "truck", "what": "", "amount": 1, "needs": 1, "people": 2, "points": 3.4, "place": "西の拠点",
    }  # fmt: skip

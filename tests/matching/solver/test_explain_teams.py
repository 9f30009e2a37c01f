"""The reasons of a team are facts, and none that was left out brought more points than one that is said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from matching.solver.engine import solve
from matching.solver.model import Plan, Problem, Reason, Team
from matching.solver.rules import review
from tests.matching.instances import KINDS, problem


class _Facts:
    """One team, read from the plan and the morning alone."""

    def __init__(self, made: Problem, plan: Plan, team: Team) -> None:
        self.made, self.team = made, team
        self.members = [made.volunteer_by[m] for m in team.members]
        self.visits = [made.need_by[n] for n in team.visits]
        pinned = {pin.team.id for pin in made.pins}
        lines = review(made, plan).timelines
        legs = [lines[t.id].legs for t in plan.teams if t.id not in pinned]
        self.legs, self.mean_legs = lines[team.id].legs, sum(legs) / len(legs)
        ids = set(team.members)
        self.wishes = sum(any(n.type in m.prefs for n in self.visits) for m in self.members)
        self.there = sum(person in ids for n in self.visits for person in n.prev)
        told = made.baseline
        self.told = sum(told.get(m.id) in team.visits for m in self.members)
        out = {n for pin in made.pins for n in pin.team.visits} | made.holds
        weights = sorted((n.weight for n in made.needs if n.id not in out), reverse=True)
        self.heavy = weights[len(weights) // 3]

    def holds(self, reason: Reason) -> bool:
        kind, _, what = reason.code.partition(":")
        size, count = len(self.members), reason.params.get("count")
        here = [m.group for m in self.members if m.group]
        return {
            "why_announced": count == self.told > 0,
            "why_chain": count == len(self.visits) > 1,
            "why_close": reason.params.get("minutes") == self.legs < self.mean_legs,
            "why_full": count == size and all(size >= n.ideal for n in self.visits),
            "why_heavy": any(n.weight >= self.heavy for n in self.visits),
            "why_lang": any(n.lang == what for n in self.visits) and any(what in m.langs for m in self.members),
            "why_leader": any(m.exp >= max(n.leader_exp for n in self.visits) > 0 for m in self.members),
            "why_locked": any((m.id, n.id) in self.made.locks for m in self.members for n in self.visits),
            "why_pinned": False,
            "why_prev": count == self.there > 0,
            "why_skill": any(what in n.skills for n in self.visits) and any(what in m.skills for m in self.members),
            "why_tier1": any(n.tier == 1 for n in self.visits),
            "why_together": any(here.count(g) == len(self.made.members_of[g]) > 1 for g in here),
            "why_truck": any(n.truck for n in self.visits),
            "why_wish": count == self.wishes > 0,
            "why_woman": sum(m.woman for m in self.members) >= max(n.women_min for n in self.visits) > 0,
            "why_worth": True,
        }[kind]  # fmt: skip

    def points(self) -> Iterator[tuple[str, float]]:
        """What of the score could be named, by the code that would name it."""
        w, size = self.made.params.w, len(self.members)
        worths = [w.need * n.weight * n.fill(size, w.min_fill) for n in self.visits]
        if len(worths) > 1:
            yield "why_chain", sum(worths) - max(worths)
        if self.wishes:
            yield "why_wish", w.pref * self.wishes
        if self.there:
            yield "why_prev", w.cont * min(w.cont_cap, self.there)
        if self.told:
            yield "why_announced", w.churn * self.told
        if self.legs < self.mean_legs:
            yield "why_close", w.travel * (self.mean_legs - self.legs)


@pytest.mark.parametrize("kind", [name for name in KINDS if name != "prefecture"])
def test_the_reasons_of_a_team_are_true_and_those_that_weigh_most(kind: str) -> None:
    made = problem(kind, "80x40", 3)
    plan = solve(made, effort=20)
    pinned = {pin.team.id for pin in made.pins}
    for team in plan.teams:
        why = plan.why[team.id]
        if team.id in pinned:
            assert [reason.code for reason in why] == ["why_pinned"]
            continue
        facts = _Facts(made, plan, team)
        assert 1 <= len(why) <= 3
        assert len({reason.code for reason in why}) == len(why)
        for reason in why:
            assert facts.holds(reason), (team, reason)
        said = {reason.code for reason in why}
        worth = dict(facts.points())
        named = [worth[code] for code in said & worth.keys()]
        left_out = [points for code, points in worth.items() if code not in said]
        if named and left_out:
            assert min(named) >= max(left_out) - 1e-6, (team, why, worth)
        order = [worth[reason.code] for reason in why if reason.code in worth]
        assert order == sorted(order, reverse=True)

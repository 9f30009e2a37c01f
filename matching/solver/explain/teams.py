"""Why a team was made, and who of those without one could step in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from matching.solver.construct import Prices
from matching.solver.crews import Crew, State, Task, fit
from matching.solver.model import Reason
from matching.solver.units import Unit
from matching.solver.words import say

REASONS_PER_TEAM: Final = 3
NEAR_PER_TEAM: Final = 3
NEAR_TRIED: Final = 6


class Teams:
    """Why each crew was made, and who of the idle could step in."""

    def __init__(self, state: State, prices: Prices) -> None:
        self.state, self.ground, self.prices = state, state.ground, prices
        weights = sorted((n.weight for n in self.ground.needs), reverse=True)
        self.heavy = weights[len(weights) // 3] if weights else 0.0
        legs = [crew.line.legs for crew in state.crews.values()]
        self.mean_legs = sum(legs) / len(legs) if legs else 0.0

    def why(self, crew: Crew) -> tuple[Reason, ...]:
        """The reasons that weighed most, by the points they brought or the price of what they used."""
        found = sorted(self._all(crew), key=lambda pair: -pair[0])
        return tuple(reason for _, reason in found[:REASONS_PER_TEAM])

    def _all(self, crew: Crew) -> Iterator[tuple[float, Reason]]:
        w, task = self.ground.problem.params.w, crew.task
        people = [self.ground.units[u] for u in crew.units]
        worths = [self.ground.task((n,)).worth(crew.size) for n in task.visits]
        if crew.keep:
            yield float("inf"), say("why_locked")
        if any(n.tier == 1 for n in task.needs):
            yield max(worths) + 1, say("why_tier1")
        elif any(n.weight >= self.heavy for n in task.needs):
            yield max(worths), say("why_heavy")
        else:
            yield max(worths) / 2, say("why_worth")
        if len(worths) > 1:
            yield sum(worths) - max(worths), say("why_chain", count=len(worths))
        if all(crew.size >= n.ideal for n in task.needs):
            yield task.worth(crew.size) - task.worth(task.lo), say("why_full", count=crew.size)
        yield from self._used(task)
        wishes = sum(task.wishes(u) for u in people)
        if wishes:
            yield w.pref * wishes, say("why_wish", count=wishes)
        there = sum(self.ground.was_there[n].get(u, 0) for n in task.visits for u in crew.units)
        if there:
            yield w.cont * min(w.cont_cap, there), say("why_prev", count=there)
        told = sum(n in task.visits for u in crew.units for n in self.ground.announced.get(u, ()))
        if told:
            yield w.churn * told, say("why_announced", count=told)
        together = self._together(people)
        if together:
            yield w.idle * together, say("why_together")
        saved = w.travel * (self.mean_legs - crew.line.legs)
        if saved > 0:
            yield saved, say("why_close", minutes=crew.line.legs)

    def _together(self, people: Sequence[Unit]) -> int:
        """The most people who came together and are all in this team."""
        here = Counter(m.group for unit in people for m in unit.members if m.group)
        members = self.ground.problem.members_of
        return max((n for group, n in here.items() if 1 < n == len(members[group])), default=0)

    def _used(self, task: Task) -> Iterator[tuple[float, Reason]]:
        if task.leader_exp:
            yield self.prices.lead[min(task.leader_exp, 4)], say("why_leader")
        for skill, quantity in task.skills.items():
            yield self.prices.skill.get(skill, 0.0) * quantity, say(f"why_skill:{skill}")
        for lang in sorted(task.langs):
            yield self.prices.lang.get(lang, 0.0), say(f"why_lang:{lang}")
        if task.women:
            yield self.prices.woman * task.women, say("why_woman")
        if task.truck:
            yield self.prices.truck, say("why_truck")

    def near(self, crew: Crew) -> tuple[str, ...]:
        """Idle people who could join, or step in for somebody, without breaking a rule."""
        able = np.flatnonzero(crew.task.can(crew.mode) & self.state.free)
        found: list[str] = []
        for u in able[np.argsort(self.prices.unit[able], kind="stable")[:NEAR_TRIED]]:
            if self._could_step_in(crew, int(u)):
                found += [m.id for m in self.ground.units[u].members]
        return tuple(found[:NEAR_PER_TEAM])

    def _could_step_in(self, crew: Crew, unit: int) -> bool:
        if fit(self.state, crew.task, (*crew.units, unit), crew) is not None:
            return True
        return any(
            fit(self.state, crew.task, [*(u for u in crew.units if u != out), unit], crew) is not None
            for out in crew.units
            if out not in crew.keep
        )

"""Why a person has no team: the first reason that is true, asked for all at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from matching.solver.crews import Crew, Flags, rides_for
from matching.solver.explain.left import Left
from matching.solver.model import Mode, Plan, Problem, Reason
from matching.solver.units import Units
from matching.solver.words import say

NO_SHORTAGE: Final = frozenset({"conditions", "held", "not_worth", "possible", "time", "unreachable"})
"""Codes of needs that wait although neither people nor things are missing."""


def why_people_are_idle(
    problem: Problem, plan: Plan, units: Units, left: Left, waiting: Mapping[str, Reason]
) -> dict[str, Reason]:
    """Volunteer id -> why without a team; people in pinned teams are not asked about."""
    busy = {m for team in plan.teams for m in team.members}
    locked = {person for person, _ in problem.locks}
    view = _Openings(left, waiting)
    reasons: dict[str, Reason] = {}
    for person in problem.volunteers:
        if person.id in busy:
            continue
        if person.id in units.out:
            reasons[person.id] = say(units.out[person.id])
        elif person.id in locked:
            reasons[person.id] = say("lock_impossible")
        elif units.of[person.id] not in view.place:
            reasons[person.id] = say("mate_locked")
        else:
            reasons[person.id] = view.why_idle(units.of[person.id])
    return reasons


class _Openings:
    """Where units could still go: one row of flags per question, over the units that are left."""

    def __init__(self, left: Left, waiting: Mapping[str, Reason]) -> None:
        self.left, self.ground, self.state = left, left.ground, left.state
        self.place = {int(u): i for i, u in enumerate(left.free)}
        self.size = self.ground.size[left.free]

        def nobody() -> Flags:
            return np.zeros(len(left.free), dtype=np.bool_)

        self.may, self.in_time, self.roomy, self.waits = nobody(), nobody(), nobody(), nobody()
        self.fits, self.no_seat, self.full, self.foes = nobody(), nobody(), nobody(), nobody()
        for i, need in enumerate(self.ground.needs):
            may = self.ground.may[i][left.free]
            in_time = may & left.back_in_time(need)
            roomy = in_time & (self.size <= need.max)
            self.may |= may
            self.in_time |= in_time
            self.roomy |= roomy
            if need.id in waiting and waiting[need.id].code not in NO_SHORTAGE:
                self.waits |= roomy
        for crew in self.state.crews.values():
            self._ask(crew)

    def _ask(self, crew: Crew) -> None:
        """Who could go along with this crew, and what keeps them from it."""
        welcome = crew.task.can_join(crew.mode, crew.units)[self.left.free]
        foes = [self.place[f] for u in crew.units for f in self.ground.foes.get(u, ()) if f in self.place]
        self.foes[foes] |= welcome[foes]
        welcome[foes] = False
        room = welcome & (self.size <= crew.task.hi - crew.size)
        self.full |= welcome & ~room
        asked = np.flatnonzero(room & ~self.fits)
        if not len(asked):
            return
        seated: dict[tuple[object, ...], bool] = {}
        for i in asked:
            kind = self.left.kinds[self.left.kind_of[i]].seated
            if kind not in seated:
                seated[kind] = self._has_seats(crew, int(self.left.free[i]))
            (self.fits if seated[kind] else self.no_seat)[i] = True

    def _has_seats(self, crew: Crew, unit: int) -> bool:
        people = [self.ground.units[u] for u in (*crew.units, unit)]
        size = crew.size + self.ground.units[unit].size
        if crew.mode == Mode.SHUTTLE:
            return self.state.seats_at(crew.task.stop, crew) >= size
        fleet = self.state.vehicles(crew.task.site, crew)
        return crew.mode == Mode.WALK or rides_for(people, size, crew.task.truck, fleet) is not None

    def why_idle(self, unit: int) -> Reason:
        if not self.ground.needs:
            return say("no_needs")
        i = self.place[unit]
        if not self.may[i]:
            return say("no_suitable")
        if not self.in_time[i]:
            return say("too_short")
        if not self.roomy[i]:
            return say("group_too_large", size=int(self.size[i]))
        for code, true in (
            ("no_gain", self.fits), ("no_seat", self.no_seat), ("waits", self.waits),
            ("teams_full", self.full), ("foe_there", self.foes),
        ):  # fmt: skip
            if true[i]:
                return say(code)
        return say("taken")

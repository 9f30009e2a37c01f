"""Why a team, why a need waits, why a person is idle: computed from the model, in plain Japanese."""

from __future__ import annotations

from dataclasses import replace

from matching.solver.construct import Prices
from matching.solver.crews import State
from matching.solver.explain.left import Left
from matching.solver.explain.people import why_people_are_idle
from matching.solver.explain.teams import Teams
from matching.solver.explain.waiting import TRUCK_SEATS, VAN_SEATS, why_needs_wait
from matching.solver.model import Plan, Problem, Reason
from matching.solver.units import Units
from matching.solver.words import LOCK_NOTES, say

__all__ = ["LOCK_NOTES", "TRUCK_SEATS", "VAN_SEATS", "explained"]


def explained(problem: Problem, plan: Plan, state: State, units: Units, prices: Prices) -> Plan:
    """The plan with its reasons. `state` is what the plan was made from; people in pinned teams are not idle."""
    # Somebody whose lock failed waits for the coordinator.
    staying = {units.of[person] for person, _ in problem.locks if person in units.of}
    left = Left(state, staying)
    waits = why_needs_wait(problem, plan, left)
    crew_by = {crew.task.needs[0].id: crew for crew in state.crews.values()}
    teams = Teams(state, prices)
    why: dict[str, tuple[Reason, ...]] = {}
    near: dict[str, tuple[str, ...]] = {}
    pinned = {pin.team.id for pin in problem.pins}
    for team in plan.teams:
        if team.id in pinned:
            why[team.id], near[team.id] = (say("why_pinned"),), ()
        else:
            crew = crew_by[team.visits[0]]
            why[team.id], near[team.id] = teams.why(crew), teams.near(crew)
    return replace(
        plan, waiting=waits, idle=why_people_are_idle(problem, plan, units, left, waits), why=why, near=near
    )

"""A morning kept in memory between two events: the next plan is a repair of the last one, in milliseconds.

`replan` is a function of what it is given. A `Session` remembers what that takes long to work out and nothing that decides:
dropped, evicted or in another process, the same plan comes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from matching.solver import explain
from matching.solver.construct import Prices
from matching.solver.crews import Ground, State, fit
from matching.solver.engine import Locks, Progress, pin_notes, solve, take_pinned
from matching.solver.model import Plan, Problem, Team
from matching.solver.replan.around import Around, difference
from matching.solver.replan.repair import repaired
from matching.solver.replan.slate import Slate
from matching.solver.units import Units, make_units

EFFORT: Final = 3
"""Rounds of a repair: the answer is there within the blink of an eye, the next event is not far."""
WHOLE: Final = 60
"""Effort of `solve` where a repair will not do."""


class Session:
    """The plan of a morning, and the arrays of the problem it was made for. `around` is what was different at last."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem, self.plan, self.around = problem, plan, Around()
        self._slate: Slate | None = None

    def replan(
        self, problem: Problem, *, effort: int = EFFORT, seed: int = 0, seconds: float | None = None,
        progress: Progress | None = None, reasons: bool = True,
    ) -> Plan:  # fmt: skip
        """The plan for the morning as it is now, from the last one on; the next call sets out from it.

        Without `reasons` it has its teams only, and what could not be met of locks; `explained` gives the rest.
        """
        self.around = difference(self.problem, problem)
        slate = Slate(problem, self._slate)
        self.plan = _replan(
            slate,
            self.plan,
            self.around,
            effort=effort,
            seed=seed,
            seconds=seconds,
            progress=progress,
            reasons=reasons,
        )
        self.problem, self._slate = problem, slate
        return self.plan


def replan(
    problem: Problem, previous: Plan, around: Around, *, effort: int = EFFORT, seed: int = 0,
    seconds: float | None = None, progress: Progress | None = None, reasons: bool = True,
) -> Plan:  # fmt: skip
    """What a `Session` whose plan is `previous` answers when `around` is different, without one.

    Deterministic for all that is given except `seconds` and `progress`, which end only a plan that has to be made anew.
    """
    return _replan(
        Slate(problem), previous, around, effort=effort, seed=seed, seconds=seconds, progress=progress, reasons=reasons
    )  # fmt: skip


def _replan(
    slate: Slate, previous: Plan, around: Around, *, effort: int, seed: int, seconds: float | None,
    progress: Progress | None, reasons: bool,
) -> Plan:  # fmt: skip
    problem = slate.problem
    units = Units(tuple(slate.units), dict(slate.out))
    locks = Locks(problem, units)
    if not around.whole and slate.units and slate.needs:
        found = repaired(slate, previous, around, locks.wanted, effort=effort, seed=seed)
        if found.locks_met:
            teams = (*(pin.team for pin in problem.pins), *found.teams)
            plan = Plan(teams=teams, notes=tuple(locks.notes))
            return explained(problem, plan) if reasons else plan
    # Another morning, or something a person decided and the last plan does not meet: that takes the whole engine.
    return solve(problem, effort=WHOLE, seconds=seconds, seed=seed, previous=previous, progress=progress)


def explained(problem: Problem, plan: Plan) -> Plan:
    """A plan that keeps every rule, with its reasons and with what its fixed teams break."""
    pinned = [pin.team for pin in problem.pins]
    standing = {team.id for team in pinned}
    units = make_units(problem, {m for team in pinned for m in team.members})
    ground = Ground(problem, units, taken={n for team in pinned for n in team.visits})
    state = State(ground)
    take_pinned(state, pinned)
    locked = {units.of[person] for person, _ in problem.locks if person in units.of}
    # A team the one test of the engine says no to is none, whatever the repair thought of it.
    teams = [team for team in plan.teams if team.id in standing or _put(state, team, units, locked)]
    notes = tuple(note for note in plan.notes if not note.code.startswith("pin:"))
    told = Plan(teams=tuple(teams), notes=(*pin_notes(problem), *notes))
    return explain.explained(problem, told, state, units, Prices(ground))


def _put(state: State, team: Team, units: Units, locked: set[int]) -> bool:
    """Takes a team over as it is."""
    ground = state.ground
    members: Sequence[int] = list(dict.fromkeys(units.of[m] for m in team.members))
    crew = fit(state, ground.task(tuple(ground.number_of[n] for n in team.visits)), members, like=team)
    if crew is None:
        return False
    state.put(crew.named(team.id).keeping(frozenset(locked.intersection(members))))
    return True

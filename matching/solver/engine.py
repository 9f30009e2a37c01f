"""solve(problem) -> Plan: who goes where, with what, and why.

Pins stand, locks are met first, the rest is built greedily and then improved by ruin and recreate. Whatever
comes in, a plan comes out that keeps every rule; what a person decided and could not be kept is in its notes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import permutations

from matching.solver import explain
from matching.solver.construct import Prices, construct, staff, urgency
from matching.solver.crews import Crew, Ground, State, fit
from matching.solver.improve import improve
from matching.solver.model import Note, Plan, Problem, Team
from matching.solver.rules import TEXTS, review
from matching.solver.units import Units, make_units

DEFAULT_EFFORT = 300
"""Rounds of improvement when neither effort nor seconds are given."""

Progress = Callable[[int, float], None]
"""Called now and then with the rounds done and the best score so far."""


def solve(
    problem: Problem, *, effort: int | None = None, seconds: float | None = None, seed: int = 0,
    previous: Plan | None = None, progress: Progress | None = None,
) -> Plan:  # fmt: skip
    """The best plan found within `effort` rounds or `seconds`, whichever ends first.

    Deterministic for (problem, effort, seed, previous) as long as `seconds` does not end it. `effort=0` gives
    the first plan. `previous` is kept where it still fits and changed where that is worth it.
    """
    began = time.monotonic()
    if effort is None and seconds is None:
        effort = DEFAULT_EFFORT
    pinned = [pin.team for pin in problem.pins]
    away = {m for team in pinned for m in team.members}
    units = make_units(problem, away)
    locks = _Locks(problem, units)
    ground = Ground(problem, units, taken={n for team in pinned for n in team.visits})
    prices = Prices(ground)
    state = State(ground)
    _take_pinned(state, pinned)
    locks.honour(state, prices)
    if previous is not None:
        _keep(state, prices, previous)
    construct(state, prices, urgency(ground, prices))
    idle = problem.params.w.idle * sum(v.idle_w for v in problem.volunteers if v.insured)

    def rounds(i: int) -> float | None:
        past = time.monotonic() - began if seconds is not None else 0.0
        if (effort is not None and i >= effort) or (seconds is not None and past >= seconds):
            return None
        if progress is not None and i % 50 == 0:
            progress(i, state.value - idle)
        shares = [i / effort] if effort else []
        if seconds is not None:
            shares.append(past / seconds)
        return max(shares)

    state = improve(state, prices, seed=seed, rounds=rounds)
    construct(state, prices, urgency(ground, prices))
    plan = Plan(teams=(*pinned, *_teams(state, pinned)), notes=(*_pin_notes(problem), *locks.notes))
    return explain.explained(problem, plan, state, units, prices)


def _take_pinned(state: State, pinned: list[Team]) -> None:
    """Takes what teams that are out hold: tools, shuttle seats, vehicles; overdrawn is none left."""
    problem = state.ground.problem
    for team in pinned:
        visits = [problem.need_by[n] for n in team.visits if n in problem.need_by]
        if not visits:
            continue
        state.take_away(visits, team.mode, len(team.members), [ride.id for ride in team.vehicles])


def _pin_notes(problem: Problem) -> list[Note]:
    """What pinned teams break among themselves; it is said, and they stand all the same."""
    plan = Plan(teams=tuple(pin.team for pin in problem.pins))
    return [
        Note(
            f"pin:{v.code}",
            f"固定したチームは、そのままにしました。{TEXTS[v.code]}",
            v.team,
            v.need,
            v.volunteer,
        )
        for v in review(problem, plan).violations
        if v.code != "lock_broken"
    ]


class _Locks:
    """Volunteers a coordinator sent to a need: met first, kept always, reported when they can not be."""

    def __init__(self, problem: Problem, units: Units) -> None:
        self.notes: list[Note] = []
        self.wanted: list[tuple[str, str]] = []
        at = {m: pin.team for pin in problem.pins for m in pin.team.members}
        taken = {n for pin in problem.pins for n in pin.team.visits}
        for person, need in problem.locks:
            if person in at and need in at[person].visits:
                continue
            if person not in problem.volunteer_by:
                self._refuse("person_gone", person, need)
            elif need not in problem.need_by:
                self._refuse("need_gone", person, need)
            elif person in at:
                self._refuse("person_pinned", person, need)
            elif need in taken:
                self._refuse("need_pinned", person, need)
            elif need in problem.holds:
                self._refuse("need_held", person, need)
            elif person in units.out:
                self._refuse("person_out", person, need)
            else:
                self.wanted.append((person, need))
        self.units = units

    def _refuse(self, code: str, person: str, need: str) -> None:
        self.notes.append(Note(f"lock:{code}", explain.LOCK_NOTES[code], need=need, volunteer=person))

    def honour(self, state: State, prices: Prices) -> None:
        """Builds a crew for each set of locks that hang together, one lock after the other."""
        ground = state.ground
        for person, need_id in self.wanted:
            unit, need = self.units.of[person], ground.number_of[need_id]
            if not self._add(state, prices, unit, need):
                self._refuse("impossible", person, need_id)
        # Somebody whose lock failed waits for the coordinator instead of being sent elsewhere.
        for person, _ in self.wanted:
            state.free[self.units.of[person]] = False

    def _add(self, state: State, prices: Prices, unit: int, need: int) -> bool:
        mine = next((key for key, crew in state.crews.items() if unit in crew.units), None)
        there = state.crew_of[need] if state.crew_of[need] >= 0 else None
        if mine is not None and mine == there:
            return True
        old = [state.crews[key] for key in dict.fromkeys((mine, there)) if key is not None]
        if not old and not state.free[unit]:
            return False
        trial = state.copy()
        for key in dict.fromkeys((mine, there)):
            if key is not None:
                trial.drop(key)
        keep = frozenset({unit}).union(*(crew.keep for crew in old))
        visits = dict.fromkeys([*(n for crew in old for n in crew.visits), need])
        if len(visits) > state.ground.problem.params.max_visits:
            return False
        for order in permutations(visits):
            crew = staff(trial, state.ground.task(order), prices, base=sorted(keep), thorough=True)
            if crew is not None:
                for key in dict.fromkeys((mine, there)):
                    if key is not None:
                        state.drop(key)
                state.put(crew.keeping(keep))
                return True
        return False


def _keep(state: State, prices: Prices, previous: Plan) -> None:
    """Puts the teams of an earlier plan back, as far as they still fit; the rest is built around them."""
    ground = state.ground
    units = {m.id: u.number for u in ground.units for m in u.members}
    for team in previous.teams:
        visits = tuple(ground.number_of[n] for n in team.visits if n in ground.number_of)
        visits = tuple(n for n in dict.fromkeys(visits) if state.crew_of[n] < 0)
        members = dict.fromkeys(units[m] for m in team.members if m in units)
        base = [u for u in members if state.free[u]]
        crew: Crew | None = None
        while visits and base and crew is None:
            task = ground.task(visits)
            crew = fit(state, task, base) or staff(state, task, prices, base=base)
            visits = visits[:-1]
        if crew is not None:
            state.put(crew.named(team.id))


def _teams(state: State, pinned: list[Team]) -> list[Team]:
    """The crews as teams, in the order of their first need; a name from an earlier plan is kept."""
    ground = state.ground
    crews = sorted(state.crews.values(), key=lambda crew: crew.visits)
    used = {team.id for team in pinned}
    names: list[str] = []
    for crew in crews:
        names.append(crew.name if crew.name and crew.name not in used else "")
        used.add(names[-1])
    number = 0
    teams = []
    for crew, kept in zip(crews, names, strict=True):
        name = kept
        while not name:
            number += 1
            name = "" if f"T{number}" in used else f"T{number}"
        members = tuple(m.id for u in crew.units for m in ground.units[u].members)
        visits = tuple(need.id for need in crew.task.needs)
        teams.append(Team(name, members, crew.leader, visits, crew.mode, crew.rides))
    return teams

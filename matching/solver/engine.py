"""solve(problem) -> Plan: who goes where, with what, and why.

Pins stand, locks are met first, the rest is searched for (matching.solver.search). Whatever
comes in, a plan comes out that keeps every rule; what a person decided and could not be kept is in its notes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import permutations

from matching.solver import explain
from matching.solver.construct import Prices, staff, urgency
from matching.solver.crews import Ground, State, fit
from matching.solver.model import Note, Plan, Problem, Team
from matching.solver.rules import TEXTS, review
from matching.solver.search.plan import Budget, planned
from matching.solver.units import Units, make_units

DEFAULT_EFFORT = 300
"""Rounds of effort when neither effort nor seconds are given."""
EFFORT_PER_SECOND = 35
"""Rounds that an ordinary machine with two cores does in a second, drawing and explaining included."""

Progress = Callable[[int, float], bool | None]
"""Called now and then with the rounds done and the score so far, on the scale of `rules.review` (less what is charged
meanwhile for what teams lack); False ends the search at once, and the best plan so far is the answer."""


def solve(
    problem: Problem, *, effort: int | None = None, seconds: float | None = None, seed: int = 0,
    previous: Plan | None = None, progress: Progress | None = None,
) -> Plan:  # fmt: skip
    """The best plan found with `effort` rounds, or with as many as fit into `seconds` on an ordinary machine; a slow machine
    ends at `seconds`, whichever is given.

    Deterministic for (problem, effort or seconds, seed, previous) as long as the time does not end it. `effort=0`
    gives the first plan. `previous` is kept where it still fits and changed where that is worth it.
    """
    began = time.monotonic()
    if effort is None:
        effort = DEFAULT_EFFORT if seconds is None else round(seconds * EFFORT_PER_SECOND)
    pinned = [pin.team for pin in problem.pins]
    away = {m for team in pinned for m in team.members}
    units = make_units(problem, away)
    locks = Locks(problem, units)
    ground = Ground(problem, units, taken={n for team in pinned for n in team.visits})
    prices = Prices(ground)
    empty = State(ground)
    take_pinned(empty, pinned)
    start = empty.copy()
    before = previous.teams if previous is not None else ()
    _keep(start, prices, [team for team in before if locks.are_met_by(team)])
    locks.honour(start, prices)
    _keep(start, prices, [team for team in before if not locks.are_met_by(team)])
    # What the plan is worth where the search adds nothing: its teams take from there.
    empty_handed = review(problem, Plan(teams=tuple(pinned))).score.total

    def report(share: float, points: float) -> bool:
        return progress is None or progress(round(share * effort), empty_handed + points) is not False

    budget = Budget(effort, began, seconds, report)
    state = planned(
        empty,
        start,
        budget,
        seed=seed,
        order=urgency(ground, prices),
        again=len(before) > len(ground.needs) // 8,
    )
    plan = Plan(
        teams=(*pinned, *_teams(state, pinned, _names(start, state))),
        notes=(*pin_notes(problem), *locks.notes),
    )
    return explain.explained(problem, plan, state, units, prices)


def take_pinned(state: State, pinned: list[Team]) -> None:
    """Takes what teams that are out hold: tools, shuttle seats, vehicles; overdrawn is none left."""
    problem = state.ground.problem
    for team in pinned:
        visits = [problem.need_by[n] for n in team.visits if n in problem.need_by]
        if not visits:
            continue
        state.take_away(visits, team.mode, len(team.members), [ride.id for ride in team.vehicles])


def pin_notes(problem: Problem) -> list[Note]:
    """What pinned teams break among themselves; it is said, and they stand all the same."""
    plan = Plan(teams=tuple(pin.team for pin in problem.pins))
    return [
        Note(
            f"pin:{v.code}",
            f"固定した班は、そのままにしました。{TEXTS[v.code]}",
            v.team,
            v.need,
            v.volunteer,
        )
        for v in review(problem, plan).violations
        if v.code != "lock_broken"
    ]


class Locks:
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

    def are_met_by(self, team: Team) -> bool:
        """Whether somebody is in this team who was sent to one of its needs. Such a team of an earlier plan comes before
        all: built anew around the lock alone it might take whom another team of that plan needs."""
        return any(person in team.members and need in team.visits for person, need in self.wanted)

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
            state.replace(mine, state.crews[mine].keeping(state.crews[mine].keep | {unit}))
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


def _keep(state: State, prices: Prices, teams: Iterable[Team]) -> None:
    """Puts these teams of an earlier plan back, as far as they still fit; the rest is built around them. First those
    that can go unchanged: a team that lost somebody may not fill up with people or cars of another."""
    ground = state.ground
    units = {m.id: u.number for u in ground.units for m in u.members}
    changed: list[Team] = []
    for team in teams:
        visits = tuple(ground.number_of[n] for n in dict.fromkeys(team.visits) if n in ground.number_of)
        members = list(dict.fromkeys(units[m] for m in team.members if m in units))
        whole = len(visits) == len(team.visits) and sum(ground.units[u].size for u in members) == len(
            team.members
        )
        free = all(state.crew_of[n] < 0 for n in visits) and all(state.free[u] for u in members)
        crew = fit(state, ground.task(visits), members, like=team) if whole and free and visits else None
        if crew is None:
            changed.append(team)
        else:
            state.put(crew.named(team.id))
    for team in changed:
        visits = tuple(ground.number_of[n] for n in team.visits if n in ground.number_of)
        visits = tuple(n for n in dict.fromkeys(visits) if state.crew_of[n] < 0)
        base = [u for u in dict.fromkeys(units[m] for m in team.members if m in units) if state.free[u]]
        crew = None
        while visits and base and crew is None:
            task = ground.task(visits)
            crew = fit(state, task, base) or staff(state, task, prices, base=base)
            visits = visits[:-1]
        if crew is not None:
            state.put(crew.named(team.id))


def _names(start: State, state: State) -> dict[int, str]:
    """Crew -> the name of the team of the earlier plan it is: that at one of its needs, or with most of its people."""
    names: dict[int, str] = {}
    at: dict[int, int] = {}
    of: dict[int, int] = {}
    for key, crew in state.crews.items():
        at.update((need, key) for need in crew.visits)
        of.update((unit, key) for unit in crew.units)
    for old in start.crews.values():
        if not old.name:
            continue
        common = Counter(of[unit] for unit in old.units if unit in of)
        common.update(at[need] for need in old.visits if need in at)
        for key, _ in common.most_common():
            if key not in names:
                names[key] = old.name
                break
    return names


def _teams(state: State, pinned: list[Team], names: dict[int, str]) -> list[Team]:
    """The crews as teams, in the order of their first need."""
    ground = state.ground
    used = {team.id for team in pinned}
    kept = {key: name for key, name in names.items() if name not in used}
    used.update(kept.values())
    number = 0
    teams = []
    for key, crew in sorted(state.crews.items(), key=lambda item: item[1].visits):
        name = kept.get(key, "")
        while not name:
            number += 1
            name = "" if f"T{number}" in used else f"T{number}"
        members = tuple(m.id for u in crew.units for m in ground.units[u].members)
        visits = tuple(need.id for need in crew.task.needs)
        teams.append(Team(name, members, crew.leader, visits, crew.mode, crew.rides))
    return teams

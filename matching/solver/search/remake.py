"""Teams remade exactly, some at a time: which needs, how many people, who and with whose car, all decided at once.

Annealing changes one or two things at a time and rarely finds its way where a leader, a car and a group must change places
together. Here a few teams are taken out of the plan, with the needs that wait near them and everybody who is free, and HiGHS
puts the best whole teams together again (matching.solver.bound.manning). What it can not know is tested after: teams that
break a rule are left out, and the plan stays as it was unless the new one is worth more.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from matching.solver.bound.demands import Demands
from matching.solver.bound.kinds import kinds
from matching.solver.bound.left import Left
from matching.solver.bound.manning import Manned, Manning, every_column, places
from matching.solver.bound.people import Crowd, Party, party_of
from matching.solver.bound.program import Program
from matching.solver.bound.routes import CAR, RIDE, WALK, TooMany, routes
from matching.solver.bound.vehicles import garage
from matching.solver.crews import Crew, State, fit
from matching.solver.model import MAX_EXP, MAX_STAMINA, Mode, Need, Problem
from matching.solver.search.instead import Instead, bare, fit_so, put_all
from matching.solver.search.sketch import solved

NEAR_ENOUGH = 3e-4
"""Share of the best at which HiGHS is done with some teams."""
MOST_NODES = 10
"""Nodes HiGHS looks at for some teams."""
CREWS = 14
"""Crews cut out, unless that is too much to decide about at once."""
MOST_FREE = 24
"""Free units in one cutting."""
MOST_PLACES = 8_000
"""Places for a party on the routes of a cutting up to which it is decided about at once: about a second's work."""


WORTH_A_LOOK = (300.0, 100.0, 30.0)
"""Points a team may be below its price in the linear program to be looked at for a whole plan: as many as are not too much."""
MOST_OPTIONS, WHOLE_PLACES = 100_000, 45_000
"""Routes and places of a whole plan up to which it is made at once."""
SURE, WHOLE_ENOUGH = 0.99, 1e-3
"""Share of a team in the linear program from which it is settled, and share of the best at which a whole plan is good enough."""
FEW_CREWS, FEW_PLACES, FEW_ROUNDS = 24, 20_000, 3
"""Crews of a plan that is remade as a whole in the end, if it is no larger than this (some seconds' work), and the rounds
until then."""


@dataclass(frozen=True)
class Cutting:
    """What is decided anew: crews (their keys), needs that wait, units and vehicles that are free, and whether tools and
    shuttle seats nobody uses may be used."""

    crews: tuple[int, ...]
    needs: tuple[int, ...]
    units: tuple[int, ...]
    fleet: tuple[str, ...]
    rest: bool

    def smaller(self, share: float) -> Cutting:
        """Fewer crews and needs, those nearest to the middle; at least one crew less."""
        crews = min(len(self.crews) - 1, max(2, round(len(self.crews) * share)))
        return replace(self, crews=self.crews[:crews], needs=self.needs[: crews + 2])


def program_of(state: State, cut: Cutting) -> tuple[Program, list[int]] | None:
    """The linear program over what is cut out, and the units its parties are; None where there is nothing to decide."""
    ground = state.ground
    problem = ground.problem
    crews = [state.crews[key] for key in cut.crews]
    units = sorted({u for crew in crews for u in crew.units} | set(cut.units))
    going = [(u, party_of(ground.units[u], problem)) for u in units]
    going = [(u, party) for u, party in going if party.start <= party.end and party.sites]
    needs = [ground.needs[n] for n in sorted({n for crew in crews for n in crew.visits} | set(cut.needs))]
    needs = [n for n in needs if n.min_stamina <= MAX_STAMINA and n.min_exp <= MAX_EXP]
    if not needs or not going:
        return None
    small = _only(problem, needs, [party for _, party in going])
    tools: Counter[tuple[str, str]] = Counter(state.tools if cut.rest else {})
    seats: Counter[str] = Counter(state.seats if cut.rest else {})
    fleet = [state.fleet[v] for v in cut.fleet]
    for crew in crews:
        tools.update({(crew.task.site, tool): q for tool, q in crew.task.tools.items()})
        if crew.mode == Mode.SHUTTLE and crew.task.stop is not None:
            seats[crew.task.stop] += crew.size
        fleet += [problem.fleet_by[v] for v in crew.fleet()]
    left = Left(frozenset(), needs, fleet, tools, seats, 0.0)
    crowd = Crowd(small, [party for _, party in going])
    try:
        found = routes(small, needs, crowd.clock)
    except TooMany:
        return None
    if not len(found.needs):
        return None
    demands = Demands(small, left, crowd, found)
    return Program(demands, kinds(demands), garage(demands)), [u for u, _ in going]


def _only(problem: Problem, needs: Sequence[Need], parties: Iterable[Party]) -> Problem:
    """The problem of these needs and people alone: to look through a whole prefecture takes longer than to decide about ten teams."""
    people = {m.id: m for party in parties for m in party.members}
    return replace(
        problem,
        needs=tuple(needs),
        volunteers=tuple(people.values()),
        conflicts=tuple(pair for pair in problem.conflicts if people.keys() >= set(pair)),
        bans=frozenset(ban for ban in problem.bans if ban[0] in people),
    )


def remade(state: State, cut: Cutting, *, until: float | None = None, most: int = MOST_PLACES) -> Instead:
    """Better crews for what is cut out, or for the first crews of it where that would be too much; if they are found. `state`
    is only read."""
    while True:
        asked = program_of(state, cut)
        if asked is None:
            return Instead(cut.crews, None)
        program, units = asked
        option, heads = every_column(program)
        if not len(option):
            return Instead(cut.crews, None)
        size = places(program, option)
        if size <= most:
            break
        if len(cut.crews) < 3:
            return Instead(cut.crews, None)
        cut = cut.smaller((most / size) ** 0.5)
    manning = Manning(program, option, heads)
    crews = [state.crews[key] for key in cut.crews]
    worth = sum(crew.value for crew in crews)
    known = [_as_column(manning, crew, units) for crew in crews]
    seconds = None if until is None else max(0.05, until - time.monotonic())
    answer = manning.solve(
        seconds=seconds,
        nodes=MOST_NODES,
        near=NEAR_ENOUGH,
        known=[team for team in known if team is not None],
    )
    if answer.value <= worth + 0.5:
        return Instead(cut.crews, None)
    found, value = _as_crews(program, bare(state, cut.crews, cut.fleet, rest=cut.rest), answer.teams, units)
    return Instead(cut.crews, found if value > worth + 1e-6 else None)


def drawn_whole(state: State, fixed: set[int], *, until: float | None = None) -> State | None:
    """A plan made at once from all that is not `fixed`, whatever the plan so far is; None where that would be too much. The linear
    program says which teams are worth a look and which are sure."""
    keys = [key for key, crew in state.crews.items() if fixed.isdisjoint(crew.units)]
    free = [int(u) for u in np.flatnonzero(state.free) if int(u) not in fixed]
    cut = Cutting(tuple(keys), tuple(state.waiting()), tuple(free), tuple(state.fleet), rest=True)
    asked = program_of(state, cut)
    if asked is None or len(asked[0].routes.of) > MOST_OPTIONS:
        return None
    program, units = asked
    solution = solved(program, until)
    if solution is None:
        return None
    for below in WORTH_A_LOOK:
        option, heads, _ = program.near(solution.duals, below, MOST_OPTIONS)
        if places(program, option) <= WHOLE_PLACES:
            break
    else:
        return None
    if not len(option):
        return None
    manning = Manning(program, option, heads)
    manning.settle(SURE)
    seconds = None if until is None else max(0.05, until - time.monotonic())
    answer = manning.solve(seconds=seconds, nodes=1, near=WHOLE_ENOUGH)
    if not answer.teams:
        return None
    found = bare(state, cut.crews, cut.fleet, rest=cut.rest)
    _as_crews(program, found, answer.teams, units)
    return found


def _as_column(manning: Manning, crew: Crew, units: Sequence[int]) -> Manned | None:
    number = {n.id: i for i, n in enumerate(manning.program.demands.needs)}
    place = {u: i for i, u in enumerate(units)}
    stops = {stop.id: RIDE + i for i, stop in enumerate(crew.task.ground.problem.stops)}
    how = {Mode.CAR: CAR, Mode.WALK: WALK}.get(crew.mode, stops.get(crew.task.stop or "", -1))
    if not all(n.id in number for n in crew.task.needs) or not all(u in place for u in crew.units):
        return None
    return manning.column_of({number[n.id] for n in crew.task.needs}, how, [place[u] for u in crew.units])


def _as_crews(
    program: Program, state: State, teams: Iterable[Manned], units: Sequence[int]
) -> tuple[list[Crew], float]:
    """Teams of the program as crews that keep every rule, put into `state`; and what they are worth. Those that do
    not fit as they were meant to are tried again in the end, travelling anyhow."""
    how = program.routes.how

    def made(team: Manned, as_meant: bool) -> Crew | None:
        row = program.routes.needs[program.routes.of[team.option]]
        visits = [state.ground.number_of[program.demands.needs[n].id] for n in row if n >= 0]
        who = sorted(units[i] for i in team.parties)
        mode = {CAR: Mode.CAR, WALK: Mode.WALK}.get(int(how[team.option]), Mode.SHUTTLE)
        return _best_order(state, visits, who, mode if as_meant else None, team.lent)

    order = sorted(
        teams, key=lambda team: (how[team.option] == CAR, how[team.option] == WALK, -team.heads, team.option)
    )
    crews = put_all(state, order, made)
    return crews, sum(crew.value for crew in crews)


def _best_order(
    state: State,
    visits: Sequence[int],
    who: Sequence[int],
    mode: str | None,
    lent: Iterable[tuple[bool, int]],
) -> Crew | None:
    """The crew these units make, in the order of visits that is worth most: travelling this way and with vehicles of these
    kinds, or anyhow (None)."""
    ground = state.ground
    best: Crew | None = None
    for order in permutations(visits):
        task = ground.task(order)
        crew = fit(state, task, who) if mode is None else fit_so(state, task, who, mode, lent)
        if crew is not None and (best is None or crew.value > best.value):
            best = crew
    return best


def remade_plan(
    state: State, fixed: set[int], *, rounds: int, seed: int, threads: Executor, go_on: Callable[[float, State], bool],
    until: float | None = None,
) -> State:  # fmt: skip
    """`rounds` times two cuttings side by side, the last time one of nearly everything where there are few crews. Crews with a unit in `fixed` stay, and such units if they are free. Told the
    share of the rounds done, `go_on` ends it with False."""
    dice = np.random.Generator(np.random.PCG64(seed))
    state = state.copy()
    if len(state.crews) <= FEW_CREWS:
        rounds = min(rounds, FEW_ROUNDS)
    for i in range(rounds):
        if not go_on(i / rounds, state):
            break
        few = len(state.crews) <= FEW_CREWS and i == rounds - 1
        cuts = _cuts(state, fixed, dice, 1 if few else 2)
        most = FEW_PLACES if few else MOST_PLACES
        found = list(
            threads.map(lambda cut, state=state, most=most: remade(state, cut, until=until, most=most), cuts)
        )
        for one in found:
            one.into(state)
    return state


def _cuts(state: State, fixed: set[int], dice: np.random.Generator, count: int) -> list[Cutting]:
    """Cuttings that share nothing: each the crews nearest to some need, and what is left dealt out."""
    ground = state.ground
    keys = [key for key, crew in state.crews.items() if fixed.isdisjoint(crew.units)]
    waiting = state.waiting()
    free = [int(u) for u in np.flatnonzero(state.free) if int(u) not in fixed]
    dice.shuffle(free)
    cuts: list[Cutting] = []
    most = min(FEW_CREWS if count == 1 else CREWS, -(-len(keys) // count))
    taken_crews, taken_needs = set[int](), set[int]()
    for i in range(count):
        left = [key for key in keys if key not in taken_crews]
        if not left and not waiting:
            break
        centre = int(dice.integers(0, len(ground.needs)))
        km = np.hypot(*(ground.plane - ground.plane[centre]).T)
        km = km * (0.5 + dice.random(len(km)))
        crews = sorted(left, key=lambda key: (min(km[n] for n in state.crews[key].visits), key))[:most]
        needs = sorted((n for n in waiting if n not in taken_needs), key=lambda n: (km[n], n))[
            : max(CREWS, most)
        ]
        taken_crews.update(crews)
        taken_needs.update(needs)
        cuts.append(
            Cutting(
                tuple(crews), tuple(needs), tuple(sorted(free[i::count])[:MOST_FREE]),
                tuple(state.fleet) if i == 0 else (), rest=i == 0,
            )
        )  # fmt: skip
    return cuts

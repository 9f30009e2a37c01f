"""People dealt out anew, exactly, a zone at a time: its teams keep their needs, and who goes in each is decided for all at once.

A drawing counts on seats, leaders and skills up to the last one. Annealing, which changes one or two things at a time, gives up some
of its teams for want of a seat while others have one too many, and who should go where is then a matter of long chains. The linear
program of everybody in a zone (`placing`) sees all chains at once. It is solved with a reward for whoever stays in the team they
are in, so that it moves only those whose moving pays: then two teams in five stay as they are, and nearly all of the rest is whole.
HiGHS decides about these with the places the program found and a few more, which takes a second, and finds nearly what the program
promised.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from itertools import permutations

import highspy
import numpy as np

from matching.solver.bound.program import Floats, Ints, quiet
from matching.solver.bound.whole import NO_PROBING
from matching.solver.crews import Crew, Flags, State, fit
from matching.solver.model import MODES
from matching.solver.search.instead import Instead, bare, fit_so, put_all
from matching.solver.search.placing import Hands, Option, Placing, Table, placed

STAY = (120.0, 80.0, 40.0)
"""Points for whoever stays, by round: the less, the more moves, and the longer it takes."""
SHARE, NEAR = 0.1, 20.0
"""Of the places that lose less than so many points by the program's prices, the share that HiGHS gets beside those in use."""
NEAR_ENOUGH = 2e-3
"""Share of the best at which HiGHS is done."""
MOST_NODES = 3


def dealt_anew(
    state: State, fixed: set[int], drawn: Iterable[Sequence[int]], zone: Ints, *, rounds: int, seed: int, threads: Executor,
    go_on: Callable[[float, State], bool], until: float | None = None,
) -> State:  # fmt: skip
    """`rounds` times the people of every zone dealt out anew, zones side by side. `zone` [need]: its number; `drawn`: needs that
    are meant for one team. Never worse than `state`, which stays as it is. Crews with a unit in `fixed` stay, and such units if they
    are free. Told the share done, `go_on` ends it with False."""
    dice, drawn, hands = np.random.Generator(np.random.PCG64(seed)), list(drawn), Hands(state.ground)
    state = state.copy()
    for i in range(rounds):
        if not go_on(i / rounds, state):
            break
        stay = STAY[min(i, len(STAY) - 1)]
        tables = _tables(state, fixed, drawn, zone, dice, hands)
        seeds = dice.integers(1 << 60, size=len(tables)).tolist()
        found = threads.map(
            lambda table, seed, state=state, stay=stay: dealt(state, table, hands, stay, seed, until), tables, seeds
        )  # fmt: skip
        for one in list(found):
            one.into(state)
    return state


def dealt(state: State, table: Table, hands: Hands, stay: float, seed: int, until: float | None) -> Instead:
    """Better crews for a table. `state` is only read."""
    dice = np.random.Generator(np.random.PCG64(seed))
    placing = Placing(state, table, hands, stay)
    answer = placed(placing, dice, until)
    if answer is None:
        return Instead((), None)
    changing = [o for o, now in enumerate(placing.now) if not answer.stays(o, now)]
    if not changing:
        return Instead((), None)
    stays = set(range(len(table.options))) - set(changing)
    busy = {u for o in stays for u in placing.units[placing.now[o]].tolist()}
    left = replace(
        table,
        options=tuple(table.options[o] for o in changing),
        units=tuple(u for u in table.units if u not in busy),
    )
    here = placing.place[list(left.units)]
    promising = [
        (answer.share[o][here] > 0) | ((answer.gain[o][here] > -NEAR) & (dice.random(len(here)) < SHARE))
        for o in changing
    ]
    return Instead(left.keys, _whole(state, left, hands, promising, until))


def _whole(
    state: State, table: Table, hands: Hands, promising: Sequence[Flags], until: float | None
) -> list[Crew] | None:
    """The table's crews decided about at once, with these places and those in use; None if they are not worth more."""
    placing = Placing(state, table, hands)
    which = [
        np.union1d(now, np.flatnonzero(some & may))
        for some, may, now in zip(promising, placing.may, placing.now, strict=True)
    ]
    program = placing.program(which)
    many = program.num_col_
    program.integrality_ = [highspy.HighsVarType.kInteger] * many
    ends = len(placing.columns.cost) + np.cumsum([0, *map(len, which)])
    h = quiet()
    h.setOptionValue("presolve_rule_off", NO_PROBING)
    h.setOptionValue("mip_rel_gap", NEAR_ENOUGH)
    h.setOptionValue("mip_max_nodes", MOST_NODES)
    if until is not None:
        h.setOptionValue("time_limit", max(0.05, until - time.monotonic()))
    h.passModel(program)
    h.setSolution(many, np.arange(many, dtype=np.int32), _as_they_are(state, placing, which, ends, many))
    h.run()
    worth = sum(crew.value for crew in table.crews(state))
    solution, info = h.getSolution(), h.getInfo()
    if (
        not solution.value_valid
        or info.primal_solution_status != 2
        or info.objective_function_value < worth + 0.5
    ):
        return None
    crews = _crews(state, placing, which, ends, np.array(solution.col_value))
    return crews if sum(crew.value for crew in crews) > worth + 1e-6 else None


def _as_they_are(state: State, placing: Placing, which: Sequence[Ints], ends: Ints, many: int) -> Floats:
    """The table's crews as a solution: where HiGHS begins."""
    x, problem = np.zeros(many), state.ground.problem
    for o, option in enumerate(placing.table.options):
        if option.key >= 0:
            crew = state.crews[option.key]
            x[ends[o] + np.searchsorted(which[o], placing.now[o])] = 1.0
            x[placing.teams[o][crew.size - option.task.lo]] = 1.0
            for vehicle in map(problem.fleet_by.__getitem__, crew.fleet()):
                x[placing.lent[o][vehicle.kind == "truck", vehicle.seats]] += 1.0
    return x


def _crews(state: State, placing: Placing, which: Sequence[Ints], ends: Ints, x: Floats) -> list[Crew]:
    """What the program decided as crews that keep every rule. One that does not fit as it was meant to is tried again in the end,
    travelling anyhow."""
    table = placing.table
    found = bare(state, table.keys, table.fleet, rest=table.rest)

    def made(o: int, as_meant: bool) -> Crew | None:
        option = table.options[o]
        who = placing.units[which[o][x[ends[o] : ends[o + 1]] > 0.5]].tolist()
        if not as_meant:
            return fit(found, option.task, who)
        kinds = [kind for kind, column in placing.lent[o].items() for _ in range(round(x[column]))]
        return fit_so(found, option.task, who, option.mode, kinds)

    going = [o for o, team in enumerate(placing.teams) if x[team].sum() > 0.5]
    # By car last: a team on foot or with the shuttle takes no vehicle from those it is meant for.
    return put_all(found, sorted(going, key=lambda o: MODES.index(table.options[o].mode)), made)


# ── what is dealt out ──────────────────────────────────────────────────────────────────────────
def _tables(
    state: State, fixed: set[int], drawn: Sequence[Sequence[int]], zone: Ints, dice: np.random.Generator, hands: Hands
) -> list[Table]:  # fmt: skip
    """A table for each zone with teams; they share nothing. Who is free goes round those they may work at; what a site has left of
    tools, vehicles and shuttle seats goes to its first."""
    ground = state.ground
    keys: dict[int, list[int]] = {}
    for key, crew in state.crews.items():
        if fixed.isdisjoint(crew.units):
            keys.setdefault(int(zone[crew.visits[0]]), []).append(key)
    zones = sorted(keys)
    site = {z: state.crews[keys[z][0]].task.site for z in zones}
    units = {z: {u for key in keys[z] for u in state.crews[key].units} for z in zones}
    free = [u for u in np.flatnonzero(state.free).tolist() if u not in fixed]
    dice.shuffle(free)
    for i, unit in enumerate(free):
        for z in (*zones[i % len(zones) :], *zones[: i % len(zones)]) if zones else ():
            if all(site[z] in m.sites for m in ground.units[unit].members):
                units[z].add(unit)
                break
    # A need that waits could have a team of its own, and also one with those it was drawn with.
    waiting: dict[int, dict[tuple[int, ...], None]] = {}
    for one in (*drawn, *((need,) for need in state.waiting())):
        waits = tuple(sorted(n for n in one if state.crew_of[n] < 0))
        if waits:
            waiting.setdefault(int(zone[waits[0]]), {})[waits] = None
    first = {site[z]: z for z in reversed(zones)}
    return [
        Table(
            (
                *(_of_crew(state, key) for key in keys[z]),
                *(option for one in waiting.get(z, ()) for option in _outlines(state, one)),
            ),
            tuple(sorted(units[z])),
            tuple(v for v, one in state.fleet.items() if one.site == site[z]) if first[site[z]] == z else (),
            rest=first[site[z]] == z,
        )
        for z in zones
    ]


def _of_crew(state: State, key: int) -> Option:
    crew = state.crews[key]
    return Option(crew.task, crew.mode, crew.line.legs, crew.line.back, key)


def _outlines(state: State, visits: tuple[int, ...]) -> list[Option]:
    """A team without people for these needs: the shortest way of each kind of travelling."""
    ground, found = state.ground, list[Option]()
    for mode in MODES:
        ways = []
        for order in permutations(visits):
            task = ground.task(order)
            if mode in task.modes:
                line = task.line(mode, ground.problem.now)
                if not line.troubles:
                    ways.append(Option(task, mode, line.legs, line.back))
        found += sorted(ways, key=lambda way: way.legs)[:1]
    return found

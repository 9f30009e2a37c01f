"""Who goes in which of some given teams, as a linear program with a column for every place of a unit in a team.

The bound's programs choose among all routes and count people by kind. Here a team's visits, their order, its way of travelling and
when it is back at the latest are given, so that everybody can be placed by name: a zone of 190 teams and 900 units is solved in
a second, because of its 100,000 places the few thousand that matter are found by pricing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from matching.solver.bound.program import Floats, Ints, quiet
from matching.solver.crews import Crew, Flags, Ground, State, Task
from matching.solver.model import Mode

INF = highspy.kHighsInf
Kind = tuple[bool, int]
"""Of a vehicle of the center: whether a truck, seats."""
_Ask = Callable[[Ints, Ints | int], int]


@dataclass(frozen=True, slots=True)
class Option:
    """A team that could go: its visits in their order, how, its minutes on the way, and when it is back at the latest. `key`: the
    crew it is now; -1: none."""

    task: Task
    mode: str
    legs: int
    back: int
    key: int = -1


@dataclass(frozen=True, slots=True)
class Table:
    """What is dealt out at one site: options, units, vehicles of the center that are free, and whether tools and shuttle seats
    nobody uses may be used. What the crews among the options hold is dealt out with it."""

    options: tuple[Option, ...]
    units: tuple[int, ...]
    fleet: tuple[str, ...]
    rest: bool

    @property
    def keys(self) -> tuple[int, ...]:
        """Of the crews among the options."""
        return tuple(o.key for o in self.options if o.key >= 0)

    def crews(self, state: State) -> list[Crew]:
        return [state.crews[key] for key in self.keys]


class Hands:
    """What each unit brings, as arrays by its number."""

    def __init__(self, ground: Ground) -> None:
        w, units = ground.problem.params.w, ground.units
        self.ground = ground
        self.idle: Floats = np.array([w.idle * u.idle_w for u in units], dtype=np.float64)
        self.own = [[m.vehicle for m in u.members if m.vehicle is not None] for u in units]
        self.trucks: Ints = np.array(
            [sum(v.kind == "truck" for v in one) for one in self.own], dtype=np.int64
        )
        self.drivers: Ints = np.array([len(u.drivers) for u in units], dtype=np.int64)
        self.carless: Ints = np.array(
            [sum(m.vehicle is None for m in u.drivers) for u in units], dtype=np.int64
        )
        self.steps = sorted(
            {v.seats for one in self.own for v in one} | {v.seats for v in ground.problem.fleet}
        )
        """Numbers of seats of the vehicles."""
        wishing = [(u.number, wish) for u in units for wish in u.wishes]
        self._who: Ints = np.array([u for u, _ in wishing], dtype=np.int64)
        self._wish = [wish for _, wish in wishing]
        self._told: dict[int, Counter[int]] = {}
        """Need -> units that were told to go there, once per member."""
        for unit, told in ground.announced.items():
            for need in told:
                self._told.setdefault(need, Counter())[unit] += 1
        self._seats: dict[tuple[int, int], Ints] = {}
        self._liked: dict[frozenset[str], Floats] = {}

    def seats(self, by: int, most: int) -> Ints:
        """[unit]: seats of its own vehicles counted by so many (what is left over counts whole), each vehicle up to `most`."""
        if (by, most) not in self._seats:
            self._seats[by, most] = np.array(
                [sum(min(most, -(-v.seats // by)) for v in one) for one in self.own], dtype=np.int64
            )
        return self._seats[by, most]

    def points(self, task: Task) -> Floats:
        """[unit]: points it brings by going there, whoever else goes."""
        ground, w = self.ground, self.ground.problem.params.w
        if task.types not in self._liked:
            here = self._who[[not task.types.isdisjoint(wish) for wish in self._wish]]
            liked = np.bincount(here, minlength=len(ground.units)).astype(np.float64)
            self._liked[task.types] = float(w.pref) * liked
        found: Floats = self.idle + self._liked[task.types]
        for need in task.visits:
            for unit, many in self._told.get(need, {}).items():
                found[unit] += w.churn * many
            for unit, many in ground.was_there[need].items():
                found[unit] += w.cont * min(w.cont_cap, many)
        return found


class _Columns:
    """Columns of a sparse matrix."""

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.most: list[float] = []
        self.start = [0]
        self.row: list[int] = []
        self.value: list[float] = []

    def add(self, cost: float, most: float, entries: dict[int, float]) -> int:
        self.cost.append(cost)
        self.most.append(most)
        self.row += entries
        self.value += entries.values()
        self.start.append(len(self.row))
        return len(self.cost) - 1


class Placing:
    """The program of a table. Lists of arrays have one for each option; units are numbers among the table's."""

    def __init__(self, state: State, table: Table, hands: Hands, stay: float = 0.0) -> None:
        """`stay`: points for each unit that stays in its team. So the program moves only those whose moving pays, and is nearly
        whole: who could as well change places does not."""
        self.state, self.table, self.hands = state, table, hands
        self.units: Ints = np.array(table.units, dtype=np.int64)
        self.place: Ints = np.full(len(state.ground.units), -1, dtype=np.int64)
        self.place[self.units] = np.arange(len(self.units))
        fleet = [state.fleet[v] for v in table.fleet]
        fleet += [state.ground.problem.fleet_by[v] for crew in table.crews(state) for v in crew.fleet()]
        self.vans = Counter((v.kind == "truck", v.seats) for v in sorted(fleet, key=lambda v: v.id))
        self.least, self.most = [-INF] * len(self.units), [1.0] * len(self.units)
        self.columns = _Columns()
        self.teams: list[Ints] = []
        """Columns of a team by head count, from the least on."""
        self.lent: list[dict[Kind, int]] = []
        self.now: list[Ints] = []
        """The units of the crew it is."""
        self.may: list[Flags] = []
        self.points: list[Floats] = []
        self._rows: list[Ints] = []
        self._brings: list[Floats] = []
        self._shared()
        for option in table.options:
            self._option(option, stay)

    def _row(self, least: float, most: float) -> int:
        self.least.append(least)
        self.most.append(most)
        return len(self.least) - 1

    def _shared(self) -> None:
        """Rows of what all options draw from."""
        state, table = self.state, self.table
        site = table.options[0].task.site
        self._need = {
            n: self._row(-INF, 1) for n in sorted({n for o in table.options for n in o.task.visits})
        }
        tools, seats = Counter[str](), Counter[str | None]()
        for crew in table.crews(state):
            tools.update(crew.task.tools)
            if crew.mode == Mode.SHUTTLE:
                seats[crew.task.stop] += crew.size
        if table.rest:
            tools.update({tool: many for (where, tool), many in state.tools.items() if where == site})
            seats.update(state.seats)
        asked = sorted({tool for o in table.options for tool in o.task.tools})
        self._tool = {tool: self._row(-INF, tools[tool]) for tool in asked}
        stops = sorted(
            {o.task.stop for o in table.options if o.mode == Mode.SHUTTLE and o.task.stop is not None}
        )
        self._stop = {stop: self._row(-INF, seats[stop]) for stop in stops}
        self._van = {kind: self._row(-INF, many) for kind, many in self.vans.items()}

    def _option(self, option: Option, stay: float) -> None:
        state, hands, units, task = self.state, self.hands, self.units, option.task
        ground = state.ground
        now = self.place[list(state.crews[option.key].units)] if option.key >= 0 else units[:0]
        in_time = (task.back(option.mode) <= option.back) & (option.back <= ground.end)
        may = (task.may & in_time & (ground.size <= task.hi))[units]
        may[now] = True
        points = hands.points(task)[units]
        points[now] += stay
        heads = np.arange(task.lo, task.hi + 1)
        rows: list[int] = []
        brings: list[Floats] = []
        asked: list[Ints] = []

        def ask(have: Ints, amount: Ints | int, most: float = INF) -> int:
            """A row: the units of the team bring together what it asks for, by head count."""
            rows.append(self._row(0, most))
            brings.append(have.astype(np.float64))
            asked.append(np.broadcast_to(np.asarray(amount, dtype=np.int64), heads.shape))
            return rows[-1]

        ask(ground.size[units], heads, most=0)
        ask(ground.leads(task.leader_exp)[units], 1)
        if task.women:
            ask(np.minimum(ground.women[units], task.women), task.women)
        for skill, many in task.skills.items():
            ask(np.minimum(ground.skill(skill)[units], many), many)
        for lang in sorted(task.langs):
            ask(ground.lang(lang)[units], 1)
        lent: dict[Kind, dict[int, float]] = {}
        if option.mode == Mode.CAR:
            lent = self._by_car(option, now, heads, ask)
        team = []
        for i, size in enumerate(heads.tolist()):
            entries = {self._need[n]: 1.0 for n in task.visits}
            entries |= {self._tool[tool]: float(many) for tool, many in task.tools.items()}
            if option.mode == Mode.SHUTTLE and task.stop is not None:
                entries[self._stop[task.stop]] = float(size)
            entries |= {row: -float(one[i]) for row, one in zip(rows, asked, strict=True) if one[i]}
            worth = task.worth(size) - ground.problem.params.w.travel * option.legs
            team.append(self.columns.add(worth, 1.0, entries))
        self.teams.append(np.array(team, dtype=np.int64))
        self.lent.append(
            {kind: self.columns.add(0.0, self.vans[kind], entries) for kind, entries in lent.items()}
        )
        self.now.append(np.sort(now))
        self.may.append(may)
        self.points.append(points)
        self._rows.append(np.array(rows, dtype=np.int64))
        self._brings.append(np.array(brings))

    def _by_car(self, option: Option, now: Ints, heads: Ints, ask: _Ask) -> dict[Kind, dict[int, float]]:
        """Seats, a truck, drivers; the entries of the center's vehicles. Who comes with a car of their own drives one of those only
        where they do so now."""
        hands, units, most = self.hands, self.units, int(heads.max(initial=1))
        drives = np.zeros(len(units), dtype=np.bool_)
        if option.key >= 0:
            crew = self.state.crews[option.key]
            at_wheel = {ride.driver for ride in crew.rides if ride.id != ride.driver}
            for i in now:
                members = self.state.ground.units[units[i]].members
                drives[i] = any(m.id in at_wheel and m.vehicle is not None for m in members)
        # Seats by ones, and by the seats of each vehicle: half a car for eight is no car for four. Where eight go and none has
        # more than seven seats, two vehicles go.
        steps = [1, *(s for s in hands.steps if 1 < s <= most), *[s for s in hands.steps if s > most][:1]]
        lent: dict[Kind, dict[int, float]] = {kind: {self._van[kind]: 1.0} for kind in self.vans}
        for by in steps:
            top = -(-most // by)
            row = ask(np.where(drives, 0, hands.seats(by, top)[units]), -(-heads // by))
            for kind, entries in lent.items():
                entries[row] = float(min(top, -(-kind[1] // by)))
        if option.task.truck:
            row = ask(np.where(drives, 0, hands.trucks[units]), 1)
            for kind, entries in lent.items():
                if kind[0]:
                    entries[row] = 1.0
        if lent:
            row = ask(np.where(drives, hands.drivers[units], hands.carless[units]), 0)
            for entries in lent.values():
                entries[row] = -1.0
        return lent

    def places(self, which: Sequence[Ints]) -> tuple[Floats, Ints, Ints, Floats]:
        """Columns of these units in each option: points, where the entries of each begin (and the last ends), rows, values."""
        points, col, row, value = [], [], [], []
        count = 0
        for here, mine, brings, worth in zip(which, self._rows, self._brings, self.points, strict=True):
            kind, at = np.nonzero(brings[:, here])
            col += [count + np.arange(len(here)), count + at]
            row += [here, mine[kind]]
            value += [np.ones(len(here)), brings[kind, here[at]]]
            points.append(worth[here])
            count += len(here)
        cols = np.concatenate(col)
        order = np.argsort(cols, kind="stable")
        start = np.searchsorted(cols[order], np.arange(count + 1))
        return np.concatenate(points), start, np.concatenate(row)[order], np.concatenate(value)[order]

    def program(self, which: Sequence[Ints]) -> highspy.HighsLp:
        """The program with these places, behind the columns of the teams and of the center's vehicles."""
        points, start, row, value = self.places(which)
        c, lp = self.columns, highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(c.cost) + len(points), len(self.least)
        lp.col_cost_ = np.concatenate([c.cost, points])
        lp.col_lower_, lp.col_upper_ = np.zeros(lp.num_col_), np.concatenate([c.most, np.ones(len(points))])
        lp.row_lower_, lp.row_upper_ = (
            np.array(self.least, dtype=np.float64),
            np.array(self.most, dtype=np.float64),
        )
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.concatenate([c.start[:-1], c.start[-1] + start]).astype(np.int32)
        lp.a_matrix_.index_ = np.concatenate([np.array(c.row, dtype=np.int64), row]).astype(np.int32)
        lp.a_matrix_.value_ = np.concatenate([np.array(c.value, dtype=np.float64), value])
        lp.sense_ = highspy.ObjSense.kMaximize
        return lp

    def gains(self, duals: Floats) -> list[Floats]:
        """[unit] in each option: what it brings there above the prices; −INF where it may not go."""
        own = duals[: len(self.units)]
        return [
            np.where(may, points - own - duals[rows] @ brings, -INF)
            for may, points, rows, brings in zip(self.may, self.points, self._rows, self._brings, strict=True)
        ]


FIRST, MORE = 3, 10
"""Places for each head of an option to begin with, beside those of its crew, and new ones of an option in each round."""
ROUNDS = 4
"""Rounds of pricing: the fifth brings a tenth of a per mille."""
WORTH_A_PLACE = 0.1
"""Points."""
WHOLE = 1e-6
"""How far a share may be from nothing or one."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The program solved: for each option which share of each unit goes there, what it would bring above the prices, and the share
    of the team that goes, by head count."""

    share: list[Floats]
    gain: list[Floats]
    teams: list[Floats]

    def stays(self, option: int, now: Ints) -> bool:
        """Whether a crew goes as it is, whole."""
        going = np.flatnonzero(self.share[option] > WHOLE)
        part = self.share[option][going]
        whole = bool((part > 1 - WHOLE).all()) and bool((self.teams[option].max(initial=0.0)) > 1 - WHOLE)
        return whole and bool(len(now)) and np.array_equal(going, now)


def placed(placing: Placing, dice: np.random.Generator, until: float | None) -> Placed | None:
    """The best shares, up to what pricing leaves; None when that is not known in time (time.monotonic)."""
    which: list[Ints] = []
    for option, may, now in zip(placing.table.options, placing.may, placing.now, strict=True):
        others = dice.permutation(np.flatnonzero(may))[: FIRST * option.task.hi]
        which.append(np.union1d(now, others))
    known = []
    for here, may in zip(which, placing.may, strict=True):
        known.append(np.zeros(len(may), dtype=np.bool_))
        known[-1][here] = True
    batches = [which]
    h = quiet()
    h.passModel(placing.program(which))
    for left in reversed(range(ROUNDS + 1)):
        if until is not None:
            h.setOptionValue("time_limit", h.getRunTime() + max(0.05, until - time.monotonic()))
        h.run()
        solution = h.getSolution()
        if h.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        gains = placing.gains(np.array(solution.row_dual))
        more = []
        for gain, seen in zip(gains, known, strict=True):
            new = np.where(seen, -INF, gain)
            best = np.argsort(-np.round(new, 6), kind="stable")[:MORE]
            more.append(np.sort(best[new[best] > WORTH_A_PLACE]))
            seen[more[-1]] = True
        if not left or not any(map(len, more)):
            break
        batches.append(more)
        points, start, row, value = placing.places(more)
        h.addCols(
            len(points), points, np.zeros(len(points)), np.ones(len(points)), len(row), start[:-1].astype(np.int32),
            row.astype(np.int32), value,
        )  # fmt: skip
    x = np.array(solution.col_value)
    share = [np.zeros(len(may)) for may in placing.may]
    at = len(placing.columns.cost)
    for batch in batches:
        for here, mine in zip(batch, share, strict=True):
            mine[here] = x[at : at + len(here)]
            at += len(here)
    return Placed(share, gains, [x[team] for team in placing.teams])

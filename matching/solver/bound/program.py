"""The linear program over teams: rows of what they compete for, columns (option, head count) found by pricing.

Its dual prices make a bound at any time: what there is at its price, plus for every need the most any option that
starts with it is worth above its price (each need is served once, so at most one of those is taken).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import highspy
import numpy as np
from numpy.typing import NDArray

from matching.solver.bound.cuts import Cut, exhausted, fits
from matching.solver.bound.demands import Demands
from matching.solver.bound.kinds import Kind, kinds
from matching.solver.bound.left import Left
from matching.solver.bound.people import Crowd
from matching.solver.bound.pricing import Tables, best_options, options_near
from matching.solver.bound.routes import CAR, RIDE, TooMany, routes
from matching.solver.bound.vehicles import Garage, garage

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


NEVER = 1e12
"""The price of what can not be: far above every worth."""


SHORT = 1e-4
"""People a relaxed plan may be short of without a row against it."""


class _Quiet(highspy.Highs):
    """HiGHS that prints nothing: told so before its first callback, which would print who it is."""

    def enableCallbacks(self) -> None:  # noqa: N802  (HiGHS' own name)
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


def quiet() -> highspy.Highs:
    """A HiGHS that prints nothing and has one thread, as all have: it refuses to run with another number than one before it in the
    same process, and says so to nobody."""
    h = _Quiet()  # type: ignore[no-untyped-call]
    h.setOptionValue("threads", 1)
    return h


_ENDED = (
    highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kTimeLimit, highspy.HighsModelStatus.kSolutionLimit,
)  # fmt: skip


def proven(h: highspy.Highs) -> float:
    """What no solution of the integer program exceeds, however early it was ended; infinity where it broke off before anything
    was proven, or says that there is no solution at all (no team always is one)."""
    info, bound = h.getInfo(), float(h.getInfo().mip_dual_bound)
    return bound if h.getModelStatus() in _ENDED and info.valid and np.isfinite(bound) else np.inf


@dataclass
class Taken:
    """Columns of the linear program that are teams: the option, the head count, and its cell in the crowd."""

    option: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    heads: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


@dataclass(frozen=True)
class Solution:
    """Of the linear program: its objective, the dual price of every row and the value of every column."""

    value: float
    duals: Floats
    columns: Floats


@dataclass(frozen=True)
class Priced:
    """The proven value (without the constant), and the (option, head count) worth most above their price."""

    value: float
    options: Ints
    heads: Ints


class Program:
    """Built once per problem, then solved, priced and enlarged in turn."""

    def __init__(self, demands: Demands, kinds: list[Kind], garage: Garage) -> None:
        self.demands, self.kinds, self.garage = demands, kinds, garage
        self.routes, self.crowd = demands.routes, demands.crowd
        self.n = len(demands.needs)
        self.options = len(self.routes.of)
        self._sign()
        self._ways()
        self._closed()
        self._rows()
        self._highs()

    def over(self, option: Ints, heads: Ints) -> Program:
        """The same rows over these teams only: itself where it has none yet."""
        found = self
        if len(self.taken.option):
            found = Program(self.demands, self.kinds, self.garage)
            found.add_cuts(self.cuts[len(found.cuts) :])
        found.add_teams(option, heads)
        return found

    # ---- what options are made of

    def _sign(self) -> None:
        """Options that take the same people, but for their number, share a sign: profile, window, by car or not."""
        r, d = self.routes, self.demands
        by_car = (r.how == CAR).astype(np.int64)
        leave, back = len(self.crowd.clock.departs), len(self.crowd.clock.returns)
        key = ((d.profile[r.of].astype(np.int64) * leave + r.leave) * back + r.back) * 2 + by_car
        keys, sign = np.unique(key, return_inverse=True)
        self.sign = sign.astype(np.int32)
        self.sign_car = keys % 2
        keys //= 2
        self.sign_profile = keys // (leave * back)
        p = self.sign_profile
        self.sign_site = d["site"][p]
        types = [d[f"type:{t}"][p] for t in d.types]
        asks = [
            self.sign_site, keys // back % leave, keys % back, d["stamina"][p], d["exp"][p], d["adults"][p],
            d["women_only"][p], *types,
        ]  # fmt: skip
        self.sign_cell, first = _numbered(asks)
        self.fits = fits(self.crowd, np.column_stack(asks)[first], d.types)
        self.start = np.searchsorted(r.of, np.arange(len(r.needs) + 1)).astype(np.int64)

    def _ways(self) -> None:
        """Way 0 is on foot, then one for each stop, then for each site by car without and with a truck."""
        r, stops = self.routes, len(self.demands.problem.stops)
        p = self.demands.profile[r.of]
        site, truck = self.demands["site"][p], self.demands["truck"][p]
        how = r.how.astype(np.int64)
        self.way = np.where(
            how >= RIDE, how - RIDE + 1, np.where(how == CAR, 1 + stops + 2 * site + truck, 0)
        ).astype(np.int32)
        self.ways = 1 + stops + 2 * len(self.demands.problem.sites)
        self.way_kind = np.array([0] + [1] * stops + [2] * (self.ways - 1 - stops), dtype=np.int64)

    def _closed(self) -> None:
        """What no team can be, whatever the others take: [sign, head count] and [way, head count]."""
        d = self.demands
        sizes = np.arange(d.largest + 1)
        self.clipped = np.minimum(np.maximum(sizes, 1), self.crowd.sizes) - 1
        self.closed = np.zeros((len(self.sign_profile), len(sizes)), dtype=np.bool_)
        for kind, there in zip(self.kinds, self._there(), strict=True):
            signs, asked = self._asked(kind, sizes)
            # Nearly everywhere there are enough for whatever is asked: only the other cells are looked at sign by sign.
            scarce = (there[:, self.clipped] < asked.max(axis=0, initial=0)).any(axis=1)
            which = scarce[self.sign_cell[signs]]
            signs, asked = signs[which], asked if kind.asked is None else asked[which]
            self.closed[signs] |= there[self.sign_cell[signs]][:, self.clipped] < asked
        for i, site in enumerate(d.problem.sites):
            for tool in d.tools:
                short = (d["site"] == i) & (d[f"tool:{tool}"] > d.left.tools[site.id, tool])
                self.closed |= short[self.sign_profile][:, None]
        self.way_closed = np.zeros((self.ways, len(sizes)), dtype=np.bool_)
        stops = len(d.problem.stops)
        for i, stop in enumerate(d.problem.stops):
            self.way_closed[1 + i] = sizes > d.left.seats[stop.id]
        seated = {(p.site, p.heads, p.truck) for p in self.garage.patterns}
        for i in range(len(d.problem.sites)):
            for truck in (False, True):
                here = [(i, min(max(1, int(s)), self.garage.largest), truck) in seated for s in sizes]
                self.way_closed[1 + stops + 2 * i + truck] = ~np.array(here)

    def _there(self) -> Iterator[NDArray[np.float32]]:
        """For each kind [cell, size class]: how many could be in a team."""
        fits = self.fits.astype(np.float32)
        size = np.array([one.size for one in self.crowd.alike])
        small = size[:, None] <= np.arange(1, self.crowd.sizes + 1)
        for kind in self.kinds:
            have = np.flatnonzero(kind.have > 0)
            yield fits[:, have] @ (kind.have[have, None] * small[have]).astype(np.float32)

    def _asked(self, kind: Kind, sizes: Ints) -> tuple[Ints, Ints]:
        """The signs that ask for a kind, and how many a team must have of it: of each of these, by head count where all are it."""
        asks = np.ones(len(self.sign_profile), dtype=np.bool_)
        if kind.asked is not None:
            asks = kind.asked[self.sign_profile] > 0
        if kind.by_car:
            asks &= self.sign_car > 0
        signs = np.flatnonzero(asks)
        if kind.asked is None:
            return signs, sizes[None, :]
        return signs, kind.asked[self.sign_profile[signs]][:, None]

    # ---- rows

    def _rows(self) -> None:
        d, problem = self.demands, self.demands.problem
        self.rhs: list[float] = [1.0] * self.n
        self.row: dict[tuple[object, ...], int] = {}

        def add(key: tuple[object, ...], rhs: float) -> int:
            self.row[key] = len(self.rhs)
            self.rhs.append(rhs)
            return self.row[key]

        for i, site in enumerate(problem.sites):
            for tool in d.tools:
                add(("tool", i, tool), d.left.tools[site.id, tool])
        for i, stop in enumerate(problem.stops):
            add(("stop", i), d.left.seats[stop.id])
        for i in range(len(problem.sites)):
            for heads in range(1, self.garage.largest + 1):
                for truck in (0, 1):
                    add(("ride", i, heads, truck), 0)
        for pool in self.garage.pools:
            add(("pool", pool), pool.there)
        for i, drivers in self.garage.drivers.items():
            add(("driver", i), drivers)
        people = list(self.crowd.people.values())
        add(("busy",), 0)
        if d.liked:
            add(("liked",), sum(bool(set(d.liked) & v.prefs) for v in people))
            add(("liked busy",), 0)
            for t in d.liked:
                add(("liked", t), 0)
        self.cuts: list[Cut] = []
        self.cut_row: list[int] = []

    def _highs(self) -> None:
        h = self.h = quiet()
        self.away = np.zeros(len(self.crowd.parties))
        """[party]: the part of it that is not here (matching.solver.bound.presence)."""
        h.changeObjectiveSense(highspy.ObjSense.kMaximize)
        m = len(self.rhs)
        h.addRows(m, np.full(m, -highspy.kHighsInf), np.array(self.rhs, dtype=np.float64), 0,
                  np.zeros(m, dtype=np.int32), np.zeros(0, dtype=np.int32), np.zeros(0))  # fmt: skip
        self.taken = Taken()
        self._extras()
        everybody = np.ones(len(self.crowd.alike), dtype=np.bool_)
        self.add_cuts([self.cut(k, everybody) for k in range(len(self.kinds))])

    def cut(self, kind: int, classes: NDArray[np.bool_]) -> Cut:
        """The row of these classes: which teams can be served from no others."""
        have = self.kinds[kind].have
        others = (have > 0) & ~classes
        sizes = np.array([one.size for one in self.crowd.alike])[others]
        least = np.where(self.fits[:, others], sizes - 1, 127).min(axis=1, initial=127)
        return Cut(kind, classes, least.astype(np.int8), float(self.here(kind)[classes].sum()))

    def here(self, kind: int) -> Floats:
        """[class]: how many of a kind there are without those that are away."""
        one = self.kinds[kind]
        if not self.away.any():
            return one.have
        return one.have - np.bincount(self.crowd.of, self.away * one.each, len(self.crowd.alike))

    def _extras(self) -> None:
        """Columns that are not teams: vehicles put together, who is busy and who is content."""
        d, w = self.demands, self.demands.problem.params.w
        cols: list[tuple[float, float, list[tuple[int, float]]]] = []
        pools: dict[tuple[object, int], list[tuple[int, int]]] = {}
        there: dict[tuple[object, int], int] = {}
        for pool in self.garage.pools:
            pools.setdefault((pool.kind, pool.site), []).append((pool.heads, self.row["pool", pool]))
            there[pool.kind, pool.site] = max(there.get((pool.kind, pool.site), 0), pool.there)
        for pattern in self.garage.patterns:
            rows = [(self.row["ride", pattern.site, pattern.heads, 0], -1.0)]
            if pattern.truck:
                rows = [(self.row["ride", pattern.site, pattern.heads, 1], -1.0)]
            drivers = 0
            for kind, many in pattern.of:
                for where in (-1, pattern.site):
                    rows += [
                        (row, float(many)) for heads, row in pools[kind, where] if pattern.heads <= heads
                    ]
                drivers += 0 if kind.own else many
            if drivers:
                rows += [(self.row["driver", where], float(drivers)) for where in (-1, pattern.site)]
            cols.append((0.0, min(there[kind, pattern.site] // many for kind, many in pattern.of), rows))
        people = list(self.crowd.people.values())
        for weight in sorted({v.idle_w for v in people}):
            many = sum(v.idle_w == weight for v in people)
            cols.append((w.idle * weight, many, [(self.row["busy",], 1.0)]))
        for t in d.liked:
            many = sum(t in v.prefs for v in people)
            rows = [(self.row[key], 1.0) for key in (("liked",), ("liked busy",), ("liked", t))]
            cols.append((w.pref, many, rows))
        self.extra_cost = np.array([c for c, _, _ in cols])
        self.extra_upper = np.array([float(u) for _, u, _ in cols])
        starts = np.cumsum([0] + [len(r) for _, _, r in cols])
        self.extra_row = np.array([row for _, _, r in cols for row, _ in r], dtype=np.int64)
        self.extra_val = np.array([val for _, _, r in cols for _, val in r])
        self.extra_col = np.repeat(np.arange(len(cols)), np.diff(starts))
        self._add_cols(self.extra_cost, self.extra_upper, starts[:-1], self.extra_row, self.extra_val)

    def _add_cols(self, cost: Floats, upper: Floats, starts: Ints, rows: Ints, values: Floats) -> None:
        if len(cost):
            self.h.addCols(len(cost), cost, np.zeros(len(cost)), upper, len(rows), starts.astype(np.int32),
                           rows.astype(np.int32), values.astype(np.float64))  # fmt: skip

    def _sizes(self, heads: Ints) -> Ints:
        return np.minimum(heads, self.crowd.sizes) - 1

    def _asks(self, kind: Kind, option: Ints, heads: Ints) -> Ints:
        sign = self.sign[option]
        asks = heads if kind.asked is None else kind.asked[self.sign_profile[sign]]
        return asks * self.sign_car[sign] if kind.by_car else asks

    def add_teams(self, option: Ints, heads: Ints) -> None:
        d, r = self.demands, self.routes
        many = len(option)
        col: list[Ints] = []
        row: list[Ints] = []
        val: list[Floats] = []
        index = np.arange(many)

        def put(which: NDArray[np.bool_], rows: Ints, values: Floats | Ints) -> None:
            col.append(index[which])
            row.append(np.asarray(rows)[which])
            val.append(np.asarray(values, dtype=np.float64)[which])

        sets = r.of[option]
        cost = -d.problem.params.w.travel * r.legs[option].astype(np.float64)
        for i in range(3):
            n = r.needs[sets, i].astype(np.int64)
            put(n >= 0, n, np.ones(many))
            cost += np.where(n >= 0, d.worth[n, heads], 0.0)
        sign = self.sign[option]
        profile, site = self.sign_profile[sign], self.sign_site[sign]
        for tool in d.tools:
            q = d[f"tool:{tool}"][profile]
            at = np.array([self.row["tool", i, tool] for i in range(len(d.problem.sites))])
            put(q > 0, at[site], q)
        how = r.how[option].astype(np.int64)
        if d.problem.stops:
            put(how >= RIDE, self.row["stop", 0] + how - RIDE, heads)
        truck = d["truck"][profile]
        capped = np.minimum(heads, self.garage.largest)
        if d.problem.sites:
            first = self.row["ride", 0, 1, 0]
            put(how == CAR, first + (site * self.garage.largest + capped - 1) * 2 + truck, np.ones(many))
        everywhere = np.ones(many, dtype=np.bool_)
        put(everywhere, np.full(many, self.row["busy",]), -heads)
        if d.liked:
            put(everywhere, np.full(many, self.row["liked busy",]), -heads)
            for t in d.liked:
                put(d[f"type:{t}"][profile] > 0, np.full(many, self.row["liked", t]), -heads)
        cell, size = self.sign_cell[sign], self._sizes(heads)
        for cut, into in zip(self.cuts, self.cut_row, strict=True):
            asks = self._asks(self.kinds[cut.kind], option, heads)
            put((asks > 0) & (size < cut.upto[cell]), np.full(many, into), asks)
        c, ro, v = np.concatenate(col), np.concatenate(row), np.concatenate(val)
        order = np.argsort(c, kind="stable")
        starts = np.searchsorted(c[order], index)
        self._add_cols(cost, np.full(many, highspy.kHighsInf), starts, ro[order], v[order])
        self.taken.option = np.concatenate([self.taken.option, option])
        self.taken.heads = np.concatenate([self.taken.heads, heads])

    def add_cuts(self, cuts: list[Cut]) -> None:
        option, heads = self.taken.option, self.taken.heads
        cell, size = self.sign_cell[self.sign[option]], self._sizes(heads)
        starts, cols, values = [0], [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
        for cut in cuts:
            asks = self._asks(self.kinds[cut.kind], option, heads)
            which = np.flatnonzero((asks > 0) & (size < cut.upto[cell]))
            cols.append(which + len(self.extra_cost))
            values.append(asks[which].astype(np.float64))
            starts.append(starts[-1] + len(which))
            self.cuts.append(cut)
            self.cut_row.append(len(self.rhs))
            self.rhs.append(cut.there)
        if cuts:
            there = np.array([cut.there for cut in cuts])
            self.h.addRows(
                len(cuts), np.full(len(cuts), -highspy.kHighsInf), there, starts[-1],
                np.array(starts[:-1], dtype=np.int32), np.concatenate(cols).astype(np.int32), np.concatenate(values),
            )  # fmt: skip

    # ---- prices

    def _tables(self, y: Floats) -> Tables:
        """What the pricing kernels read, at these dual prices."""
        d, r, room = self.demands, self.routes, self.demands.largest + 1
        sites = len(d.problem.sites)
        tool = np.zeros(len(d.asked))
        for t in d.tools:
            each = np.array([y[self.row["tool", i, t]] for i in range(sites)])
            tool += each[d["site"]] * d[f"tool:{t}"]
        head = np.full(len(d.asked), -y[self.row["busy",]])
        if d.liked:
            head -= y[self.row["liked busy",]]
            for t in d.liked:
                head -= y[self.row["liked", t]] * d[f"type:{t}"]
        sizes = np.arange(room)
        price = tool[self.sign_profile][:, None] + head[self.sign_profile][:, None] * sizes
        steps = np.arange(self.crowd.sizes)
        by_kind: dict[int, Floats] = {}
        for cut, row in zip(self.cuts, self.cut_row, strict=True):
            if y[row] > 0:
                each = by_kind.setdefault(cut.kind, np.zeros((len(self.fits), len(steps))))
                each += y[row] * (steps < cut.upto[:, None])
        for k, each in by_kind.items():
            signs, asked = self._asked(self.kinds[k], sizes)
            price[signs] += each[self.sign_cell[signs]][:, self.clipped] * asked
        price[self.closed] = NEVER
        way_price = np.zeros((self.ways, room))
        stops = len(d.problem.stops)
        for j in range(stops):
            way_price[1 + j] = y[self.row["stop", j]] * sizes
        capped = np.minimum(np.maximum(sizes, 1), self.garage.largest)
        for j in range(sites):
            for truck in (0, 1):
                rows = [self.row["ride", j, int(heads), truck] for heads in capped]
                way_price[1 + stops + 2 * j + truck] = y[rows]
        way_price[self.way_closed] = NEVER
        gain = d.worth - y[: self.n, None]
        travel = float(d.problem.params.w.travel)
        return Tables(
            r.needs, d.least, d.most, self.start, self.way, self.sign, r.legs, travel, gain, price, way_price
        )

    def price(self, y: Floats) -> Priced:
        """The bound these dual prices prove (whatever they are), and the options worth most above their price."""
        y, room = np.maximum(y, 0.0), self.demands.largest + 1
        best = np.full((self.n, 3), 0.0)
        best_at = np.full((self.n, 3), -1, dtype=np.int64)
        best_size = np.zeros((self.n, 3), dtype=np.int64)
        lead = np.zeros(self.n)
        best_options(self._tables(y), self.way_kind, best, best_at, best_size, lead)
        value = float(np.dot(y, self.rhs) + lead.sum() + (self.extra_worth(y) * self.extra_upper).sum())
        which = best_at >= 0
        pairs = np.unique(best_at[which] * room + best_size[which])
        return Priced(value, pairs // room, pairs % room)

    def extra_worth(self, y: Floats) -> Floats:
        """What columns that are no teams are worth above their price, where that is above nothing."""
        taken = np.bincount(self.extra_col, y[self.extra_row] * self.extra_val, len(self.extra_cost))
        return np.maximum(self.extra_cost - taken, 0.0)

    def near(self, y: Floats, below: float, most: int) -> tuple[Ints, Ints, float]:
        """Every (option, head count) at most `below` below its price, up to `most`, and how far below the rest is."""
        tables, out = self._tables(np.maximum(y, 0.0)), np.empty((most, 2), dtype=np.int64)
        count, rest = options_near(tables, below, out)
        if count > most:
            raise TooMany
        return out[:count, 0], out[:count, 1], rest

    def solve(self, seconds: float | None = None) -> Solution:
        """Solves the linear program over the columns found so far; cut short, its prices are as good as they are."""
        if seconds is not None:
            self.h.setOptionValue("time_limit", self.h.getRunTime() + seconds)
        self.h.run()
        solution = self.h.getSolution()
        duals = np.array(solution.row_dual) if solution.dual_valid else np.zeros(len(self.rhs))
        columns = len(self.extra_cost) + len(self.taken.option)
        values = np.array(solution.col_value) if solution.value_valid else np.zeros(columns)
        return Solution(self.h.getInfo().objective_function_value, duals, values)

    def violated(self, x: Floats) -> list[Cut]:
        """For each kind whose demand can not be met in full, the row that is broken most."""
        x = x[len(self.extra_cost) :]
        active = np.flatnonzero(x > 1e-7)
        option, heads, x = self.taken.option[active], self.taken.heads[active], x[active]
        cell, size = self.sign_cell[self.sign[option]], self._sizes(heads)
        place, first = _numbered([cell, size])
        class_size = np.array([one.size for one in self.crowd.alike]) - 1
        may = self.fits[cell[first]] & (class_size <= size[first][:, None])
        # What the same can serve is one demand, and what can serve the same one supply: the flow gets small.
        may, demand_of = np.unique(may, axis=0, return_inverse=True)
        may, supply_of = np.unique(may, axis=1, return_inverse=True)
        place = demand_of[place]
        found = []
        for k, kind in enumerate(self.kinds):
            demand = np.bincount(place, x * self._asks(kind, option, heads), len(may)).astype(np.float64)
            rows = demand > 0
            if not rows.any():
                continue
            supply = np.bincount(supply_of, self.here(k)).astype(np.float64)
            columns = np.flatnonzero(np.bincount(supply_of, kind.have) > 0)
            short, reached = exhausted(demand[rows], supply[columns], may[np.ix_(rows, columns)])
            if short > SHORT:
                chosen = np.zeros(len(supply), dtype=np.bool_)
                chosen[columns[reached]] = True
                found.append(replace(self.cut(k, chosen[supply_of] & (kind.have > 0)), short=short))
        return found


def program_of(left: Left, crowd: Crowd) -> Program | None:
    """The linear program over what pins leave; None where no team can go anywhere. Raises TooMany."""
    found = routes(crowd.problem, left.needs, crowd.clock)
    if not len(found.needs):
        return None
    demands = Demands(crowd.problem, left, crowd, found)
    return Program(demands, kinds(demands), garage(demands))


def _numbered(columns: list[Ints]) -> tuple[Ints, Ints]:
    """Numbers equal rows alike: [row] -> number, and [number] -> one such row."""
    key = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        _, key = np.unique(key * (int(column.max(initial=0)) + 1) + column, return_inverse=True)
    first = np.zeros(int(key.max(initial=-1)) + 1, dtype=np.int64)
    first[key] = np.arange(len(key))
    return key, first

"""The program with its people in it, team by team: a column is a whole team and everybody in it.

The linear program over such columns knows nothing of half a group, half a leader or half a car, and is solved by pricing: for each
option the team worth most above the prices of its people is found by dynamic programming over what it asks for (heads, a leader,
women, skills, seats, drivers). Any prices prove a bound, so the search for them may end at any time. Conflicts, guardians and the
cap on people who were there before are left out, in the plan's favour.
"""

from __future__ import annotations

import time
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import NamedTuple

import highspy
import numpy as np
from numba import njit
from numpy.typing import NDArray

from matching.solver.bound.manning import INF, Likes
from matching.solver.bound.program import Floats, Ints, Program, quiet
from matching.solver.bound.routes import CAR, RIDE
from matching.solver.bound.vehicles import own_class

AWFUL = -1e15
MOST_STATES, MOST_ITEMS = 6_000, 800
"""States of the dynamic program of an option: where there would be more, what it asks for last is not asked for. And people
looked at for it: where there are more it is not known what it is worth."""
LENT = 2
"""Drivers of a team told apart; so many may drive any number of the center's vehicles, in the plan's favour."""
EACH = 8
"""New teams at each need in a round."""
STAYING = ((0.03, 0.92), (0.01, 0.8), (0.003, 0.6), (0.0, 0.3))
"""How much of the best prices so far is in the next: the less, the nearer (share of the bound) the end is."""
LEAST = 1e-6
DONE_AT = 2e-5
"""Share of the bound that is not worth another round."""

HEADS, SEATS, DRIVERS, LEADER, TRUCK, WOMEN = range(6)
"""Roles, and after them skills and languages."""
VAN_SEATS, VAN_TRUCK, VAN_COUNT, VAN_SITE = range(4)


class Tables(NamedTuple):
    """What the kernel reads. `dims` [option, role]: amounts told apart, 1 where it does not ask for any; `may` and `points`
    [option, class]; `gives` [class, role], and `instead` if `two`, when somebody leaves the own car and drives the center's;
    `vans` [kind of vehicle, …]."""

    dims: Ints
    least: Ints
    most: Ints
    level: Ints
    site: Ints
    may: NDArray[np.bool_]
    points: Floats
    gives: Ints
    instead: Ints
    two: NDArray[np.bool_]
    lead: Ints
    there: Ints
    vans: Ints


@njit(cache=True, nogil=True)
def best_teams(
    options: Ints,
    t: Tables,
    price: Floats,
    van_price: Floats,
    base: Floats,
    value: Floats,
    heads: Ints,
    team: Ints,
) -> None:
    """Fills, for each of `options`, what its best team is worth (−AWFUL: not known), its heads, and who and which vehicles are in
    it: numbers of classes, then of vehicles; −1 pads. `base` [option, heads] is what a team is worth without its people."""
    classes, roles = t.gives.shape[0], t.dims.shape[1]
    points, new = np.empty(MOST_STATES), np.empty(MOST_STATES)
    digits = np.empty((MOST_STATES, roles), dtype=np.int64)
    took = np.empty((MOST_ITEMS, MOST_STATES), dtype=np.int8)
    came = np.empty((MOST_ITEMS, MOST_STATES), dtype=np.int32)
    who, gain = np.empty(MOST_ITEMS, dtype=np.int64), np.empty(MOST_ITEMS)
    gives = np.zeros((MOST_ITEMS, roles), dtype=np.int64)
    give, stride = np.empty(roles, dtype=np.int64), np.empty(roles, dtype=np.int64)
    asked = np.empty(roles, dtype=np.int64)
    for o in options:
        # roles asked for here, heads and drivers first; states number what a team has of them
        room, lends, count, states = t.dims[o, HEADS] - 1, t.dims[o, DRIVERS] > 1, 0, 1
        for r in range(roles):
            if r == HEADS or t.dims[o, r] > 1:
                asked[count], stride[count] = r, states
                states *= t.dims[o, r]
                count += 1
        for s in range(states):
            left = s
            for i in range(count):
                digits[s, i] = left % t.dims[o, asked[i]]
                left //= t.dims[o, asked[i]]
        # who may come, the best first; of those who give the same no more than there is room for
        items, full = 0, False
        worth = t.points[o] - price
        for k in np.argsort(-worth):
            if not t.may[o, k] or t.gives[k, HEADS] > room:
                continue
            for variant in range(2 if t.two[k] and lends else 1):
                for i in range(count):
                    r = asked[i]
                    g = t.gives[k, r] if variant == 0 else t.instead[k, r]
                    if r == LEADER:
                        g = 1 if t.lead[k] >= t.level[o] else 0
                    give[i] = g if r == HEADS else min(g, t.dims[o, r] - 1)
                same = 0
                for j in range(items):
                    alike = True
                    for i in range(count):
                        alike = alike and gives[j, i] == give[i]
                    same += alike
                for _ in range(min(room // t.gives[k, HEADS] - same, t.there[k])):
                    if items == MOST_ITEMS:
                        full = True
                        break
                    who[items], gain[items] = k, worth[k]
                    for i in range(count):
                        gives[items, i] = give[i]
                    items += 1
        people, driving = items, -1
        for i in range(count):
            if asked[i] == DRIVERS:
                driving = i
        if lends:
            for v in range(len(van_price)):
                # as many as seat everybody, and one more that is a truck
                for _ in range(min(-(-room // max(1, t.vans[v, VAN_SEATS])) + 1, t.vans[v, VAN_COUNT])):
                    if t.vans[v, VAN_SITE] != t.site[o]:
                        continue
                    if items == MOST_ITEMS:
                        full = True
                        break
                    who[items], gain[items] = classes + v, -van_price[v]
                    for i in range(count):
                        r = asked[i]
                        g = t.vans[v, VAN_SEATS] if r == SEATS else t.vans[v, VAN_TRUCK] if r == TRUCK else 0
                        gives[items, i] = min(g, t.dims[o, r] - 1)
                    items += 1
        points[:states] = AWFUL
        points[0] = 0.0
        for j in range(items):
            new[:states] = points[:states]
            took[j, :states] = 0
            for s in range(states):
                if points[s] <= AWFUL or digits[s, 0] + gives[j, 0] > room:
                    continue
                if j >= people and digits[s, driving] < 1:
                    continue
                into = s
                for i in range(count):
                    if gives[j, i]:
                        into += min(gives[j, i], t.dims[o, asked[i]] - 1 - digits[s, i]) * stride[i]
                if j >= people and digits[s, driving] < t.dims[o, DRIVERS] - 1:
                    into -= stride[driving]
                if points[s] + gain[j] > new[into]:
                    new[into] = points[s] + gain[j]
                    took[j, into], came[j, into] = 1, s
            points[:states] = new[:states]
        best, at = AWFUL, -1
        for s in range(states):
            h = digits[s, 0]
            if points[s] <= AWFUL or h < t.least[o] or h > t.most[o] or base[o, h] <= AWFUL:
                continue
            whole = True
            for i in range(1, count):
                if asked[i] == SEATS:
                    whole = whole and digits[s, i] >= h
                elif asked[i] != DRIVERS:
                    whole = whole and digits[s, i] == t.dims[o, asked[i]] - 1
            if whole and points[s] + base[o, h] > best:
                best, at = points[s] + base[o, h], s
        value[o], heads[o] = -AWFUL if full else best, 0
        team[o, :] = -1
        if at >= 0:
            heads[o], many = digits[at, 0], 0
            for j in range(items - 1, -1, -1):
                if took[j, at]:
                    team[o, many] = who[j]
                    many, at = many + 1, came[j, at]


class Staffed:
    """Built once for a program; `bound` is all there is to ask."""

    def __init__(self, program: Program, duals: Floats) -> None:
        """`duals` of the program without people are where the prices begin."""
        self.program, self.likes = program, Likes(program)
        d, r, c = program.demands, program.routes, self.likes
        self.profile = program.sign_profile[program.sign]
        self.sets = r.needs[r.of].astype(np.int64)
        self.on = np.zeros((len(r.of), len(d.needs)), dtype=np.bool_)
        for k in range(self.sets.shape[1]):
            there = np.flatnonzero(self.sets[:, k] >= 0)
            self.on[there, self.sets[there, k]] = True
        self.fleet: dict[tuple[bool, int, int], int] = {}
        """Whether a truck, seats, number of the site -> how many there are."""
        for v in d.left.fleet:
            key = (v.kind == "truck", v.seats, program.crowd.site_number[v.site])
            self.fleet[key] = self.fleet.get(key, 0) + 1
        self.base = self._base()
        self.tables = self._tables()
        # needs, classes of people, tools, stops, vehicles: what there is of each
        self.tools = [(site.id, i, tool) for i, site in enumerate(d.problem.sites) for tool in d.tools]
        self.class_row = len(d.needs)
        self.tool_row = self.class_row + len(c.count)
        self.stop_row = self.tool_row + len(self.tools)
        self.van_row = self.stop_row + len(d.problem.stops)
        self.rhs = np.array([
            *np.ones(len(d.needs)), *c.count, *(d.left.tools[site, tool] for site, _, tool in self.tools),
            *(d.left.seats[stop.id] for stop in d.problem.stops), *self.fleet.values(),
        ], dtype=np.float64)  # fmt: skip
        self.takes = np.zeros((len(r.of), len(self.tools)))
        for j, (_, i, tool) in enumerate(self.tools):
            self.takes[:, j] = np.where(self.tables.site == i, d[f"tool:{tool}"][self.profile], 0)
        self.stop = np.where(r.how >= RIDE, r.how.astype(np.int64) - RIDE, -1)
        self.known: set[tuple[int, ...]] = set()
        self.first = self._first_prices(duals)
        h = self.h = quiet()
        h.changeObjectiveSense(highspy.ObjSense.kMaximize)
        m = len(self.rhs)
        h.addRows(m, np.full(m, -INF), self.rhs, 0, np.zeros(m, dtype=np.int32),
                  np.zeros(0, dtype=np.int32), np.zeros(0))  # fmt: skip

    def _base(self) -> Floats:
        """[option, heads]: the work less the way, AWFUL where there can be no team."""
        p, d, r = self.program, self.program.demands, self.program.routes
        w = d.problem.params.w
        worth = np.zeros((len(d.needs), d.largest + 1))
        for i, n in enumerate(d.needs):
            for size in range(n.min, n.max + 1):
                worth[i, size] = w.need * n.weight * n.fill(size, w.min_fill)
        base = self.on @ worth - float(w.travel) * r.legs.astype(np.float64)[:, None]
        base[p.closed[p.sign] | p.way_closed[p.way]] = AWFUL
        return np.ascontiguousarray(base)

    def _tables(self) -> Tables:
        p, d, r, c = self.program, self.program.demands, self.program.routes, self.likes
        w, q = d.problem.params.w, self.profile
        vans = np.array(
            [(seats, truck, many, site) for (truck, seats, site), many in self.fleet.items()], dtype=np.int64
        )
        vans = vans.reshape(-1, 4)
        by_car, site = (r.how == CAR).astype(np.int64), d["site"][q].astype(np.int64)
        most = np.minimum(np.minimum(d.most[r.of], d.largest), int(c.count @ c.size)).astype(np.int64)
        amounts = [
            most, most * by_car, LENT * by_car * np.isin(site, vans[:, VAN_SITE]), np.ones_like(most), d["truck"][q],
            d["women"][q], *(d[f"skill:{k}"][q] for k in d.skills), *(d[f"lang:{k}"][q] for k in d.langs),
        ]  # fmt: skip
        dims = 1 + np.column_stack(amounts).astype(np.int64)
        for role in range(dims.shape[1] - 1, HEADS, -1):
            dims[dims.prod(axis=1) > MOST_STATES, role] = 1
        # Whose drivers are not counted any more may have vehicles that nobody counts either: no seats are asked for.
        dims[(dims[:, DRIVERS] == 1) & (amounts[DRIVERS] > 0), SEATS] = 1
        own = np.array([sum(seats) for seats in c.own], dtype=np.int64)
        behind = np.array([min(seats, default=0) for seats in c.own], dtype=np.int64)
        rest = [np.zeros_like(own), c.trucks, c.women, *c.skills.T, *c.langs.T]
        points, may = np.tile(w.idle * c.idle, (len(r.of), 1)), p.fits[p.sign_cell[p.sign]][:, c.alike]
        for k in range(len(c.count)):
            for wish in c.wishes[k]:
                liked = [i for i, n in enumerate(d.needs) if n.type in wish]
                points[:, k] += w.pref * self.on[:, liked].any(axis=1)
            for n in c.told[k]:
                points[:, k] += w.churn * self.on[:, n]
            for n in c.been[k]:
                points[:, k] += w.cont * self.on[:, n]
            for n in c.banned[k]:
                may[:, k] &= ~self.on[:, n]
        return Tables(
            np.ascontiguousarray(dims), d.least[r.of].astype(np.int64), most, d["leader"][q].astype(np.int64), site,
            np.ascontiguousarray(may), np.ascontiguousarray(points),
            np.column_stack([c.size, own, c.carless, *rest]), np.column_stack([c.size, own - behind, c.drivers, *rest]),
            c.drivers > c.carless, c.lead, c.count, vans,
        )  # fmt: skip

    # ---- prices to begin with

    def _first_prices(self, duals: Floats) -> Floats:
        """From those of the program without people: a party costs what it brings of each kind, and what idling costs less."""
        p, d, c = self.program, self.program.demands, self.likes
        y = np.zeros(len(self.rhs))
        y[: self.class_row] = duals[: self.class_row]
        for j, (_, i, tool) in enumerate(self.tools):
            y[self.tool_row + j] = duals[p.row["tool", i, tool]]
        for j in range(len(d.problem.stops)):
            y[self.stop_row + j] = duals[p.row["stop", j]]
        party = np.maximum(0, self.tables.points.min(axis=0) - c.size * duals[p.row["busy",]])
        for cut, row in zip(p.cuts, p.cut_row, strict=True):
            if row < len(duals) and duals[row] > LEAST:
                kind = p.kinds[cut.kind]
                brings = np.maximum.reduce([self._brings(name) for name in kind.either or (kind.name,)])
                party += duals[row] * cut.classes[c.alike] * brings
        for pool in p.garage.pools:
            price = duals[p.row["pool", pool]]
            if price <= LEAST:
                continue
            for k, one in enumerate(c.members):
                whose = p.crowd.parties[one[0]]
                here = pool.site < 0 or d.problem.sites[pool.site].id in whose.sites
                same = own_class(whose, p.garage.largest) == pool.kind
                party[k] += price * (same and here and whose.size <= pool.heads)
            for j, (truck, seats, site) in enumerate(self.fleet):
                same = (truck, min(seats, p.garage.largest)) == (pool.kind.truck, pool.kind.seats)
                y[self.van_row + j] += price * (not pool.kind.own and same and pool.site in (-1, site))
        y[self.class_row : self.tool_row] = party
        return np.maximum(y, 0.0)

    def _brings(self, kind: str) -> Floats:
        """How much of a kind of people (matching.solver.bound.kinds) each class is; vehicles are counted apart."""
        c, d = self.likes, self.program.demands
        name, _, what = kind.partition(":")
        what, _, most = what.partition(":")
        have = np.zeros_like(c.size)
        if name == "person":
            have = c.size
        elif name == "leader":
            have = (c.lead >= int(what)).astype(np.int64)
        elif name == "woman":
            have = np.minimum(c.women, int(what or 1))
        elif name == "skill":
            have = np.minimum(c.skills[:, d.skills.index(what)], int(most or 1))
        elif name == "lang":
            have = np.minimum(c.langs[:, d.langs.index(what)], int(most or 1))
        return have.astype(np.float64)

    # ---- rounds

    def price(self, y: Floats, threads: Executor) -> tuple[float, Floats, Ints, Ints]:
        """The bound these prices prove; and of each option what its best team is worth above them, its heads, who is in it."""
        base = self.base - (self.takes @ y[self.tool_row : self.stop_row])[:, None]
        base -= (self.on @ y[: self.class_row])[:, None]
        riding = self.stop >= 0
        base[riding] -= y[self.stop_row + self.stop[riding]][:, None] * np.arange(base.shape[1])
        base[self.base <= AWFUL] = AWFUL
        t, options = self.tables, np.arange(len(self.sets))
        value, heads = np.empty(len(options)), np.zeros(len(options), dtype=np.int64)
        room = int(t.dims[:, HEADS].max(initial=1)) - 1
        most = room + int(np.minimum(t.vans[:, VAN_COUNT], room + 1).sum())
        team = np.full((len(options), most), -1, dtype=np.int64)
        people, vans = y[self.class_row : self.tool_row], y[self.van_row :]
        list(
            threads.map(
                lambda part: best_teams(part, t, people, vans, base, value, heads, team),
                (options[::2], options[1::2]),
            )
        )
        # Each need is served once: of the teams whose lowest it is there is one at most.
        lead = np.zeros(self.class_row)
        np.maximum.at(lead, self.sets[:, 0], np.maximum(value, 0.0))
        return float(np.dot(y, self.rhs) + lead.sum()), value, heads, team

    def _add(self, value: Floats, heads: Ints, team: Ints) -> None:
        """The best teams at each need are known from now on."""
        many = np.zeros(self.class_row, dtype=np.int64)
        for o in np.argsort(-value, kind="stable").tolist():
            if value[o] <= LEAST:
                break
            needs = [n for n in self.sets[o].tolist() if n >= 0]
            key = (o, *sorted(team[o].tolist()))
            if value[o] >= -AWFUL or min(many[needs]) >= EACH or key in self.known:
                continue
            many[needs] += 1
            self.known.add(key)
            row = dict.fromkeys(needs, 1.0)
            cost = float(self.base[o, heads[o]])
            for one in team[o].tolist():
                if one >= 0:
                    lent = one - len(self.likes.count)
                    cost += self.tables.points[o, one] if lent < 0 else 0.0
                    at = self.class_row + one if lent < 0 else self.van_row + lent
                    row[at] = row.get(at, 0.0) + 1
            row |= {self.tool_row + j: self.takes[o, j] for j in np.flatnonzero(self.takes[o]).tolist()}
            if self.stop[o] >= 0:
                row[self.stop_row + int(self.stop[o])] = float(heads[o])
            at_rows, values = np.array(list(row), dtype=np.int32), np.array(list(row.values()))
            self.h.addCol(cost, 0.0, INF, len(row), at_rows, values)

    def bound(self, *, seconds: float | None = None, rounds: int) -> float:
        """The lowest bound found within so many rounds or seconds, without the constant."""
        began, best = time.monotonic(), np.inf
        y = centre = self.first
        with ThreadPoolExecutor(2) as threads:
            for _ in range(rounds):
                spare = None if seconds is None else seconds - (time.monotonic() - began)
                if spare is not None and spare <= 0:
                    break
                found, value, heads, team = self.price(y, threads)
                if found < best:
                    best, centre = found, y
                self._add(value, heads, team)
                if spare is not None:
                    self.h.setOptionValue("time_limit", self.h.getRunTime() + spare)
                self.h.run()
                solution = self.h.getSolution()
                if self.h.getModelStatus() != highspy.HighsModelStatus.kOptimal or not solution.dual_valid:
                    break
                apart = (best - self.h.getInfo().objective_function_value) / max(1.0, abs(best))
                if apart < DONE_AT:
                    break
                stay = next(share for above, share in STAYING if apart > above)
                y = stay * centre + (1 - stay) * np.maximum(0.0, np.array(solution.row_dual))
        return best

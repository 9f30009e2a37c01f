"""Every route a team could take: one to three near needs, how it travels, when it may leave and must be back.

A *set* is needs done by one team in some order; an *option* is a set with a way of travelling and a window (a
class of departure, a class of return) and its minutes on the way. Minutes and distances are rounded in the
plan's favour by `EPS`, so that no route check.py accepts is missed on any machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from matching.solver.bound.people import Clock
from matching.solver.model import Need, Problem
from matching.solver.travel import EARTH_KM

Ints = NDArray[np.int64]
Shorts = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

EPS = 1e-6
"""Minutes and km by which a leg may be shorter than computed here: far above what two libraries differ by."""
MOST_SETS = 6_000_000
"""More sets than this are not listed; the bound is then the plain one."""
MOST_VISITS = 3
WALK, CAR, RIDE = 0, 1, 2
"""Ways of travelling as the tables number them; RIDE + k is the shuttle to stop number k."""
NEVER = 10**6


class TooMany(Exception):
    """There are too many routes to list."""


@dataclass(frozen=True)
class Routes:
    """Sets: `needs` [set, 3] (−1 pads), ascending. Options: `of` their set, `how`, `leave`, `back`, `legs`.

    Options are sorted by set.
    """

    needs: Shorts
    of: Shorts
    how: Shorts
    leave: Shorts
    back: Shorts
    legs: Shorts


def routes(problem: Problem, needs: list[Need], clock: Clock) -> Routes:
    """Every option of every set of these needs. Raises TooMany."""
    n, visits = len(needs), problem.params.max_visits
    site_number = {site.id: i for i, site in enumerate(problem.sites)}
    stop_number = {stop.id: i for i, stop in enumerate(problem.stops)}
    site = np.array([site_number[one.site] for one in needs], dtype=np.int64)
    stop = np.array([-1 if one.stop is None else stop_number[one.stop] for one in needs], dtype=np.int64)
    start, near, km = _edges(problem, needs, site)
    if visits > MOST_VISITS and len(near) > 0:
        raise TooMany
    table = np.array([(a.min, a.max, a.dur, a.open, a.close) for a in needs], dtype=np.int64).reshape(n, 5)
    truck = np.array([one.truck for one in needs], dtype=np.int64)
    table = np.column_stack([table, stop, truck])
    access = _access(problem, needs)
    walk = _minutes(km, problem.params.walk_kmh)
    drive = _minutes(km, problem.params.drive_kmh) + problem.params.park_min
    shortest, span = access.min(axis=0), int(clock.returns[-1] - clock.departs[0])
    count = _list_sets(start, near, table, shortest, span, visits, np.zeros((0, 3), dtype=np.int32))
    if count > MOST_SETS:
        raise TooMany
    sets = np.full((count, 3), -1, dtype=np.int32)
    _list_sets(start, near, table, shortest, span, visits, sets)
    sets = sets[np.lexsort((sets[:, 2], sets[:, 1], sets[:, 0]))]
    way = (access, start, near, walk, drive, clock.departs, clock.returns, _ORDERS, _ORDER_START)
    found = np.empty((2 * count + 1000, 5), dtype=np.int32)
    options = _list_options(sets, table, *way, found)
    if options > len(found):
        found = np.empty((options, 5), dtype=np.int32)
        _list_options(sets, table, *way, found)
    found = found[:options]
    used = np.zeros(count, dtype=np.bool_)
    used[found[:, 0]] = True
    sets, found[:, 0] = sets[used], (np.cumsum(used) - 1)[found[:, 0]]
    return Routes(sets, *(np.ascontiguousarray(found[:, i]) for i in range(5)))


_BY_LENGTH = [list(permutations(range(k))) for k in range(1, MOST_VISITS + 1)]
_ORDERS = np.array(
    [(*order, *(-1,) * (MOST_VISITS - len(order))) for orders in _BY_LENGTH for order in orders],
    dtype=np.int64,
)
_ORDER_START = np.cumsum([0, *(len(orders) for orders in _BY_LENGTH)])


def _km(lat1: Floats, lng1: Floats, lat2: Floats, lng2: Floats) -> Floats:
    h = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lng2 - lng1) / 2) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(1.0, h))), dtype=np.float64)


def _minutes(km: Floats, kmh: float) -> Ints:
    return np.maximum(0, np.ceil(60 * km / kmh - EPS)).astype(np.int64)


def _edges(problem: Problem, needs: list[Need], site: Ints) -> tuple[Ints, Shorts, Floats]:
    """Needs of one site within a hop of each other, as rows of a sparse matrix, ascending; and the km."""
    lat = np.radians(np.array([one.lat for one in needs]))
    lng = np.radians(np.array([one.lng for one in needs]))
    start, near, away = [0], [np.zeros(0, dtype=np.int32)], [np.zeros(0)]
    for i in range(len(needs)):
        km = _km(lat[i], lng[i], lat, lng) * problem.params.detour
        close = (km <= problem.params.chain_max_km + EPS) & (site == site[i])
        close[i] = False
        others = np.flatnonzero(close) if problem.params.max_visits > 1 else np.zeros(0, dtype=np.int64)
        near.append(others.astype(np.int32))
        away.append(km[others])
        start.append(start[-1] + len(others))
    return np.array(start, dtype=np.int64), np.concatenate(near), np.concatenate(away)


def _access(problem: Problem, needs: list[Need]) -> Ints:
    """[how, need]: minutes between the site and the need; NEVER where that way is closed. `how` < 3."""
    p = problem.params
    found = np.full((3, len(needs)), NEVER, dtype=np.int64)
    if not needs:
        return found

    def apart(a: list[tuple[float, float]], b: list[tuple[float, float]]) -> Floats:
        one, two = np.radians(np.array(a)), np.radians(np.array(b))
        return _km(one[:, 0], one[:, 1], two[:, 0], two[:, 1]) * p.detour

    sites = [(problem.site_by[n.site].lat, problem.site_by[n.site].lng) for n in needs]
    places = [(n.lat, n.lng) for n in needs]
    km = apart(sites, places)
    truck = np.array([n.truck for n in needs])
    on_foot = (km <= p.walk_max_km + EPS) & ~truck
    found[WALK, on_foot] = _minutes(km, p.walk_kmh)[on_foot]
    found[CAR] = _minutes(km, p.drive_kmh) + p.park_min
    served = np.array([n.stop is not None for n in needs]) & ~truck
    stops = [s if n.stop is None else (problem.stop_by[n.stop].lat, problem.stop_by[n.stop].lng)
             for n, s in zip(needs, sites, strict=True)]  # fmt: skip
    ride = _minutes(apart(sites, stops), p.drive_kmh) + p.park_min + p.shuttle_wait
    ride += _minutes(apart(stops, places), p.walk_kmh)
    found[RIDE, served] = ride[served]
    return found


MIN, MAX, DUR, OPEN, CLOSE, STOP, TRUCK = range(7)


@njit(cache=True, nogil=True)
def _adjacent(start: Ints, near: Shorts, a: int, b: int) -> int:
    low, high = start[a], start[a + 1]
    while low < high:
        middle = (low + high) // 2
        if near[middle] < b:
            low = middle + 1
        else:
            high = middle
    return low if low < start[a + 1] and near[low] == b else -1


@njit(cache=True, nogil=True)
def _list_sets(
    start: Ints, near: Shorts, table: Ints, shortest: Ints, span: int, visits: int, out: Shorts
) -> int:
    """Connected sets whose head counts overlap and whose work fits into `span`; written if `out` has rows."""
    count, write = 0, out.shape[0] > 0
    for a in range(table.shape[0]):
        if write:
            out[count, 0] = a
        count += 1
        if visits < 2:
            continue
        for i in range(start[a], start[a + 1]):
            b = near[i]
            most, least = min(table[a, MAX], table[b, MAX]), max(table[a, MIN], table[b, MIN])
            dur, go = table[a, DUR] + table[b, DUR], min(shortest[a], shortest[b])
            if dur + 2 * go > span:
                continue
            if b > a and most >= least:
                if write:
                    out[count, 0], out[count, 1] = a, b
                count += 1
            if visits < 3 or most < least:
                continue
            for j in range(i + 1, start[a + 1]):  # a in the middle, b < c around it
                c = near[j]
                if dur + table[c, DUR] + 2 * min(go, shortest[c]) > span:
                    continue
                if min(most, table[c, MAX]) < max(least, table[c, MIN]):
                    continue
                if (b < a or c < a) and _adjacent(start, near, b, c) >= 0:
                    continue  # a triangle is listed once, with its lowest need in the middle
                if write:
                    low, high = min(a, b), max(a, c)
                    out[count, 0], out[count, 1], out[count, 2] = low, a + b + c - low - high, high
                count += 1
    return count


@njit(cache=True, nogil=True)
def _list_options(
    sets: Shorts, table: Ints, access: Ints, start: Ints, near: Shorts, walk: Ints, drive: Ints, departs: Ints,
    returns: Ints, orders: Ints, order_start: Ints, out: Shorts,
) -> int:  # fmt: skip
    """Undominated (departure, return, minutes on the way) per set and way; written as far as `out` has rows."""
    count = 0
    n_leave, n_back = len(departs), len(returns)
    best = np.empty((n_leave, n_back), dtype=np.int64)
    hop = np.empty((3, 3), dtype=np.int64)
    for k in range(sets.shape[0]):
        size = 1 + (sets[k, 1] >= 0) + (sets[k, 2] >= 0)
        for i in range(size):
            for j in range(size):
                hop[i, j] = _adjacent(start, near, sets[k, i], sets[k, j]) if i != j else -1
        for how in range(3):
            best[:] = NEVER
            closed, stop = False, 0
            for i in range(size):
                closed = closed or (how != CAR and table[sets[k, i], TRUCK] > 0)
            for o in range(order_start[size - 1], order_start[size]):
                if closed:
                    break
                first, last = sets[k, orders[o, 0]], sets[k, orders[o, size - 1]]
                if access[how, first] >= NEVER or access[how, last] >= NEVER:
                    continue
                if how == RIDE and table[first, STOP] != table[last, STOP]:
                    continue
                legs, apart = access[how, first] + access[how, last], False
                for i in range(1, size):
                    e = hop[orders[o, i - 1], orders[o, i]]
                    if e < 0:
                        apart = True
                    else:
                        legs += drive[e] if how == CAR else walk[e]
                if apart:
                    continue
                for d in range(n_leave):
                    at = departs[d] + access[how, first]
                    late = False
                    for i in range(size):
                        n = sets[k, orders[o, i]]
                        if i > 0:
                            e = hop[orders[o, i - 1], orders[o, i]]
                            at += drive[e] if how == CAR else walk[e]
                        at = max(at, table[n, OPEN]) + table[n, DUR]
                        if at > table[n, CLOSE]:
                            late = True
                            break
                    if late:
                        break
                    at += access[how, last]
                    b = 0
                    while b < n_back and returns[b] < at:
                        b += 1
                    if b == n_back:
                        break
                    best[d, b] = min(best[d, b], legs)
                    stop = table[first, STOP]  # the same for every order: two pairs of ends share a need
            for d in range(n_leave - 1, -1, -1):
                for b in range(n_back):
                    if best[d, b] >= NEVER:
                        continue
                    worse = False
                    for d2 in range(d, n_leave):
                        for b2 in range(b + 1):
                            if (d2 > d or b2 < b) and best[d2, b2] <= best[d, b]:
                                worse = True
                    if worse:
                        continue
                    if count < out.shape[0]:
                        out[count, 0], out[count, 2], out[count, 3] = k, d, b
                        out[count, 1] = how + (stop if how == RIDE else 0)
                        out[count, 4] = best[d, b]
                    count += 1
    return count

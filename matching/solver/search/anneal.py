"""Simulated annealing over the moves, and the plain passes before and after it."""

# mypy: disable-error-code="no-any-return, return-value, arg-type, assignment"
# Compiled: numpy's whole numbers and Python's are the same here, and a loop is what it says.
from __future__ import annotations

import numpy as np

from matching.solver.search.arrays import (
    C_ABLE,
    DLEAD,
    FREE,
    HI,
    LEGS,
    MAX_RIDES,
    MAX_VISITS,
    MODE,
    MY_NEEDS,
    MY_SLOTS,
    NEEDS,
    NV,
    ROUTE,
    SHORT,
    SIZE,
    SLOTS,
    STATS,
    SUM,
    TEAM,
    UNITS,
    VISIT,
    Book,
    Ints,
    Part,
    World,
)  # fmt: skip
from matching.solver.search.building import attach, dissolve, enlist, let_go, open_team, place_freed
from matching.solver.search.jit import compiled, inner
from matching.solver.search.people import move_unit
from matching.solver.search.picks import roll
from matching.solver.search.rebuild import rebuild
from matching.solver.search.rows import REFUSED, blank, copy_row, judge, set_visits, with_unit
from matching.solver.search.undo import begin, take_back
from matching.solver.search.vehicles import lend, move_ride, with_ride
from matching.solver.search.visits import move_visit
from matching.solver.search.writing import enough_tools, set_team, write

SHARES = 64
"""Moves are chosen by a roll of this many sides."""


@compiled
def anneal(
    b: Book, p: Part, w: World, rounds: int, hot: float, cold: float, cost: Ints, mix: Ints, logs: Ints
) -> None:
    """`rounds` moves; the loss that is accepted falls from `hot` to `cold` (thousandths of a point times a random -log)."""
    if not p.nums[NEEDS] or not p.nums[UNITS]:
        return
    for i in range(rounds):
        heat = hot + (cold - hot) * i / rounds
        least = np.int64(heat * logs[roll(p.nums, len(logs))] / 1024)
        kind = roll(p.nums, SHARES)
        if kind < mix[0]:
            done, which = move_unit(b, p, w, least, cost), 0
        elif kind < mix[1]:
            done, which = move_visit(b, p, w, least, cost), 1
        elif kind < mix[2]:
            done, which = move_ride(b, p, w, least, cost), 2
        else:
            done, which = rebuild(b, p, w, least, cost), 3
        p.nums[STATS + which] += 1
        if done:
            p.nums[STATS + which + 4] += 1


@compiled
def refresh(b: Book, p: Part, w: World, cost: Ints) -> None:
    """Judges the part's teams anew, after what a lack costs has changed."""
    for i in range(p.nums[NEEDS]):
        n = p.own[MY_NEEDS, i]
        t = b.visits[n, TEAM]
        if t >= 0 and b.rows[t, VISIT] == n:
            row = p.rows[0]
            copy_row(row, b.rows[t])
            judge(row, w, p.stops, cost)
            write(b, p, w, t, row)


@compiled
def first_plan(b: Book, p: Part, w: World, order: Ints, tries: int, steal: bool, cost: Ints) -> None:
    """Serves needs one after the other: by a team near it, or else by a new team of people who are free, or (`steal`) whom
    others need less."""
    for i in range(len(order)):
        n = order[i]
        if b.visits[n, TEAM] >= 0:
            continue
        begin(p)
        before = p.nums[SUM]
        if attach(b, p, w, n, tries, cost):
            continue
        if not open_team(b, p, w, n, tries, steal, cost) or p.nums[SUM] < before:
            take_back(b, p, w)


@compiled
def mend(b: Book, p: Part, w: World, cost: Ints) -> None:
    """Takes visits off teams that lack something, until they lack nothing; dissolves the rest."""
    for i in range(p.nums[NEEDS]):
        n = p.own[MY_NEEDS, i]
        t = b.visits[n, TEAM]
        while t >= 0 and b.rows[t, SHORT]:
            begin(p)
            free = p.nums[FREE]
            if b.rows[t, NV] > 1 and let_go(b, p, w, n, cost):
                if b.visits[n, TEAM] < 0:
                    break
            else:
                begin(p)
                dissolve(b, p, w, t)
                place_freed(b, p, w, free, 12, cost)
                break


@compiled
def outline(b: Book, p: Part, w: World, visits: Ints, cost: Ints) -> int:
    """A team without people for needs that wait, in the order of least minutes on the way; its slot, or -1."""
    count = len(visits)
    if not p.nums[SLOTS]:
        return -1
    row, best = p.rows[0], p.rows[1]
    least, order = 1 << 40, p.rows[5]
    none = p.rows[3]
    none[NV] = 0
    for i in range(count):
        order[i] = i
        if b.visits[visits[i], TEAM] >= 0:
            return -1
    going = True
    while going:
        blank(row, w)
        row[NV] = count
        linked = True
        for i in range(count):
            row[VISIT + i] = visits[order[i]]
            if i and w.hop[0, row[VISIT + i - 1], row[VISIT + i]] < 0:
                linked = False
        if linked and set_visits(row, w) and judge(row, w, p.stops, cost) != REFUSED:
            legs = row[ROUTE + 5 * row[MODE] + LEGS]
            if legs < least:
                least = legs
                copy_row(best, row)
        going = next_order(order, count)
    if least == 1 << 40 or not enough_tools(p, w, best, none, none, none):
        return -1
    p.nums[SLOTS] -= 1
    t = p.own[MY_SLOTS, p.nums[SLOTS]]
    write(b, p, w, t, best)
    for i in range(count):
        b.visits[visits[i], TEAM] = t
    return t


@inner
def next_order(order: Ints, count: int) -> bool:
    """The next permutation of the first `count` in place; False after the last."""
    i = count - 2
    while i >= 0 and order[i] > order[i + 1]:
        i -= 1
    if i < 0:
        return False
    j = count - 1
    while order[j] < order[i]:
        j -= 1
    order[i], order[j] = order[j], order[i]
    i, j = i + 1, count - 1
    while i < j:
        order[i], order[j] = order[j], order[i]
        i += 1
        j -= 1
    return True


@compiled
def man(b: Book, p: Part, w: World, slots: Ints, tries: int, cost: Ints) -> None:
    """People for teams that were outlined, a leader first."""
    for i in range(len(slots)):
        t = slots[i]
        begin(p)
        able = w.c[C_ABLE + b.rows[t, DLEAD]]
        if able:
            enlist(b, p, w, t, 4 * tries, able, True, cost)
        failures = 0
        while failures < 2 and b.rows[t, SIZE] < b.rows[t, HI]:
            begin(p)
            if not (b.rows[t, SHORT] and lend(b, p, w, t, cost)) and not enlist(
                b, p, w, t, tries, 0, True, cost
            ):
                failures += 1


@compiled
def place(b: Book, p: Part, w: World, visits: Ints, units: Ints, rides: Ints, cost: Ints) -> int:
    """A whole team, as it was made elsewhere; its slot, or -1 when it can not be."""
    if not p.nums[SLOTS] or len(visits) > MAX_VISITS or len(rides) > MAX_RIDES:
        return -1
    row = p.rows[0]
    blank(row, w)
    row[NV] = len(visits)
    for i in range(len(visits)):
        row[VISIT + i] = visits[i]
    if not set_visits(row, w):
        return -1
    for u in units:
        with_unit(row, w, u)
    for f in rides:
        with_ride(row, f)
    none = p.rows[3]
    none[NV] = 0
    if judge(row, w, p.stops, cost) == REFUSED or not enough_tools(p, w, row, none, none, none):
        return -1
    p.nums[SLOTS] -= 1
    t = p.own[MY_SLOTS, p.nums[SLOTS]]
    for u in units:
        set_team(b, p, u, t)
    for f in rides:
        b.rides[f] = t
    for n in visits:
        b.visits[n, TEAM] = t
    write(b, p, w, t, row)
    return t

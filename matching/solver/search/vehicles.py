"""Moves of the center's vehicles between teams."""

# mypy: disable-error-code="no-any-return, return-value, arg-type, assignment"
# Compiled: numpy's whole numbers and Python's are the same here, and a loop is what it says.
from __future__ import annotations

from matching.solver.search.arrays import (
    CAR,
    F_SITE,
    FLEET,
    MAX_RIDES,
    MODE,
    MY_FLEET,
    NF,
    RIDE,
    SCORE,
    SITE,
    Book,
    Ints,
    Part,
    World,
)
from matching.solver.search.jit import inner
from matching.solver.search.picks import roll, some_team
from matching.solver.search.rows import REFUSED, copy_row, judge
from matching.solver.search.writing import seats_for_both, write


@inner
def with_ride(row: Ints, f: int) -> bool:
    if row[NF] >= MAX_RIDES:
        return False
    row[RIDE + row[NF]] = f
    row[NF] += 1
    return True


@inner
def without_ride(row: Ints, f: int) -> None:
    for i in range(row[NF]):
        if row[RIDE + i] == f:
            row[NF] -= 1
            row[RIDE + i] = row[RIDE + row[NF]]
            row[RIDE + row[NF]] = 0
            return


@inner
def move_ride(b: Book, p: Part, w: World, least: int, cost: Ints) -> bool:
    """A vehicle of the center goes to another team, or stays at home; one of that team may come in its place."""
    if not p.nums[FLEET]:
        return False
    f = p.own[MY_FLEET, roll(p.nums, p.nums[FLEET])]
    a, c = b.rides[f], some_team(b, p)
    if a == c:
        return False
    back = -1
    change = 0
    if c >= 0:
        row = p.rows[1]
        copy_row(row, b.rows[c])
        if row[SITE] != w.f[f, F_SITE]:
            return False
        if row[NF] and roll(p.nums, 2):
            back = row[RIDE + roll(p.nums, row[NF])]
            without_ride(row, back)
        if not with_ride(row, f):
            return False
        if judge(row, w, p.stops, cost) == REFUSED:
            return False
        change += row[SCORE] - b.rows[c, SCORE]
    if a >= 0:
        row = p.rows[0]
        copy_row(row, b.rows[a])
        without_ride(row, f)
        if back >= 0:
            if row[SITE] != w.f[back, F_SITE]:
                return False
            with_ride(row, back)
        if judge(row, w, p.stops, cost) == REFUSED:
            return False
        change += row[SCORE] - b.rows[a, SCORE]
    if change < least:
        return False
    if a >= 0 and c >= 0 and not seats_for_both(p, p.rows[0], p.rows[1], b.rows[a], b.rows[c]):
        return False
    if a >= 0:
        write(b, p, w, a, p.rows[0])
    if c >= 0:
        write(b, p, w, c, p.rows[1])
    b.rides[f] = c
    if back >= 0:
        b.rides[back] = a
    return True


@inner
def lend(b: Book, p: Part, w: World, t: int, cost: Ints) -> bool:
    """The vehicle at home that team t, which was touched, gains most by."""
    best, found = b.rows[t, SCORE], -1
    if b.rows[t, NF] >= MAX_RIDES or b.rows[t, MODE] != CAR:
        return False
    for i in range(p.nums[FLEET]):
        f = p.own[MY_FLEET, i]
        if b.rides[f] < 0 and w.f[f, F_SITE] == b.rows[t, SITE]:
            row = p.rows[1]
            copy_row(row, b.rows[t])
            with_ride(row, f)
            if judge(row, w, p.stops, cost) > best:
                best, found = row[SCORE], f
    if found < 0:
        return False
    row = p.rows[1]
    copy_row(row, b.rows[t])
    with_ride(row, found)
    judge(row, w, p.stops, cost)
    write(b, p, w, t, row)
    b.rides[found] = t
    return True

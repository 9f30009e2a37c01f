"""Teams made, filled, emptied and dissolved: the steps compound moves and first plans are made of. Each team is touched
(matching.solver.search.undo) before it changes."""

# mypy: disable-error-code="no-any-return, return-value, arg-type, assignment"
# Compiled: numpy's whole numbers and Python's are the same here, and a loop is what it says.
from __future__ import annotations

from matching.solver.search.arrays import (
    C_ABLE,
    C_LEADERS,
    C_MAX_VISITS,
    C_UNITS,
    FREE,
    HI,
    MY_FREE,
    MY_SLOTS,
    MY_UNITS,
    N_LEAD,
    NF,
    NU,
    NUMBER,
    NV,
    PART,
    RIDE,
    SCORE,
    SHORT,
    SIZE,
    SLOTS,
    TEAM,
    U_LOCK,
    UNITS,
    VISIT,
    Book,
    Ints,
    Part,
    World,
)
from matching.solver.search.jit import inner
from matching.solver.search.people import exchanged, shift
from matching.solver.search.picks import near_team, roll, some_team
from matching.solver.search.rows import REFUSED, blank, copy_row, judge, set_visits, without_unit
from matching.solver.search.undo import touch
from matching.solver.search.vehicles import lend
from matching.solver.search.visits import best_insert, rerouted
from matching.solver.search.writing import enough_tools, set_free, write


@inner
def dissolve(b: Book, p: Part, w: World, t: int) -> bool:
    """Team t is no more: units free, needs waiting, vehicles at home. False when too much was touched."""
    if not touch(b, p, t):
        return False
    row = b.rows[t]
    for j in range(row[NU]):
        set_free(b, p, row[w.c[C_UNITS] + j])
    for j in range(row[NV]):
        b.visits[row[VISIT + j], TEAM] = -1
    for j in range(row[NF]):
        b.rides[row[RIDE + j]] = -1
    empty = p.rows[4]
    blank(empty, w)
    write(b, p, w, t, empty)
    p.own[MY_SLOTS, p.nums[SLOTS]] = t
    p.nums[SLOTS] += 1
    return True


@inner
def join(b: Book, p: Part, w: World, u: int, t: int, cost: Ints) -> bool:
    """Unit u leaves where it is and joins team t, whatever that is worth. Both teams are remembered."""
    a = b.at[u, TEAM]
    if a >= 0 and not touch(b, p, a):
        return False
    if t >= 0 and not touch(b, p, t):
        return False
    return shift(b, p, w, u, -1, t, REFUSED, cost)


@inner
def best_team(b: Book, p: Part, w: World, u: int, tries: int, cost: Ints) -> int:
    """Of some random teams, the one a free unit is worth most to; -1 when none gains."""
    best, found = 0, -1
    for _ in range(tries):
        t = some_team(b, p)
        if t < 0:
            continue
        gain = exchanged(b, p, w, t, -1, u, 1, cost)
        if gain > best:
            best, found = gain, t
    return found


@inner
def enlist(
    b: Book, p: Part, w: World, t: int, tries: int, leaders: int, steal: bool, cost: Ints
) -> bool:  # fmt: skip
    """Of some random units, the one team t gains most by, less what its own team loses; it joins. Only free ones
    unless `steal`."""
    best, found = 0, -1
    for i in range(tries):
        if leaders:
            u = w.flat[w.c[C_LEADERS] + roll(p.nums, leaders)]
            if b.at[u, PART] != p.nums[NUMBER]:
                continue
        elif p.nums[FREE] and i & 1:
            u = p.own[MY_FREE, roll(p.nums, p.nums[FREE])]
        else:
            u = p.own[MY_UNITS, roll(p.nums, p.nums[UNITS])]
        a = b.at[u, TEAM]
        if a == t or (a >= 0 and not steal):
            continue
        gain = exchanged(b, p, w, t, -1, u, 1, cost)
        if gain == REFUSED:
            continue
        if a >= 0:
            loss = exchanged(b, p, w, a, u, -1, 0, cost)
            if loss == REFUSED:
                continue
            gain += loss
        if gain > best or (leaders and found < 0):
            best, found = gain, u
    return found >= 0 and join(b, p, w, found, t, cost)


@inner
def open_team(
    b: Book, p: Part, w: World, n: int, tries: int, steal: bool, cost: Ints
) -> bool:  # fmt: skip
    """A new team for need n, which no team has just now: a leader first, then whoever it gains most by. True when nothing is missing; otherwise there is no such team, but people may have left others."""
    if not p.nums[SLOTS]:
        return False
    t = p.own[MY_SLOTS, p.nums[SLOTS] - 1]
    if not touch(b, p, t):
        return False
    row = p.rows[2]
    blank(row, w)
    row[VISIT] = n
    row[NV] = 1
    if not set_visits(row, w):
        return False
    none = p.rows[3]
    none[NV] = 0
    if not enough_tools(p, w, row, none, none, none):
        return False
    row[SCORE] = 0
    p.nums[SLOTS] -= 1
    write(b, p, w, t, row)
    b.visits[n, TEAM] = t
    able = w.c[C_ABLE + w.n[n, N_LEAD]]
    led = able > 0 and enlist(b, p, w, t, 2 * tries, able, steal, cost)
    failures = 0
    while led and failures < 2 and b.rows[t, SIZE] < b.rows[t, HI]:
        if not (b.rows[t, SHORT] and lend(b, p, w, t, cost)) and not enlist(
            b, p, w, t, tries, 0, steal, cost
        ):
            failures += 1
    if led and b.rows[t, SHORT] == 0:
        return True
    dissolve(b, p, w, t)
    return False


@inner
def place_freed(b: Book, p: Part, w: World, before: int, tries: int, cost: Ints) -> None:
    """Units that became free since there were `before` free ones join the best of some teams."""
    i = p.nums[FREE] - 1
    while i >= before and i >= 0:
        if i < p.nums[FREE]:
            u = p.own[MY_FREE, i]
            t = best_team(b, p, w, u, tries, cost)
            if t >= 0:
                join(b, p, w, u, t, cost)
        i -= 1


@inner
def let_go(b: Book, p: Part, w: World, n: int, cost: Ints) -> bool:
    """Need n is taken off its team; a team without visits is dissolved."""
    a = b.visits[n, TEAM]
    if not touch(b, p, a):
        return False
    if b.rows[a, NV] < 2:
        for j in range(b.rows[a, NU]):
            if w.u[b.rows[a, w.c[C_UNITS] + j], U_LOCK] == n:
                return False
        return dissolve(b, p, w, a)
    if rerouted(b, p, w, a, 0, n, -1, -1, cost) == REFUSED:
        return False
    write(b, p, w, a, p.rows[0])
    b.visits[n, TEAM] = -1
    return True


@inner
def attach(b: Book, p: Part, w: World, n: int, tries: int, cost: Ints) -> bool:
    """A waiting need joins the near team that gains most by it, if any of some gains."""
    best, found = 0, -1
    none = p.rows[3]
    none[NV] = 0
    for _ in range(tries):
        t = near_team(b, p, w, n)
        if t < 0 or b.rows[t, NV] >= w.c[C_MAX_VISITS]:
            continue
        gain = best_insert(b, p, w, t, 1, -1, n, cost)
        if gain > best and enough_tools(p, w, p.rows[1], b.rows[t], none, none):
            best, found = gain, t
    if found < 0 or not touch(b, p, found):
        return False
    best_insert(b, p, w, found, 1, -1, n, cost)
    write(b, p, w, found, p.rows[1])
    b.visits[n, TEAM] = found
    return True


@inner
def empty_out(b: Book, p: Part, w: World, t: int, cost: Ints) -> bool:
    """All units of team t are free; its needs and vehicles stay."""
    if not touch(b, p, t):
        return False
    row = p.rows[2]
    copy_row(row, b.rows[t])
    at = w.c[C_UNITS]
    for i in range(row[NU] - 1, -1, -1):
        u = row[at + i]
        if w.u[u, U_LOCK] >= 0:
            return False
        without_unit(row, w, u)
    if judge(row, w, p.stops, cost) == REFUSED:
        return False
    for i in range(b.rows[t, NU]):
        set_free(b, p, b.rows[t, at + i])
    write(b, p, w, t, row)
    return True

"""Compound moves: they write, remember what they touched, and take everything back when the result is not good enough."""

# mypy: disable-error-code="no-any-return, return-value, arg-type, assignment"
# Compiled: numpy's whole numbers and Python's are the same here, and a loop is what it says.
from __future__ import annotations

from matching.solver.search.arrays import (
    C_ABLE,
    C_UNITS,
    DLEAD,
    FREE,
    HI,
    MY_NEEDS,
    MY_UNITS,
    NEEDS,
    NU,
    NV,
    SHORT,
    SIZE,
    SUM,
    TEAM,
    U_LOCK,
    U_SIZE,
    UNITS,
    VISIT,
    Book,
    Ints,
    Part,
    World,
)
from matching.solver.search.building import (
    attach,
    dissolve,
    empty_out,
    enlist,
    join,
    let_go,
    open_team,
    place_freed,
)
from matching.solver.search.jit import inner
from matching.solver.search.people import shift
from matching.solver.search.picks import near_waiting, roll, some_team
from matching.solver.search.rows import REFUSED, allowed
from matching.solver.search.undo import begin, take_back, touch


@inner
def squeeze(b: Book, p: Part, w: World, cost: Ints) -> bool:
    """People who came together join a random team; whoever has no room there then is placed anew."""
    u = -1
    for _ in range(8):
        u = p.own[MY_UNITS, roll(p.nums, p.nums[UNITS])]
        if w.u[u, U_SIZE] > 1:
            break
    a, c = b.at[u, TEAM], some_team(b, p)
    if c < 0 or a == c or w.u[u, U_SIZE] > b.rows[c, HI] or not allowed(b.rows[c], w, u):
        return False
    free = p.nums[FREE]
    while b.rows[c, SIZE] + w.u[u, U_SIZE] > b.rows[c, HI]:
        v = b.rows[c, w.c[C_UNITS] + roll(p.nums, b.rows[c, NU])]
        if b.rows[c, NU] == 1:
            if not shift_in(b, p, w, u, v, c, cost):
                return False
            break
        if not join(b, p, w, v, -1, cost):
            return False
    if b.at[u, TEAM] != c and not join(b, p, w, u, c, cost):
        return False
    place_freed(b, p, w, free, 8, cost)
    if a >= 0 and b.rows[a, SHORT]:
        enlist(b, p, w, a, 8, 0, True, cost)
    return True


@inner
def shift_in(b: Book, p: Part, w: World, u: int, v: int, c: int, cost: Ints) -> bool:
    """Unit u takes the place of the last unit v of team c, which becomes free."""
    a = b.at[u, TEAM]
    if (a >= 0 and not touch(b, p, a)) or not touch(b, p, c):
        return False
    if a >= 0 and not shift(b, p, w, u, -1, -1, REFUSED, cost):
        return False
    return shift(b, p, w, u, v, c, REFUSED, cost)


@inner
def restaff(b: Book, p: Part, w: World, cost: Ints) -> bool:
    """The people of two or three teams are shared out anew."""
    many = 2 + roll(p.nums, 2)
    teams = p.rows[5]
    free = p.nums[FREE]
    for i in range(many):
        teams[i] = some_team(b, p)
        if teams[i] < 0:
            return False
        for j in range(i):
            if teams[j] == teams[i]:
                return False
        if not empty_out(b, p, w, teams[i], cost):
            return False
    for i in range(many):
        t = p.rows[5, i]
        able = w.c[C_ABLE + b.rows[t, DLEAD]]
        if not able or not enlist(b, p, w, t, 12, able, True, cost):
            return False
    going = True
    while going:
        going = False
        for i in range(many):
            t = p.rows[5, i]
            if b.rows[t, SIZE] < b.rows[t, HI] and enlist(b, p, w, t, 8, 0, True, cost):
                going = True
    place_freed(b, p, w, free, 8, cost)
    return True


@inner
def rebuild(b: Book, p: Part, w: World, least: int, cost: Ints) -> bool:
    """One of: a new team for a need (waiting, or one of several visits); a team dissolved and its needs and people given to
    others; people who came together put elsewhere; the people of some teams shared out anew."""
    n = p.own[MY_NEEDS, roll(p.nums, p.nums[NEEDS])]
    a = b.visits[n, TEAM]
    begin(p)
    before, free = p.nums[SUM], p.nums[FREE]
    kind = roll(p.nums, 8)
    if kind >= 6:
        done = squeeze(b, p, w, cost)
    elif kind >= 4:
        done = restaff(b, p, w, cost)
    elif a < 0:
        done = open_team(b, p, w, n, 6, True, cost) if kind < 3 else attach(b, p, w, n, 4, cost)
    elif b.rows[a, NV] > 1 and kind < 2:
        done = let_go(b, p, w, n, cost) and open_team(b, p, w, n, 6, True, cost)
    else:
        count = b.rows[a, NV]
        visits = p.rows[5]
        for j in range(count):
            visits[j] = b.rows[a, VISIT + j]
        locked = False
        for j in range(b.rows[a, NU]):
            locked |= w.u[b.rows[a, w.c[C_UNITS] + j], U_LOCK] >= 0
        done = not locked and dissolve(b, p, w, a)
        if done:
            for j in range(count):
                m = p.rows[5, j]
                if b.visits[m, TEAM] >= 0:  # a team just opened took it
                    continue
                if not attach(b, p, w, m, 6, cost) and kind == 3:
                    m = near_waiting(b, p, w, m)
                    if m >= 0:
                        open_team(b, p, w, m, 6, True, cost)
            place_freed(b, p, w, free, 8, cost)
    if done and p.nums[SUM] - before >= least:
        return True
    take_back(b, p, w)
    return False

"""The compiled part of a repair: an earlier plan is taken over as far as it still holds, and what the change is about finds a
place. All from the moves of matching.solver.search, tried in a fixed order instead of at random."""

# mypy: disable-error-code="no-any-return, return-value, arg-type, assignment"
# ruff: noqa: SIM110
# Compiled: numpy's whole numbers and Python's are the same here, and a loop is what it says.
from __future__ import annotations

from matching.solver.search.arrays import (
    C_MAX_VISITS,
    C_UNITS,
    F_SITE,
    FREE,
    HI,
    MAX_VISITS,
    MY_FREE,
    MY_NEEDS,
    MY_SLOTS,
    N_NEAR,
    N_NEAR_END,
    NEEDS,
    NU,
    NUMBER,
    NV,
    PART,
    SCORE,
    SHORT,
    SITE,
    SIZE,
    SLOTS,
    SUM,
    TEAM,
    U_END,
    U_FOE,
    U_FOE_END,
    U_SIZE,
    U_START,
    VISIT,
    Book,
    Ints,
    Part,
    World,
)  # fmt: skip
from matching.solver.search.jit import compiled, inner
from matching.solver.search.moves import (
    begin,
    best_insert,
    enough_tools,
    exchanged,
    join,
    open_team,
    set_free,
    set_team,
    take_back,
    touch,
    with_ride,
    write,
)  # fmt: skip
from matching.solver.search.rows import REFUSED, allowed, blank, judge, set_visits, with_unit, without_unit

INTACT, CHANGED, LOST = range(3)
"""What became of a team of the plan before: as it was, not quite as it was, no more."""


@compiled
def take_over(
    b: Book, p: Part, w: World, order: Ints, visits: Ints, units: Ints, rides: Ints, ends: Ints, slots: Ints, cost: Ints
) -> None:  # fmt: skip
    """Teams of a plan before, in `order`. Team i has `visits`, `units` and `rides` from ends[i] to ends[i + 1] (three
    columns); -1 is one that is gone. Sets slots[i]: 2 × slot + CHANGED or INTACT; -1: lost."""
    row = p.rows[2]
    none = p.rows[3]
    none[NV] = 0
    for k in range(len(order)):
        i = order[k]
        slots[i] = -1
        if not p.nums[SLOTS]:
            continue
        t = p.own[MY_SLOTS, p.nums[SLOTS] - 1]
        changed = False
        blank(row, w)
        for j in range(ends[i, 0], ends[i + 1, 0]):
            n = visits[j]
            for o in range(row[NV]):
                if row[VISIT + o] == n:
                    n = -1
            if n < 0 or b.visits[n, TEAM] >= 0 or row[NV] >= min(MAX_VISITS, w.c[C_MAX_VISITS]):
                changed = True
                continue
            row[VISIT + row[NV]] = n
            row[NV] += 1
        while row[NV] > 0 and not (set_visits(row, w) and enough_tools(p, w, row, none, none, none)):
            row[NV] -= 1
            changed = True
        if not row[NV]:
            continue
        for j in range(ends[i, 1], ends[i + 1, 1]):
            u = units[j]
            if u >= 0 and b.at[u, TEAM] == t:
                continue  # came with the one before
            if u >= 0 and fits(b, p, w, row, u, t):
                with_unit(row, w, u)
                set_team(b, p, u, t)
            else:
                changed = True
        for j in range(ends[i, 2], ends[i + 1, 2]):
            f = rides[j]
            if f >= 0 and b.rides[f] < 0 and w.f[f, F_SITE] == row[SITE] and with_ride(row, f):
                b.rides[f] = t
            else:
                changed = True
        while judge(row, w, p.stops, cost) == REFUSED:
            changed = True
            u = hinders(p, w, row, cost)
            if u >= 0:
                without_unit(row, w, u)
                set_free(b, p, u)
            elif row[NV] > 1:
                shorten(p, w, row, cost)
            else:
                for j in range(row[NU]):
                    set_free(b, p, row[w.c[C_UNITS] + j])
                row[NV] = 0
                break
        if row[NV]:
            p.nums[SLOTS] -= 1
            for j in range(row[NV]):
                b.visits[row[VISIT + j], TEAM] = t
            write(b, p, w, t, row)
            slots[i] = 2 * t + (CHANGED if changed or row[SHORT] else INTACT)
        else:
            for f in range(len(b.rides)):
                if b.rides[f] == t:
                    b.rides[f] = -1


@inner
def fits(b: Book, p: Part, w: World, row: Ints, u: int, t: int) -> bool:
    """Whether a free unit may join the team in the making."""
    if b.at[u, TEAM] >= 0 or b.at[u, PART] != p.nums[NUMBER]:
        return False
    if row[SIZE] + w.u[u, U_SIZE] > row[HI] or not allowed(row, w, u):
        return False
    for i in range(w.u[u, U_FOE], w.u[u, U_FOE_END]):
        if b.at[w.flat[i], TEAM] == t:
            return False
    return True


@inner
def hinders(p: Part, w: World, row: Ints, cost: Ints) -> int:
    """The unit without which a team that can not be loses least; -1 when it could not be with nobody in it either."""
    at, test = w.c[C_UNITS], p.rows[4]
    test[:] = row
    for i in range(row[NU]):
        without_unit(test, w, row[at + i])
    if judge(test, w, p.stops, cost) == REFUSED:
        return -1
    best, found, late = REFUSED, -1, -1
    for i in range(row[NU]):
        u = row[at + i]
        test[:] = row
        without_unit(test, w, u)
        if judge(test, w, p.stops, cost) > best:
            best, found = test[SCORE], u
        if late < 0 or w.u[u, U_START] - w.u[u, U_END] > w.u[late, U_START] - w.u[late, U_END]:
            late = u
    # Several of them hinder: first who is here for the shortest time.
    return found if found >= 0 else late


@inner
def shorten(p: Part, w: World, row: Ints, cost: Ints) -> None:
    """Takes off the visit without which the team loses least."""
    test, best, found = p.rows[4], REFUSED, row[NV] - 1
    for j in range(row[NV]):
        without_visit(test, row, j)
        if set_visits(test, w) and judge(test, w, p.stops, cost) > best:
            best, found = test[SCORE], j
    without_visit(test, row, found)
    set_visits(test, w)
    row[:] = test


@inner
def without_visit(test: Ints, row: Ints, j: int) -> None:
    test[:] = row
    for i in range(j, row[NV] - 1):
        test[VISIT + i] = row[VISIT + i + 1]
    test[NV] -= 1


@compiled
def settle(b: Book, p: Part, w: World, teams: Ints, needs: Ints, units: Ints, tries: int, cost: Ints) -> None:
    """What a change is about finds its place: teams that lost something fill up, needs nobody does find a team, people
    who are free join one."""
    for t in teams:
        if b.rows[t, NV]:
            fill(b, p, w, t, cost)
    for n in needs:
        if b.visits[n, TEAM] < 0:
            serve(b, p, w, n, tries, cost)
    for u in units:
        if b.at[u, TEAM] < 0 and b.at[u, PART] == p.nums[NUMBER]:
            t = best_of_all(b, p, w, u, cost)
            if t >= 0:
                begin(p)
                join(b, p, w, u, t, cost)


@inner
def fill(b: Book, p: Part, w: World, t: int, cost: Ints) -> None:
    """Whoever is free and worth most to the team joins it, one after the other."""
    while b.rows[t, SIZE] < b.rows[t, HI]:
        best, found = 0, -1
        for i in range(p.nums[FREE]):
            u = p.own[MY_FREE, i]
            gain = exchanged(b, p, w, t, -1, u, 1, cost)
            if gain > best or (gain == best and found >= 0 and u < found):
                best, found = gain, u
        begin(p)
        if found < 0 or not join(b, p, w, found, t, cost):
            return


@inner
def best_of_all(b: Book, p: Part, w: World, u: int, cost: Ints) -> int:
    """The team a free unit is worth most to, -1 when it is to none."""
    best, found = 0, -1
    for i in range(p.nums[NEEDS]):
        n = p.own[MY_NEEDS, i]
        t = b.visits[n, TEAM]
        if t >= 0 and b.rows[t, VISIT] == n:
            gain = exchanged(b, p, w, t, -1, u, 1, cost)
            if gain > best:
                best, found = gain, t
    return found


@inner
def serve(b: Book, p: Part, w: World, n: int, tries: int, cost: Ints) -> bool:
    """A need that waits goes to the near team that gains most by it, or else to a new one."""
    best, found = 0, -1
    none = p.rows[3]
    none[NV] = 0
    for i in range(w.n[n, N_NEAR], w.n[n, N_NEAR_END]):
        m = w.flat[i]
        t = b.visits[m, TEAM]
        if t < 0 or b.visits[m, PART] != p.nums[NUMBER] or b.rows[t, NV] >= w.c[C_MAX_VISITS]:
            continue
        gain = best_insert(b, p, w, t, 1, -1, n, cost)
        if gain > best and enough_tools(p, w, p.rows[1], b.rows[t], none, none):
            best, found = gain, t
    begin(p)
    if found >= 0 and touch(b, p, found):
        best_insert(b, p, w, found, 1, -1, n, cost)
        write(b, p, w, found, p.rows[1])
        b.visits[n, TEAM] = found
        return True
    before = p.nums[SUM]
    if open_team(b, p, w, n, tries, True, cost) and p.nums[SUM] > before:
        return True
    take_back(b, p, w)
    return False

"""Moves of needs: to another team, into the place of another need, to another place in the order."""

# mypy: disable-error-code="no-any-return, return-value, arg-type, assignment"
# Compiled: numpy's whole numbers and Python's are the same here, and a loop is what it says.
from __future__ import annotations

from matching.solver.search.arrays import (
    C_MAX_VISITS,
    C_UNITS,
    HELD,
    MY_NEEDS,
    NEEDS,
    NU,
    NV,
    SCORE,
    STOP,
    TEAM,
    U_LOCK,
    VISIT,
    Book,
    Ints,
    Part,
    World,
)
from matching.solver.search.jit import inner
from matching.solver.search.picks import near_team, roll, some_team
from matching.solver.search.rows import REFUSED, all_allowed, copy_row, judge, set_visits
from matching.solver.search.writing import enough_tools, seats_for_both, write


@inner
def revisited(row: Ints, old: Ints, p: Part, w: World, cost: Ints) -> int:
    """Judges a trial row whose visits are no longer those of `old`; the change of the score."""
    if not set_visits(row, w):
        return REFUSED
    if row[STOP] != old[STOP]:
        row[HELD] = 0
    if judge(row, w, p.stops, cost) == REFUSED:
        return REFUSED
    return row[SCORE] - old[SCORE]


@inner
def rerouted(
    b: Book, p: Part, w: World, t: int, place: int, leaving: int, coming: int, at: int, cost: Ints
) -> int:
    """Judges team t without one visit and with another (-1: none) before position `at`, in the trial row `place`; the
    change of the score. Tools are not looked at."""
    row = p.rows[place]
    old = b.rows[t]
    copy_row(row, old)
    count = 0
    for j in range(old[NV]):
        n = old[VISIT + j]
        if j == at and coming >= 0:
            row[VISIT + count] = coming
            count += 1
        if n != leaving:
            row[VISIT + count] = n
            count += 1
    if at >= old[NV] and coming >= 0:
        row[VISIT + count] = coming
        count += 1
    if count == 0 or count > w.c[C_MAX_VISITS]:
        return REFUSED
    for j in range(1, count):
        if w.hop[0, row[VISIT + j - 1], row[VISIT + j]] < 0:
            return REFUSED
    row[NV] = count
    if coming >= 0 and not all_allowed(row, w, coming):
        return REFUSED
    if leaving >= 0:
        for i in range(row[NU]):
            if w.u[row[w.c[C_UNITS] + i], U_LOCK] == leaving:
                return REFUSED
    return revisited(row, old, p, w, cost)


@inner
def best_insert(b: Book, p: Part, w: World, t: int, place: int, leaving: int, n: int, cost: Ints) -> int:
    """As `rerouted`, at the best position; the trial row `place` holds it."""
    best, where = REFUSED, -1
    for at in range(b.rows[t, NV] + 1):
        gain = rerouted(b, p, w, t, place, leaving, n, at, cost)
        if gain > best:
            best, where = gain, at
    if where >= 0 and where < b.rows[t, NV]:  # the last one tried is there already
        rerouted(b, p, w, t, place, leaving, n, where, cost)
    return best


@inner
def move_visit(b: Book, p: Part, w: World, least: int, cost: Ints) -> bool:
    """A need goes to another team: beside its visits, or in the place of one, which then waits or comes in return."""
    n = p.own[MY_NEEDS, roll(p.nums, p.nums[NEEDS])]
    a = b.visits[n, TEAM]
    kind = roll(p.nums, 8)
    if a >= 0 and kind == 0:  # waits again
        if b.rows[a, NV] < 2:
            return False
        gain = rerouted(b, p, w, a, 0, n, -1, -1, cost)
        if gain == REFUSED or gain < least:
            return False
        write(b, p, w, a, p.rows[0])
        b.visits[n, TEAM] = -1
        return True
    c = near_team(b, p, w, n) if kind < 6 else some_team(b, p)
    if c < 0:
        return False
    if c == a:  # another order
        if b.rows[a, NV] < 2:
            return False
        gain = best_insert_moved(b, p, w, a, n, cost)
        if gain == REFUSED or gain < least or gain == 0:
            return False
        write(b, p, w, a, p.rows[0])
        return True
    m = -1
    if kind >= 3:
        m = b.rows[c, VISIT + roll(p.nums, b.rows[c, NV])]
    elif b.rows[c, NV] >= w.c[C_MAX_VISITS]:
        return False
    change = best_insert(b, p, w, c, 1, m, n, cost)
    if change == REFUSED:
        return False
    none = p.rows[3]
    none[NV] = 0
    if a < 0:
        if change < least or not enough_tools(p, w, p.rows[1], b.rows[c], none, none):
            return False
        write(b, p, w, c, p.rows[1])
        b.visits[n, TEAM] = c
        if m >= 0:
            b.visits[m, TEAM] = -1
        return True
    if m >= 0 and (kind & 1 or b.rows[a, NV] < 2):
        gain = best_insert(b, p, w, a, 0, n, m, cost)
        returned = True
    else:
        if b.rows[a, NV] < 2:
            return False
        gain = rerouted(b, p, w, a, 0, n, -1, -1, cost)
        returned = False
    if gain == REFUSED or change + gain < least:
        return False
    if not enough_tools(p, w, p.rows[1], b.rows[c], p.rows[0], b.rows[a]):
        return False
    if not enough_tools(p, w, p.rows[0], b.rows[a], p.rows[1], b.rows[c]):
        return False
    if not seats_for_both(p, p.rows[0], p.rows[1], b.rows[a], b.rows[c]):
        return False
    write(b, p, w, a, p.rows[0])
    write(b, p, w, c, p.rows[1])
    b.visits[n, TEAM] = c
    if m >= 0:
        b.visits[m, TEAM] = a if returned else -1
    return True


@inner
def best_insert_moved(b: Book, p: Part, w: World, t: int, n: int, cost: Ints) -> int:
    """Judges team t with its visit n at a random other place, in the trial row 0."""
    row = p.rows[0]
    old = b.rows[t]
    copy_row(row, old)
    count = old[NV]
    i = 0
    while old[VISIT + i] != n:
        i += 1
    j = (i + 1 + roll(p.nums, count - 1)) % count
    row[VISIT + i], row[VISIT + j] = old[VISIT + j], old[VISIT + i]
    for k in range(1, count):
        if w.hop[0, row[VISIT + k - 1], row[VISIT + k]] < 0:
            return REFUSED
    return revisited(row, old, p, w, cost)

"""The compiled part of a repair: an earlier plan is taken over as far as it still holds, and what the change is about finds a
place. All from the moves of matching.solver.search, tried in a fixed order instead of at random."""

# mypy: disable-error-code="no-any-return, return-value, arg-type, assignment"
# ruff: noqa: SIM109, SIM110
# Compiled: numpy's whole numbers and Python's are the same here, and a loop is what it says.
from __future__ import annotations

from matching.solver.search.arrays import (
    C_ABLE,
    C_K,
    C_LEADERS,
    C_MAX_VISITS,
    C_MOST,
    C_OWNERS,
    C_OWNERS_END,
    C_PREF,
    C_SKILLED,
    C_UNITS,
    CAR,
    DLEAD,
    EXTRA,
    F_SITE,
    HELD,
    HI,
    LEAD,
    MAX_VISITS,
    MODE,
    MY_NEEDS,
    MY_SLOTS,
    N_NEAR,
    N_NEAR_END,
    N_SITE,
    NEEDS,
    NF,
    NU,
    NUMBER,
    NV,
    PART,
    RIDE,
    SCORE,
    SHORT,
    SITE,
    SIZE,
    SLOTS,
    STOP,
    SUM,
    TEAM,
    U_END,
    U_FOE,
    U_FOE_END,
    U_LOCK,
    U_SIZE,
    U_START,
    VISIT,
    WIDTH,
    Book,
    Ints,
    Part,
    World,
)  # fmt: skip
from matching.solver.search.building import join
from matching.solver.search.jit import compiled, inner
from matching.solver.search.people import exchanged, shift
from matching.solver.search.rows import (
    REFUSED,
    allowed,
    blank,
    copy_row,
    judge,
    set_visits,
    with_unit,
    without_unit,
)
from matching.solver.search.undo import begin, take_back, touch
from matching.solver.search.vehicles import lend, with_ride
from matching.solver.search.visits import best_insert, rerouted
from matching.solver.search.writing import enough_tools, set_free, set_team, write

MOST_HELPERS, MOST_INSTEAD = 80, 40
"""Units looked at who have what a team lacks and are needed where they are, and who could take their place."""
NOWHERE = -2
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
def losses(b: Book, p: Part, w: World, cost: Ints, found: Ints) -> None:
    """What the plan loses when a unit leaves its team, for each unit: thousandths, nothing for those who are free."""
    for u in range(len(found)):
        a = b.at[u, TEAM]
        found[u] = exchanged(b, p, w, a, u, -1, 0, cost) if a >= 0 else 0


@compiled
def settle(
    b: Book, p: Part, w: World, teams: Ints, needs: Ints, units: Ints, spare: Ints, cost: Ints
) -> None:
    """What a change is about finds its place: teams that lost something fill up, needs nobody does find a team, people
    who are free join one. `spare`: units that are free or whose team loses least by their going, these first."""
    for t in teams:
        if b.rows[t, NV]:
            complete(b, p, w, t, spare, cost)
    for n in needs:
        if b.visits[n, TEAM] < 0:
            serve(b, p, w, n, spare, cost)
    for u in units:
        settle_in(b, p, w, u, cost)


@inner
def settle_in(b: Book, p: Part, w: World, u: int, cost: Ints) -> None:
    """A unit that is free joins the team it is worth most to."""
    if b.at[u, TEAM] < 0 and b.at[u, PART] == p.nums[NUMBER]:
        t = best_of_all(b, p, w, u, cost)
        if t >= 0:
            begin(p)
            join(b, p, w, u, t, cost)


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


# ── people for a team ──────────────────────────────────────────────────────────────────────────
@inner
def complete(b: Book, p: Part, w: World, t: int, spare: Ints, cost: Ints) -> None:
    """A team that lost something gets whom it needs and gains by. Where nobody can be found, it does with less: without a
    visit, without those there is no seat for. Whoever and whatever it leaves finds another place."""
    had, at = p.rows[5], w.c[C_UNITS]
    copy_row(had, b.rows[t])
    going = True
    while going:
        begin(p)
        before = p.nums[SUM]
        going = touch(b, p, t) and (
            (b.rows[t, SHORT] > 0 and changed(b, p, w, t, cost)) or one_more(b, p, w, t, spare, cost)
        )
        if going and p.nums[SUM] <= before:
            take_back(b, p, w)
            going = False
    for j in range(p.rows[5, NV]):
        if b.visits[p.rows[5, VISIT + j], TEAM] < 0:
            begin(p)
            beside(b, p, w, p.rows[5, VISIT + j], False, cost)
    for j in range(p.rows[5, NU]):
        settle_in(b, p, w, p.rows[5, at + j], cost)


@inner
def changed(b: Book, p: Part, w: World, t: int, cost: Ints) -> bool:
    """The change by which a team that lacks something gains most: one unit more, fewer or for another, a visit less."""
    row, at = b.rows[t], w.c[C_UNITS]
    best, coming, leaving, dropped = 0, -1, -1, -1
    start, end = who_has_it(w, row)
    for j in range(-1, row[NU]):
        v = row[at + j] if j >= 0 else -1
        if v >= 0 and w.u[v, U_LOCK] >= 0:
            continue
        if v >= 0:
            gain = exchanged(b, p, w, t, v, -1, 1, cost)
            if gain > best:
                best, coming, leaving = gain, -1, v
        for i in range(start, end, 1 + (end - start) // MOST_HELPERS):
            u = w.flat[i]
            gain = drawn(b, p, w, t, u, v, cost)
            if gain > best:
                best, coming, leaving = gain, u, v
    for j in range(row[NV] if row[NV] > 1 else 0):
        gain = rerouted(b, p, w, t, 1, row[VISIT + j], -1, -1, cost)
        if gain > best:
            best, dropped = gain, row[VISIT + j]
    if dropped >= 0:
        rerouted(b, p, w, t, 1, dropped, -1, -1, cost)
        write(b, p, w, t, p.rows[1])
        b.visits[dropped, TEAM] = -1
        return True
    if coming >= 0:
        a = b.at[coming, TEAM]
        return (a < 0 or touch(b, p, a)) and taken_in(b, p, w, coming, leaving, t, cost)
    return leaving >= 0 and join(b, p, w, leaving, -1, cost)


@inner
def taken_in(b: Book, p: Part, w: World, u: int, v: int, t: int, cost: Ints) -> bool:
    """Unit u joins team t from wherever it is; unit v (-1: nobody) leaves it and is free."""
    if b.at[u, TEAM] >= 0 and not shift(b, p, w, u, -1, -1, REFUSED, cost):
        return False
    return shift(b, p, w, u, v, t, REFUSED, cost)


@inner
def one_more(b: Book, p: Part, w: World, t: int, spare: Ints, cost: Ints) -> bool:
    """A vehicle or the unit the team gains most by, less what its own team loses, is with it now. What was touched is
    remembered."""
    row = b.rows[t]
    if row[SIZE] >= row[HI]:
        return False
    if row[SHORT] and lend(b, p, w, t, cost):
        return True
    best, found = 0, -1
    for i in range(len(spare)):
        gain = drawn(b, p, w, t, spare[i], -1, cost)
        if gain > best:
            best, found = gain, spare[i]
    start, end = who_has_it(w, row)
    for i in range(start, end):
        gain = drawn(b, p, w, t, w.flat[i], -1, cost)
        if gain > best:
            best, found = gain, w.flat[i]
    if found >= 0:
        return join(b, p, w, found, t, cost)
    return end > start and relieved(b, p, w, t, start, end, spare, cost)


@inner
def who_has_it(w: World, row: Ints) -> tuple[int, int]:
    """From … to of the list of units that have what the team lacks: a leader, a skill, seats."""
    if not row[SHORT]:
        return 0, 0
    if row[LEAD + row[DLEAD]] <= 0:
        return w.c[C_LEADERS], w.c[C_LEADERS] + w.c[C_ABLE + row[DLEAD]]
    for k in range(w.c[C_K]):
        if row[WIDTH + w.c[C_K] + k] > row[WIDTH + k]:
            return w.flat[w.c[C_SKILLED] + 2 * k], w.flat[w.c[C_SKILLED] + 2 * k + 1]
    if row[MODE] == CAR:
        return w.c[C_OWNERS], w.c[C_OWNERS_END]
    return 0, 0


@inner
def drawn(b: Book, p: Part, w: World, t: int, u: int, v: int, cost: Ints) -> int:
    """What the plan gains when unit u comes to team t from wherever it is, and v (-1: nobody) is free; REFUSED when it may
    not."""
    a = b.at[u, TEAM]
    if a == t or b.at[u, PART] != p.nums[NUMBER] or (a >= 0 and w.u[u, U_LOCK] >= 0):
        return REFUSED
    gain = exchanged(b, p, w, t, v, u, 1, cost)
    if gain == REFUSED or a < 0:
        return gain
    loss = exchanged(b, p, w, a, u, -1, 0, cost)
    return REFUSED if loss == REFUSED else gain + loss


@inner
def relieved(b: Book, p: Part, w: World, t: int, start: int, end: int, spare: Ints, cost: Ints) -> bool:
    """Somebody who has what the team lacks comes, and somebody who can be spared takes the place left."""
    best, found, instead = 0, -1, -1
    for i in range(start, end, 1 + (end - start) // MOST_HELPERS):
        u = w.flat[i]
        a = b.at[u, TEAM]
        if a < 0 or a == t or b.at[u, PART] != p.nums[NUMBER] or w.u[u, U_LOCK] >= 0:
            continue
        gain = exchanged(b, p, w, t, -1, u, 1, cost)
        if gain <= best:
            continue
        for j in range(min(len(spare), MOST_INSTEAD)):
            v = spare[j]
            c = b.at[v, TEAM]
            if v == u or c == a or c == t or b.at[v, PART] != p.nums[NUMBER]:
                continue
            if c >= 0 and w.u[v, U_LOCK] >= 0:
                continue
            change = exchanged(b, p, w, a, u, v, 0, cost)
            if change == REFUSED or gain + change <= best:
                continue
            if c >= 0:
                loss = exchanged(b, p, w, c, v, -1, 0, cost)
                change = REFUSED if loss == REFUSED else change + loss
            if change != REFUSED and gain + change > best:
                best, found, instead = gain + change, u, v
    if found < 0:
        return False
    a = b.at[found, TEAM]
    return join(b, p, w, found, t, cost) and join(b, p, w, instead, a, cost)


# ── teams for a need ───────────────────────────────────────────────────────────────────────────
@inner
def serve(b: Book, p: Part, w: World, n: int, spare: Ints, cost: Ints) -> bool:
    """A need that waits goes to a near team, to a team that leaves all it has for it, or to a new one: whatever the plan
    gains most by, if it gains."""
    best, way = 0, -1
    for kind in range(3):
        gain = attempt(b, p, w, n, kind, spare, cost)
        take_back(b, p, w)
        if gain > best:
            best, way = gain, kind
    return way >= 0 and attempt(b, p, w, n, way, spare, cost) > 0


@inner
def attempt(b: Book, p: Part, w: World, n: int, kind: int, spare: Ints, cost: Ints) -> int:
    """Serves the need one way; what the plan gains by it, REFUSED when it is not served. What was touched is remembered."""
    begin(p)
    before = p.nums[SUM]
    if kind == 0:
        gone = beside(b, p, w, n, True, cost)
        done = gone != NOWHERE
        if gone >= 0:
            beside(b, p, w, gone, False, cost)
    elif kind == 1:
        done = instead_of_all(b, p, w, n, spare, cost)
    else:
        done = anew(b, p, w, n, spare, cost)
    return p.nums[SUM] - before if done else REFUSED


@inner
def beside(b: Book, p: Part, w: World, n: int, swapping: bool, cost: Ints) -> int:
    """The near team that gains most takes the need as one more visit, or (`swapping`) in the place of one that then waits:
    which one, -1 for none; NOWHERE when no team gains."""
    best, found, gone = 0, -1, -1
    none = p.rows[3]
    none[NV] = 0
    for i in range(w.n[n, N_NEAR], w.n[n, N_NEAR_END]):
        m = w.flat[i]
        t = b.visits[m, TEAM]
        if t < 0 or b.visits[m, PART] != p.nums[NUMBER]:
            continue
        for j in range(-1, b.rows[t, NV] if swapping else 0):
            leaving = b.rows[t, VISIT + j] if j >= 0 else -1
            if j < 0 and b.rows[t, NV] >= w.c[C_MAX_VISITS]:
                continue
            gain = best_insert(b, p, w, t, 1, leaving, n, cost)
            if gain > best and enough_tools(p, w, p.rows[1], b.rows[t], none, none):
                best, found, gone = gain, t, leaving
    if found < 0 or not touch(b, p, found):
        return NOWHERE
    best_insert(b, p, w, found, 1, gone, n, cost)
    write(b, p, w, found, p.rows[1])
    b.visits[n, TEAM] = found
    if gone >= 0:
        b.visits[gone, TEAM] = -1
    return gone


@inner
def instead_of_all(b: Book, p: Part, w: World, n: int, spare: Ints, cost: Ints) -> bool:
    """The team that loses least by it leaves all it has for the need; what it had goes to near teams or waits, who does not
    come with it joins others."""
    row, none = p.rows[2], p.rows[3]
    none[NV] = 0
    best, found = 0, -1
    for i in range(p.nums[NEEDS]):
        m = p.own[MY_NEEDS, i]
        t = b.visits[m, TEAM]
        if t < 0 or b.rows[t, VISIT] != m:
            continue
        most = w.val[n, w.c[C_MOST]] + b.rows[t, EXTRA] + b.rows[t, SIZE] * w.c[C_PREF]
        if most > b.rows[t, SCORE] and moved_row(b, p, w, t, n, cost):
            gain = row[SCORE] - b.rows[t, SCORE]
            if gain > best and enough_tools(p, w, row, b.rows[t], none, none):
                best, found = gain, t
    if found < 0 or not touch(b, p, found):
        return False
    moved_row(b, p, w, found, n, cost)
    had = p.rows[5]
    copy_row(had, b.rows[found])
    for j in range(had[NV]):
        b.visits[had[VISIT + j], TEAM] = -1
    at = w.c[C_UNITS]
    for j in range(had[NU]):
        set_free(b, p, had[at + j])
    for j in range(row[NU]):
        set_team(b, p, row[at + j], found)
    write(b, p, w, found, row)
    b.visits[n, TEAM] = found
    going = True
    while going:
        going = one_more(b, p, w, found, spare, cost)
    for j in range(p.rows[5, NV]):
        beside(b, p, w, p.rows[5, VISIT + j], False, cost)
    for j in range(p.rows[5, NU]):
        u = p.rows[5, at + j]
        if b.at[u, TEAM] < 0:
            c = best_of_all(b, p, w, u, cost)
            if c >= 0 and not join(b, p, w, u, c, cost):
                return False
    return b.rows[found, SHORT] == 0


@inner
def moved_row(b: Book, p: Part, w: World, t: int, n: int, cost: Ints) -> bool:
    """The trial row 2: team t at need n alone, without those who may not go there or for whom there is no room."""
    row, old, at = p.rows[2], b.rows[t], w.c[C_UNITS]
    if old[SITE] != w.n[n, N_SITE]:
        return False
    blank(row, w)
    row[VISIT] = n
    row[NV] = 1
    if not set_visits(row, w):
        return False
    for j in range(old[NF]):
        with_ride(row, old[RIDE + j])
    for j in range(old[NU]):
        u = old[at + j]
        if w.u[u, U_LOCK] >= 0:
            return False
        if row[SIZE] + w.u[u, U_SIZE] <= row[HI] and allowed(row, w, u):
            with_unit(row, w, u)
    if old[STOP] == row[STOP]:
        row[HELD] = old[HELD]
    return row[NU] > 0 and judge(row, w, p.stops, cost) != REFUSED


@inner
def anew(b: Book, p: Part, w: World, n: int, spare: Ints, cost: Ints) -> bool:
    """A new team of those who are free or can be spared."""
    if not p.nums[SLOTS]:
        return False
    t = p.own[MY_SLOTS, p.nums[SLOTS] - 1]
    if not touch(b, p, t):
        return False
    row, none = p.rows[2], p.rows[3]
    none[NV] = 0
    blank(row, w)
    row[VISIT] = n
    row[NV] = 1
    if not set_visits(row, w) or judge(row, w, p.stops, cost) == REFUSED:
        return False
    if not enough_tools(p, w, row, none, none, none):
        return False
    p.nums[SLOTS] -= 1
    write(b, p, w, t, row)
    b.visits[n, TEAM] = t
    going = True
    while going:
        going = one_more(b, p, w, t, spare, cost)
    return b.rows[t, NU] > 0 and b.rows[t, SHORT] == 0

"""Changes of a plan. Each is tried, and kept when it loses no more than the temperature allows just then.

Simple moves judge the teams as they would be before anything is written. Compound moves write, remember what they touched,
and take everything back when the result is not good enough.
"""

# mypy: disable-error-code="no-any-return, return-value, arg-type, assignment"
# Compiled: numpy's whole numbers and Python's are the same here, and a loop is what it says.
from __future__ import annotations

import numpy as np

from matching.solver.search.arrays import (
    C_ABLE,
    C_K,
    C_LEADERS,
    C_MAX_VISITS,
    C_OWNERS,
    C_OWNERS_END,
    C_SKILLED,
    C_SPECIAL,
    C_SPECIAL_END,
    C_TOOLS,
    C_UNITS,
    CAR,
    DLEAD,
    DSKILL,
    F_SITE,
    FLEET,
    FREE,
    HELD,
    HI,
    LEAD,
    LO,
    MAX_RIDES,
    MODE,
    MY_FLEET,
    MY_FREE,
    MY_NEEDS,
    MY_SLOTS,
    MY_STAMPS,
    MY_TOUCHED,
    MY_UNITS,
    N_LEAD,
    N_NEAR,
    N_NEAR_END,
    NEEDS,
    NF,
    NU,
    NUMBER,
    NV,
    PART,
    PLACE,
    RIDE,
    RNG,
    SCORE,
    SHORT,
    SHUTTLE,
    SITE,
    SIZE,
    SLOTS,
    STAMP,
    STOP,
    SUM,
    TEAM,
    TOUCHED,
    U_FOE,
    U_FOE_END,
    U_LOCK,
    U_SIZE,
    UNITS,
    VISIT,
    WIDTH,
    Book,
    Ints,
    Part,
    World,
)  # fmt: skip
from matching.solver.search.jit import inner
from matching.solver.search.rows import (
    REFUSED,
    all_allowed,
    allowed,
    blank,
    copy_row,
    judge,
    set_visits,
    with_unit,
    without_unit,
)  # fmt: skip

MOST_TOUCHED = 40
MOST_LOOKED_AT = 60
"""Needs looked through for a team that lacks something."""


# ── numbers ────────────────────────────────────────────────────────────────────────────────────
@inner
def roll(nums: Ints, sides: int) -> int:
    """A random whole number from 0 to sides - 1 (xorshift64)."""
    x = np.uint64(nums[RNG])
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    nums[RNG] = np.int64(x)
    return np.int64(((x >> np.uint64(33)) * np.uint64(sides)) >> np.uint64(31))


# ── writing ────────────────────────────────────────────────────────────────────────────────────
@inner
def write(b: Book, p: Part, w: World, t: int, row: Ints) -> None:
    """The team in slot t becomes `row`: seats, tools and the sum follow."""
    old = b.rows[t]
    if old[HELD]:
        p.stops[old[STOP]] += old[HELD]
    row[HELD] = row[SIZE] if row[MODE] == SHUTTLE else 0
    if row[HELD]:
        p.stops[row[STOP]] -= row[HELD]
    at = WIDTH + 2 * w.c[C_K]
    for k in range(w.c[C_TOOLS]):
        if old[at + k]:
            p.tools[old[SITE], k] += old[at + k]
        if row[at + k]:
            p.tools[row[SITE], k] -= row[at + k]
    p.nums[SUM] += row[SCORE] - old[SCORE]
    copy_row(old, row)


@inner
def set_free(b: Book, p: Part, u: int) -> None:
    p.own[MY_FREE, p.nums[FREE]] = u
    b.at[u, PLACE] = p.nums[FREE]
    b.at[u, TEAM] = -1
    p.nums[FREE] += 1


@inner
def set_team(b: Book, p: Part, u: int, t: int) -> None:
    """Unit u belongs to team t; if it was free, it is so no longer."""
    if b.at[u, TEAM] < 0:
        p.nums[FREE] -= 1
        last = p.own[MY_FREE, p.nums[FREE]]
        place = b.at[u, PLACE]
        p.own[MY_FREE, place] = last
        b.at[last, PLACE] = place
    b.at[u, TEAM] = t


@inner
def enough_tools(p: Part, w: World, row: Ints, old: Ints, other: Ints, other_old: Ints) -> bool:
    """Whether the tools of a changed row are there, with what it had, and with what another changed row gives or takes."""
    at = WIDTH + 2 * w.c[C_K]
    site = row[SITE]
    for k in range(w.c[C_TOOLS]):
        asked = row[at + k]
        if asked:
            left = p.tools[site, k]
            if old[NV] and old[SITE] == site:
                left += old[at + k]
            if other_old[NV] and other_old[SITE] == site:
                left += other_old[at + k]
            if other[NV] and other[SITE] == site:
                left -= other[at + k]
            if asked > left:
                return False
    return True


@inner
def seats_for_both(p: Part, a: Ints, c: Ints, old_a: Ints, old_c: Ints) -> bool:
    """Whether two changed teams of one shuttle stop have seats together."""
    if a[NV] and c[NV] and a[MODE] == SHUTTLE and c[MODE] == SHUTTLE and a[STOP] == c[STOP]:
        left = p.stops[a[STOP]]
        if old_a[HELD] and old_a[STOP] == a[STOP]:
            left += old_a[HELD]
        if old_c[HELD] and old_c[STOP] == a[STOP]:
            left += old_c[HELD]
        return left >= a[SIZE] + c[SIZE]
    return True


# ── people ─────────────────────────────────────────────────────────────────────────────────────
@inner
def has_foe(b: Book, w: World, u: int, t: int, leaving: int) -> bool:
    for i in range(w.u[u, U_FOE], w.u[u, U_FOE_END]):
        if w.flat[i] != leaving and b.at[w.flat[i], TEAM] == t:
            return True
    return False


@inner
def exchanged(b: Book, p: Part, w: World, t: int, leaving: int, coming: int, place: int, cost: Ints) -> int:
    """Judges team t without one unit and with another (-1: nobody) in the trial row `place`; the change of the score."""
    row = p.rows[place]
    copy_row(row, b.rows[t])
    if leaving >= 0:
        without_unit(row, w, leaving)
    if coming >= 0:
        if row[SIZE] + w.u[coming, U_SIZE] > row[HI] or not allowed(row, w, coming):
            return REFUSED
        if has_foe(b, w, coming, t, leaving):
            return REFUSED
        with_unit(row, w, coming)
    if row[NU] == 0 or judge(row, w, p.stops, cost) == REFUSED:
        return REFUSED
    return row[SCORE] - b.rows[t, SCORE]


@inner
def shift(b: Book, p: Part, w: World, u: int, v: int, c: int, least: int, cost: Ints) -> bool:
    """Unit u goes to team c (-1: free); unit v (or -1) of team c comes to u's place. Kept if worth at least `least`."""
    a = b.at[u, TEAM]
    if (a >= 0 and w.u[u, U_LOCK] >= 0) or (v >= 0 and w.u[v, U_LOCK] >= 0):
        return False  # a coordinator wants them there
    change = 0
    if c >= 0:
        gain = exchanged(b, p, w, c, v, u, 1, cost)
        if gain == REFUSED:
            return False
        change += gain
    if a >= 0:
        gain = exchanged(b, p, w, a, u, v, 0, cost)
        if gain == REFUSED:
            return False
        change += gain
    if change < least:
        return False
    if a >= 0 and c >= 0 and not seats_for_both(p, p.rows[0], p.rows[1], b.rows[a], b.rows[c]):
        return False
    if c >= 0:
        set_team(b, p, u, c)
    else:
        set_free(b, p, u)
    if v >= 0:
        if a >= 0:
            set_team(b, p, v, a)
        else:
            set_free(b, p, v)
    if a >= 0:
        write(b, p, w, a, p.rows[0])
    if c >= 0:
        write(b, p, w, c, p.rows[1])
    return True


@inner
def some_team(b: Book, p: Part) -> int:
    """The team of a random need, -1 if it has none."""
    return b.visits[p.own[MY_NEEDS, roll(p.nums, p.nums[NEEDS])], TEAM]


@inner
def one_of(p: Part, w: World, begin: int, end: int) -> int:
    """A random unit of a list in `flat`, -1 if it is empty."""
    return w.flat[begin + roll(p.nums, end - begin)] if end > begin else -1


@inner
def who_helps(b: Book, p: Part, w: World, row: Ints) -> int:
    """A random unit that has something the team lacks, -1 if none is found."""
    if row[LEAD + row[DLEAD]] <= 0:
        return one_of(p, w, w.c[C_LEADERS], w.c[C_LEADERS] + w.c[C_ABLE + row[DLEAD]])
    if row[DSKILL]:
        for k in range(w.c[C_K]):
            if row[WIDTH + w.c[C_K] + k] > row[WIDTH + k]:
                return one_of(p, w, w.flat[w.c[C_SKILLED] + 2 * k], w.flat[w.c[C_SKILLED] + 2 * k + 1])
    if row[MODE] == CAR and row[SIZE] >= row[LO] and roll(p.nums, 2):
        return one_of(p, w, w.c[C_OWNERS], w.c[C_OWNERS_END])
    if p.nums[FREE] and roll(p.nums, 2):
        return p.own[MY_FREE, roll(p.nums, p.nums[FREE])]
    return p.own[MY_UNITS, roll(p.nums, p.nums[UNITS])]


@inner
def help_team(b: Book, p: Part, w: World, least: int, cost: Ints) -> bool:
    """A team that lacks something gets a unit that has it, in exchange for one of its own or not."""
    c, count = -1, p.nums[NEEDS]
    begin = roll(p.nums, count)
    for i in range(min(count, MOST_LOOKED_AT)):
        t = b.visits[p.own[MY_NEEDS, (begin + i) % count], TEAM]
        if t >= 0 and b.rows[t, SHORT]:
            c = t
            break
    if c < 0:
        return False
    row = b.rows[c]
    u = who_helps(b, p, w, row)
    if u < 0 or b.at[u, PART] != p.nums[NUMBER] or b.at[u, TEAM] == c:
        return False
    v = -1
    if row[NU] and (row[SIZE] + w.u[u, U_SIZE] > row[HI] or roll(p.nums, 2)):
        v = row[w.c[C_UNITS] + roll(p.nums, row[NU])]
    return shift(b, p, w, u, v, c, least, cost)


@inner
def move_unit(b: Book, p: Part, w: World, least: int, cost: Ints) -> bool:
    kind = roll(p.nums, 16)
    if kind == 0:
        return help_team(b, p, w, least, cost)
    u = -1
    if kind < 7:  # those who bring more than hands decide most
        u = one_of(p, w, w.c[C_SPECIAL], w.c[C_SPECIAL_END])
        if u >= 0 and b.at[u, PART] != p.nums[NUMBER]:
            return False
    if u < 0:
        u = p.own[MY_UNITS, roll(p.nums, p.nums[UNITS])]
    a = b.at[u, TEAM]
    if kind < 9:
        v = p.own[MY_UNITS, roll(p.nums, p.nums[UNITS])]
        c = b.at[v, TEAM]
        if a == c:
            return False
        if c < 0:
            return shift(b, p, w, v, u, a, least, cost)
        return shift(b, p, w, u, v, c, least, cost)
    if kind < 13 and p.nums[FREE]:
        v = p.own[MY_FREE, roll(p.nums, p.nums[FREE])]
        if kind < 12 or a < 0:
            c = some_team(b, p)
            return c >= 0 and shift(b, p, w, v, -1, c, least, cost)
        return shift(b, p, w, v, u, a, least, cost)
    if kind == 13 and a >= 0:
        return shift(b, p, w, u, -1, -1, least, cost)
    c = some_team(b, p)
    if c < 0 or c == a:
        return False
    return shift(b, p, w, u, -1, c, least, cost)


# ── vehicles ───────────────────────────────────────────────────────────────────────────────────
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


# ── visits ─────────────────────────────────────────────────────────────────────────────────────
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
def near_team(b: Book, p: Part, w: World, n: int) -> int:
    """The team of a random need near need n, -1 if it has none."""
    count = w.n[n, N_NEAR_END] - w.n[n, N_NEAR]
    if not count:
        return -1
    m = w.flat[w.n[n, N_NEAR] + roll(p.nums, count)]
    if b.visits[m, PART] != p.nums[NUMBER]:
        return -1
    return b.visits[m, TEAM]


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


# ── compound moves ─────────────────────────────────────────────────────────────────────────────
@inner
def begin(p: Part) -> None:
    p.nums[STAMP] += 1
    p.nums[TOUCHED] = 0


@inner
def touch(b: Book, p: Part, t: int) -> bool:
    """Remembers a team as it was; False when too much was touched already."""
    if p.own[MY_STAMPS, t] == p.nums[STAMP]:
        return True
    count = p.nums[TOUCHED]
    if count >= MOST_TOUCHED:
        return False
    p.own[MY_STAMPS, t] = p.nums[STAMP]
    p.own[MY_TOUCHED, count] = t
    copy_row(p.old[count], b.rows[t])
    p.nums[TOUCHED] = count + 1
    return True


@inner
def take_back(b: Book, p: Part, w: World) -> None:
    """Every team touched is as it was; slots opened are empty again."""
    for i in range(p.nums[TOUCHED]):
        t = p.own[MY_TOUCHED, i]
        row = b.rows[t]
        for j in range(row[NU]):
            set_free(b, p, row[w.c[C_UNITS] + j])
        for j in range(row[NV]):
            b.visits[row[VISIT + j], TEAM] = -1
        for j in range(row[NF]):
            b.rides[row[RIDE + j]] = -1
        if row[NV] == 0 and p.old[i, NV] > 0:
            drop_slot(p, t)
        elif row[NV] > 0 and p.old[i, NV] == 0:
            p.own[MY_SLOTS, p.nums[SLOTS]] = t
            p.nums[SLOTS] += 1
    for i in range(p.nums[TOUCHED]):
        t = p.own[MY_TOUCHED, i]
        row = p.old[i]
        for j in range(row[NU]):
            set_team(b, p, row[w.c[C_UNITS] + j], t)
        for j in range(row[NV]):
            b.visits[row[VISIT + j], TEAM] = t
        for j in range(row[NF]):
            b.rides[row[RIDE + j]] = t
        write(b, p, w, t, row)


@inner
def drop_slot(p: Part, t: int) -> None:
    """Slot t is empty no longer."""
    for i in range(p.nums[SLOTS]):
        if p.own[MY_SLOTS, i] == t:
            p.nums[SLOTS] -= 1
            p.own[MY_SLOTS, i] = p.own[MY_SLOTS, p.nums[SLOTS]]
            return


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


@inner
def near_waiting(b: Book, p: Part, w: World, n: int) -> int:
    """A random need near n that waits, or n itself."""
    count = w.n[n, N_NEAR_END] - w.n[n, N_NEAR]
    for _ in range(4):
        if count:
            m = w.flat[w.n[n, N_NEAR] + roll(p.nums, count)]
            if b.visits[m, PART] == p.nums[NUMBER] and b.visits[m, TEAM] < 0:
                return m
    return n if b.visits[n, TEAM] < 0 else -1

"""Moves of units: one joins another team, two change places. Judged as the teams would be, before anything is written."""

# mypy: disable-error-code="no-any-return, return-value, arg-type, assignment"
# Compiled: numpy's whole numbers and Python's are the same here, and a loop is what it says.
from __future__ import annotations

from matching.solver.search.arrays import (
    C_ABLE,
    C_K,
    C_LEADERS,
    C_OWNERS,
    C_OWNERS_END,
    C_SKILLED,
    C_SPECIAL,
    C_SPECIAL_END,
    C_UNITS,
    CAR,
    DLEAD,
    DSKILL,
    FREE,
    HI,
    LEAD,
    LO,
    MODE,
    MY_FREE,
    MY_NEEDS,
    MY_UNITS,
    NEEDS,
    NU,
    NUMBER,
    PART,
    SCORE,
    SHORT,
    SIZE,
    TEAM,
    U_FOE,
    U_FOE_END,
    U_LOCK,
    U_SIZE,
    UNITS,
    WIDTH,
    Book,
    Ints,
    Part,
    World,
)
from matching.solver.search.jit import inner
from matching.solver.search.picks import one_of, roll, some_team
from matching.solver.search.rows import REFUSED, allowed, copy_row, judge, with_unit, without_unit
from matching.solver.search.writing import seats_for_both, set_free, set_team, write

MOST_LOOKED_AT = 60
"""Needs looked through for a team that lacks something."""


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

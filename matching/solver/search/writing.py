"""Writing a changed team into the plan: seats, tools, who is free and the sum follow. And whether two changes have enough
of what all draw from."""

# mypy: disable-error-code="no-any-return, return-value, arg-type, assignment"
# Compiled: numpy's whole numbers and Python's are the same here, and a loop is what it says.
from __future__ import annotations

from matching.solver.search.arrays import (
    C_K,
    C_TOOLS,
    FREE,
    HELD,
    MODE,
    MY_FREE,
    NV,
    PLACE,
    SCORE,
    SHUTTLE,
    SITE,
    SIZE,
    STOP,
    SUM,
    TEAM,
    WIDTH,
    Book,
    Ints,
    Part,
    World,
)
from matching.solver.search.jit import inner
from matching.solver.search.rows import copy_row


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

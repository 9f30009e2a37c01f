"""What lets a compound move write first and decide later: teams touched are remembered, and taken back whole."""

# mypy: disable-error-code="no-any-return, return-value, arg-type, assignment"
# Compiled: numpy's whole numbers and Python's are the same here, and a loop is what it says.
from __future__ import annotations

from matching.solver.search.arrays import (
    C_UNITS,
    MY_SLOTS,
    MY_STAMPS,
    MY_TOUCHED,
    NF,
    NU,
    NV,
    RIDE,
    SLOTS,
    STAMP,
    TEAM,
    TOUCHED,
    VISIT,
    Book,
    Part,
    World,
)
from matching.solver.search.jit import inner
from matching.solver.search.rows import copy_row
from matching.solver.search.writing import set_free, set_team, write

MOST_TOUCHED = 40
"""Teams a compound move may change."""


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

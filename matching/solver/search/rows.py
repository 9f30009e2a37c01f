"""What one team is worth. A row holds a team as numbers (columns in `arrays`); all functions here are compiled.

A team may lack something while the search is under way (a leader, people, a seat): SHORT counts what is missing, and
each of it costs points. What can not be mended by one more person (time, permission, people above the maximum) is
refused at once: SCORE is then REFUSED.
"""

# mypy: disable-error-code="no-any-return, return-value, arg-type, assignment"
# ruff: noqa: SIM110
# Compiled: numpy's whole numbers and Python's are the same here, and a loop is what it says.
from __future__ import annotations

import numpy as np

from matching.solver.search.arrays import (
    AHEAD,
    C_CHURN,
    C_CONT,
    C_CONT_CAP,
    C_K,
    C_MOST,
    C_NOW,
    C_PREF,
    C_TOOLS,
    C_TRAVEL,
    C_UNITS,
    C_WORK_END,
    CAR,
    D0,
    D1,
    DEP,
    DLEAD,
    DSKILL,
    DTRUCK,
    DWOMEN,
    END,
    EXTRA,
    F_SEATS,
    F_TRUCK,
    FAR,
    FLOOR,
    HELD,
    HI,
    K_FINE,
    K_LEADER,
    K_SEAT,
    K_SHARE,
    K_SKILL,
    K_TRUCK,
    K_WASTE,
    LATEST,
    LEAD,
    LEGS,
    LO,
    MODE,
    N_ACCESS,
    N_CLOSE,
    N_DUR,
    N_HI,
    N_LEAD,
    N_LO,
    N_OPEN,
    N_SITE,
    N_SKILL,
    N_STOP,
    N_TRUCK,
    N_TYPE,
    N_WOMEN,
    NF,
    NU,
    NV,
    OK,
    RIDE,
    ROUTE,
    SCORE,
    SEATS,
    SHORT,
    SHUTTLE,
    SITE,
    SIZE,
    STOP,
    THERE,
    TRUCKS,
    TYPES,
    U_BEEN,
    U_BEEN_END,
    U_D0,
    U_D1,
    U_END,
    U_IDLE,
    U_LEAD,
    U_LOCK,
    U_SEATS,
    U_SIZE,
    U_SKILL,
    U_START,
    U_TOLD,
    U_TOLD_END,
    U_TRUCKS,
    U_WISH,
    U_WISH_END,
    U_WOMEN,
    VISIT,
    WIDTH,
    WOMEN,
    Ints,
    World,
)  # fmt: skip
from matching.solver.search.jit import inner

REFUSED = -(1 << 60)


@inner
def copy_row(into: Ints, row: Ints) -> None:
    """As `into[:] = row`, which would bring the sentences of numba's own errors into every function."""
    for i in range(len(row)):
        into[i] = row[i]


@inner
def blank(row: Ints, w: World) -> None:
    """An empty team."""
    for i in range(w.c[C_UNITS]):
        row[i] = 0
    row[DEP] = w.c[C_NOW]
    row[END] = w.c[C_WORK_END]
    row[STOP] = -1
    row[MODE] = -1


@inner
def unit_extra(row: Ints, w: World, u: int) -> int:
    """Points a unit brings by being there at all: not idle, its wishes, what it was told."""
    extra = w.u[u, U_IDLE]
    for i in range(w.u[u, U_WISH], w.u[u, U_WISH_END]):
        if w.flat[i] & row[TYPES]:
            extra += w.c[C_PREF]
    for i in range(w.u[u, U_TOLD], w.u[u, U_TOLD_END]):
        for j in range(row[NV]):
            if row[VISIT + j] == w.flat[i]:
                extra += w.c[C_CHURN]
    return extra


@inner
def _count(row: Ints, w: World, u: int, sign: int) -> None:
    row[SIZE] += sign * w.u[u, U_SIZE]
    row[WOMEN] += sign * w.u[u, U_WOMEN]
    row[SEATS] += sign * w.u[u, U_SEATS]
    row[TRUCKS] += sign * w.u[u, U_TRUCKS]
    row[D0] += sign * w.u[u, U_D0]
    row[D1] += sign * w.u[u, U_D1]
    row[NU] += sign
    for e in range(w.u[u, U_LEAD] + 1):
        row[LEAD + e] += sign
    for k in range(w.c[C_K]):
        row[WIDTH + k] += sign * w.u[u, U_SKILL + k]
    for i in range(w.u[u, U_BEEN], w.u[u, U_BEEN_END]):
        for j in range(row[NV]):
            if row[VISIT + j] == w.flat[i]:
                row[THERE + j] += sign
    row[EXTRA] += sign * unit_extra(row, w, u)


@inner
def with_unit(row: Ints, w: World, u: int) -> None:
    row[w.c[C_UNITS] + row[NU]] = u
    _count(row, w, u, 1)
    row[DEP] = max(row[DEP], w.u[u, U_START])
    row[END] = min(row[END], w.u[u, U_END])


@inner
def without_unit(row: Ints, w: World, u: int) -> None:
    _count(row, w, u, -1)
    at, count = w.c[C_UNITS], row[NU]
    i = at
    while row[i] != u:
        i += 1
    row[i] = row[at + count]
    if (w.u[u, U_START] == row[DEP] and row[DEP] > w.c[C_NOW]) or (
        w.u[u, U_END] == row[END] and row[END] < w.c[C_WORK_END]
    ):
        row[DEP], row[END] = w.c[C_NOW], w.c[C_WORK_END]
        for i in range(at, at + count):
            row[DEP] = max(row[DEP], w.u[row[i], U_START])
            row[END] = min(row[END], w.u[row[i], U_END])


@inner
def allowed(row: Ints, w: World, u: int) -> bool:
    """Whether a unit may go to every visit of the team."""
    for j in range(row[NV]):
        if not w.may[u, row[VISIT + j]]:
            return False
    lock = w.u[u, U_LOCK]
    if lock >= 0:
        for j in range(row[NV]):
            if row[VISIT + j] == lock:
                return True
        return False
    return True


@inner
def all_allowed(row: Ints, w: World, n: int) -> bool:
    """Whether every unit of the team may go to a need."""
    at = w.c[C_UNITS]
    for i in range(at, at + row[NU]):
        if not w.may[row[i], n]:
            return False
    return True


@inner
def _way(row: Ints, w: World, m: int) -> None:
    """The time line of one way of travelling, as a function of the departure."""
    at = ROUTE + 5 * m
    row[at + OK] = 0
    count = row[NV]
    first, last = row[VISIT], row[VISIT + count - 1]
    if row[DTRUCK] and m != CAR:
        return
    if m == SHUTTLE and (w.n[first, N_STOP] < 0 or w.n[first, N_STOP] != w.n[last, N_STOP]):
        return
    leg = w.n[first, N_ACCESS + m]
    if leg < 0 or w.n[last, N_ACCESS + m] < 0:
        return
    ahead, floor, latest, legs = leg, -FAR, FAR, leg
    for j in range(count):
        n = row[VISIT + j]
        if j:
            before = row[VISIT + j - 1]
            hop = np.int64(w.hop[1, before, n]) if m == CAR else np.int64(w.hop[0, before, n])
            if hop < 0:
                return
            ahead += hop
            floor += hop
            legs += hop
        floor = max(floor, w.n[n, N_OPEN])
        ahead += w.n[n, N_DUR]
        floor += w.n[n, N_DUR]
        if floor > w.n[n, N_CLOSE]:
            return
        latest = min(latest, w.n[n, N_CLOSE] - ahead)
    leg = w.n[last, N_ACCESS + m]
    row[at + OK] = 1
    row[at + LEGS] = legs + leg
    row[at + AHEAD] = ahead + leg
    row[at + FLOOR] = floor + leg
    row[at + LATEST] = latest


@inner
def set_visits(row: Ints, w: World) -> bool:
    """What the visits in the row ask for, and the time lines; False when no team could ever do them. Units stay."""
    count = row[NV]
    row[LO], row[HI], row[DLEAD], row[DWOMEN] = 0, w.c[C_MOST], 0, 0
    row[DTRUCK], row[TYPES], row[DSKILL] = 0, 0, 0
    asked, tools = WIDTH + w.c[C_K], WIDTH + 2 * w.c[C_K]
    for k in range(w.c[C_K]):
        row[asked + k] = 0
    for k in range(w.c[C_TOOLS]):
        row[tools + k] = 0
    first = row[VISIT]
    row[SITE] = w.n[first, N_SITE]
    row[STOP] = w.n[first, N_STOP]
    for j in range(count):
        n = row[VISIT + j]
        if w.n[n, N_SITE] != row[SITE]:
            return False
        row[LO] = max(row[LO], w.n[n, N_LO])
        row[HI] = min(row[HI], w.n[n, N_HI])
        row[DLEAD] = max(row[DLEAD], w.n[n, N_LEAD])
        row[DWOMEN] = max(row[DWOMEN], w.n[n, N_WOMEN])
        row[DTRUCK] |= w.n[n, N_TRUCK]
        row[TYPES] |= w.n[n, N_TYPE]
        for k in range(w.c[C_K]):
            if w.n[n, N_SKILL + k]:
                row[DSKILL] = 1
                row[asked + k] = max(row[asked + k], w.n[n, N_SKILL + k])
        for k in range(w.c[C_TOOLS]):
            row[tools + k] = max(row[tools + k], w.n[n, N_SKILL + w.c[C_K] + k])
    if row[LO] > row[HI]:
        return False
    ways = 0
    for m in range(3):
        _way(row, w, m)
        ways += row[ROUTE + 5 * m + OK]
    if not ways:
        return False
    row[EXTRA] = 0
    for j in range(count):
        row[THERE + j] = 0
    for i in range(w.c[C_UNITS], w.c[C_UNITS] + row[NU]):
        u = row[i]
        row[EXTRA] += unit_extra(row, w, u)
        for b in range(w.u[u, U_BEEN], w.u[u, U_BEEN_END]):
            for j in range(count):
                if row[VISIT + j] == w.flat[b]:
                    row[THERE + j] += 1
    return True


@inner
def _seats_short(row: Ints, w: World) -> int:
    """Seats missing when the team goes by car, with every own car and all vehicles it was given; a missing driver counts
    as its vehicle's seats."""
    seats = row[SEATS]
    own_trucks = row[TRUCKS]
    lack = 0
    if row[NF]:
        trucks = 0
        for i in range(row[NF]):
            seats += w.f[row[RIDE + i], F_SEATS]
            trucks += w.f[row[RIDE + i], F_TRUCK]
        spare = row[NF] - row[D0]
        if spare > 0:  # people with a car of their own leave it and drive the center's
            if spare > row[D1]:
                lack += spare - row[D1]
                seats -= (spare - row[D1]) * 2
            for i in range(w.c[C_UNITS], w.c[C_UNITS] + row[NU]):
                u = row[i]
                if spare > 0 and w.u[u, U_D1] > 0:
                    seats -= w.u[u, U_SEATS]  # all cars of the unit: never too few are counted
                    own_trucks -= w.u[u, U_TRUCKS]
                    spare -= w.u[u, U_D1]
        own_trucks += trucks
    if row[DTRUCK] and own_trucks <= 0:
        lack += 2
    return lack + max(0, row[SIZE] - seats)


@inner
def _waste(row: Ints, w: World, mode: int, cost: Ints) -> int:
    """What the team keeps from others without needing it, at the price of each."""
    waste = np.int64(0)
    seats = row[SEATS]
    if mode == CAR:
        for i in range(row[NF]):
            seats += w.f[row[RIDE + i], F_SEATS]
        seats = max(0, seats - row[SIZE])
    waste += seats * cost[K_SEAT]
    if row[TRUCKS] > row[DTRUCK]:
        waste += (row[TRUCKS] - row[DTRUCK]) * cost[K_TRUCK]
    for e in range(4):
        if row[LEAD + e] > 1:
            waste += (row[LEAD + e] - 1) * cost[K_LEADER + e]
    for k in range(w.c[C_K]):
        spare = row[WIDTH + k] - row[WIDTH + w.c[C_K] + k]
        if spare > 0:
            waste += spare * cost[K_SKILL + k]
    return waste


@inner
def judge(row: Ints, w: World, stops: Ints, cost: Ints) -> int:
    """Sets MODE, SHORT and SCORE and returns the score; REFUSED when this can not be.

    `stops`: seats left per stop, without those HELD by this team. `cost`: K_FINE …
    """
    size = row[SIZE]
    row[SCORE] = REFUSED
    if size > row[HI]:
        return REFUSED
    best, mode, seats = 1 << 40, -1, 0
    for m in range(3):
        at = ROUTE + 5 * m
        if not row[at + OK] or row[DEP] > row[at + LATEST]:
            continue
        if max(row[DEP] + row[at + AHEAD], row[at + FLOOR]) > row[END]:
            continue
        minutes, lack = row[at + LEGS], 0
        if m == SHUTTLE:
            held = row[HELD] if row[HELD] > 0 else 0
            if stops[row[STOP]] + held < size:
                continue
        elif m == CAR:
            lack = _seats_short(row, w)
            minutes += 100_000 * lack
        if minutes < best:
            best, mode, seats = minutes, m, lack
    if mode < 0:
        return REFUSED
    short = seats + max(0, row[LO] - size)
    if row[LEAD + row[DLEAD]] <= 0:
        short += 2
    if row[WOMEN] < row[DWOMEN]:
        short += row[DWOMEN] - row[WOMEN]
    if row[DSKILL]:
        for k in range(w.c[C_K]):
            short += max(0, row[WIDTH + w.c[C_K] + k] - row[WIDTH + k])
    worth = np.int64(0)
    for j in range(row[NV]):
        n = row[VISIT + j]
        worth += w.val[n, size]
    score = worth + row[EXTRA] - w.c[C_TRAVEL] * row[ROUTE + 5 * mode + LEGS]
    for j in range(row[NV]):
        if row[THERE + j]:
            score += w.c[C_CONT] * min(w.c[C_CONT_CAP], row[THERE + j])
    if short:
        score -= short * (cost[K_FINE] + ((worth * cost[K_SHARE]) >> 10))
    if cost[K_WASTE]:
        score -= _waste(row, w, mode, cost)
    row[MODE], row[SHORT], row[SCORE] = mode, short, score
    return score

"""Random numbers, and what they pick: a team, a unit, a need nearby."""

# mypy: disable-error-code="no-any-return, return-value, arg-type, assignment"
# Compiled: numpy's whole numbers and Python's are the same here, and a loop is what it says.
from __future__ import annotations

import numpy as np

from matching.solver.search.arrays import (
    MY_NEEDS,
    N_NEAR,
    N_NEAR_END,
    NEEDS,
    NUMBER,
    PART,
    RNG,
    TEAM,
    Book,
    Ints,
    Part,
    World,
)
from matching.solver.search.jit import inner


@inner
def roll(nums: Ints, sides: int) -> int:
    """A random whole number from 0 to sides - 1 (xorshift64)."""
    x = np.uint64(nums[RNG])
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    nums[RNG] = np.int64(x)
    return np.int64(((x >> np.uint64(33)) * np.uint64(sides)) >> np.uint64(31))


@inner
def some_team(b: Book, p: Part) -> int:
    """The team of a random need, -1 if it has none."""
    return b.visits[p.own[MY_NEEDS, roll(p.nums, p.nums[NEEDS])], TEAM]


@inner
def one_of(p: Part, w: World, begin: int, end: int) -> int:
    """A random unit of a list in `flat`, -1 if it is empty."""
    return w.flat[begin + roll(p.nums, end - begin)] if end > begin else -1


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
def near_waiting(b: Book, p: Part, w: World, n: int) -> int:
    """A random need near n that waits, or n itself."""
    count = w.n[n, N_NEAR_END] - w.n[n, N_NEAR]
    for _ in range(4):
        if count:
            m = w.flat[w.n[n, N_NEAR] + roll(p.nums, count)]
            if b.visits[m, PART] == p.nums[NUMBER] and b.visits[m, TEAM] < 0:
                return m
    return n if b.visits[n, TEAM] < 0 else -1

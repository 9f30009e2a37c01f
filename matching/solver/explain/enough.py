"""Could one team be made of these people and vehicles? An exact answer: unlike a search it misses no team.

People are counted by what they are to one need (`Part`), so that a thousand people are a dozen numbers, and the
teams that can be made of them are found by dynamic programming: for every head count and everything brought along,
the most seats.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

NEVER: Final = -(10**6)
"""Seats of a team that can not be made."""

Ride = tuple[int, int, bool]
"""One way to use a unit's people: how many drive vehicles of the center, own seats, whether with a truck."""


ON_FOOT: Final[tuple[Ride, ...]] = ((0, 0, False),)


class Ask(NamedTuple):
    """What a need asks of a team: `lo` to `hi` people, and of everything in `demands` so many. The first demand is a
    leader. `truck`: one of the vehicles is a truck."""

    lo: int
    hi: int
    demands: tuple[int, ...]
    truck: bool = False


class Part(NamedTuple):
    """What a unit is to a need: its people, how much of every demand it meets, and the ways it can drive."""

    size: int
    meets: tuple[int, ...]
    rides: tuple[Ride, ...] = ON_FOOT

    @property
    def plain(self) -> bool:
        """One person who is nothing but one more."""
        return self.size == 1 and not any(self.meets) and self.rides == ON_FOOT

    def as_good_as(self, other: Part) -> bool:
        """Whether this one could take the other's place in any team. No two different parts are as good as each other."""
        return (
            self.size == other.size
            and all(mine >= theirs for mine, theirs in zip(self.meets, other.meets, strict=True))
            and (self.rides == other.rides or all(_covered(ride, self.rides) for ride in other.rides))
        )


def _covered(ride: Ride, rides: tuple[Ride, ...]) -> bool:
    drivers, seats, truck = ride
    return any(k == drivers and s >= seats and t >= truck for k, s, t in rides)


Crowd = tuple[tuple[Part, int], ...]
"""Parts, and how many there are of each."""
Fleet = tuple[tuple[int, bool], ...]
"""Vehicles of the center: seats, and whether it is a truck."""


def enough(ask: Ask, crowd: Crowd, fleet: Fleet | None) -> bool:
    """Whether some of these people make a team. `fleet`: the vehicles of the center when they go by car; None when
    no seats are needed."""
    if ask.lo > ask.hi or not _may_be(ask, crowd, fleet):
        return False
    return _Teams(ask, fleet).found(crowd)


def _may_be(ask: Ask, crowd: Crowd, fleet: Fleet | None) -> bool:
    """A quick look that says no to most that can not be."""
    if sum(part.size * n for part, n in crowd) < ask.lo:
        return False
    for i, demand in enumerate(ask.demands):
        if sum(part.meets[i] * n for part, n in crowd) < demand:
            return False
    if fleet is None:
        return True
    drivers = sum(max(k for k, _, _ in part.rides) * n for part, n in crowd)
    own = sum(max(seats for _, seats, _ in part.rides) * n for part, n in crowd)
    best = sorted((seats for seats, _ in fleet), reverse=True)[:drivers]
    if own + sum(best) < ask.lo:
        return False
    own_truck = any(truck for part, _ in crowd for _, _, truck in part.rides)
    return not ask.truck or own_truck or (drivers > 0 and any(truck for _, truck in fleet))


class _Teams:
    """All teams that can be made, as `most`[met demands, drivers, with an own truck, head count] = own seats."""

    def __init__(self, ask: Ask, fleet: Fleet | None) -> None:
        self.ask = ask
        self.states = math.prod(demand + 1 for demand in ask.demands)
        self.free = _fleet_seats(ask, fleet or ())
        self.on_foot = fleet is None
        shape = (self.states, len(self.free), 1 + ask.truck, ask.hi + 1)
        self.most: NDArray[np.int32] = np.full(shape, NEVER, dtype=np.int32)
        self.most[0, 0, 0, 0] = ask.hi if self.on_foot else 0
        self.singles = 0

    def found(self, crowd: Crowd) -> bool:
        self.singles = min(self.ask.hi, sum(n for part, n in crowd if part.plain))
        if self._is_there():
            return True
        others = [one for one in crowd if not one[0].plain]
        # One of each first: a team that can be made can mostly be made of different people.
        for i in range(self.ask.hi):
            more = [part for part, n in others if n > i and part.size * (i + 1) <= self.ask.hi]
            if not more:
                return False
            for part in more:
                self._with_one_more(part, _after(self.ask.demands, part.meets))
            if self._is_there():
                return True
        return False

    def _with_one_more(self, part: Part, target: Sequence[int]) -> None:
        before, after = self.most, self.most.copy()
        drivers, size = before.shape[1], part.size
        for k, seats, truck in part.rides:
            if k >= drivers or size > self.ask.hi:
                continue
            moved = before[:, : drivers - k, :, : self.ask.hi + 1 - size] + np.int32(seats)
            if truck and self.ask.truck:
                moved = np.concatenate(
                    [np.full_like(moved[:, :, :1], NEVER), moved.max(axis=2, keepdims=True)], axis=2
                )
            for state, goal in enumerate(target):
                there = after[goal, k:, :, size:]
                np.maximum(there, moved[state], out=there)
        self.most = after

    def _is_there(self) -> bool:
        """Whether a team that meets everything has its seats, with so many more single people as it takes."""
        met = self.most[-1]
        sizes = np.arange(self.ask.hi + 1)
        heads = np.maximum(sizes, self.ask.lo)
        enough_people = heads <= np.minimum(self.ask.hi, sizes + self.singles)
        return bool(((met + self.free >= heads) & enough_people).any())


@lru_cache(maxsize=10_000)
def _after(demands: tuple[int, ...], meets: tuple[int, ...]) -> list[int]:
    """For each number of met demands, the one after somebody who meets these has joined."""
    target = []
    for state in np.ndindex(*(demand + 1 for demand in demands)):
        number = 0
        for met, more, demand in zip(state, meets, demands, strict=True):
            number = number * (demand + 1) + min(demand, met + more)
        target.append(number)
    return target


def _fleet_seats(ask: Ask, fleet: Fleet) -> NDArray[np.int32]:
    """[drivers, with an own truck, 1]: the most seats of so many vehicles of the center, with a truck among them where
    one is asked for and nobody has brought one."""
    by_seats = sorted(fleet, reverse=True)
    trucks = [one for one in by_seats if one[1]]
    rest = by_seats.copy()
    if trucks:
        rest.remove(trucks[0])
    rows = []
    for drivers in range(len(fleet) + 1):
        plain = sum(seats for seats, _ in by_seats[:drivers])
        row = [plain]
        if ask.truck:
            with_truck = drivers > 0 and bool(trucks)
            row = [trucks[0][0] + sum(s for s, _ in rest[: drivers - 1]) if with_truck else NEVER, plain]
        rows.append(row)
        if min(row) >= ask.hi:
            break  # more are never needed
    return np.array(rows, dtype=np.int32)[:, :, None]


def ways_to_drive(owned: Sequence[tuple[int, bool, bool]], drivers: int) -> Iterator[Ride]:
    """How people can be spread over their own cars (seats, truck, whether the owner may drive the center's) and
    vehicles of the center; `drivers` have no car of their own."""
    yield from _spread(sorted(owned), drivers)
    if any(truck for _, truck, _ in owned):
        yield from _spread(sorted(owned, key=lambda car: (car[1], car[0])), drivers)


def only_best(rides: Iterable[Ride]) -> tuple[Ride, ...]:
    """The ways to drive without those another is better than, in one order."""
    found = set(rides)
    return tuple(sorted(one for one in found if not _covered(one, tuple(found - {one}))))


def _spread(owned: Sequence[tuple[int, bool, bool]], drivers: int) -> Iterator[Ride]:
    changing = [i for i, (_, _, may) in enumerate(owned) if may]
    for k in range(drivers + len(changing) + 1):
        left_at_home = set(changing[: max(0, k - drivers)])
        cars = [car for i, car in enumerate(owned) if i not in left_at_home]
        yield k, sum(seats for seats, _, _ in cars), any(truck for _, truck, _ in cars)

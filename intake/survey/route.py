"""In what order a round goes, and when it comes where. Pure: minutes since midnight, degrees WGS84.

Straight line × detour at town speed, the matching engine's own figures (matching/solver/model.py, Params).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from intake.people.places import km

DETOUR: Final = 1.3
KMH: Final = 20.0
PARK_MINUTES: Final = 3
UNKNOWN_ROAD_MINUTES: Final = 10  # to a house that is not on the map
VISIT_MINUTES: Final = 40
LATE_WEIGHT: Final = 20  # a minute too late at a door weighs as much as this many on the road


@dataclass(frozen=True, slots=True)
class Place:
    """`lat`, `lng`: both, or neither when nobody knows where it is."""

    lat: float | None = None
    lng: float | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """A visit: where, and between which minutes one is expected to ring."""

    key: int
    place: Place
    earliest: int
    latest: int


@dataclass(frozen=True, slots=True)
class Leg:
    """One visit on the time line: `road` minutes to it, `arrive`, and how many minutes `late`."""

    key: int
    road: int
    arrive: int
    late: int


def road_minutes(a: Place, b: Place) -> int:
    """By car from one place to another, parking included."""
    if a.lat is None or a.lng is None or b.lat is None or b.lng is None:
        return UNKNOWN_ROAD_MINUTES
    return math.ceil(60 * km(a.lat, a.lng, b.lat, b.lng) * DETOUR / KMH) + PARK_MINUTES


def timeline(start: Place, leaves: int, stops: Sequence[Stop]) -> list[Leg]:
    """When a round that leaves at `leaves` comes to each stop, in this order. It waits at a door that is too early."""
    legs, here, now = [], start, leaves
    for stop in stops:
        road = road_minutes(here, stop.place)
        arrive = max(now + road, stop.earliest)
        legs.append(Leg(stop.key, road, arrive, max(0, arrive - stop.latest)))
        here, now = stop.place, arrive + VISIT_MINUTES
    return legs


def best_order(start: Place, leaves: int, stops: Sequence[Stop]) -> list[Stop]:
    """A good order: nearest first, then turned around and moved about (2-opt, or-opt) while that helps.

    Never worse than the order given; the same stops give the same order.
    """
    candidates = [list(stops), _nearest_first(start, stops), sorted(stops, key=lambda stop: stop.latest)]
    improved = [_improved(start, leaves, order) for order in candidates]
    return min(improved, key=lambda order: cost(start, leaves, order))


def cost(start: Place, leaves: int, stops: Sequence[Stop]) -> int:
    """Minutes until the last door, and LATE_WEIGHT for each that somebody waits too long."""
    legs = timeline(start, leaves, stops)
    road = sum(leg.road for leg in legs)
    end = legs[-1].arrive - leaves if legs else 0
    return end + road + LATE_WEIGHT * sum(leg.late for leg in legs)


def _nearest_first(start: Place, stops: Sequence[Stop]) -> list[Stop]:
    left, order, here = list(stops), [], start
    while left:
        nearest = min(left, key=lambda stop: (road_minutes(here, stop.place), stop.earliest, stop.key))
        left.remove(nearest)
        order.append(nearest)
        here = nearest.place
    return order


def _improved(start: Place, leaves: int, order: list[Stop]) -> list[Stop]:
    best, price = order, cost(start, leaves, order)
    found = True
    while found:
        found = False
        for other in _neighbours(best):
            other_price = cost(start, leaves, other)
            if other_price < price:
                best, price, found = other, other_price, True
                break
    return best


def _neighbours(order: list[Stop]) -> list[list[Stop]]:
    many = len(order)
    turned = [
        [*order[:i], *reversed(order[i:j]), *order[j:]] for i in range(many) for j in range(i + 2, many + 1)
    ]
    moved = []
    for i in range(many):
        rest = order[:i] + order[i + 1 :]
        moved += [[*rest[:j], order[i], *rest[j:]] for j in range(many) if j != i]
    return turned + moved

"""Places on the map, degrees WGS84: how far apart, which 町丁目 is near, and whether a pin lies in the city at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from intake.people.models import Town

EARTH_KM: Final = 6371.0
# How far from the nearest known town a house may be: some way beyond what lies between neighbouring towns.
FAR_FROM_A_TOWN_KM: Final = 1.5


def km(lat1: float, lng1: float, lat2: float, lng2: float) -> float:
    """Great-circle distance (haversine)."""
    a, b = math.radians(lat1), math.radians(lat2)
    h = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(lng2 - lng1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(h)))


def nearest(towns: Sequence[Town], lat: float, lng: float) -> tuple[Town, float] | None:
    """The town whose middle is nearest, and how many km away it is; None without towns."""
    return min(
        ((town, km(lat, lng, town.lat, town.lng)) for town in towns), key=lambda pair: pair[1], default=None
    )


def outside(towns: Sequence[Town], lat: float, lng: float) -> tuple[Town, float] | None:
    """The nearest town and its distance when the place lies outside of all of them (in the sea, in another city).

    Only middles are known, so "outside" is farther from the nearest one than towns of this file are from each other.
    With fewer than three towns nothing can be said.
    """
    if len(towns) < 3:
        return None
    found = nearest(towns, lat, lng)
    assert found is not None
    if found[1] <= FAR_FROM_A_TOWN_KM or found[1] <= 1.5 * widest_gap_km(towns):
        return None
    return found


def widest_gap_km(towns: Sequence[Town]) -> float:
    """The largest distance of a town to the one nearest to it. Looks at every pair."""
    return max(
        min(km(town.lat, town.lng, other.lat, other.lng) for other in towns if other is not town)
        for town in towns
    )

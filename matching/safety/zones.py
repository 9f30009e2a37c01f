"""Danger zones: whether a place lies in one of them. Pure geometry, on degrees; a zone is small enough to be flat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

FEWEST: Final = 3
MOST: Final = 60

Corner = Sequence[float]  # latitude, longitude


def is_inside(points: Sequence[Corner], lat: float, lng: float) -> bool:
    """Whether the place lies in the polygon: a ray to the east crosses its sides an odd number of times."""
    inside, before = False, points[-1]
    for here in points:
        crosses = (here[0] > lat) != (before[0] > lat)
        if crosses and lng < here[1] + (before[1] - here[1]) * (lat - here[0]) / (before[0] - here[0]):
            inside = not inside
        before = here
    return inside


def in_any(zones: Iterable[Sequence[Corner]], lat: float | None, lng: float | None) -> bool | None:
    """Whether the place lies in one of the zones; None when nobody knows where it is."""
    if lat is None or lng is None:
        return None
    return any(is_inside(zone, lat, lng) for zone in zones)


def corners(value: object) -> list[list[float]] | None:
    """What a browser sent as corners, or None for what cannot be a zone."""
    if not isinstance(value, list) or not FEWEST <= len(value) <= MOST:
        return None
    found = []
    for corner in value:
        if not isinstance(corner, list) or len(corner) != 2 or not all(_is_number(one) for one in corner):
            return None
        lat, lng = float(corner[0]), float(corner[1])
        if not (-90 <= lat <= 90 and -180 <= lng <= 180):
            return None
        found.append([round(lat, 6), round(lng, 6)])
    return found if len({tuple(corner) for corner in found}) >= FEWEST else None


def _is_number(one: object) -> bool:
    return isinstance(one, int | float) and not isinstance(one, bool)

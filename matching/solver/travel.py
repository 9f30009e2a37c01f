"""Minutes on the road and the time line of a team: one implementation, for the engine and for the checker."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matching.solver.model import Mode, Need, Problem

EARTH_KM = 6371.0088
EPS = 1e-9
"""Guards `ceil` and comparisons against the last bit of a float, so that every machine agrees."""


def great_circle_km(lat1: float, lng1: float, lat2: float, lng2: float) -> float:
    """Haversine distance in km between two places in degrees."""
    lat1, lng1, lat2, lng2 = map(math.radians, (lat1, lng1, lat2, lng2))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lng2 - lng1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(h)))


@dataclass(frozen=True, slots=True)
class Timeline:
    """When a team leaves, works and is back; `legs`: minutes on the way; `troubles`: (code, need id)."""

    depart: int
    spans: tuple[tuple[int, int], ...]
    back: int
    legs: int
    troubles: tuple[tuple[str, str], ...]


class Travel:
    """Legs of one problem, each computed once."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.params = problem, problem.params
        self._access: dict[tuple[str, str, str], tuple[int, str]] = {}
        self._hop: dict[tuple[str, str, str], tuple[int, str]] = {}

    def km(self, a: tuple[float, float], b: tuple[float, float]) -> float:
        """Road km between two (lat, lng) places."""
        return great_circle_km(*a, *b) * self.params.detour

    def drive(self, km: float) -> int:
        return math.ceil(60 * km / self.params.drive_kmh - EPS) + self.params.park_min

    def walk(self, km: float) -> int:
        return math.ceil(60 * km / self.params.walk_kmh - EPS)

    def access(self, need: Need, mode: str, site: str = "") -> tuple[int, str]:
        """Minutes between a site (the need's own if none is given) and a need, and the trouble with it ("")."""
        key = (site or need.site, need.id, mode)
        if key not in self._access:
            self._access[key] = self._measure_access(key[0], need, mode)
        return self._access[key]

    def _measure_access(self, site_id: str, need: Need, mode: str) -> tuple[int, str]:
        site, here = self.problem.site_by[site_id], (need.lat, need.lng)
        km = self.km((site.lat, site.lng), here)
        if mode == Mode.WALK:
            return self.walk(km), "too_far_to_walk" if km > self.params.walk_max_km + EPS else ""
        if mode == Mode.SHUTTLE:
            if need.stop is None:
                return 0, "no_stop"
            stop = self.problem.stop_by[need.stop]
            ride = self.drive(self.km((site.lat, site.lng), (stop.lat, stop.lng)))
            return ride + self.params.shuttle_wait + self.walk(self.km((stop.lat, stop.lng), here)), ""
        return self.drive(km), ""

    def hop(self, a: Need, b: Need, mode: str) -> tuple[int, str]:
        """Minutes from one visit to the next, and the trouble with it; only cars drive between visits."""
        key = (a.id, b.id, mode)
        if key not in self._hop:
            km = self.km((a.lat, a.lng), (b.lat, b.lng))
            minutes = self.drive(km) if mode == Mode.CAR else self.walk(km)
            there = minutes, "hop_too_far" if km > self.params.chain_max_km + EPS else ""
            self._hop[key] = self._hop[b.id, a.id, mode] = there
        return self._hop[key]

    def timeline(self, visits: Sequence[Need], mode: str, depart: int) -> Timeline:
        """The time line of a team leaving at `depart` (minute of the day) for at least one visit."""
        troubles: list[tuple[str, str]] = []
        spans: list[tuple[int, int]] = []
        at, legs = depart, 0
        before: Need | None = None
        for need in visits:
            leg, trouble = self.access(need, mode) if before is None else self.hop(before, need, mode)
            if trouble:
                troubles.append((trouble, need.id))
            begin = max(at + leg, need.open)
            at, legs, before = begin + need.dur, legs + leg, need
            spans.append((begin, at))
            if at > need.close:
                troubles.append(("ends_after_close", need.id))
        first, last = visits[0], visits[-1]
        leg, trouble = self.access(last, mode, first.site)  # a team starts and ends at one site
        if trouble:
            troubles.append((trouble, last.id))
        if mode == Mode.SHUTTLE and first.stop != last.stop:
            troubles.append(("two_stops", last.id))
        return Timeline(depart, tuple(spans), at + leg, legs + leg, tuple(troubles))

"""Which vehicles together seat a team: patterns, so that a seat in one car is no seat in another team's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from matching.solver.bound.demands import Demands
from matching.solver.bound.people import Party
from matching.solver.rules import may_drive_fleet

MOST_PATTERNS = 4000
LARGEST = 16
"""Head count from which a team counts as one of this size here; the seats themselves are counted apart."""


@dataclass(frozen=True, slots=True, order=True)
class Class:
    """Vehicles of the center that are alike, or what parties that are alike bring: whoever came in two cars brings them to one team,
    so those count as one here. Seats above the largest head count told apart are it."""

    own: bool
    truck: bool
    seats: int


def own_class(party: Party, largest: int) -> Class | None:
    """What a party brings, if it brings any vehicle."""
    own = [m.vehicle for m in party.members if m.vehicle is not None]
    if not own:
        return None
    return Class(True, any(v.kind == "truck" for v in own), min(sum(v.seats for v in own), largest))


@dataclass(frozen=True)
class Pattern:
    """Vehicles that seat `heads` people at a site (its number), a truck among them if `truck`; none to spare."""

    site: int
    heads: int
    truck: bool
    of: tuple[tuple[Class, int], ...]


@dataclass(frozen=True)
class Pool:
    """A limit: of this class, at this site (−1: all together), used by teams of up to `heads`, there are `there`."""

    kind: Class
    site: int
    heads: int
    there: int


@dataclass(frozen=True)
class Garage:
    largest: int
    patterns: list[Pattern]
    pools: list[Pool]
    drivers: dict[int, int]
    """Site number (−1: all together) -> people who may drive the center's vehicles."""


def garage(demands: Demands) -> Garage:
    """Patterns and pools; head counts are told apart only as far as the patterns stay few."""
    largest = min(LARGEST, int(demands.most.max(initial=1)))
    while True:
        found = _garage(demands, largest)
        if found is not None or largest == 1:
            return found or Garage(1, [], [], {})
        largest = max(1, largest - 2)


def _garage(demands: Demands, largest: int) -> Garage | None:
    crowd, sites = demands.crowd, demands.crowd.site_number
    counts: dict[int, Counter[Class]] = {site: Counter() for site in (-1, *sites.values())}
    by_size: dict[int, dict[tuple[Class, int], int]] = {site: {} for site in counts}
    drivers = dict.fromkeys(counts, 0)
    for party in crowd.parties:
        where = [-1, *(i for site, i in sites.items() if site in party.sites)]
        for site in where:
            drivers[site] += sum(map(may_drive_fleet, party.members))
        kind = own_class(party, largest)
        if kind is None:
            continue
        for site in where:
            counts[site][kind] += 1
            key = (kind, min(party.size, largest))
            by_size[site][key] = by_size[site].get(key, 0) + 1
    for vehicle in demands.left.fleet:
        kind = Class(False, vehicle.kind == "truck", min(vehicle.seats, largest))
        for site in (-1, sites[vehicle.site]):
            counts[site][kind] += 1
    patterns: list[Pattern] = []
    trucks = (False, True) if demands["truck"].any() else (False,)
    for site in sites.values():
        classes = sorted(counts[site], key=lambda c: (-c.seats, c))
        for heads in range(1, largest + 1):
            for truck in trucks:
                for of in _minimal(classes, counts[site], heads, truck=truck):
                    patterns.append(Pattern(site, heads, truck, of))
                    if len(patterns) > MOST_PATTERNS and largest > 1:
                        return None
    pools = []
    for site, classes_here in counts.items():
        for kind, there in classes_here.items():
            pools.append(Pool(kind, site, largest, there))
            sizes = sorted(size for k, size in by_size[site] if k == kind)
            for size in sizes[:-1]:
                upto = sum(n for (k, g), n in by_size[site].items() if k == kind and g <= size)
                pools.append(Pool(kind, site, size, upto))
    return Garage(largest, patterns, pools, drivers)


def _minimal(
    classes: list[Class], counts: Counter[Class], heads: int, *, truck: bool
) -> Iterator[tuple[tuple[Class, int], ...]]:
    """Multisets of vehicles that seat `heads` and of which none can stay behind (but for the truck)."""
    if not truck:
        yield from (tuple(sorted(Counter(of).items())) for of in _filling(classes, counts, 0, heads))
        return
    seen = set()
    for first in classes:
        if first.truck:
            rest = counts - Counter({first: 1})
            for more in _filling(classes, rest, 0, heads - first.seats):
                of = tuple(sorted(Counter((first, *more)).items()))
                if of not in seen:
                    seen.add(of)
                    yield of


def _filling(
    classes: list[Class], counts: Counter[Class], start: int, heads: int
) -> Iterator[tuple[Class, ...]]:
    """Vehicles in the order of `classes` (most seats first), as many as it takes."""
    if heads <= 0:
        yield ()
        return
    for i in range(start, len(classes)):
        kind = classes[i]
        if counts[kind] > 0:
            counts[kind] -= 1
            for more in _filling(classes, counts, i, heads - kind.seats):
                yield (kind, *more)
            counts[kind] += 1

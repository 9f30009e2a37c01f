"""A large morning cut into zones that are planned side by side: needs near each other, and a fair deal of all else."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from matching.solver.bound.people import Party, party_of
from matching.solver.crews import State
from matching.solver.model import FleetVehicle, Need, Problem, Stop
from matching.solver.search.arrays import Ints, fleet_ids
from matching.solver.units import Unit

LARGEST = 420
"""Needs of one zone: about where the time of the linear program begins to grow faster than the zone."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A problem of its own, and who goes in it with whom: the units of the whole search, as parties."""

    problem: Problem
    parties: tuple[Party, ...]


@dataclass(frozen=True, slots=True)
class Dealt:
    """To which zone each need, unit and vehicle of the center was dealt, by number; -1: to none."""

    zones: int
    need: Ints
    unit: Ints
    fleet: Ints


def dealt_to(state: State, zones: Sequence[Zone]) -> Dealt:
    """Where `zones_of` put what."""
    need = {n.id: z for z, zone in enumerate(zones) for n in zone.problem.needs}
    person = {m.id: z for z, zone in enumerate(zones) for party in zone.parties for m in party.members}
    vehicle = {v.id: z for z, zone in enumerate(zones) for v in zone.problem.fleet}
    return Dealt(
        len(zones),
        np.array([need[n.id] for n in state.ground.needs], dtype=np.int64),
        np.array([person.get(u.members[0].id, -1) for u in state.ground.units], dtype=np.int64),
        np.array([vehicle.get(v, -1) for v in fleet_ids(state)], dtype=np.int64),
    )


def zones_of(state: State, largest: int = LARGEST) -> list[Zone]:
    """What `state` has left, as problems of at most about `largest` needs that share nobody and nothing."""
    needs = state.ground.needs
    by_site: dict[str, list[int]] = {}
    for i, need in enumerate(needs):
        by_site.setdefault(need.site, []).append(i)
    cut = [part for site in sorted(by_site) for part in _halved(needs, by_site[site], largest)]
    units = _deal_people(state, cut)
    work = [_work(needs, part) for part in cut]
    problem = state.ground.problem
    fleet = _deal_fleet(state, cut, work)
    return [
        Zone(
            replace(
                problem,
                needs=tuple(needs[i] for i in part),
                volunteers=tuple(m for unit in units[z] for m in unit.members),
                fleet=tuple(fleet[z]),
                stops=tuple(_stop(state, stop, cut, z) for stop in problem.stops),
                stock=_stock(state, cut, z),
                pins=(),
                locks=(),
                holds=frozenset(),
            ),
            tuple(party_of(unit, problem) for unit in units[z]),
        )
        for z, part in enumerate(cut)
    ]


def _halved(needs: Sequence[Need], part: list[int], largest: int) -> list[list[int]]:
    """Cut across the longer side until small enough."""
    if len(part) <= largest:
        return [part]
    east = math.cos(math.radians(needs[part[0]].lat))
    lat, lng = [needs[i].lat for i in part], [needs[i].lng * east for i in part]
    along = lat if max(lat) - min(lat) > max(lng) - min(lng) else lng
    order = [i for _, i in sorted(zip(along, part, strict=True))]
    half = len(order) // 2
    return [*_halved(needs, order[:half], largest), *_halved(needs, order[half:], largest)]


def _work(needs: Sequence[Need], part: Sequence[int]) -> float:
    return float(sum(needs[i].ideal * max(1, needs[i].dur) for i in part))


def _deal_people(state: State, cut: list[list[int]]) -> list[list[Unit]]:
    """Units go round the zones they may work in, by how much work each has."""
    needs, units = state.ground.needs, state.ground.units
    work, where = [_work(needs, part) for part in cut], [needs[part[0]].site for part in cut]
    dealt: list[list[Unit]] = [[] for _ in cut]
    given = [0.0] * len(cut)
    for unit in sorted(units, key=lambda u: (_kind(u), u.number)):
        may = [z for z, site in enumerate(where) if all(site in m.sites for m in unit.members)]
        if may:
            z = min(may, key=lambda z: ((given[z] + unit.size) / work[z], z))
            given[z] += unit.size
            dealt[z].append(unit)
    return dealt


def _kind(unit: Unit) -> tuple[object, ...]:
    """Units that sort next to each other are much alike, so that each zone gets its part of the rare ones."""
    cars = tuple(sorted(m.vehicle.seats for m in unit.members if m.vehicle is not None))
    return (
        -unit.size, -unit.lead_exp, unit.has_truck, cars, sorted(unit.skills), bool(unit.drivers), bool(unit.women),
        unit.start, unit.end,
    )  # fmt: skip


def _deal_fleet(state: State, cut: list[list[int]], work: list[float]) -> list[list[FleetVehicle]]:
    needs = state.ground.needs
    dealt: list[list[FleetVehicle]] = [[] for _ in cut]
    given: dict[object, list[float]] = {}
    for vehicle in state.fleet.values():
        may = [z for z, part in enumerate(cut) if needs[part[0]].site == vehicle.site]
        if not may:
            continue
        kind = given.setdefault((vehicle.site, vehicle.kind), [0.0] * len(cut))
        z = min(may, key=lambda z: ((kind[z] + 1) / work[z], z))
        kind[z] += 1
        dealt[z].append(vehicle)
    return dealt


def _stop(state: State, stop: Stop, cut: list[list[int]], zone: int) -> Stop:
    asked = [sum(state.ground.needs[i].stop == stop.id for i in part) for part in cut]
    return replace(stop, seats=_share(state.seats[stop.id], asked, zone))


def _stock(state: State, cut: list[list[int]], zone: int) -> dict[str, dict[str, int]]:
    needs = state.ground.needs
    site = needs[cut[zone][0]].site
    asked: list[Counter[str]] = []
    for part in cut:
        count: Counter[str] = Counter()
        for i in part:
            if needs[i].site == site:
                count.update(needs[i].equip)
        asked.append(count)
    tools = {tool for (place, tool) in state.tools if place == site}
    return {
        site: {
            tool: _share(state.tools[site, tool], [count[tool] for count in asked], zone)
            for tool in sorted(tools)
        }
    }


def _share(there: int, asked: Sequence[int], zone: int) -> int:
    """The zone's part of what is there, by what each asks for; whole numbers that add up."""
    all_asked = sum(asked)
    if not all_asked:
        return there if zone == 0 else 0
    before, after = sum(asked[:zone]), sum(asked[: zone + 1])
    return there * after // all_asked - there * before // all_asked

"""The people and things no team of a plan has, counted by what they are to a need."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.solver.crews import State
from matching.solver.explain.enough import ON_FOOT, Ask, Crowd, Part, Ride, only_best, ways_to_drive
from matching.solver.model import MODES, Mode, Need
from matching.solver.units import Unit

Counts = NDArray[np.int64]
_Parts = tuple[list[Part], NDArray[np.int64], NDArray[np.int64]]


class Left:
    """Who is left (`free`: numbers of units) and what they are. `staying`: units that stay behind although they are free."""

    def __init__(self, state: State, staying: Collection[int]) -> None:
        self.state, self.ground = state, state.ground
        free = state.free.copy()
        free[list(staying)] = False
        self.free = np.flatnonzero(free)
        people = [self.ground.units[u] for u in self.free]
        waits = [self.ground.needs[n] for n in state.waiting()]
        self.skills = tuple(sorted({s for n in waits for s, q in n.skills.items() if q}))
        self.langs = tuple(sorted({n.lang for n in waits if n.lang}))
        self.kinds = list(dict.fromkeys(map(self._kind, people)))
        number = {kind: i for i, kind in enumerate(self.kinds)}
        self.kind_of = np.array([number[self._kind(unit)] for unit in people], dtype=np.int64)
        now, work_end = self.ground.problem.now, self.ground.problem.params.work_end
        self.start = np.array([max(now, kind.start) for kind in self.kinds], dtype=np.int64)
        self.end = np.array([min(work_end, kind.end) for kind in self.kinds], dtype=np.int64)
        self.departs = np.unique(np.append(self.start, now))
        self.foes = self._foes()
        self._counts: dict[bytes, Counts] = {}
        self._rides = [_rides_of(kind) for kind in self.kinds]
        self._parts: dict[_PartKey, _Parts] = {}
        self._crowds: dict[tuple[_PartKey, int, int, bytes, bytes], list[Crowd]] = {}

    def _kind(self, unit: Unit) -> _Kind:
        owned = tuple(
            sorted(
                (m.vehicle.seats, m.vehicle.kind == "truck", m in unit.drivers)
                for m in unit.cars
                if m.vehicle
            )
        )
        return _Kind(
            unit.start, unit.end, unit.size, unit.lead_exp, unit.women,
            tuple(unit.skills[skill] for skill in self.skills), tuple(lang in unit.langs for lang in self.langs),
            owned, sum(m.vehicle is None for m in unit.drivers),
        )  # fmt: skip

    def _foes(self) -> dict[int, frozenset[int]]:
        """Place in `free` -> the places of those it must not meet."""
        place = {int(u): i for i, u in enumerate(self.free)}
        found = {}
        for u, i in place.items():
            others = frozenset(place[foe] for foe in self.ground.foes.get(u, ()) if foe in place)
            if others:
                found[i] = others
        return found

    # ---- who could go

    def ways(
        self, need: Need, ask: Ask, skills: tuple[str, ...], *, calm: bool
    ) -> Iterator[tuple[str, Crowd]]:
        """How one could go to a need, and who could go that way together. `calm`: without anybody who must not meet
        another."""
        can = self.ground.may[self.ground.number_of[need.id]][self.free]
        if calm:
            can[list(self.foes)] = False
        counts = self._count(can)
        for mode in (Mode.CAR,) if need.truck else MODES:
            in_time = self.in_time(need, mode)
            key = self.part_key(need, skills, by_car=mode == Mode.CAR)
            row = key, ask.hi, len(in_time), counts.tobytes(), in_time.tobytes()
            if row not in self._crowds:
                self._crowds[row] = list(self.largest_crowds(key, counts * in_time, ask.hi))
            for crowd in self._crowds[row]:
                yield mode, crowd

    def largest_crowds(self, key: _PartKey, there: Counts, most: int) -> Iterator[Crowd]:
        """Who could go, from `there` [departure, kind]: for each departure no other is better than, and no more of
        those alike than `most` people can take."""
        parts, part_of, better = self.parts_of(key)
        at = part_of + len(parts) * np.arange(len(there))[:, None]
        many = np.bincount(at.ravel(), weights=there.ravel(), minlength=len(parts) * len(there))
        rows = many.reshape(len(there), len(parts)).astype(np.int64)
        caps = np.array([most // part.size for part in parts], dtype=np.int64)
        for row in _largest(np.minimum(rows, np.maximum(0, caps - rows @ better))):
            yield tuple((parts[i], int(row[i])) for i in np.flatnonzero(row))

    def _count(self, can: NDArray[np.bool_]) -> Counts:
        key = can.tobytes()
        if key not in self._counts:
            self._counts[key] = np.bincount(self.kind_of[can], minlength=len(self.kinds))
        return self._counts[key]

    def in_time(self, need: Need, mode: str) -> NDArray[np.bool_]:
        """[departure, kind]: who is there by then and can be back in time; only departures that are not too late."""
        leg, trouble = self.ground.travel.access(need, mode)
        until = np.maximum(self.departs + leg, need.open) + need.dur
        back = until + leg
        fine = (until <= need.close) & (back <= self.ground.problem.params.work_end) & (not trouble)
        departs, back = self.departs[fine], back[fine]
        return np.asarray((self.start <= departs[:, None]) & (self.end >= back[:, None]), dtype=np.bool_)

    def back_in_time(self, need: Need) -> NDArray[np.bool_]:
        """For each unit in `free`, whether it could go there by itself, some way, and be back in time."""
        ways = (Mode.CAR,) if need.truck else MODES
        kinds = np.logical_or.reduce([self.in_time(need, mode).any(axis=0) for mode in ways])
        return np.asarray(kinds[self.kind_of], dtype=np.bool_)

    def part_key(self, need: Need, skills: tuple[str, ...], *, by_car: bool) -> _PartKey:
        leads = max(0, need.leader_exp)
        return _PartKey(leads, skills, need.lang, need.women_min > 0, need.truck, by_car)

    def parts_of(self, key: _PartKey) -> _Parts:
        """What every kind of unit is to such a need: the parts, the part of each kind, and [i, j]: i is better than j."""
        if key not in self._parts:
            wanted = [self.skills.index(skill) for skill in key.skills]
            lang = self.langs.index(key.lang) if key.lang else None
            found: dict[Part, int] = {}
            part_of = []
            for kind, rides in zip(self.kinds, self._rides, strict=True):
                meets = [int(kind.lead >= key.leads), *(kind.skills[skill] for skill in wanted)]
                if lang is not None:
                    meets.append(int(kind.langs[lang]))
                if key.women:
                    meets.append(kind.women)
                part = Part(kind.size, tuple(meets), rides[key.truck] if key.by_car else ON_FOOT)
                part_of.append(found.setdefault(part, len(found)))
            better = [[a != b and a.as_good_as(b) for b in found] for a in found]
            self._parts[key] = (
                list(found),
                np.array(part_of, dtype=np.int64),
                np.array(better, dtype=np.int64).reshape(len(found), len(found)),
            )
        return self._parts[key]


class _Kind(NamedTuple):
    """What units are to all needs; those alike are counted together. `cars`: seats, truck, whether the owner may also
    drive the center's."""

    start: int
    end: int
    size: int
    lead: int
    women: int
    skills: tuple[int, ...]
    langs: tuple[bool, ...]
    cars: tuple[tuple[int, bool, bool], ...]
    drivers: int

    @property
    def seated(self) -> tuple[object, ...]:
        """What decides whether there is a seat for them."""
        return self.size, self.cars, self.drivers


class _PartKey(NamedTuple):
    """What of a need decides what units are to it."""

    leads: int
    skills: tuple[str, ...]
    lang: str | None
    women: bool
    truck: bool
    by_car: bool


def _rides_of(kind: _Kind) -> tuple[tuple[Ride, ...], tuple[Ride, ...]]:
    """How a unit can drive where no truck is asked for, and where one is."""
    ways = set(ways_to_drive(kind.cars, kind.drivers))
    return only_best((k, seats, False) for k, seats, _ in ways), only_best(ways)


def _largest(rows: Counts) -> list[Counts]:
    """The rows that no other row is at least as large as, everywhere."""
    if len(rows) < 2:
        return list(rows)
    kept: list[Counts] = []
    for row in rows[np.argsort(-rows.sum(axis=1), kind="stable")]:
        if not any((row <= other).all() for other in kept):
            kept.append(row)
    return kept

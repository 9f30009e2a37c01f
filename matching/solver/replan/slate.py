"""The arrays of a problem, made from those of the problem before: what did not change is copied, not measured again.

A slate depends on its problem alone, whatever it was made from (a test compares them), so that keeping one saves time
and changes no plan.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.solver.model import DAY, MODES, FleetVehicle, Mode, Need, Params, Problem, Site, Volunteer
from matching.solver.replan.around import changed_people, closed, out, places
from matching.solver.rules import tools_needed, unfit
from matching.solver.search.arrays import (
    LANG,
    MAX_VISITS,
    MOST_BITS,
    N_NEAR,
    N_NEAR_END,
    N_SKILL,
    NOBODY,
    SCALE,
    U_BEEN,
    U_BEEN_END,
    U_D0,
    U_D1,
    U_END,
    U_FOE,
    U_FOE_END,
    U_LEAD,
    U_SEATS,
    U_SKILL,
    U_START,
    U_TOLD,
    U_TOLD_END,
    U_WISH,
    U_WISH_END,
    WIDTH,
    Flags,
    Ints,
    World,
    values,
)  # fmt: skip
from matching.solver.travel import EARTH_KM, EPS, Travel
from matching.solver.units import Unit, linked, make_units, remade_units

STEP: Final = 8
"""The widest team is rounded up to so many people, so that one place more at a need widens no array."""


class Frame(NamedTuple):
    """What the arrays' columns and all distances depend on; with another frame everything is measured anew."""

    params: Params
    sites: tuple[Site, ...]
    stops: tuple[tuple[object, ...], ...]
    skills: tuple[str, ...]
    kinds: tuple[str, ...]
    tools: tuple[str, ...]
    most: int


class Slate:
    """A problem as the search reads it. Units and needs go by number: their place in `units` and `needs`."""

    frame: Frame
    number_of: Mapping[str, int]
    grants: _Grants
    n: Ints
    val: Ints
    hop: NDArray[np.int16]
    near: Ints
    need_kind: Ints
    lat: NDArray[np.float64]
    lng: NDArray[np.float64]
    u: Ints
    start: Ints
    end: Ints
    unit_kind: Ints
    wishes: Lists
    granted: Flags

    def __init__(self, problem: Problem, old: Slate | None = None) -> None:
        self.problem = problem
        self.needs, need_from = self._needs(old)
        if old is not None and old.needs is self.needs and _same_ground(old.problem, problem):
            self.frame = old.frame
        else:
            self.frame = _frame(problem, self.needs)
        if old is not None and old.frame != self.frame:
            old, need_from = None, np.full(len(self.needs), -1, dtype=np.int64)
        self.number_of = (
            old.number_of
            if old is not None and old.needs is self.needs
            else {need.id: i for i, need in enumerate(self.needs)}
        )
        self.units, self.out, unit_from = self._people(old)
        self.unit_of = {m.id: i for i, unit in enumerate(self.units) for m in unit.members}
        self.grants = old.grants if old is not None else _Grants()
        self._measure_needs(old, need_from)
        self._describe_units(old, unit_from)
        self.supplies = Supplies.of(problem)
        self.world = self._world(old)

    # ── who and what ───────────────────────────────────────────────────────────────────────────
    def _needs(self, old: Slate | None) -> tuple[tuple[Need, ...], Ints]:
        problem, shut = self.problem, closed(self.problem)
        needs = tuple(n for n in problem.needs if n.id not in shut)
        if old is None:
            return needs, np.full(len(needs), -1, dtype=np.int64)
        if len(needs) == len(old.needs) and all(a is b for a, b in zip(needs, old.needs, strict=True)):
            return old.needs, np.arange(len(needs))
        numbers = [
            i if (i := old.number_of.get(n.id, -1)) >= 0 and (old.needs[i] is n or old.needs[i] == n) else -1
            for n in needs
        ]
        return needs, np.array(numbers, dtype=np.int64)

    def _people(self, old: Slate | None) -> tuple[list[Unit], Mapping[str, str], Ints]:
        """Units, who is out and why, and the number each unit had before, -1 if it is new."""
        away = out(self.problem)
        if old is None:
            made = make_units(self.problem, away)
            return list(made.all), made.out, np.full(len(made.all), -1, dtype=np.int64)
        changed = changed_people(old.problem, self.problem) | (away ^ out(old.problem))
        if not changed:
            return old.units, old.out, np.arange(len(old.units))
        changed = linked(self.problem, linked(old.problem, changed))
        units, gone = remade_units(old.units, old.out, self.problem, away, changed)
        before = {id(unit): i for i, unit in enumerate(old.units)}
        return units, gone, np.array([before.get(id(unit), -1) for unit in units], dtype=np.int64)

    # ── needs ──────────────────────────────────────────────────────────────────────────────────
    def _measure_needs(self, old: Slate | None, before: Ints) -> None:
        """Rows of needs, points by head count, minutes between them."""
        if old is not None and old.needs is self.needs:
            self.n, self.val, self.hop, self.near = old.n, old.val, old.hop, old.near
            self.need_kind, self.lat, self.lng = old.need_kind, old.lat, old.lng
            return
        frame, problem, count = self.frame, self.problem, len(self.needs)
        stops = {stop.id: i for i, stop in enumerate(problem.stops)}
        sites = {site.id: i for i, site in enumerate(problem.sites)}
        travel = Travel(problem)
        kept, new = np.flatnonzero(before >= 0), np.flatnonzero(before < 0)
        self.n = np.zeros((count, N_SKILL + len(frame.skills) + len(frame.tools)), dtype=np.int64)
        self.val = np.zeros((count, frame.most + 1), dtype=np.int64)
        self.need_kind = np.zeros(count, dtype=np.int64)
        if old is not None:
            for mine, theirs in ((self.n, old.n), (self.val, old.val), (self.need_kind, old.need_kind)):
                mine[kept] = theirs[before[kept]]
        for i in new:
            n = self.needs[i]
            asked = tools_needed([n])
            self.n[i] = [
                n.min, n.max, min(NOBODY, max(0, n.leader_exp)), n.women_min, n.truck, _bits([n.type], frame.kinds),
                n.open, n.close, n.dur, stops[n.stop] if n.stop is not None else -1, sites[n.site], n.tier, 0, 0,
                *(_access(travel, n, mode) for mode in MODES), *(_asked(n, skill) for skill in frame.skills),
                *(asked.get(tool, 0) for tool in frame.tools),
            ]  # fmt: skip
            self.val[i] = values(n, problem, frame.most)
            self.need_kind[i] = self.grants.need(n)
        self.lat = np.array([n.lat for n in self.needs])
        self.lng = np.array([n.lng for n in self.needs])
        self.hop = self._hops(old, before, kept, new)
        begin, end = self.n[:, N_NEAR], self.n[:, N_NEAR_END]
        first, second = np.nonzero(self.hop[0] >= 0)
        self.near = second
        ends = np.cumsum(np.bincount(first, minlength=count))
        begin[:], end[:] = np.concatenate([[0], ends[:-1]]) if count else ends, ends

    def _hops(self, old: Slate | None, before: Ints, kept: Ints, new: Ints) -> NDArray[np.int16]:
        """[0 walking, 1 driving][need, need]: minutes between two visits, -1: too far, as `Travel.hop` says."""
        count, params = len(self.needs), self.problem.params
        hop = np.full((2, count, count), -1, dtype=np.int16)
        if old is not None:
            _copy_square(hop, old.hop, kept, before[kept])
        lat, lng = np.radians(self.lat), np.radians(self.lng)
        ranks = {site.id: i for i, site in enumerate(self.problem.sites)}
        site = np.array([ranks[n.site] for n in self.needs], dtype=np.int64)
        for i in new:
            h = np.sin((lat - lat[i]) / 2) ** 2
            h += np.cos(lat) * np.cos(lat[i]) * np.sin((lng - lng[i]) / 2) ** 2
            km = 2 * EARTH_KM * np.arcsin(np.minimum(1.0, np.sqrt(h))) * params.detour
            near = np.flatnonzero((km <= params.chain_max_km + EPS) & (site == site[i]))
            near = near[near != i]
            walk = np.minimum(np.ceil(60 * km[near] / params.walk_kmh - EPS), DAY)
            drive = np.minimum(np.ceil(60 * km[near] / params.drive_kmh - EPS) + params.park_min, DAY)
            hop[0, i, near] = hop[0, near, i] = walk
            hop[1, i, near] = hop[1, near, i] = drive
        return hop

    # ── people ─────────────────────────────────────────────────────────────────────────────────
    def _describe_units(self, old: Slate | None, before: Ints) -> None:
        """Rows of units without what changes with every plan (lists, and what depends on the minute)."""
        if old is not None and old.units is self.units:
            self.u, self.start, self.end, self.unit_kind = old.u, old.start, old.end, old.unit_kind
            self.wishes = old.wishes
            return
        frame, count = self.frame, len(self.units)
        idle = self.problem.params.w.idle
        kept, new = np.flatnonzero(before >= 0), np.flatnonzero(before < 0)
        self.u = np.zeros((count, U_SKILL + len(frame.skills)), dtype=np.int64)
        self.start, self.end, self.unit_kind = (np.zeros(count, dtype=np.int64) for _ in range(3))
        if old is not None:
            for mine, theirs in (
                (self.u, old.u), (self.start, old.start), (self.end, old.end), (self.unit_kind, old.unit_kind)
            ):  # fmt: skip
                mine[kept] = theirs[before[kept]]
        wishes = []
        for i in new:
            u = self.units[i]
            own = [m.vehicle for m in u.members if m.vehicle is not None]
            self.u[i] = [
                u.size, u.women, u.lead_exp, u.seats, sum(v.kind == "truck" for v in own),
                sum(m.vehicle is None for m in u.drivers), sum(m.vehicle is not None for m in u.drivers),
                0, 0, _points(idle * u.idle_w), -1, *(0,) * 8, *(_able(u, skill) for skill in frame.skills),
            ]  # fmt: skip
            self.start[i], self.end[i], self.unit_kind[i] = u.start, u.end, self.grants.unit(u)
            wishes.append([bits for bits in (_bits(wish, frame.kinds) for wish in u.wishes) if bits])
        self.wishes = Lists.of(wishes).woven(old.wishes if old is not None else Lists.of([]), before)

    def _told(self) -> Lists:
        """For each unit the needs its members were told, once per member, by number."""
        pairs = [
            (u, n)
            for person, need in self.problem.baseline.items()
            if (u := self.unit_of.get(person, -1)) >= 0 and (n := self.number_of.get(need or "", -1)) >= 0
        ]
        return Lists.from_pairs(pairs, len(self.units))

    def _been(self) -> Lists:
        pairs = [
            (self.unit_of[person], i)
            for i, need in enumerate(self.needs)
            if need.prev
            for person in need.prev
            if person in self.unit_of
        ]
        return Lists.from_pairs(pairs, len(self.units))

    def _foes(self) -> Lists:
        pairs = set[tuple[int, int]]()
        for a, b in self.problem.conflicts:
            if a in self.unit_of and b in self.unit_of:
                pairs |= {(self.unit_of[a], self.unit_of[b]), (self.unit_of[b], self.unit_of[a])}
        return Lists.from_pairs(list(pairs), len(self.units))

    def _may(self, old: Slate | None) -> Flags:
        """[unit, need]: whether every member may go there, whoever else goes."""
        table = self.grants.table()
        if old is not None and old.needs is self.needs and len(old.granted) == len(table):
            self.granted = old.granted
        else:
            self.granted = table.take(self.need_kind, axis=1)
        may: Flags = self.granted.take(self.unit_kind, axis=0)
        for person, need in self.problem.bans:
            if person in self.unit_of and need in self.number_of:
                may[self.unit_of[person], self.number_of[need]] = 0
        return may

    # ── together ───────────────────────────────────────────────────────────────────────────────
    def _world(self, old: Slate | None) -> World:
        problem, frame = self.problem, self.frame
        w, u, n = problem.params.w, self.u.copy(), self.n.copy()
        u[:, U_START] = np.maximum(problem.now, self.start)
        u[:, U_END] = np.minimum(problem.params.work_end, self.end)
        skills, lead = len(frame.skills), u[:, U_LEAD]
        flat = _Flat()
        for lists, begin, end in (
            (self.wishes, U_WISH, U_WISH_END), (self._foes(), U_FOE, U_FOE_END),
            (self._told(), U_TOLD, U_TOLD_END), (self._been(), U_BEEN, U_BEEN_END),
        ):  # fmt: skip
            at, _ = flat.add(lists.numbers)
            u[:, begin], u[:, end] = at + lists.ends - lists.lengths(), at + lists.ends
        at, _ = flat.add(self.near)
        n[:, N_NEAR] += at
        n[:, N_NEAR_END] += at
        leaders = np.argsort(-lead, kind="stable")
        leaders_begin, _ = flat.add(leaders[: int((lead >= 0).sum())])
        able = u[:, U_SKILL : U_SKILL + skills] > 0
        owners = flat.add(np.flatnonzero(u[:, U_SEATS] > 0))
        drives = (u[:, U_D0] + u[:, U_D1]) > 0
        special = flat.add(np.flatnonzero((u[:, U_SEATS] > 0) | (lead > 1) | drives | able.any(axis=1)))
        ends = [flat.add(np.flatnonzero(able[:, k])) for k in range(skills)]
        skilled, _ = flat.add(np.array(ends, dtype=np.int64).ravel())
        constants = [
            skills, len(frame.tools), WIDTH + 2 * skills + len(frame.tools), frame.most,
            int(min(MAX_VISITS, problem.params.max_visits)), problem.now, problem.params.work_end, _points(w.travel),
            _points(w.pref), _points(w.cont), int(w.cont_cap), _points(w.churn), *special, *owners, skilled,
            leaders_begin, *(int((lead >= e).sum()) for e in range(NOBODY + 1)),
        ]  # fmt: skip
        sites = {site.id: i for i, site in enumerate(problem.sites)}
        f = np.array(
            [[v.seats, v.kind == "truck", sites.get(v.site, -1)] for v in self.supplies.fleet],
            dtype=np.int64,
        )
        return World(
            c=np.array(constants, dtype=np.int64), u=u, n=n, val=self.val, may=self._may(old), hop=self.hop,
            flat=flat.array(), f=f.reshape(len(self.supplies.fleet), 3),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Supplies:
    """What teams that stand leave to the others; overdrawn is none left."""

    fleet: tuple[FleetVehicle, ...]
    tools: Mapping[tuple[str, str], int]
    seats: Mapping[str, int]

    @classmethod
    def of(cls, problem: Problem) -> Supplies:
        tools = Counter({(site, tool): n for site, kit in problem.stock.items() for tool, n in kit.items()})
        seats = {stop.id: stop.seats for stop in problem.stops}
        taken = set[str]()
        for pin in problem.pins:
            visits = [problem.need_by[n] for n in pin.team.visits if n in problem.need_by]
            if not visits:
                continue
            for tool, quantity in tools_needed(visits).items():
                key = visits[0].site, tool
                tools[key] = max(0, tools[key] - quantity)
            stop = visits[0].stop
            if pin.team.mode == Mode.SHUTTLE and stop is not None:
                seats[stop] = max(0, seats[stop] - len(pin.team.members))
            taken.update(ride.id for ride in pin.team.vehicles)
        return cls(tuple(v for v in problem.fleet if v.id not in taken), tools, seats)


class Lists:
    """Lists of whole numbers, one for each unit: all one behind the other, and where each ends."""

    def __init__(self, numbers: Ints, ends: Ints) -> None:
        self.numbers, self.ends = numbers, ends

    @classmethod
    def of(cls, lists: Sequence[Sequence[int]]) -> Lists:
        ends = np.cumsum(np.array([len(one) for one in lists], dtype=np.int64), dtype=np.int64)
        return cls(np.array([x for one in lists for x in one], dtype=np.int64), ends)

    @classmethod
    def from_pairs(cls, pairs: Sequence[tuple[int, int]], count: int) -> Lists:
        """(list, number) in any order; each list comes out in the order of its numbers."""
        table = np.array(pairs, dtype=np.int64).reshape(len(pairs), 2)
        table = table[np.lexsort((table[:, 1], table[:, 0]))]
        return cls(table[:, 1].copy(), np.cumsum(np.bincount(table[:, 0], minlength=count), dtype=np.int64))

    def lengths(self) -> Ints:
        return np.diff(self.ends, prepend=0)

    def woven(self, old: Lists, before: Ints) -> Lists:
        """For each place the list it had in `old` (`before`), or else the next one of these."""
        both = Lists(
            np.concatenate([old.numbers, self.numbers]),
            np.concatenate([old.ends, self.ends + len(old.numbers)]),
        )
        which = np.where(before >= 0, before, len(old.ends) + np.cumsum(before < 0) - 1)
        lengths = both.lengths()[which]
        ends = np.cumsum(lengths, dtype=np.int64)
        begins = both.ends[which] - lengths
        at = np.repeat(begins - (ends - lengths), lengths) + np.arange(int(lengths.sum()))
        return Lists(both.numbers[at], ends)


class _Flat:
    """Lists one behind the other."""

    def __init__(self) -> None:
        self.parts: list[Ints] = []
        self.length = 0

    def add(self, numbers: Ints) -> tuple[int, int]:
        begin, self.length = self.length, self.length + len(numbers)
        self.parts.append(numbers.astype(np.int64, copy=False))
        return begin, self.length

    def array(self) -> Ints:
        return np.concatenate(self.parts) if self.length else np.zeros(1, dtype=np.int64)


@dataclass
class _Grants:
    """Who may do what, asked once for each kind of person and of need. It only grows, so slates share it."""

    people: dict[tuple[object, ...], int] = field(default_factory=dict)
    needs: dict[tuple[object, ...], int] = field(default_factory=dict)
    units: dict[frozenset[int], int] = field(default_factory=dict)
    persons: list[Volunteer] = field(default_factory=list)
    works: list[Need] = field(default_factory=list)
    known: Flags = field(default_factory=lambda: np.zeros((0, 0), dtype=np.uint8))

    def need(self, n: Need) -> int:
        kind = n.minors_ok, n.min_exp, n.min_stamina, n.women_only, n.type, n.site
        if kind not in self.needs:
            self.needs[kind] = len(self.works)
            self.works.append(n)
        return self.needs[kind]

    def unit(self, unit: Unit) -> int:
        return self.units.setdefault(frozenset(map(self._person, unit.members)), len(self.units))

    def _person(self, m: Volunteer) -> int:
        kind = m.minor, m.exp, m.stamina, m.woman, m.avoid, frozenset(m.sites)
        if kind not in self.people:
            self.people[kind] = len(self.persons)
            self.persons.append(m)
        return self.people[kind]

    def table(self) -> Flags:
        """[kind of unit, kind of need]"""
        rows, columns = self.known.shape
        if (rows, columns) != (len(self.units), len(self.works)):
            wider = np.zeros((len(self.units), len(self.works)), dtype=np.uint8)
            wider[:rows, :columns] = self.known
            for kinds, i in self.units.items():
                for j in range(columns if i < rows else 0, len(self.works)):
                    wider[i, j] = all(self._may(self.persons[kind], self.works[j]) for kind in kinds)
            self.known = wider
        return self.known

    @staticmethod
    def _may(person: Volunteer, need: Need) -> bool:
        return need.site in person.sites and not unfit(person, need)


def _frame(problem: Problem, needs: Sequence[Need]) -> Frame:
    skills = {skill for n in needs for skill in n.skills} | {LANG + n.lang for n in needs if n.lang}
    widest = max([n.max for n in needs], default=1)
    return Frame(
        problem.params, problem.sites, places(problem), tuple(sorted(skills)),
        tuple(sorted({n.type for n in needs})), tuple(sorted({tool for n in needs for tool in n.equip})),
        STEP * math.ceil(widest / STEP),
    )  # fmt: skip


def _same_ground(old: Problem, new: Problem) -> bool:
    return old.params == new.params and old.sites == new.sites and places(old) == places(new)


def _copy_square(new: NDArray[np.int16], old: NDArray[np.int16], to: Ints, source: Ints) -> None:
    """new[:, to, to] = old[:, source, source], in runs of neighbours."""
    if not len(to):
        return
    cuts = np.flatnonzero((np.diff(to) != 1) | (np.diff(source) != 1)) + 1
    runs = [
        (slice(a[0], a[-1] + 1), slice(b[0], b[-1] + 1))
        for a, b in zip(np.split(to, cuts), np.split(source, cuts), strict=True)
    ]
    for to_rows, from_rows in runs:
        for to_columns, from_columns in runs:
            new[:, to_rows, to_columns] = old[:, from_rows, from_columns]


def _points(value: float) -> int:
    return round(value * SCALE)


def _bits(names: Iterable[str], kinds: Sequence[str]) -> int:
    ranks = {name: i for i, name in enumerate(kinds[:MOST_BITS])}
    return sum(1 << ranks[name] for name in names if name in ranks)


def _able(unit: Unit, skill: str) -> int:
    return int(skill[len(LANG) :] in unit.langs) if skill.startswith(LANG) else unit.skills[skill]


def _asked(need: Need, skill: str) -> int:
    if skill.startswith(LANG):
        return int(need.lang == skill[len(LANG) :])
    return need.skills.get(skill, 0)


def _access(travel: Travel, need: Need, mode: str) -> int:
    minutes, trouble = travel.access(need, mode)
    return -1 if trouble else minutes

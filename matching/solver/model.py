"""The morning as the solver sees it: frozen records, checked where they are made.

Times are minutes after midnight, durations minutes, distances km, places degrees. Every record refuses a
value that can not be meant by raising ProblemError, which names the record and the field. What people decided
by hand (pins, locks, holds, bans, conflicts, baseline) is *not* refused when it points at something that has
left meanwhile: the engine reports it in Plan.notes instead.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

ADULT = 18
"""Age from which a person may lead a team and drive a vehicle of the center, and is no minor."""

MAX_EXP = 3
MAX_STAMINA = 3
DAY = 24 * 60


class ProblemError(ValueError):
    """A record that can not be meant. `record` and `field` say where, `why` says what is wrong."""

    def __init__(self, record: str, field: str, why: str) -> None:
        super().__init__(f"{record}.{field}: {why}")
        self.record, self.field, self.why = record, field, why


def _require(ok: bool, record: str, field: str, why: str) -> None:
    if not ok:
        raise ProblemError(record, field, why)


def _require_numbers(record: str, at_least: float, **values: float) -> None:
    for name, value in values.items():
        _require(math.isfinite(value) and value >= at_least, record, name, f"{value} is not ≥ {at_least:g}")


def _require_place(record: str, lat: float, lng: float) -> None:
    _require(-90 <= lat <= 90, record, "lat", f"{lat} is no latitude")
    _require(-180 <= lng <= 180, record, "lng", f"{lng} is no longitude")


class Mode:
    """How a team travels. Plain texts, not an Enum: they are keys in the innermost loops."""

    WALK: Final = "walk"
    SHUTTLE: Final = "shuttle"
    CAR: Final = "car"


MODES: Final = (Mode.WALK, Mode.SHUTTLE, Mode.CAR)
"""Those that take least from other teams first."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What the objective counts: points per need weight, idle person, leg minute, wish, return, change."""

    need: float = 100
    min_fill: float = 0.7
    idle: float = 60
    travel: float = 2
    pref: float = 10
    cont: float = 40
    cont_cap: int = 3
    churn: float = 80

    def __post_init__(self) -> None:
        _require_numbers(
            "params.w", 0, need=self.need, min_fill=self.min_fill, idle=self.idle, travel=self.travel,
            pref=self.pref, cont=self.cont, cont_cap=self.cont_cap, churn=self.churn,
        )  # fmt: skip
        _require(self.min_fill <= 1, "params.w", "min_fill", f"{self.min_fill} is above 1")


@dataclass(frozen=True, slots=True)
class Params:
    """The rules of the day: speeds in km/h, distances in km, times in minutes."""

    work_end: int
    walk_kmh: float = 4.0
    walk_max_km: float = 1.8
    drive_kmh: float = 20.0
    detour: float = 1.3
    park_min: int = 3
    shuttle_wait: int = 8
    chain_max_km: float = 0.8
    max_visits: int = 3
    w: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        _require(0 <= self.work_end <= DAY, "params", "work_end", f"{self.work_end} is no minute of a day")
        _require_numbers("params", 0.01, walk_kmh=self.walk_kmh, drive_kmh=self.drive_kmh, detour=self.detour)
        _require_numbers(
            "params", 0, walk_max_km=self.walk_max_km, park_min=self.park_min,
            shuttle_wait=self.shuttle_wait, chain_max_km=self.chain_max_km,
        )  # fmt: skip
        _require_numbers("params", 1, max_visits=self.max_visits)


@dataclass(frozen=True, slots=True)
class Site:
    """A center or a satellite: where teams start and come back to."""

    id: str
    lat: float
    lng: float

    def __post_init__(self) -> None:
        _require_place(f"sites[{self.id}]", self.lat, self.lng)


@dataclass(frozen=True, slots=True)
class Stop:
    """A shuttle stop of a site, with the seats left for the morning."""

    id: str
    site: str
    lat: float
    lng: float
    seats: int

    def __post_init__(self) -> None:
        _require_place(f"stops[{self.id}]", self.lat, self.lng)
        _require_numbers(f"stops[{self.id}]", 0, seats=self.seats)


@dataclass(frozen=True, slots=True)
class FleetVehicle:
    """A vehicle of the center. Only an adult with the skill "driver" may drive it."""

    id: str
    site: str
    kind: str
    seats: int

    def __post_init__(self) -> None:
        _require_numbers(f"fleet[{self.id}]", 1, seats=self.seats)


@dataclass(frozen=True, slots=True)
class OwnVehicle:
    """A volunteer's own car or truck; only the owner drives it. Seats include the driver's."""

    kind: str
    seats: int

    def __post_init__(self) -> None:
        _require_numbers("vehicle", 1, seats=self.seats)


@dataclass(frozen=True, slots=True)
class Volunteer:
    """A person who is here this morning (or was announced), free from `start` until `end`."""

    id: str
    start: int
    end: int
    sites: tuple[str, ...]
    age: int = 30
    gender: str = ""
    exp: int = 0
    stamina: int = 2
    skills: frozenset[str] = frozenset()
    langs: frozenset[str] = frozenset()
    group: str | None = None
    guardian: str | None = None
    vehicle: OwnVehicle | None = None
    insured: bool = True
    prefs: frozenset[str] = frozenset()
    avoid: frozenset[str] = frozenset()
    idle_w: float = 1

    def __post_init__(self) -> None:
        me = f"volunteers[{self.id}]"
        _require(0 <= self.start <= DAY, me, "from", f"{self.start} is no minute of a day")
        _require(0 <= self.end <= DAY, me, "to", f"{self.end} is no minute of a day")
        _require(0 <= self.age <= 130, me, "age", f"{self.age} is no age")
        _require(0 <= self.exp <= MAX_EXP, me, "exp", f"{self.exp} is not 0–{MAX_EXP}")
        _require(1 <= self.stamina <= MAX_STAMINA, me, "stamina", f"{self.stamina} is not 1–{MAX_STAMINA}")
        _require_numbers(me, 0, idle_w=self.idle_w)
        _require(self.guardian != self.id, me, "guardian", "nobody is their own guardian")

    @property
    def minor(self) -> bool:
        return self.age < ADULT

    @property
    def woman(self) -> bool:
        return self.gender == "F"


@dataclass(frozen=True, slots=True)
class Group:
    """People who came together. Atomic: one team or none; otherwise parts of at least `min_part`."""

    id: str
    atomic: bool
    min_part: int = 0
    kind: str = ""
    parent: str | None = None

    def __post_init__(self) -> None:
        _require_numbers(f"groups[{self.id}]", 0, min_part=self.min_part)


@dataclass(frozen=True, slots=True)
class Need:
    """One piece of work at one place. `weight` is what it is worth, `tier` 1 is crisis or vulnerable."""

    id: str
    site: str
    lat: float
    lng: float
    type: str
    min: int
    ideal: int
    max: int
    dur: int
    open: int
    close: int
    weight: float
    tier: int = 3
    skills: Mapping[str, int] = field(default_factory=dict)
    women_min: int = 0
    women_only: bool = False
    lang: str | None = None
    hazard: int = 0
    min_exp: int = 0
    minors_ok: bool = True
    min_stamina: int = 1
    leader_exp: int = 0
    equip: Mapping[str, int] = field(default_factory=dict)
    truck: bool = False
    prev: tuple[str, ...] = ()
    stop: str | None = None
    days_waited: int = 0

    def __post_init__(self) -> None:
        me = f"needs[{self.id}]"
        _require_place(me, self.lat, self.lng)
        _require(self.min >= 1, me, "min", f"{self.min} people is nobody")
        _require(self.min <= self.ideal, me, "ideal", f"{self.ideal} is below min {self.min}")
        _require(self.ideal <= self.max, me, "max", f"{self.max} is below ideal {self.ideal}")
        _require(self.open <= self.close, me, "close", f"{self.close} is before open {self.open}")
        _require(self.tier in {1, 2, 3}, me, "tier", f"{self.tier} is not 1, 2 or 3")
        _require_numbers(
            me, 0, dur=self.dur, weight=self.weight, women_min=self.women_min, min_exp=self.min_exp,
            min_stamina=self.min_stamina, leader_exp=self.leader_exp, open=self.open,
        )  # fmt: skip
        for name, amounts in (("skills", self.skills), ("equip", self.equip)):
            for what, amount in amounts.items():
                _require(amount >= 0, me, f"{name}.{what}", f"{amount} is negative")

    def fill(self, size: int, min_fill: float) -> float:
        """How well `size` people do this: 1 from ideal on, `min_fill` at min, linear (also below min)."""
        if size >= self.ideal:
            return 1.0
        return min_fill + (1 - min_fill) * (size - self.min) / max(1, self.ideal - self.min)


@dataclass(frozen=True, slots=True)
class Ride:
    """A vehicle of a team: the fleet's id or the owner's id, and who drives."""

    id: str
    driver: str


@dataclass(frozen=True, slots=True)
class Team:
    """Who goes together, where, in which order and how. Part of a Plan or of a Pin."""

    id: str
    members: tuple[str, ...]
    leader: str
    visits: tuple[str, ...]
    mode: str
    vehicles: tuple[Ride, ...] = ()


@dataclass(frozen=True, slots=True)
class Pin:
    """A team that is out or locked: it stands unchanged. `depart`, when known, is the real departure."""

    team: Team
    depart: int | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a code for programs, its numbers, and the sentence (Japanese) for people."""

    code: str
    text: str
    params: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person decided by hand and the plan could not honour; nothing is dropped in silence."""

    code: str
    text: str
    team: str | None = None
    need: str | None = None
    volunteer: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer. `why` gives each team its reasons, `near` who could have come in its place.

    `waiting` and `idle` say why a need has no team and a person no work; `notes` lists pins, locks and
    other decisions that could not be honoured.
    """

    teams: tuple[Team, ...] = ()
    waiting: Mapping[str, Reason] = field(default_factory=dict)
    idle: Mapping[str, Reason] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    why: Mapping[str, tuple[Reason, ...]] = field(default_factory=dict)
    near: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _unique(name: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for one in ids:
        _require(one not in seen, f"{name}[{one}]", "id", "appears twice")
        seen.add(one)


@dataclass(frozen=True)
class Problem:
    """Everything the engine may know about one morning."""

    now: int
    params: Params
    sites: tuple[Site, ...]
    volunteers: tuple[Volunteer, ...] = ()
    needs: tuple[Need, ...] = ()
    groups: tuple[Group, ...] = ()
    stops: tuple[Stop, ...] = ()
    fleet: tuple[FleetVehicle, ...] = ()
    stock: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    conflicts: tuple[tuple[str, str], ...] = ()
    bans: frozenset[tuple[str, str]] = frozenset()
    pins: tuple[Pin, ...] = ()
    locks: tuple[tuple[str, str], ...] = ()
    holds: frozenset[str] = frozenset()
    baseline: Mapping[str, str | None] = field(default_factory=dict)
    id: str = ""

    def __post_init__(self) -> None:
        _require(0 <= self.now <= DAY, "problem", "now", f"{self.now} is no minute of a day")
        _unique("sites", (s.id for s in self.sites))
        _unique("stops", (s.id for s in self.stops))
        _unique("fleet", (f.id for f in self.fleet))
        _unique("groups", (g.id for g in self.groups))
        _unique("volunteers", (v.id for v in self.volunteers))
        _unique("needs", (n.id for n in self.needs))
        _unique("pins", (p.team.id for p in self.pins))
        self._require_references()

    def _require_references(self) -> None:
        for stop in self.stops:
            _require(stop.site in self.site_by, f"stops[{stop.id}]", "site", f"no site {stop.site}")
        for need in self.needs:
            me = f"needs[{need.id}]"
            _require(need.site in self.site_by, me, "site", f"no site {need.site}")
            if need.stop is not None:
                _require(need.stop in self.stop_by, me, "stop", f"no stop {need.stop}")
        for person in self.volunteers:
            me = f"volunteers[{person.id}]"
            if person.group is not None:
                _require(person.group in self.group_by, me, "group", f"no group {person.group}")
            _require(person.id not in self.fleet_by, me, "id", "is also the id of a fleet vehicle")

    # The look-ups below are computed once; the records themselves never change.

    @cached_property
    def site_by(self) -> dict[str, Site]:
        return {s.id: s for s in self.sites}

    @cached_property
    def stop_by(self) -> dict[str, Stop]:
        return {s.id: s for s in self.stops}

    @cached_property
    def fleet_by(self) -> dict[str, FleetVehicle]:
        return {f.id: f for f in self.fleet}

    @cached_property
    def group_by(self) -> dict[str, Group]:
        return {g.id: g for g in self.groups}

    @cached_property
    def volunteer_by(self) -> dict[str, Volunteer]:
        return {v.id: v for v in self.volunteers}

    @cached_property
    def need_by(self) -> dict[str, Need]:
        return {n.id: n for n in self.needs}

    @cached_property
    def members_of(self) -> dict[str, tuple[str, ...]]:
        """Group id -> ids of its members, in the order of `volunteers`."""
        found: dict[str, list[str]] = {g.id: [] for g in self.groups}
        for person in self.volunteers:
            if person.group is not None:
                found[person.group].append(person.id)
        return {group: tuple(ids) for group, ids in found.items()}

"""A team in the making: the ground it stands on, the task it takes, and the one test whether it fits.

Ground holds what never changes during a solve, Task what a list of visits asks for, Crew a team that keeps
every rule, State a whole plan in the making with what is left of people, tools, seats and vehicles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matching.solver.model import MODES, FleetVehicle, Mode, Need, Problem, Ride, Team, Volunteer
from matching.solver.rules import tools_needed, unfit
from matching.solver.travel import EARTH_KM, Timeline, Travel
from matching.solver.units import Unit, Units

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TASKS_KEPT = 20_000
"""Tasks remembered: about 8 kB each with 2,000 units."""
NEAREST = 80
"""Needs remembered around each need."""
NEVER = 10**6
"""A minute after any day."""
FLEET_CHARGE = 30.0
"""Points charged, in choosing how to travel only, for each vehicle of the center a team takes from others."""
SEAT_CHARGE = 2.0
"""The same for each shuttle seat."""


class Ground:
    """What a solve never changes: units, who may do what, distances. Needs and units go by number."""

    def __init__(self, problem: Problem, units: Units, taken: Iterable[str] = ()) -> None:
        closed = set(taken) | problem.holds
        self.problem, self.units = problem, units.all
        self.travel = Travel(problem)
        self.needs: tuple[Need, ...] = tuple(n for n in problem.needs if n.id not in closed)
        self.number_of = {need.id: i for i, need in enumerate(self.needs)}
        self.size: Ints = np.array([u.size for u in self.units], dtype=np.int64)
        self.lead: Ints = np.array([u.lead_exp for u in self.units], dtype=np.int64)
        self.women: Ints = np.array([u.women for u in self.units], dtype=np.int64)
        self.seats: Ints = np.array([u.seats for u in self.units], dtype=np.int64)
        self.truck: Flags = np.array([u.has_truck for u in self.units], dtype=np.bool_)
        self.driver: Flags = np.array([bool(u.drivers) for u in self.units], dtype=np.bool_)
        self.starts = sorted({u.start for u in self.units})
        rank = {start: i for i, start in enumerate(self.starts)}
        self.start_rank: Ints = np.array([rank[u.start] for u in self.units], dtype=np.int64)
        work_end = problem.params.work_end
        self.end: Ints = np.array([min(u.end, work_end) for u in self.units], dtype=np.int64)
        self.may = self._who_may_do_what(units)
        self.foes = self._foes(units)
        self.was_there = [self._count(units, need.prev) for need in self.needs]
        self.announced = self._announced(units)
        self._tasks: dict[tuple[int, ...], Task] = {}
        self._skill: dict[str, Ints] = {}
        self._lang: dict[str, Ints] = {}
        self._leads: dict[int, Ints] = {}

    def _who_may_do_what(self, units: Units) -> Flags:
        """[need, unit]: whether every member may go there, whoever else goes. One test per kind of person."""
        may: Flags = np.ones((len(self.needs), len(self.units)), dtype=np.bool_)
        kinds: dict[tuple[object, ...], list[int]] = {}
        people: dict[tuple[object, ...], Volunteer] = {}
        for unit in self.units:
            for m in unit.members:
                kind = (m.minor, m.exp, m.stamina, m.woman, m.avoid, frozenset(m.sites))
                kinds.setdefault(kind, []).append(unit.number)
                people[kind] = m
        demands: dict[tuple[object, ...], list[int]] = {}
        for i, n in enumerate(self.needs):
            demand = (n.minors_ok, n.min_exp, n.min_stamina, n.women_only, n.type, n.site)
            demands.setdefault(demand, []).append(i)
        for rows in demands.values():
            need = self.needs[rows[0]]
            refused = [
                u for kind, numbers in kinds.items()
                if need.site not in people[kind].sites or unfit(people[kind], need)
                for u in numbers
            ]  # fmt: skip
            may[np.ix_(rows, refused)] = False
        for person, need_id in self.problem.bans:
            if person in units.of and need_id in self.number_of:
                may[self.number_of[need_id], units.of[person]] = False
        return may

    def _foes(self, units: Units) -> dict[int, frozenset[int]]:
        foes: dict[int, set[int]] = {}
        for a, b in self.problem.conflicts:
            if a in units.of and b in units.of:
                foes.setdefault(units.of[a], set()).add(units.of[b])
                foes.setdefault(units.of[b], set()).add(units.of[a])
        return {unit: frozenset(others) for unit, others in foes.items()}

    @staticmethod
    def _count(units: Units, people: Iterable[str]) -> dict[int, int]:
        counts: dict[int, int] = {}
        for person in people:
            if person in units.of:
                counts[units.of[person]] = counts.get(units.of[person], 0) + 1
        return counts

    def _announced(self, units: Units) -> dict[int, list[int]]:
        """Unit -> the needs its members were told, once per member."""
        told: dict[int, list[int]] = {}
        for person, need_id in self.problem.baseline.items():
            if person in units.of and need_id in self.number_of:
                told.setdefault(units.of[person], []).append(self.number_of[need_id])
        return told

    @cached_property
    def neighbours(self) -> list[list[int]]:
        """For each need, the needs of its site near enough to be done in one go, nearest first."""
        return [near[1:within] for near, within in self._nearest]

    @cached_property
    def nearest(self) -> list[list[int]]:
        """For each need, itself and the needs nearest to it."""
        return [near for near, _ in self._nearest]

    @cached_property
    def _nearest(self) -> list[tuple[list[int], int]]:
        reach = self.problem.params.chain_max_km + 1e-6
        found = []
        for i, km in enumerate(self.road_km()):
            km[i] = -1.0  # itself first, whatever else is at the same place
            near = np.argsort(km, kind="stable")[:NEAREST]
            found.append((near.tolist(), int((km[near] <= reach).sum())))
        return found

    @cached_property
    def plane(self) -> Floats:
        """[need]: where it is, as km to the east and north of the first; good enough to tell what is near."""
        lat = np.radians(np.array([n.lat for n in self.needs]))
        lng = np.radians(np.array([n.lng for n in self.needs]))
        east = (lng - lng[0]) * np.cos(lat[0])
        return np.round(EARTH_KM * np.column_stack([east, lat - lat[0]]), 3)

    def road_km(self, *, exact: bool = False) -> Iterator[Floats]:
        """For each need, road km to every need; inf between sites. To the metre unless `exact`, so that machines agree
        on what is nearer."""
        lat, lng = (np.radians([getattr(n, name) for n in self.needs]) for name in ("lat", "lng"))
        ranks = {site.id: i for i, site in enumerate(self.problem.sites)}
        site: Ints = np.array([ranks[n.site] for n in self.needs], dtype=np.int64)
        for i in range(len(self.needs)):
            h = np.sin((lat - lat[i]) / 2) ** 2
            h += np.cos(lat) * np.cos(lat[i]) * np.sin((lng - lng[i]) / 2) ** 2
            km = 2 * EARTH_KM * np.arcsin(np.minimum(1.0, np.sqrt(h))) * self.problem.params.detour
            yield np.where(site == site[i], km if exact else np.round(km, 3), np.inf)

    def skill(self, name: str) -> Ints:
        if name not in self._skill:
            self._skill[name] = np.array([u.skills[name] for u in self.units], dtype=np.int64)
        return self._skill[name]

    def lang(self, name: str) -> Ints:
        if name not in self._lang:
            self._lang[name] = np.array([name in u.langs for u in self.units], dtype=np.int64)
        return self._lang[name]

    def leads(self, exp: int) -> Ints:
        """1 for each unit with somebody who may lead where this experience is asked for."""
        if exp not in self._leads:
            self._leads[exp] = (self.lead >= max(0, exp)).astype(np.int64)
        return self._leads[exp]

    def task(self, visits: tuple[int, ...]) -> Task:
        task = self._tasks.get(visits)
        if task is None:
            if len(self._tasks) >= TASKS_KEPT:
                self._tasks.clear()
            task = self._tasks[visits] = Task(self, visits)
        return task

    def fits_together(self, units: Sequence[int]) -> bool:
        return not any(self.foes[u] & set(units) for u in units if u in self.foes)


class Task:
    """What one list of visits asks of a team."""

    def __init__(self, ground: Ground, visits: tuple[int, ...]) -> None:
        self.ground, self.visits = ground, visits
        self.needs = needs = tuple(ground.needs[i] for i in visits)
        self.site = needs[0].site
        self.lo = max(n.min for n in needs)
        self.hi = min(n.max for n in needs)
        self.leader_exp = max(n.leader_exp for n in needs)
        self.women = max(n.women_min for n in needs)
        self.langs = frozenset(n.lang for n in needs if n.lang)
        self.truck = any(n.truck for n in needs)
        self.types = frozenset(n.type for n in needs)
        self.stop = needs[0].stop
        self.skills: dict[str, int] = {}
        for n in needs:
            for skill, quantity in n.skills.items():
                self.skills[skill] = max(self.skills.get(skill, 0), quantity)
        self.tools = {tool: quantity for tool, quantity in tools_needed(needs).items() if quantity}
        self.possible = (
            self.lo <= self.hi
            and len(visits) <= ground.problem.params.max_visits
            and all(n.site == self.site for n in needs)
        )
        self._lines: dict[tuple[str, int], Timeline] = {}
        self._can: dict[str, Flags] = {}
        self._back: dict[str, Ints] = {}
        self._worth: dict[int, float] = {}

    @cached_property
    def may(self) -> Flags:
        """Units allowed at every visit."""
        rows = self.ground.may[list(self.visits)]
        return np.asarray(np.logical_and.reduce(rows, axis=0), dtype=np.bool_)

    def line(self, mode: str, depart: int) -> Timeline:
        key = (mode, depart)
        if key not in self._lines:
            self._lines[key] = self.ground.travel.timeline(self.needs, mode, depart)
        return self._lines[key]

    def can(self, mode: str) -> Flags:
        """Units allowed at every visit, and there long enough to go and come back this way."""
        if mode not in self._can:
            self._can[mode] = self.may & (self.back(mode) <= self.ground.end)
        return self._can[mode]

    def back(self, mode: str) -> Ints:
        """For each unit, the minute of return if everybody else were there before it; NEVER if too late."""
        if mode not in self._back:
            now, work_end = self.ground.problem.now, self.ground.problem.params.work_end
            back: Ints = np.full(len(self.ground.starts), NEVER, dtype=np.int64)
            for i, start in enumerate(self.ground.starts):
                line = self.line(mode, max(now, start))
                if line.troubles or line.back > work_end:
                    break  # whoever comes later is later still
                back[i] = line.back
            self._back[mode] = back
        return self._back[mode][self.ground.start_rank]

    def can_join(self, mode: str, units: Sequence[int]) -> Flags:
        """Units that can go this way together with `units`: nobody waits for one who comes after they leave."""
        can = self.can(mode)
        if units:
            back, end, mates = self.back(mode), self.ground.end, list(units)
            can = can & (back <= int(end[mates].min())) & (int(back[mates].max()) <= end)
        return can

    @cached_property
    def modes(self) -> tuple[str, ...]:
        """Ways of travelling that could work for somebody, those that take least from others first."""
        ways: tuple[str, ...] = (Mode.CAR,) if self.truck else MODES
        return tuple(mode for mode in ways if self.possible and bool(self.can(mode).any()))

    def worth(self, size: int) -> float:
        """Points for the needs alone when `size` people go."""
        if size not in self._worth:
            w = self.ground.problem.params.w
            self._worth[size] = sum(w.need * n.weight * n.fill(size, w.min_fill) for n in self.needs)
        return self._worth[size]

    def wishes(self, unit: Unit) -> int:
        return sum(not self.types.isdisjoint(wish) for wish in unit.wishes)


@dataclass(frozen=True, slots=True)
class Crew:
    """A team that keeps every rule; `value` is what it adds to the score."""

    task: Task
    units: tuple[int, ...]
    size: int
    leader: str
    mode: str
    rides: tuple[Ride, ...]
    line: Timeline
    value: float
    name: str = ""
    keep: frozenset[int] = frozenset()
    """Units a coordinator locked to these visits; such a crew is extended, never dissolved."""

    @property
    def visits(self) -> tuple[int, ...]:
        return self.task.visits

    def keeping(self, units: frozenset[int]) -> Crew:
        return replace(self, keep=units)

    def named(self, name: str) -> Crew:
        return replace(self, name=name)

    def fleet(self) -> list[str]:
        return [ride.id for ride in self.rides if ride.id != ride.driver]


class State:
    """A plan in the making: the crews and what is left. Cheap to copy, since crews never change."""

    def __init__(self, ground: Ground) -> None:
        problem = ground.problem
        self.ground = ground
        self.crews: dict[int, Crew] = {}
        self.crew_of: list[int] = [-1] * len(ground.needs)
        self.free: Flags = np.ones(len(ground.units), dtype=np.bool_)
        self.tools = {(site, tool): n for site, tools in problem.stock.items() for tool, n in tools.items()}
        self.seats = {stop.id: stop.seats for stop in problem.stops}
        self.fleet = {vehicle.id: vehicle for vehicle in problem.fleet}
        self.value = 0.0
        self._next = 0

    def copy(self) -> State:
        twin = State.__new__(State)
        twin.ground, twin.crews, twin.crew_of = self.ground, self.crews.copy(), self.crew_of.copy()
        twin.free, twin.tools, twin.seats = self.free.copy(), self.tools.copy(), self.seats.copy()
        twin.fleet, twin.value, twin._next = self.fleet.copy(), self.value, self._next
        return twin

    def on(self, ground: Ground) -> State:
        """The same plan on a wider ground: units and vehicles that came at the end are not free."""
        twin = self.copy()
        twin.ground = ground
        more = np.zeros(len(ground.units) - len(self.free), dtype=np.bool_)
        twin.free = np.concatenate([self.free, more])
        return twin

    def put(self, crew: Crew, key: int | None = None) -> int:
        """Adds a crew; `key` keeps the place of one it replaces."""
        if key is None:
            key, self._next = self._next, self._next + 1
        self.crews[key] = crew
        for need in crew.visits:
            self.crew_of[need] = key
        for unit in crew.units:
            self.free[unit] = False
        self._take(crew, -1)
        for vehicle in crew.fleet():
            del self.fleet[vehicle]
        self.value += crew.value
        return key

    def drop(self, key: int) -> Crew:
        crew = self.crews.pop(key)
        for need in crew.visits:
            self.crew_of[need] = -1
        for unit in crew.units:
            self.free[unit] = True
        self._take(crew, +1)
        for vehicle in crew.fleet():
            self.fleet[vehicle] = self.ground.problem.fleet_by[vehicle]
        self.value -= crew.value
        return crew

    def replace(self, key: int, crew: Crew) -> None:
        self.drop(key)
        self.put(crew, key)

    def _take(self, crew: Crew, sign: int) -> None:
        for tool, quantity in crew.task.tools.items():
            self.tools[crew.task.site, tool] += sign * quantity
        if crew.mode == Mode.SHUTTLE and crew.task.stop is not None:
            self.seats[crew.task.stop] += sign * crew.size

    def take_away(self, visits: Sequence[Need], mode: str, size: int, vehicles: Iterable[str]) -> None:
        """Takes what a team outside this state holds; less than nothing is left as nothing."""
        for tool, quantity in tools_needed(visits).items():
            key = (visits[0].site, tool)
            self.tools[key] = max(0, self.tools.get(key, 0) - quantity)
        if mode == Mode.SHUTTLE and visits[0].stop is not None:
            self.seats[visits[0].stop] = max(0, self.seats[visits[0].stop] - size)
        for vehicle in vehicles:
            self.fleet.pop(vehicle, None)

    def waiting(self) -> list[int]:
        return [need for need, key in enumerate(self.crew_of) if key < 0]

    def has_tools(self, task: Task, old: Crew | None = None) -> bool:
        """Whether the tools for a task are left, counting those of the crew it would replace."""
        back = old.task.tools if old is not None and old.task.site == task.site else {}
        return all(
            quantity <= self.tools.get((task.site, tool), 0) + back.get(tool, 0)
            for tool, quantity in task.tools.items()
        )

    def seats_at(self, stop: str | None, old: Crew | None = None) -> int:
        if stop is None:
            return 0
        back = old.size if old is not None and old.mode == Mode.SHUTTLE and old.task.stop == stop else 0
        return self.seats[stop] + back

    def vehicles(self, site: str, old: Crew | None = None) -> list[FleetVehicle]:
        """Vehicles of the center that are free at a site, fewest seats first."""
        mine = [self.ground.problem.fleet_by[v] for v in old.fleet()] if old is not None else []
        free = [v for v in (*self.fleet.values(), *mine) if v.site == site]
        return sorted(free, key=lambda v: (v.seats, v.id))


def fit(
    state: State, task: Task, units: Sequence[int], old: Crew | None = None, like: Team | None = None
) -> Crew | None:
    """The crew these units make for a task, travelling the best way, or None if a rule forbids it.

    `old` is the crew it would replace: what that holds counts as free. Units must be free or of `old`. `like` is a team
    of an earlier plan: only its way of travelling and its vehicles will do.
    """
    ground = state.ground
    people = [ground.units[u] for u in units]
    size = sum(u.size for u in people)
    if not (task.possible and task.lo <= size <= task.hi and ground.fits_together(units)):
        return None
    if not (all(task.may[u] for u in units) and state.has_tools(task, old)):
        return None
    leader = max((u.leader for u in people if u.leader is not None), key=lambda m: m.exp, default=None)
    if leader is None or leader.exp < task.leader_exp or missing(task, people):
        return None
    way = (
        _way(state, task, people, size, old) if like is None else _as_before(state, task, people, size, like)
    )
    if way is None:
        return None
    mode, rides, line = way
    value = _value(ground, task, people, size, line)
    name, keep = (old.name, old.keep) if old is not None else ("", frozenset[int]())
    return Crew(task, tuple(units), size, leader.id, mode, rides, line, value, name, keep)


def missing(task: Task, people: Sequence[Unit]) -> bool:
    """Whether these people lack a woman, skill or language the task asks for."""
    if task.women and sum(u.women for u in people) < task.women:
        return True
    if any(sum(u.skills[skill] for u in people) < quantity for skill, quantity in task.skills.items()):
        return True
    return any(all(lang not in u.langs for u in people) for lang in task.langs)


def _way(
    state: State, task: Task, people: Sequence[Unit], size: int, old: Crew | None
) -> tuple[str, tuple[Ride, ...], Timeline] | None:
    """How they travel: what costs least in minutes and in what it takes from other teams."""
    problem = state.ground.problem
    depart = max(problem.now, *(u.start for u in people))
    end = min(problem.params.work_end, *(u.end for u in people))
    best: tuple[float, str, tuple[Ride, ...], Timeline] | None = None
    for mode in task.modes:
        line = task.line(mode, depart)
        if line.troubles or line.back > end:
            continue
        cost = problem.params.w.travel * line.legs
        rides: tuple[Ride, ...] = ()
        if mode == Mode.SHUTTLE:
            if state.seats_at(task.stop, old) < size:
                continue
            cost += SEAT_CHARGE * size
        elif mode == Mode.CAR:
            found = rides_for(people, size, task.truck, state.vehicles(task.site, old))
            if found is None:
                continue
            rides = found
            cost += FLEET_CHARGE * sum(ride.id != ride.driver for ride in rides)
        if best is None or cost < best[0]:
            best = (cost, mode, rides, line)
    return best[1:] if best is not None else None


def _as_before(
    state: State, task: Task, people: Sequence[Unit], size: int, like: Team
) -> tuple[str, tuple[Ride, ...], Timeline] | None:
    """The way a team of an earlier plan travelled, if it still can: otherwise it might take a car from one kept later."""
    problem = state.ground.problem
    line = (
        task.line(like.mode, max(problem.now, *(u.start for u in people)))
        if like.mode in task.modes
        else None
    )
    if line is None or line.troubles or line.back > min(problem.params.work_end, *(u.end for u in people)):
        return None
    if like.mode == Mode.SHUTTLE and state.seats_at(task.stop) < size:
        return None
    if like.mode != Mode.CAR:
        return (like.mode, (), line) if not like.vehicles else None
    free = {v.id: v for v in state.vehicles(task.site)}
    drivers, owners = {m.id for u in people for m in u.drivers}, {m.id: m for u in people for m in u.cars}
    seats, kinds = 0, set[str]()
    for ride in like.vehicles:
        own = owners[ride.id].vehicle if ride.id == ride.driver and ride.id in owners else None
        vehicle = own or (free.get(ride.id) if ride.driver in drivers else None)
        if vehicle is None:
            return None
        seats, kinds = seats + vehicle.seats, kinds | {vehicle.kind}
    unlike = len({ride.driver for ride in like.vehicles}) + len({ride.id for ride in like.vehicles})
    if seats < size or unlike < 2 * len(like.vehicles) or (task.truck and "truck" not in kinds):
        return None
    return like.mode, like.vehicles, line


def rides_for(
    people: Sequence[Unit], size: int, truck: bool, fleet: Sequence[FleetVehicle]
) -> tuple[Ride, ...] | None:
    """Vehicles and drivers that seat everybody (with a truck where one is needed), or None when there is no way: own cars,
    and as few of the center's as will do. Who drives one of those leaves their own car behind."""
    owners = sorted((m for u in people for m in u.cars), key=lambda m: -_own_seats(m))
    drivers = sorted((m for u in people for m in u.drivers), key=_own_seats)
    vehicles = sorted(fleet, key=lambda v: (v.seats, v.id))
    for many in range(min(len(drivers), len(vehicles)) + 1):
        for bringer in _bringers(owners, vehicles if many else ()) if truck else (None,):
            rides = _rides(size, owners, [m for m in drivers if m is not bringer], vehicles, many, bringer)
            if rides is not None:
                return rides
    return None


def _bringers(
    owners: Sequence[Volunteer], vehicles: Iterable[FleetVehicle]
) -> Iterator[Volunteer | FleetVehicle]:
    """Who or what could be the truck: of several of the center's with as many seats the first."""
    yield from (m for m in owners if m.vehicle is not None and m.vehicle.kind == "truck")
    yield from {v.seats: v for v in vehicles if v.kind == "truck"}.values()


def _rides(
    size: int, owners: Sequence[Volunteer], drivers: Sequence[Volunteer], vehicles: Sequence[FleetVehicle], many: int,
    bringer: Volunteer | FleetVehicle | None,
) -> tuple[Ride, ...] | None:  # fmt: skip
    """The rides with so `many` vehicles of the center, driven by those with the smallest cars of their own."""
    if len(drivers) < many:
        return None
    at_wheel = {m.id for m in drivers[:many]}
    own = sorted((m for m in owners if m.id not in at_wheel), key=lambda m: m is not bringer)
    seats = sum(map(_own_seats, own))
    taken = [bringer] if isinstance(bringer, FleetVehicle) else []
    others = [v for v in vehicles if v is not bringer]
    taken += others[len(others) - (many - len(taken)) :] if many > len(taken) else []
    if len(taken) > many or seats + sum(v.seats for v in taken) < size:
        return None
    if many and taken[-1] is not bringer:  # of the last one the smallest that will do
        need = size - seats - sum(v.seats for v in taken) + taken[-1].seats
        taken[-1] = next(v for v in others if v.seats >= need and v not in taken[:-1])
    rides = [Ride(vehicle.id, m.id) for vehicle, m in zip(taken, drivers, strict=False)]
    short = size - sum(v.seats for v in taken)
    for owner in own:
        if short > 0 or owner is bringer:
            rides.append(Ride(owner.id, owner.id))
            short -= _own_seats(owner)
    return tuple(rides)


def _own_seats(person: Volunteer) -> int:
    return person.vehicle.seats if person.vehicle is not None else 0


def _value(ground: Ground, task: Task, people: Sequence[Unit], size: int, line: Timeline) -> float:
    w = ground.problem.params.w
    value = task.worth(size) - w.travel * line.legs
    for unit in people:
        value += w.idle * unit.idle_w
        if unit.wishes:
            value += w.pref * task.wishes(unit)
        if unit.number in ground.announced:
            value += w.churn * sum(need in task.visits for need in ground.announced[unit.number])
    for need in task.visits:
        there = ground.was_there[need]
        if there:
            value += w.cont * min(w.cont_cap, sum(there.get(unit.number, 0) for unit in people))
    return value

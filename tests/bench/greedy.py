"""The plan a coordinator makes with cards on a table: what a bench compares the engine with, no product code.

Needs by priority (tier, then weight). For each, the first way to get there that works: on foot, by shuttle, by car.
The first leader in the row, then whoever the need asks for, then a car, then people in the order they came until the
team is as large as wished. Then teams that have time take a near need along, and whoever is left joins a team with
room. No prices, no second thoughts. Pins stand, locks are met first, held needs wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from matching.solver.model import MODES, FleetVehicle, Mode, Need, Plan, Problem, Ride, Team, Volunteer
from matching.solver.rules import may_drive_fleet, tools_needed, unfit
from matching.solver.travel import Travel


@dataclass(frozen=True)
class Bundle:
    """One person, or people who must stay together; `number` is the place in the row (order of arrival)."""

    number: int
    members: tuple[Volunteer, ...]
    start: int
    end: int
    sites: frozenset[str]
    leads: int
    women: int
    skills: Counter[str]
    langs: frozenset[str]
    owners: tuple[Volunteer, ...]
    drivers: tuple[Volunteer, ...]

    @property
    def size(self) -> int:
        return len(self.members)


@dataclass
class Crew:
    """A team in the making."""

    name: str
    site: str
    mode: str
    visits: list[Need]
    bundles: list[Bundle] = field(default_factory=list)
    rides: list[Ride] = field(default_factory=list)
    seats: int = 0
    truck: bool = False

    @property
    def size(self) -> int:
        return sum(b.size for b in self.bundles)

    @property
    def members(self) -> Iterator[Volunteer]:
        return (m for b in self.bundles for m in b.members)


def by_cards(problem: Problem) -> Plan:
    """The coordinator's plan; it keeps every rule unless a pin or a lock can not be kept."""
    return _Table(problem).plan()


class _Table:
    def __init__(self, problem: Problem) -> None:
        self.problem, self.travel, self.params = problem, Travel(problem), problem.params
        self.pinned = [pin.team for pin in problem.pins]
        away = {m for team in self.pinned for m in team.members}
        self.bundles = _bundles(problem, away)
        self.free = [True] * len(self.bundles)
        self.row = {site.id: [b for b in self.bundles if site.id in b.sites] for site in problem.sites}
        self.tools = {(site, tool): n for site, kinds in problem.stock.items() for tool, n in kinds.items()}
        self.seats = {stop.id: stop.seats for stop in problem.stops}
        self.fleet = list(problem.fleet)
        self.foes: dict[str, set[str]] = {}
        for a, b in problem.conflicts:
            self.foes.setdefault(a, set()).add(b)
            self.foes.setdefault(b, set()).add(a)
        self.crews: list[Crew] = []
        taken = {team.id for team in self.pinned}
        self.names = (name for i in count(1) if (name := f"T{i}") not in taken)
        self.waiting = {n.id: n for n in problem.needs if n.id not in problem.holds}
        self._take_pinned()

    def _take_pinned(self) -> None:
        for team in self.pinned:
            visits = [self.problem.need_by[n] for n in team.visits if n in self.problem.need_by]
            if visits:
                self._take(visits[0].site, visits, team.mode, len(team.members))
            for n in team.visits:
                self.waiting.pop(n, None)
            driven = {ride.id for ride in team.vehicles}
            self.fleet = [v for v in self.fleet if v.id not in driven]

    def plan(self) -> Plan:
        locked: dict[str, list[Bundle]] = {}
        of = {m.id: b for b in self.bundles for m in b.members}
        for person, place in self.problem.locks:
            if person in of and place in self.waiting and of[person] not in locked.setdefault(place, []):
                locked[place].append(of[person])
        self.kept = {b.number: place for place, bundles in locked.items() for b in bundles}
        order = sorted(self.waiting.values(), key=lambda n: (n.tier, -n.weight))
        for need in sorted(order, key=lambda n: n.id not in locked):
            self._staff(need, locked.get(need.id, []))
        for crew in self.crews:
            self._go_on(crew)
        for bundle in self.bundles:
            if self.free[bundle.number]:
                self._join(bundle)
        return Plan(teams=(*self.pinned, *(_team(crew) for crew in self.crews)))

    # ---- one need

    def _staff(self, need: Need, locked: Sequence[Bundle]) -> None:
        if any(q > self.tools.get((need.site, tool), 0) for tool, q in need.equip.items()):
            return
        for mode in (Mode.CAR,) if need.truck else MODES:
            crew = self._crew(need, mode, locked)
            if crew is not None:
                self._take(need.site, [need], mode, crew.size)
                driven = {ride.id for ride in crew.rides}
                self.fleet = [v for v in self.fleet if v.id not in driven]
                for bundle in crew.bundles:
                    self.free[bundle.number] = False
                del self.waiting[need.id]
                self.crews.append(crew)
                return

    def _crew(self, need: Need, mode: str, locked: Sequence[Bundle]) -> Crew | None:
        line = self.travel.timeline([need], mode, self.problem.now)
        if line.troubles or line.back > self.params.work_end:
            return None
        if mode == Mode.SHUTTLE and self.seats[need.stop or ""] < need.min:
            return None
        crew = Crew(next(self.names), need.site, mode, [need])
        able: dict[int, bool] = {}

        def row(wanted: Callable[[Bundle], object]) -> Iterator[Bundle]:
            for b in self.row[need.site]:
                if self.free[b.number] and self.kept.get(b.number, need.id) == need.id and wanted(b):
                    if b.number not in able:
                        able[b.number] = self._able(b, need)
                    if able[b.number]:
                        yield b

        def first(wanted: Callable[[Bundle], object]) -> bool:
            return any(self._add(crew, b, need.max) for b in row(wanted))

        if not all(
            self.free[b.number] and self._able(b, need) and self._add(crew, b, need.max) for b in locked
        ):
            return None
        if not any(b.leads >= need.leader_exp for b in crew.bundles) and not first(
            lambda b: b.leads >= need.leader_exp
        ):
            return None
        if mode == Mode.CAR and not self._first_car(crew, need, first):
            return None
        for asked in _asked(need):
            while not asked.met(crew):
                if not first(asked.helps):
                    return None
        for b in row(lambda b: b not in crew.bundles):
            if crew.size >= (need.min if locked else need.ideal):
                break
            if crew.size + b.size <= need.ideal or crew.size < need.min:
                self._add(crew, b, need.max)
        return crew if crew.size >= need.min and self._rides(crew) else None

    def _first_car(self, crew: Crew, need: Need, first: Callable[[Callable[[Bundle], object]], bool]) -> bool:
        """Somebody with a car (a truck where one is needed), else a driver for one of the center's."""
        if self._rides(crew):
            return True
        owner = first(
            lambda b: any(o.vehicle and (o.vehicle.kind == "truck" or not need.truck) for o in b.owners)
        )
        if owner and self._rides(crew):
            return True
        center = [v for v in self.fleet if v.site == need.site and (v.kind == "truck" or not need.truck)]
        return bool(center) and first(lambda b: b.drivers) and self._rides(crew)

    def _able(self, bundle: Bundle, need: Need) -> bool:
        return not any(unfit(m, need) or (m.id, need.id) in self.problem.bans for m in bundle.members)

    def _add(self, crew: Crew, bundle: Bundle, most: int) -> bool:
        """Puts a bundle into a crew if there is room, time, a seat and no quarrel."""
        if bundle in crew.bundles or crew.size + bundle.size > most:
            return False
        if crew.mode == Mode.SHUTTLE and crew.size + bundle.size > self.seats[crew.visits[0].stop or ""]:
            return False
        ids = {m.id for m in crew.members}
        if any(not ids.isdisjoint(self.foes.get(m.id, ())) for m in bundle.members):
            return False
        crew.bundles.append(bundle)
        starting = len(crew.bundles) == 1 or not crew.rides
        if self._in_time(crew) and (crew.mode != Mode.CAR or starting or self._rides(crew)):
            return True
        crew.bundles.pop()
        if crew.mode == Mode.CAR and crew.rides:
            self._rides(crew)
        return False

    def _in_time(self, crew: Crew) -> bool:
        start = max(self.problem.now, *(b.start for b in crew.bundles))
        line = self.travel.timeline(crew.visits, crew.mode, start)
        return not line.troubles and line.back <= min(self.params.work_end, *(b.end for b in crew.bundles))

    def _rides(self, crew: Crew, fleet: Sequence[FleetVehicle] | None = None) -> bool:
        """Gives a crew the vehicles it needs: its own first, then the center's, until everybody sits."""
        if crew.mode != Mode.CAR:
            return True
        truck = any(n.truck for n in crew.visits)
        rides: list[Ride] = []
        seats, driving = 0, set[str]()
        owners = sorted(
            (o for b in crew.bundles for o in b.owners),
            key=lambda o: (not (truck and o.vehicle and o.vehicle.kind == "truck"), -(o.vehicle.seats if o.vehicle else 0)),
        )  # fmt: skip
        has_truck = any(o.vehicle and o.vehicle.kind == "truck" for o in owners)
        drivers = [d for b in crew.bundles for d in b.drivers]
        pool = [v for v in (self.fleet if fleet is None else fleet) if v.site == crew.site]

        def drive(vehicle: FleetVehicle) -> bool:
            spare = [d for d in drivers if d.id not in driving]
            if not spare:
                return False
            driver = min(spare, key=lambda d: d.vehicle is not None)
            rides.append(Ride(vehicle.id, driver.id))
            driving.add(driver.id)
            pool.remove(vehicle)
            return True

        if truck and not has_truck:
            trucks = [v for v in pool if v.kind == "truck"]
            if not trucks or not drive(trucks[0]):
                return False
            seats += trucks[0].seats
        for owner in owners:
            needed = seats < crew.size or (truck and has_truck and not rides)
            if owner.vehicle and owner.id not in driving and needed:
                rides.append(Ride(owner.id, owner.id))
                driving.add(owner.id)
                seats += owner.vehicle.seats
        for vehicle in sorted(pool, key=lambda v: -v.seats):
            if seats >= crew.size:
                break
            if not drive(vehicle):
                break
            seats += vehicle.seats
        if seats < crew.size:
            return False
        crew.rides = rides
        return True

    def _take(self, site: str, visits: Sequence[Need], mode: str, size: int) -> None:
        for tool, quantity in tools_needed(visits).items():
            self.tools[site, tool] = self.tools.get((site, tool), 0) - quantity
        if mode == Mode.SHUTTLE and visits[0].stop:
            self.seats[visits[0].stop] -= size

    # ---- afterwards

    def _join(self, bundle: Bundle) -> None:
        """Whoever is left goes along with the first team that has room."""
        for crew in self.crews:
            most = min(n.max for n in crew.visits)
            if crew.site not in bundle.sites or crew.size + bundle.size > most:
                continue
            if all(self._able(bundle, n) for n in crew.visits) and self._more(crew, bundle, most):
                self.free[bundle.number] = False
                return

    def _more(self, crew: Crew, bundle: Bundle, most: int) -> bool:
        """Adds to a crew that has its vehicles already; they stay its own while it is looked at."""
        mine = {ride.id for ride in crew.rides}
        self.fleet += [v for v in self.problem.fleet if v.id in mine]
        done = self._add(crew, bundle, most)
        mine = {ride.id for ride in crew.rides}
        self.fleet = [v for v in self.fleet if v.id not in mine]
        if done and crew.mode == Mode.SHUTTLE:
            self.seats[crew.visits[0].stop or ""] -= bundle.size
        return done

    def _go_on(self, crew: Crew) -> None:
        """After the last visit, the most urgent near need this team can still do."""
        while len(crew.visits) < self.params.max_visits:
            near = [n for n in self.waiting.values() if self._can_go_on(crew, n)]
            if not near:
                return
            need = min(near, key=lambda n: (n.tier, -n.weight))
            before = tools_needed(crew.visits)
            crew.visits.append(need)
            for tool, quantity in tools_needed(crew.visits).items():
                self.tools[crew.site, tool] -= quantity - before.get(tool, 0)
            del self.waiting[need.id]

    def _can_go_on(self, crew: Crew, need: Need) -> bool:
        if need.site != crew.site or not need.min <= crew.size <= need.max:
            return False
        if self.travel.hop(crew.visits[-1], need, crew.mode)[1]:
            return False
        if need.truck and not any(kind == "truck" for kind in self._kinds(crew)):
            return False
        before = tools_needed(crew.visits)
        if any(
            q - before.get(tool, 0) > self.tools.get((crew.site, tool), 0) for tool, q in need.equip.items()
        ):
            return False
        if not any(b.leads >= need.leader_exp for b in crew.bundles):
            return False
        if not all(asked.met(crew) for asked in _asked(need)):
            return False
        if not all(self._able(b, need) for b in crew.bundles):
            return False
        crew.visits.append(need)
        fits = self._in_time(crew)
        crew.visits.pop()
        return fits

    def _kinds(self, crew: Crew) -> Iterator[str]:
        for ride in crew.rides:
            own = self.problem.volunteer_by[ride.driver].vehicle
            if ride.id in self.problem.fleet_by:
                yield self.problem.fleet_by[ride.id].kind
            elif own is not None:
                yield own.kind


@dataclass(frozen=True)
class _Asked:
    """Something a need asks of the team: whether a crew has it, and who would bring it."""

    met: Callable[[Crew], bool]
    helps: Callable[[Bundle], object]


def _asked(need: Need) -> list[_Asked]:
    asked = [
        _Asked(
            lambda c, s=skill, q=quantity: sum(b.skills[s] for b in c.bundles) >= q,  # type: ignore[misc]
            lambda b, s=skill: b.skills[s],  # type: ignore[misc]
        )
        for skill, quantity in need.skills.items()
    ]
    if need.women_min:
        asked.append(_Asked(lambda c: sum(b.women for b in c.bundles) >= need.women_min, lambda b: b.women))
    if need.lang:
        lang = need.lang
        asked.append(_Asked(lambda c: any(lang in b.langs for b in c.bundles), lambda b: lang in b.langs))
    return asked


def _team(crew: Crew) -> Team:
    members = list(crew.members)
    adults = [m for m in members if not m.minor]
    leader = max(adults, key=lambda m: m.exp)
    return Team(
        crew.name, tuple(m.id for m in members), leader.id, tuple(n.id for n in crew.visits), crew.mode,
        tuple(crew.rides) if crew.mode == Mode.CAR else (),
    )  # fmt: skip


# ---- who stays together


def _bundles(problem: Problem, away: set[str]) -> list[Bundle]:
    """The row of people in order of arrival: families and groups as one card, split groups in parts."""
    up = {v.id: v.id for v in problem.volunteers if v.id not in away}

    def root(one: str) -> str:
        while up[one] != one:
            one = up[one]
        return one

    def join(ids: Iterable[str]) -> None:
        first, *rest = ids
        for one in rest:
            if root(one) != root(first):
                up[root(one)] = root(first)

    bad: set[str] = {v.id for v in problem.volunteers if v.id in up and not v.insured}
    for v in problem.volunteers:
        if v.id in up and v.guardian is not None:
            if v.guardian in up:
                join((v.guardian, v.id))
            else:
                bad.add(v.id)
    for group in problem.groups:
        here = [m for m in problem.members_of[group.id] if m in up]
        if here and group.atomic:
            join(here)
            if len(here) < len(problem.members_of[group.id]):
                bad.add(here[0])
        elif len(here) < group.min_part:
            bad.update(here)
        elif here and group.min_part > 1:
            for part in _parts([m for m in here if m not in bad], group.min_part, root):
                join(part)
                if len(part) < group.min_part:
                    bad.update(part)
    cards: dict[str, list[Volunteer]] = {}
    for v in problem.volunteers:
        if v.id in up:
            cards.setdefault(root(v.id), []).append(v)
    whole = [
        people for people in cards.values()
        if not any(m.id in bad for m in people) and not _quarrel(problem, people)
    ]  # fmt: skip
    whole.sort(key=lambda people: max(m.start for m in people))
    return [_bundle(i, people) for i, people in enumerate(whole)]


def _parts(members: Sequence[str], least: int, root: Callable[[str], str]) -> list[list[str]]:
    blocks: dict[str, list[str]] = {}
    for m in members:
        blocks.setdefault(root(m), []).append(m)
    parts: list[list[str]] = []
    for block in blocks.values():
        if parts and len(parts[-1]) < least:
            parts[-1] += block
        else:
            parts.append(list(block))
    if len(parts) > 1 and len(parts[-1]) < least:
        rest = parts.pop()
        parts[-1] += rest
    return parts


def _quarrel(problem: Problem, people: Sequence[Volunteer]) -> bool:
    ids = {m.id for m in people}
    return any(a in ids and b in ids for a, b in problem.conflicts)


def _bundle(number: int, people: Sequence[Volunteer]) -> Bundle:
    return Bundle(
        number, tuple(people), max(m.start for m in people), min(m.end for m in people),
        frozenset.intersection(*(frozenset(m.sites) for m in people)),
        max((m.exp for m in people if not m.minor), default=-1), sum(m.woman for m in people),
        Counter(skill for m in people for skill in m.skills), frozenset().union(*(m.langs for m in people)),
        tuple(m for m in people if m.vehicle), tuple(m for m in people if may_drive_fleet(m)),
    )  # fmt: skip

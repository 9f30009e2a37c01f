"""Could one more team go, beside those of a plan? Asked of an integer program over single people, which shares nothing
with the explanations, and a yes is shown as a team for the checker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import highspy

from matching.solver.bound.program import quiet
from matching.solver.model import (
    DAY,
    MODES,
    FleetVehicle,
    Mode,
    Need,
    OwnVehicle,
    Plan,
    Problem,
    Ride,
    Team,
    Volunteer,
)
from matching.solver.rules import may_drive_fleet, review, tools_needed, unfit
from matching.solver.travel import Travel
from matching.solver.units import Unit, make_units


def with_added(
    problem: Problem,
    plan: Plan,
    need_id: str,
    added: Mapping[str, int],
    seats: int = 8,
    *,
    women: bool = False,
) -> Problem:
    """The morning in which what the need lacks has come: exactly what the sentence names. What teams that are out have
    taken too much of is made good first."""
    wanted = problem.need_by[need_id]
    people, fleet, stops = list(problem.volunteers), list(problem.fleet), list(problem.stops)
    stock = {site: dict(tools) for site, tools in problem.stock.items()}
    for code, amount in added.items():
        kind, _, what = code.partition(":")
        if kind == "tool":
            tools = stock.setdefault(wanted.site, {})
            tools[what] = max(tools.get(what, 0), tools_out(problem, plan, wanted.site).get(what, 0)) + amount
        elif kind in {"car", "truck"}:
            size = seats if kind == "car" else 2
            vehicle = "van" if kind == "car" else "truck"
            fleet += [FleetVehicle(f"new-{kind}-{i}", wanted.site, vehicle, size) for i in range(amount)]
        elif kind == "shuttle":
            out = riders(problem, plan, wanted.stop)
            stops = [
                replace(s, seats=max(s.seats, out) + amount) if s.id == wanted.stop else s for s in stops
            ]
        else:
            people += [
                _helper(wanted, f"new-{code}-{i}", kind, what, seats, women=women) for i in range(amount)
            ]
    return replace(
        problem, volunteers=tuple(people), fleet=tuple(fleet), stops=tuple(stops), stock=stock
    )  # fmt: skip


def _helper(wanted: Need, name: str, kind: str, what: str, seats: int, *, women: bool) -> Volunteer:
    skills = {"skill": {what}, "no_driver": {"driver"}}.get(kind, set())
    return Volunteer(
        id=name, start=0, end=DAY, sites=(wanted.site,), stamina=3,
        exp=max(wanted.min_exp, wanted.leader_exp) if kind == "no_leader" else wanted.min_exp,
        gender="F" if women or kind == "no_woman" else "M",
        skills=frozenset(skills), langs=frozenset({what} if kind == "lang" else ()),
        vehicle=OwnVehicle("car", seats) if kind == "own_car" else None,
    )  # fmt: skip


def tools_out(problem: Problem, plan: Plan, site: str) -> Counter[str]:
    """What the teams of a site have with them."""
    found: Counter[str] = Counter()
    for team in plan.teams:
        visits = [problem.need_by[n] for n in team.visits if n in problem.need_by]
        if visits and visits[0].site == site:
            found.update(tools_needed(visits))
    return found


def riders(problem: Problem, plan: Plan, stop: str | None) -> int:
    """How many have a seat of this stop's shuttle."""
    found = 0
    for team in plan.teams:
        visits = [problem.need_by[n] for n in team.visits if n in problem.need_by]
        if team.mode == Mode.SHUTTLE and visits and visits[0].stop == stop:
            found += len(team.members)
    return found


def one_more_team(problem: Problem, plan: Plan, need_id: str) -> Team | None:
    """A team for this need of people and things no team of the plan has, or None if there is none. Somebody who is
    locked to a need stays for it."""
    return _Question(problem, plan, problem.need_by[need_id]).answer()


class _Question:
    def __init__(self, problem: Problem, plan: Plan, need: Need) -> None:
        self.problem, self.need, self.travel = problem, need, Travel(problem)
        busy = {m for team in plan.teams for m in team.members}
        busy |= {person for person, _ in problem.locks}
        pinned = {m for pin in problem.pins for m in pin.team.members}
        units = make_units(problem, pinned)
        self.units = [u for u in units.all if not any(m.id in busy for m in u.members) and self._may(u)]
        driven = {ride.id for team in plan.teams for ride in team.vehicles}
        self.fleet = [v for v in problem.fleet if v.site == need.site and v.id not in driven]
        out, stock = tools_out(problem, plan, need.site), problem.stock.get(need.site, {})
        self.tools_there = all(
            quantity <= max(0, stock.get(tool, 0) - out.get(tool, 0)) for tool, quantity in need.equip.items()
        )
        riding = riders(problem, plan, need.stop)
        self.seats = max(0, problem.stop_by[need.stop].seats - riding) if need.stop else 0

    def _may(self, unit: Unit) -> bool:
        need, bans = self.need, self.problem.bans
        return all(
            need.site in m.sites and not unfit(m, need) and (m.id, need.id) not in bans for m in unit.members
        )

    def answer(self) -> Team | None:
        if not self.tools_there:
            return None
        now = self.problem.now
        departs = sorted({now, *(max(now, u.start) for u in self.units)})
        for mode, depart in product(MODES, departs):
            if self.need.truck and mode != Mode.CAR:
                continue
            line = self.travel.timeline((self.need,), mode, depart)
            if line.troubles or line.back > self.problem.params.work_end:
                continue
            there = [u for u in self.units if u.start <= depart and u.end >= line.back]
            team = self._team(mode, there)
            if team is not None:
                return team
        return None

    def _team(self, mode: str, there: list[Unit]) -> Team | None:
        need = self.need
        if not there or sum(u.size for u in there) < need.min:
            return None
        solver = quiet()
        goes = {u.number: solver.addBinary() for u in there}
        people = [(m, goes[u.number]) for u in there for m in u.members]

        if not self._demands(solver, people):
            return None
        numbers = {m.id: u.number for u in there for m in u.members}
        for a, b in self.problem.conflicts:
            if a in numbers and b in numbers and numbers[a] != numbers[b]:
                solver.addConstr(goes[numbers[a]] + goes[numbers[b]] <= 1)
        rides: dict[tuple[str, str], highspy.highs_var] = {}
        if mode == Mode.SHUTTLE:
            solver.addConstr(solver.qsum([x for _, x in people]) <= self.seats)
        elif mode == Mode.CAR and not self._drive(solver, people, rides):
            return None
        solver.solve()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        members = [m for m, x in people if solver.val(x) > 0.5]
        taken = tuple(Ride(vehicle, driver) for (vehicle, driver), z in rides.items() if solver.val(z) > 0.5)
        leader = max((m for m in members if not m.minor), key=lambda m: m.exp)
        return Team("one-more", tuple(m.id for m in members), leader.id, (need.id,), mode, taken)

    def _demands(self, solver: highspy.Highs, people: list) -> bool:  # type: ignore[type-arg]
        """Head count, leader, skills, women, language; False when even all of them together are not enough."""
        need = self.need
        asked = [(need.min, [x for _, x in people])]
        asked.append((1, [x for m, x in people if not m.minor and m.exp >= need.leader_exp]))
        asked += [
            (quantity, [x for m, x in people if skill in m.skills]) for skill, quantity in need.skills.items()
        ]
        asked.append((need.women_min, [x for m, x in people if m.woman]))
        asked.append((int(need.lang is not None), [x for m, x in people if need.lang in m.langs]))
        for quantity, who in asked:
            if len(who) < quantity:
                return False
            if quantity:
                solver.addConstr(solver.qsum(who) >= quantity)
        solver.addConstr(solver.qsum([x for _, x in people]) <= need.max)
        return True

    def _drive(self, solver: highspy.Highs, people: list, rides: dict) -> bool:  # type: ignore[type-arg]
        """Everybody drives at most one vehicle, and all have a seat; False when there is no vehicle."""
        seats, trucks, of_vehicle = [], [], {v.id: [] for v in self.fleet}  # type: ignore[var-annotated]
        for m, x in people:
            mine = []
            if m.vehicle is not None:
                rides[m.id, m.id] = y = solver.addBinary()
                mine.append(y)
                seats.append(y * m.vehicle.seats)
                trucks += [y] if m.vehicle.kind == "truck" else []
            if may_drive_fleet(m):
                for v in self.fleet:
                    rides[v.id, m.id] = z = solver.addBinary()
                    mine.append(z)
                    of_vehicle[v.id].append(z)
                    seats.append(z * v.seats)
                    trucks += [z] if v.kind == "truck" else []
            if mine:
                solver.addConstr(solver.qsum(mine) - x <= 0)
        for z_of_one in of_vehicle.values():
            if z_of_one:
                solver.addConstr(solver.qsum(z_of_one) <= 1)
        if not seats or (self.need.truck and not trucks):
            return False
        solver.addConstr(solver.qsum(seats) - solver.qsum([x for _, x in people]) >= 0)
        if self.need.truck:
            solver.addConstr(solver.qsum(trucks) >= 1)
        return True


def breaks_nothing_more(problem: Problem, before: Plan, after: Plan) -> bool:
    """Whether the checker finds nothing in a plan that it did not find in the one before."""
    known = {(v.code, v.team, v.need, v.volunteer, v.what) for v in review(problem, before).violations}
    return all(
        (v.code, v.team, v.need, v.volunteer, v.what) in known for v in review(problem, after).violations
    )

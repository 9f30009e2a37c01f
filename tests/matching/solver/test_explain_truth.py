"""What the explanations say is true: on mornings of every kind, asked of an integer program and of the checker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.solver.crews import rides_for
from matching.solver.engine import solve
from matching.solver.explain.people import NO_SHORTAGE
from matching.solver.model import MODES, Need, Plan, Problem, Reason, Team
from matching.solver.rules import review, unfit
from matching.solver.travel import Travel
from matching.solver.units import Unit, make_units
from tests.infra.scale import count
from tests.matching.instances import KINDS, problem, tiny
from tests.matching.solver.mornings import pinned_mornings
from tests.matching.solver.one_more import breaks_nothing_more, one_more_team, with_added

KIND_NAMES = [name for name in KINDS if name != "prefecture"]
PER_MORNING = count(12, 40)


@cache
def morning_of(kind: str) -> tuple[Problem, Plan]:
    made = problem(kind, "60x40", 1)
    return made, solve(made, effort=20)


def lacks_of(reason: Reason) -> tuple[dict[str, int], int, bool]:
    """What the sentence names, the seats of its cars, and whether only women are meant."""
    params = dict(reason.params)
    seats = int(params.pop("seats", 8))
    women = params.pop("who", "") == "女性"
    assert women == ("女性" in reason.text) or "no_woman" in {reason.code, *params}
    if "missing" in params:
        return {reason.code: int(params["missing"])}, seats, women
    return {code: int(n) for code, n in params.items()}, seats, women


def waiting_of(kind: str) -> Iterator[tuple[str, Reason]]:
    """Needs that wait for something, as many reasons as there are and a few of each."""
    seen: Counter[str] = Counter()
    _, plan = morning_of(kind)
    for need_id, reason in plan.waiting.items():
        seen[reason.code] += 1
        if seen[reason.code] <= PER_MORNING:
            yield need_id, reason


def check_need(made: Problem, plan: Plan, need_id: str, reason: Reason) -> None:
    """Tries what is said of one need."""
    if reason.code in {"possible", "not_worth"}:
        assert one_more_team(made, plan, need_id) is not None, reason
    elif reason.code in {"time", "unreachable"}:
        plenty = {"people": 30, "no_leader": 1, "own_car": 4, "no_driver": 4, "truck": 1, "shuttle": 30}
        plenty |= {f"skill:{skill}": 3 for skill in made.need_by[need_id].skills}
        assert one_more_team(with_added(made, plan, need_id, plenty), plan, need_id) is None, reason
    elif reason.code not in NO_SHORTAGE:
        lacks, seats, women = lacks_of(reason)
        come = with_added(made, plan, need_id, lacks, seats, women=women)
        team = one_more_team(come, plan, need_id)
        assert team is not None, reason
        assert breaks_nothing_more(come, plan, replace(plan, teams=(*plan.teams, team))), reason
        for code, missing in lacks.items():
            fewer = with_added(made, plan, need_id, lacks | {code: missing - 1}, seats, women=women)
            assert one_more_team(fewer, plan, need_id) is None, (code, reason)


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_what_a_need_is_said_to_lack_is_enough_and_nothing_of_it_can_be_left_out(kind: str) -> None:
    made, plan = morning_of(kind)
    for need_id, reason in waiting_of(kind):
        check_need(made, plan, need_id, reason)


@settings(max_examples=count(40, 400), deadline=None)
@given(st.one_of(pinned_mornings, st.integers(0, 2**32).map(tiny)))
def test_it_is_true_of_odd_and_broken_mornings_too(made: Problem) -> None:
    plan = solve(made, effort=2)
    for need_id, reason in plan.waiting.items():
        check_need(made, plan, need_id, reason)


def test_there_are_enough_needs_of_enough_kinds_to_believe_it() -> None:
    codes = Counter(reason.code for kind in KIND_NAMES for _, reason in waiting_of(kind))
    short = {code: n for code, n in codes.items() if code not in NO_SHORTAGE}
    assert sum(short.values()) >= 100
    assert {code.partition(":")[0] for code in short} >= {"no_leader", "own_car", "skill", "tool"}, codes


# ---- people without a team


class _Person:
    """What could become of somebody who has no team, tried with the checker."""

    def __init__(self, made: Problem, plan: Plan, person: str) -> None:
        self.made, self.plan = made, plan
        units = make_units(made, {m for pin in made.pins for m in pin.team.members})
        self.unit = units.all[units.of[person]]
        pinned = {pin.team.id for pin in made.pins}
        self.teams = [team for team in plan.teams if team.id not in pinned]
        out = {n for pin in made.pins for n in pin.team.visits} | made.holds
        self.needs = [n for n in made.needs if n.id not in out]

    def may(self, need: Need) -> bool:
        bans = self.made.bans
        return all(
            need.site in m.sites and not unfit(m, need) and (m.id, need.id) not in bans
            for m in self.unit.members
        )

    def in_time(self, need: Need) -> bool:
        depart, end = max(self.made.now, self.unit.start), min(self.made.params.work_end, self.unit.end)
        lines = [
            Travel(self.made).timeline((need,), mode, depart)
            for mode in MODES
            if mode == "car" or not need.truck
        ]
        return self.may(need) and any(not line.troubles and line.back <= end for line in lines)

    def joins(self, team: Team, *, room: bool = False, seats: bool = False) -> set[str]:
        """The codes of the rules it breaks when they go along, with more room or seats if so said."""
        made, size = self.made, self.unit.size
        if room:
            more = {n: replace(made.need_by[n], max=made.need_by[n].max + size) for n in team.visits}
            made = replace(made, needs=tuple(more.get(n.id, n) for n in made.needs))
        rides = team.vehicles
        if seats:
            stop = made.need_by[team.visits[0]].stop
            made = replace(
                made, stops=tuple(replace(s, seats=s.seats + size * (s.id == stop)) for s in made.stops)
            )
            if rides:
                made = _wider(made, rides[0].id, size)
        else:
            people = [m for m in made.volunteers if m.id in team.members]
            taken = {ride.id for other in self.plan.teams if other.id != team.id for ride in other.vehicles}
            fleet = [
                v for v in made.fleet if v.site == made.need_by[team.visits[0]].site and v.id not in taken
            ]
            truck = any(made.need_by[n].truck for n in team.visits)
            if team.mode == "car":
                alone = [Unit(i, (m,)) for i, m in enumerate((*people, *self.unit.members))]
                rides = (
                    rides_for(alone, len(alone), truck, sorted(fleet, key=lambda v: (v.seats, v.id))) or rides
                )
        more_of_them = (*team.members, *(m.id for m in self.unit.members))
        longer = replace(team, members=more_of_them, vehicles=rides)
        after = replace(self.plan, teams=tuple(longer if t.id == team.id else t for t in self.plan.teams))
        known = {(v.code, v.team, v.need, v.volunteer, v.what) for v in review(made, self.plan).violations}
        found = [v for v in review(made, after).violations if v.code != "pin_changed"]
        return {v.code for v in found if (v.code, v.team, v.need, v.volunteer, v.what) not in known}


def _wider(made: Problem, vehicle: str, size: int) -> Problem:
    return replace(
        made,
        fleet=tuple(replace(v, seats=v.seats + size * (v.id == vehicle)) for v in made.fleet),
        volunteers=tuple(
            replace(m, vehicle=replace(m.vehicle, seats=m.vehicle.seats + size)) if m.id == vehicle and m.vehicle else m
            for m in made.volunteers
        ),
    )  # fmt: skip


SEATS = {"seats_short", "shuttle_full"}


def check_person(made: Problem, plan: Plan, person: str, reason: Reason) -> None:
    """Tries what is said of one person."""
    who = _Person(made, plan, person)
    match reason.code:
        case "no_suitable":
            assert not any(map(who.may, who.needs))
        case "too_short":
            assert any(map(who.may, who.needs))
            assert not any(map(who.in_time, who.needs))
        case "group_too_large":
            assert who.unit.size > max(n.max for n in who.needs if who.in_time(n))
        case "no_gain":
            assert any(not who.joins(team) for team in who.teams)
        case "no_seat":
            assert any(not who.joins(team, seats=True) and who.joins(team) & SEATS for team in who.teams)
        case "teams_full":
            assert any(not who.joins(team, seats=True, room=True) for team in who.teams)
            assert all(who.joins(team, seats=True) for team in who.teams)
        case "foe_there":
            assert any(who.joins(team, seats=True, room=True) == {"conflict"} for team in who.teams)
        case "taken":
            assert any(map(who.in_time, who.needs))
            assert all(who.joins(team, seats=True, room=True) for team in who.teams)
        case "waits":
            open_needs = [n for n in who.needs if n.id in plan.waiting and who.in_time(n)]
            assert any(plan.waiting[n.id].code not in NO_SHORTAGE for n in open_needs)
            assert all(who.joins(team) for team in who.teams)


def asked(plan: Plan, made: Problem) -> Iterator[tuple[str, Reason]]:
    """People with a reason that can be tried, a few of each."""
    seen: Counter[str] = Counter()
    out = make_units(made, {m for pin in made.pins for m in pin.team.members}).out
    for person, reason in plan.idle.items():
        seen[reason.code] += 1
        if (
            person not in out
            and seen[reason.code] <= PER_MORNING
            and not reason.code.endswith("lock_impossible")
        ):
            yield person, reason


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_why_a_person_has_no_team_is_true(kind: str) -> None:
    made, plan = morning_of(kind)
    for person, reason in asked(plan, made):
        check_person(made, plan, person, reason)


@settings(max_examples=count(30, 400), deadline=None)
@given(st.one_of(pinned_mornings, st.integers(0, 2**32).map(tiny)))
def test_it_is_true_of_people_in_odd_and_broken_mornings_too(made: Problem) -> None:
    plan = solve(made, effort=2)
    for person, reason in asked(plan, made):
        check_person(made, plan, person, reason)

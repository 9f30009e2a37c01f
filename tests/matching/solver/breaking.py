"""Plans broken on purpose: one named way for each rule a checker may know, and random ones.

A way takes a problem, a plan that keeps every rule and a dice; it gives back a problem and a plan that breaks the
rule (others may break with it), or None when this morning offers no occasion.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from matching.solver.model import (
    FleetVehicle,
    Group,
    Mode,
    Need,
    OwnVehicle,
    Pin,
    Plan,
    Problem,
    Ride,
    Site,
    Stop,
    Team,
)

Case = tuple[Problem, Plan]
Way = Callable[[Problem, Plan, random.Random], Case | None]


def _person(problem: Problem, who: str, **changes: Any) -> Problem:
    people = tuple(replace(v, **changes) if v.id == who else v for v in problem.volunteers)
    return replace(problem, volunteers=people)


def _place(problem: Problem, which: str, **changes: Any) -> Problem:
    return replace(problem, needs=tuple(replace(n, **changes) if n.id == which else n for n in problem.needs))


def _with(plan: Plan, i: int, **changes: Any) -> Plan:
    return Plan(teams=(*plan.teams[:i], replace(plan.teams[i], **changes), *plan.teams[i + 1 :]))


def _any(plan: Plan, dice: random.Random, wanted: Callable[[Team], object] = bool) -> int | None:
    able = [i for i, team in enumerate(plan.teams) if wanted(team)]
    return dice.choice(able) if able else None


def _member(change: Callable[[Problem, str, Need, random.Random], Problem]) -> Way:
    """A way that changes something about one member of a team and its first need."""

    def way(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
        i = _any(plan, dice)
        if i is None:
            return None
        team = plan.teams[i]
        return change(problem, dice.choice(team.members), problem.need_by[team.visits[0]], dice), plan

    return way


def _team(change: Callable[[Problem, Team, random.Random], dict[str, Any] | None]) -> Way:
    """A way that changes one team and leaves the morning as it is."""

    def way(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
        for i in dice.sample(range(len(plan.teams)), len(plan.teams)):
            changes = change(problem, plan.teams[i], dice)
            if changes is not None:
                return problem, _with(plan, i, **changes)
        return None

    return way


def _two_teams(change: Callable[[Team, Team], dict[str, Any]]) -> Way:
    """A way that gives one team something of another."""

    def way(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
        if len(plan.teams) < 2:
            return None
        a, b = dice.sample(range(len(plan.teams)), 2)
        return problem, _with(plan, a, **change(plan.teams[a], plan.teams[b]))

    return way


def _atomic_torn(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice, lambda t: len(t.members) > 1)
    if i is None:
        return None
    group = Group("G?", atomic=True)
    idle = next((v.id for v in problem.volunteers if not any(v.id in t.members for t in plan.teams)), None)
    if idle is None:
        return None
    made = replace(problem, groups=(*problem.groups, group))
    made = _person(made, dice.choice(plan.teams[i].members), group="G?")
    return _person(made, idle, group="G?"), plan


def _part_too_small(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice)
    if i is None:
        return None
    made = replace(problem, groups=(*problem.groups, Group("G?", atomic=False, min_part=2)))
    return _person(made, dice.choice(plan.teams[i].members), group="G?"), plan


def _taken_fleet(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    """Two teams drive the same vehicle of the center."""
    if len(plan.teams) < 2:
        return None
    a, b = dice.sample(range(len(plan.teams)), 2)
    made = replace(
        problem,
        fleet=(*problem.fleet, FleetVehicle("K?", problem.need_by[plan.teams[a].visits[0]].site, "van", 20)),
    )
    both = plan
    for i in (a, b):
        both = _with(both, i, mode=Mode.CAR, vehicles=(Ride("K?", plan.teams[i].members[0]),))
    return made, both


def _elsewhere_fleet(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice)
    if i is None:
        return None
    made = replace(
        problem, sites=(*problem.sites, Site("C?", 38.3, 141.0)), fleet=(*problem.fleet, FleetVehicle("K?", "C?", "van", 9))
    )  # fmt: skip
    return made, _with(plan, i, mode=Mode.CAR, vehicles=(Ride("K?", plan.teams[i].members[0]),))


def _unfit_driver(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice, lambda t: any(r.id in problem.fleet_by for r in t.vehicles))
    if i is None:
        return None
    driver = next(r.driver for r in plan.teams[i].vehicles if r.id in problem.fleet_by)
    unfit: dict[str, Any] = {"age": 17} if dice.random() < 0.5 else {"skills": frozenset()}
    return _person(problem, driver, **unfit), plan


def _full_shuttle(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice, lambda t: t.mode == Mode.SHUTTLE)
    if i is None:
        return None
    stop = problem.need_by[plan.teams[i].visits[0]].stop
    used = sum(
        len(t.members) for t in plan.teams if t.mode == Mode.SHUTTLE and problem.need_by[t.visits[0]].stop == stop
    )  # fmt: skip
    stops = tuple(replace(s, seats=used - 1) if s.id == stop else s for s in problem.stops)
    return replace(problem, stops=stops), plan


def _tools_gone(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    """One piece less than the teams take, or a site or tool the stock does not know."""
    used: dict[tuple[str, str], int] = {}
    for team in plan.teams:
        needs = [problem.need_by[n] for n in team.visits]
        for tool in {tool for n in needs for tool in n.equip}:
            key = (needs[0].site, tool)
            used[key] = used.get(key, 0) + max(n.equip.get(tool, 0) for n in needs)
    if not used:
        return None
    site, tool = dice.choice(sorted(used))
    stock = {s: dict(tools) for s, tools in problem.stock.items()}
    match dice.randrange(3):
        case 0:
            stock[site][tool] = used[site, tool] - 1
        case 1:
            del stock[site][tool]
        case _:
            del stock[site]
    return replace(problem, stock=stock), plan


def _two_stops(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice, lambda t: t.mode == Mode.SHUTTLE)
    if i is None:
        return None
    team = plan.teams[i]
    first = problem.need_by[team.visits[0]]
    served = {n for t in plan.teams for n in t.visits}
    other = next((n for n in problem.needs if n.id not in served), None)
    if other is None or first.stop is None:
        return None
    here = problem.stop_by[first.stop]
    made = replace(problem, stops=(*problem.stops, Stop("R?", here.site, here.lat, here.lng, 99)))
    made = _place(made, other.id, stop="R?", site=first.site, lat=first.lat, lng=first.lng)
    return made, _with(plan, i, visits=(*team.visits, other.id))


def _too_far_on_foot(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice, lambda t: t.mode == Mode.WALK)
    if i is None:
        return None
    return replace(problem, params=replace(problem.params, walk_max_km=0.001)), plan


def _hop_too_far(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice, lambda t: len(t.visits) > 1)
    if i is None:
        return None
    return replace(problem, params=replace(problem.params, chain_max_km=0.0001)), plan


def _pinned(change: Callable[[Problem, Team], dict[str, Any] | None]) -> Way:
    """A way in which a team that is out differs from what went out."""

    def way(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
        i = _any(plan, dice)
        if i is None:
            return None
        team = plan.teams[i]
        changes = change(problem, team)
        if changes is None:
            return None
        pins = (*(p for p in problem.pins if p.team.id != team.id), Pin(replace(team, **changes)))
        return replace(problem, pins=pins), plan

    return way


def _pin_missing(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice)
    if i is None:
        return None
    pins = (*(p for p in problem.pins if p.team.id != plan.teams[i].id), Pin(replace(plan.teams[i], id="P?")))
    return replace(problem, pins=pins), plan


def _late_pin(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    """A team that went out late comes back late: the pin's departure is what counts."""
    i = _any(plan, dice)
    if i is None:
        return None
    pins = (*(p for p in problem.pins if p.team.id != plan.teams[i].id), Pin(plan.teams[i], depart=920))
    return replace(problem, pins=pins), plan


def _lock(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice)
    other = [n.id for n in problem.needs if i is None or n.id not in plan.teams[i].visits]
    if i is None or not other:
        return None
    locks = (*problem.locks, (dice.choice(plan.teams[i].members), dice.choice(other)))
    return replace(problem, locks=locks), plan


def _hold(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice)
    if i is None:
        return None
    return replace(problem, holds=problem.holds | {dice.choice(plan.teams[i].visits)}), plan


def _ban(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice)
    if i is None:
        return None
    pair = (dice.choice(plan.teams[i].members), dice.choice(plan.teams[i].visits))
    return replace(problem, bans=problem.bans | {pair}), plan


def _conflict(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice, lambda t: len(t.members) > 1)
    if i is None:
        return None
    a, b = dice.sample(plan.teams[i].members, 2)
    return replace(problem, conflicts=(*problem.conflicts, (a, b))), plan


def _second_site(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice, lambda t: len(t.visits) > 1)
    if i is None:
        return None
    made = replace(problem, sites=(*problem.sites, Site("C?", 38.3, 141.0)))
    return _place(made, plan.teams[i].visits[-1], site="C?"), plan


def _too_many_visits(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice, lambda t: len(t.visits) > 1)
    if i is None:
        return None
    return replace(problem, params=replace(problem.params, max_visits=1)), plan


def _drives_twice(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice, lambda t: t.vehicles)
    if i is None:
        return None
    rides = plan.teams[i].vehicles
    return problem, _with(plan, i, vehicles=(*rides, rides[0]))


def _far_window(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice)
    if i is None:
        return None
    place = problem.need_by[plan.teams[i].visits[-1]]
    return _place(problem, place.id, dur=place.close - place.open + 1), plan


def _no_car(problem: Problem, plan: Plan, dice: random.Random) -> Case | None:
    i = _any(plan, dice)
    if i is None:
        return None
    one = plan.teams[i].members[0]
    return _person(problem, one, vehicle=None), _with(plan, i, mode=Mode.CAR, vehicles=(Ride(one, one),))


WAYS: Final[dict[str, tuple[str, Way]]] = {
    # name: (code of the rule, how)
    "two teams of one name": ("duplicate_team", _two_teams(lambda a, b: {"id": b.id})),
    "a person twice in a team": ("duplicate_member", _team(lambda p, t, d: {"members": (*t.members, t.members[0])})),
    "a person nobody knows": ("unknown_volunteer", _team(lambda p, t, d: {"members": (*t.members, "V?")})),
    "a person in two teams": ("double_booked", _two_teams(lambda a, b: {"members": (*a.members, b.members[0])})),
    "a need nobody knows": ("unknown_need", _team(lambda p, t, d: {"visits": (*t.visits, "N?")})),
    "a need of two teams": ("need_taken_twice", _two_teams(lambda a, b: {"visits": (*a.visits, b.visits[0])})),
    "a need twice in a team": ("need_taken_twice", _team(lambda p, t, d: {"visits": (*t.visits, t.visits[0])})),
    "no members": ("empty_team", _team(lambda p, t, d: {"members": ()})),
    "no visits": ("empty_team", _team(lambda p, t, d: {"visits": ()})),
    "too many visits": ("too_many_visits", _too_many_visits),
    "visits of two sites": ("two_sites", _second_site),
    "no insurance": ("uninsured", _member(lambda p, v, n, d: _person(p, v, insured=False))),
    "from another site": ("wrong_site", _member(lambda p, v, n, d: _person(p, v, sites=()))),
    "a child without its guardian": ("guardian_absent", _member(lambda p, v, n, d: _person(p, v, guardian="V?"))),
    "a child where none may go": ("minor_not_allowed", _member(lambda p, v, n, d: _place(_person(p, v, age=15), n.id, minors_ok=False))),
    "too little experience": ("too_little_experience", _member(lambda p, v, n, d: _place(_person(p, v, exp=1), n.id, min_exp=2))),
    "too little stamina": ("too_little_stamina", _member(lambda p, v, n, d: _place(_person(p, v, stamina=2), n.id, min_stamina=3))),
    "a man where only women go": ("women_only", _member(lambda p, v, n, d: _place(_person(p, v, gender="M"), n.id, women_only=True))),
    "no gender where only women go": ("women_only", _member(lambda p, v, n, d: _place(_person(p, v, gender=""), n.id, women_only=True))),
    "work somebody avoids": ("avoided_work", _member(lambda p, v, n, d: _person(p, v, avoid=frozenset({n.type})))),
    "a ban": ("banned", _ban),
    "a conflict": ("conflict", _conflict),
    "a group torn apart": ("atomic_group_torn", _atomic_torn),
    "a part of a group too small": ("group_part_too_small", _part_too_small),
    "a leader who stays here": ("leader_not_member", _team(lambda p, t, d: {"leader": next((v.id for v in p.volunteers if v.id not in t.members), "V?")})),
    "a leader nobody knows": ("leader_not_member", _team(lambda p, t, d: {"leader": "V?"})),
    "a leader without experience": ("leader_unfit", lambda p, s, d: (_person(p, s.teams[0].leader, exp=0), s) if s.teams and p.need_by[s.teams[0].visits[0]].leader_exp else None),
    "a leader of 17": ("leader_unfit", lambda p, s, d: (_person(p, s.teams[0].leader, age=17), s) if s.teams else None),
    "too few people": ("wrong_size", _member(lambda p, v, n, d: _place(p, n.id, min=25, ideal=25, max=25) if n.min < n.ideal else _place(p, n.id, min=24, ideal=25, max=25))),
    "too many people": ("wrong_size", _member(lambda p, v, n, d: _place(p, n.id, min=1, ideal=1, max=1))),
    "too few women": ("too_few_women", _member(lambda p, v, n, d: _place(p, n.id, women_min=25))),
    "too few with a skill": ("too_few_skilled", _member(lambda p, v, n, d: _place(p, n.id, skills={"juggling": 1}))),
    "nobody speaks the language": ("no_speaker", _member(lambda p, v, n, d: _place(p, n.id, lang="eo"))),
    "an unknown way to travel": ("unknown_mode", _team(lambda p, t, d: {"mode": d.choice(("balloon", "", "WALK"))})),
    "a car for a team on foot": ("vehicles_without_car", _team(lambda p, t, d: {"mode": "walk"} if t.vehicles else None)),
    "a driver who stays here": ("driver_unknown", _team(lambda p, t, d: {"vehicles": (*t.vehicles, Ride("K1", "V?"))})),
    "a driver of two cars": ("driver_unknown", _drives_twice),
    "a vehicle of two teams": ("vehicle_taken_twice", _taken_fleet),
    "a vehicle of another site": ("vehicle_wrong_site", _elsewhere_fleet),
    "an unfit driver": ("driver_unfit", _unfit_driver),
    "an unknown vehicle": ("unknown_vehicle", _team(lambda p, t, d: {"mode": "car", "vehicles": (Ride("K?", t.members[0]),)})),
    "a car nobody has": ("unknown_vehicle", _no_car),
    "a car without its owner": ("unknown_vehicle", _team(lambda p, t, d: {"mode": "car", "vehicles": (Ride(t.members[0], t.members[1]),)} if len(t.members) > 1 else None)),
    "too few seats": ("seats_short", _team(lambda p, t, d: {"mode": "car", "vehicles": ()})),
    "no truck": ("truck_missing", _member(lambda p, v, n, d: replace(_place(p, n.id, truck=True), fleet=tuple(replace(f, kind="van") for f in p.fleet), volunteers=tuple(replace(x, vehicle=OwnVehicle("car", 9) if x.vehicle else None) for x in p.volunteers)))),
    "too far to walk": ("too_far_to_walk", _too_far_on_foot),
    "no stop": ("no_stop", _team(lambda p, t, d: {"mode": "shuttle", "vehicles": ()} if not p.need_by[t.visits[0]].stop else None)),
    "a hop too far": ("hop_too_far", _hop_too_far),
    "work that ends too late": ("ends_after_close", _far_window),
    "back by another stop": ("two_stops", _two_stops),
    "back after the end of the day": ("back_too_late", lambda p, s, d: (replace(p, params=replace(p.params, work_end=560)), s) if s.teams else None),
    "back after somebody had to go": ("back_too_late", _member(lambda p, v, n, d: _person(p, v, end=550))),
    "out too late to be back": ("back_too_late", _late_pin),
    "tools that are not there": ("tools_short", _tools_gone),
    "more people than shuttle seats": ("shuttle_full", _full_shuttle),
    "a pinned team is missing": ("pin_missing", _pin_missing),
    "a pinned team has other members": ("pin_changed", _pinned(lambda p, t: {"members": t.members[1:]})),
    "a pinned team goes another way round": ("pin_changed", _pinned(lambda p, t: {"visits": (*t.visits, "N?")})),
    "a pinned team has another leader": ("pin_changed", _pinned(lambda p, t: {"leader": "V?"})),
    "a pinned team travels otherwise": ("pin_changed", _pinned(lambda p, t: {"mode": "balloon"})),
    "a pinned team has another vehicle": ("pin_changed", _pinned(lambda p, t: {"vehicles": (*t.vehicles, Ride("K1", "V?"))})),
    "a lock not kept": ("lock_broken", _lock),
    "a need that is held": ("held", _hold),
}  # fmt: skip


def shaken(problem: Problem, plan: Plan, dice: random.Random) -> Plan:
    """A plan with a few random changes, some of which break rules."""
    teams = list(plan.teams)
    people = [v.id for v in problem.volunteers] + ["V99"]
    needs = [n.id for n in problem.needs] + ["N99"]
    vehicles = [v.id for v in problem.fleet] + people
    for _ in range(dice.randint(0, 4)):
        if not teams or dice.random() < 0.15:
            size = dice.randint(0, 4)
            members = tuple(dice.choice(people) for _ in range(size))
            teams.append(
                Team(f"X{len(teams)}", members, dice.choice(people), (dice.choice(needs),), Mode.WALK)
            )
            continue
        i = dice.randrange(len(teams))
        t = teams[i]
        match dice.randrange(9):
            case 0:
                teams[i] = replace(t, members=(*t.members, dice.choice(people)))
            case 1:
                teams[i] = replace(t, members=t.members[1:])
            case 2:
                teams[i] = replace(t, visits=(*t.visits, dice.choice(needs)))
            case 3:
                teams[i] = replace(t, visits=t.visits[1:])
            case 4:
                teams[i] = replace(t, leader=dice.choice(people))
            case 5:
                teams[i] = replace(t, mode=dice.choice((Mode.WALK, Mode.SHUTTLE, Mode.CAR, "balloon")))
            case 6:
                ride = Ride(dice.choice(vehicles), dice.choice(t.members or ("V99",)))
                teams[i] = replace(t, vehicles=(*t.vehicles, ride), mode=Mode.CAR)
            case 7:
                del teams[i]
            case _:
                teams[i] = replace(t, id=dice.choice(teams).id)
    return Plan(teams=tuple(teams))


def thinned(problem: Problem, plan: Plan, dice: random.Random) -> Plan:
    """A plan that mostly still keeps every rule but is worth something else: less teams, people, visits, other leaders."""
    pinned = {pin.team.id for pin in problem.pins}
    teams = []
    for team in plan.teams:
        chance = dice.random()
        if team.id in pinned or chance < 0.6:
            teams.append(team)
        elif chance < 0.7 and len(team.visits) > 1:
            teams.append(replace(team, visits=team.visits[: dice.randint(1, len(team.visits) - 1)]))
        elif chance < 0.8:
            teams.append(replace(team, members=tuple(reversed(team.members))))
        elif chance < 0.9:
            driving = {ride.driver for ride in team.vehicles} | {team.leader}
            alone = [m for m in team.members if m not in driving and not problem.volunteer_by[m].group]
            gone = dice.choice(alone) if alone else ""
            teams.append(replace(team, members=tuple(m for m in team.members if m != gone)))
    dice.shuffle(teams)
    return Plan(teams=tuple(teams))

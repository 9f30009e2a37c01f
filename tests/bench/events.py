"""A morning at the desk, event by event: what happens, and the plan that is made anew after each.

People arrive, leave and are late; needs become ready, change, are closed; teams go out and come back; a vehicle drops
out; the coordinator fixes a team, forbids a pairing, holds a need back. What was announced is the baseline each time; a
team that can wait no longer leaves. Whoever was sent to a need that is closed or held back, or may no longer go there, has
to be told something else whatever the plan: that is not counted.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from matching.solver.model import Need, Pin, Plan, Problem, Team, Volunteer
from matching.solver.rules import broken_teams


@dataclass
class Desk:
    """The morning as the desk sees it: the problem now, the plan in force, who waits at the door and on the phone."""

    now: Problem
    plan: Plan
    people: list[Volunteer]
    needs: list[Need]
    dice: random.Random

    def waiting_teams(self) -> list[Team]:
        out = {pin.team.id for pin in self.now.pins}
        return [team for team in self.plan.teams if team.id not in out]

    def at_hand(self) -> list[str]:
        out = {m for pin in self.now.pins for m in pin.team.members}
        return [v.id for v in self.now.volunteers if v.id not in out]

    def open_needs(self) -> list[str]:
        taken = {n for pin in self.now.pins for n in pin.team.visits}
        return [n.id for n in self.now.needs if n.id not in taken]

    def can(self, event: Callable[[Desk], Problem]) -> bool:
        """Whether there is anybody or anything left that it could happen to."""
        if event in (left, late):
            return bool(self.at_hand())
        if event in (need_closed, need_changed, hold):
            return bool(set(self.open_needs()) - {n for _, n in self.now.locks})
        if event in (team_out, pin, ban):
            return bool(self.waiting_teams())
        if event is team_back:
            return bool(self.now.pins)
        if event is vehicle_gone:
            return bool(self.vehicles_here())
        return bool(self.people if event is arrived else self.needs)

    def vehicles_here(self) -> list[str]:
        """The center's vehicles that are not out, and people at hand with a car of their own."""
        out = {ride.id for pin in self.now.pins for ride in pin.team.vehicles}
        own = {v.id for v in self.now.volunteers if v.vehicle}
        return [v.id for v in self.now.fleet if v.id not in out] + [m for m in self.at_hand() if m in own]

    def change_person(self, who: str, **changes: Any) -> Problem:
        people = tuple(replace(v, **changes) if v.id == who else v for v in self.now.volunteers)
        return replace(self.now, volunteers=people)

    def without(self, who: set[str]) -> Problem:
        """The morning without these people; whoever needs them, or can not go without them, stays without work."""
        return replace(
            self.now, volunteers=tuple(v for v in self.now.volunteers if v.id not in who),
            locks=tuple(lock for lock in self.now.locks if lock[0] not in who),
        )  # fmt: skip


def arrived(desk: Desk) -> Problem:
    newcomer = desk.people.pop()
    return replace(
        desk.now, volunteers=(*desk.now.volunteers, replace(newcomer, start=max(newcomer.start, desk.now.now)))
    )  # fmt: skip


def left(desk: Desk) -> Problem:
    return desk.without({desk.dice.choice(desk.at_hand())})


def late(desk: Desk) -> Problem:
    who = desk.now.volunteer_by[desk.dice.choice(desk.at_hand())]
    return desk.change_person(who.id, start=max(who.start, desk.now.now) + desk.dice.choice((15, 30, 60)))


def need_ready(desk: Desk) -> Problem:
    return replace(desk.now, needs=(*desk.now.needs, desk.needs.pop()))


def need_closed(desk: Desk) -> Problem:
    gone = desk.dice.choice(desk.open_needs())
    return replace(
        desk.now, needs=tuple(n for n in desk.now.needs if n.id != gone), holds=desk.now.holds - {gone},
        locks=tuple(lock for lock in desk.now.locks if lock[1] != gone),
    )  # fmt: skip


def need_changed(desk: Desk) -> Problem:
    """More people, more urgent, or longer."""
    n = desk.now.need_by[desk.dice.choice(desk.open_needs())]
    changed = desk.dice.choice(
        (
            replace(n, ideal=n.ideal + 1, max=n.max + 1), replace(n, weight=2 * n.weight, tier=min(n.tier, 2)),
            replace(n, dur=n.dur + 30),
        )
    )  # fmt: skip
    return replace(desk.now, needs=tuple(changed if one.id == n.id else one for one in desk.now.needs))


def team_out(desk: Desk) -> Problem:
    """Some of the teams leave; they stand from now on."""
    ready = [
        t for t in desk.waiting_teams() if all(desk.now.volunteer_by[m].start <= desk.now.now for m in t.members)
    ]  # fmt: skip
    out = desk.dice.sample(ready, min(len(ready), desk.dice.randint(1, 8)))
    gone = {m for team in out for m in team.members}
    return replace(
        desk.now, pins=(*desk.now.pins, *(Pin(team, depart=desk.now.now) for team in out)),
        locks=tuple(lock for lock in desk.now.locks if lock[0] not in gone),
    )  # fmt: skip


def team_back(desk: Desk) -> Problem:
    """A team is done: its needs are served, its people and things are free again."""
    pin = desk.dice.choice(desk.now.pins)
    return replace(
        desk.now, pins=tuple(p for p in desk.now.pins if p is not pin),
        needs=tuple(n for n in desk.now.needs if n.id not in pin.team.visits),
        locks=tuple(lock for lock in desk.now.locks if lock[1] not in pin.team.visits),
    )  # fmt: skip


def vehicle_gone(desk: Desk) -> Problem:
    gone = desk.dice.choice(desk.vehicles_here())
    if gone in desk.now.volunteer_by:
        return desk.change_person(gone, vehicle=None)
    return replace(desk.now, fleet=tuple(v for v in desk.now.fleet if v.id != gone))


def pin(desk: Desk) -> Problem:
    """The coordinator fixes a team that is still here."""
    return replace(desk.now, pins=(*desk.now.pins, Pin(desk.dice.choice(desk.waiting_teams()))))


def ban(desk: Desk) -> Problem:
    team = desk.dice.choice(desk.waiting_teams())
    return replace(desk.now, bans=desk.now.bans | {(desk.dice.choice(team.members), team.visits[0])})


def hold(desk: Desk) -> Problem:
    locked = {n for _, n in desk.now.locks}
    free = [n for n in desk.open_needs() if n not in locked]
    return replace(desk.now, holds=desk.now.holds | {desk.dice.choice(free)})


EVENTS: dict[Callable[[Desk], Problem], int] = {
    arrived: 20, left: 10, late: 10, need_ready: 12, need_closed: 6, need_changed: 8, team_out: 12, team_back: 4,
    vehicle_gone: 4, pin: 5, ban: 4, hold: 5,
}  # fmt: skip
MINUTES_PER_EVENT = 0.25


Replan = Callable[[Problem, Plan], Plan]
"""The morning as it is now and the plan in force -> the next plan."""


@dataclass(frozen=True)
class Step:
    """One event: seconds until the new plan was there, of the clock and of the processor, and how many announced people it
    sends elsewhere."""

    event: str
    seconds: float
    burnt: float
    churned: int
    now: Problem
    plan: Plan


def morning(
    made: Problem, spare: Problem, first: Plan, replan: Replan, events: int, *, seed: int = 7
) -> Iterator[Step]:
    """Each event's step, after the plan `first`. `spare` gives the people who arrive and the needs that turn up."""
    dice = random.Random(seed)
    people = [
        replace(v, id=f"A{i}", group=None, guardian=None)
        for i, v in enumerate(spare.volunteers) if v.age >= 18 and v.insured
    ]  # fmt: skip
    stops = made.stop_by
    needs = [
        replace(n, id=f"M{i}", prev=(), site=made.sites[0].id, stop=n.stop if n.stop in stops else None)
        for i, n in enumerate(spare.needs)
    ]  # fmt: skip
    desk = Desk(made, first, people, needs, dice)
    for i in range(events):
        told = {m: team.visits[0] for team in desk.plan.teams for m in team.members}
        now = made.now + int(i * MINUTES_PER_EVENT)
        if now > desk.now.now:
            send_the_last_minute(desk, now)
        desk.now = replace(desk.now, baseline=told, now=now)
        can = {event: share for event, share in EVENTS.items() if desk.can(event)}
        event = dice.choices(list(can), list(can.values()))[0]
        desk.now = event(desk)
        stands = desk.now.need_by.keys() - desk.now.holds
        still = {m: n for m, n in told.items() if n in stands and (m, n) not in desk.now.bans}
        desk.now = replace(desk.now, baseline=still)
        begun, burnt = time.monotonic(), time.process_time()
        desk.plan = replan(desk.now, desk.plan)
        took, burnt = time.monotonic() - begun, time.process_time() - burnt
        yield Step(event.__name__, took, burnt, churned(desk.now, desk.plan), desk.now, desk.plan)


def send_the_last_minute(desk: Desk, now: int) -> None:
    """Teams that could not leave a minute later leave."""
    ready = desk.waiting_teams()
    late = broken_teams(replace(desk.now, now=now), ready)
    out = [team for team in ready if team.id in late]
    gone = {m for team in out for m in team.members}
    desk.now = replace(
        desk.now, pins=(*desk.now.pins, *(Pin(team, depart=desk.now.now) for team in out)),
        locks=tuple(lock for lock in desk.now.locks if lock[0] not in gone),
    )  # fmt: skip


def churned(now: Problem, plan: Plan) -> int:
    """How many people who are here go elsewhere than they were told, or nowhere."""
    at = {m: team.visits for team in plan.teams for m in team.members}
    return sum(
        m in now.volunteer_by and need not in at.get(m, ()) for m, need in now.baseline.items() if need
    )

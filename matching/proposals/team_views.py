"""「手で組む」: a team made or changed by hand: its people, its needs, its cars, and what the rules say about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from intake.help_requests.models import Hazard, Need, Tool
from intake.volunteers.models import Skill, Volunteer
from matching.dispatch import chains
from matching.dispatch.models import Dispatch
from matching.equipment.models import Vehicle
from matching.proposals import board as screen
from matching.proposals import decisions, hands
from matching.proposals.candidates import FILTERS, Candidate, candidates, chosen
from matching.proposals.check import TeamCheck, check_team
from matching.proposals.forms import (
    BAN_REASONS,
    LOCK_REASONS,
    TeamAnswers,
    reason_of,
)  # fmt: skip
from matching.proposals.gather import leader_experience, own_seats
from matching.proposals.models import Proposal
from matching.proposals.offers import moment
from matching.proposals.views import FORM, clean, say_decided
from matching.queue.near import near
from matching.teams import services as teams
from matching.teams.queries import free_vehicles
from matching.teams.rides import Drive, own_car, said

# Where a team was made from, and where the next is made.
BACK = {"posted": "posted_desk"}


@dataclass(frozen=True, slots=True)
class Hand:
    """What stands on the page 「手で組む」: the need, who was chosen, and what the rules say about them."""

    need: Need
    then: list[Need]
    answers: TeamAnswers
    picked: list[Candidate]
    leader: Volunteer | None
    rides: list[Drive]
    stay: list[Volunteer]
    check: TeamCheck | None

    @property
    def goes_in(self) -> Sequence[Drive]:
        """The cars that were named and those it needs besides."""
        return self.check.rides if self.check else self.rides


@never_cache
@FORM
def make_team(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """Choose people, see what the rules say, decide. Works without scripts and without any worker."""
    needs = Need.objects.select_related("operation", "household__town")
    need = access.of_operation(request.operation, needs, need_id)
    answers = TeamAnswers.read(request.POST if request.method == "POST" else request.GET)
    hand = _hand(request, need, answers)
    refusal = ""
    if request.POST.get("do") in ("lock", "ban"):
        try:
            hands.decide_about(
                need,
                [one.person for one in hand.picked],
                what=request.POST["do"],
                reason=clean(reason_of(request.POST, "why", "why_note")),
                by=by(request),
                at=request.now,
            )
        except Refused as refused:
            refusal = refused.text
        else:
            messages.success(request, "決めました。「手で決めたこと」で、いつでも取り消せます。")
            return redirect("matching_hand", operation_id)
    if request.POST.get("do") == "decide":
        try:
            dispatch = _decide(request, hand)
        except Refused as refused:
            teams.keep_clash(request.operation, refused, by=by(request), at=request.now)
            refusal = refused.text
        else:
            say_decided(request, dispatch)
            return redirect(BACK.get(request.POST.get("back", ""), "matching_board"), operation_id)
    return render(
        request,
        "matching/proposals/team.html",
        _hand_context(request, hand, refusal),
        status=409 if refusal else 200,
    )


def _hand(request: StaffRequest, need: Need, answers: TeamAnswers) -> Hand:
    picked = chosen(request.operation, answers.members, at=request.now)
    people = {one.person.pk: one.person for one in picked}
    leader = people.get(answers.leader or 0) or _likely_leader(picked)
    rides = _named(request, answers, picked)
    stay = [people[pk] for pk in answers.left if pk in people]
    then = _then(request, need, answers)
    check = None
    if leader is not None:
        check = check_team(
            need,
            then=then,
            volunteers=list(people.values()),
            leader=leader,
            rides=rides,
            stay=stay,
            at=request.now,
        )
    return Hand(need, then, answers, picked, leader, rides, stay, check)


def _named(request: StaffRequest, answers: TeamAnswers, picked: list[Candidate]) -> list[Drive]:
    """The cars that were chosen. A vehicle of the center without a driver gets one who can."""
    people = {one.person.pk: one.person for one in picked}
    wanted = [vehicle for vehicle, _ in answers.cars]
    vehicles = Vehicle.objects.filter(operation=request.operation).in_bulk(wanted) if wanted else {}
    busy = {driver for _, driver in answers.cars if driver} | set(answers.own)
    rides = []
    for vehicle, asked in answers.cars:
        driver = people.get(asked or 0)
        if driver is None:
            driver = _likely_driver(one for one in picked if one.person.pk not in busy)
            busy.update([driver.pk] if driver else [])
        if vehicle in vehicles:
            rides.append(Drive(vehicles[vehicle], driver))
    return [*rides, *(Drive(None, people[pk]) for pk in answers.own if pk in people)]


def _then(request: StaffRequest, need: Need, answers: TeamAnswers) -> list[Need]:
    """The needs the team does afterwards, in the order they were chosen, as far as they still wait."""
    rows = Need.objects.ready().filter(operation=request.operation).exclude(pk=need.pk)
    found = rows.select_related("operation", "household__town").in_bulk(answers.then[: chains.MOST - 1])
    return [found[pk] for pk in answers.then if pk in found]


def _likely_leader(picked: list[Candidate]) -> Volunteer | None:
    adults = [one.person for one in picked if not one.minor]
    return max(adults, key=lambda person: (person.experience, -person.pk), default=None)


def _likely_driver(picked: Iterable[Candidate]) -> Volunteer | None:
    able = (one.person for one in picked if Skill.DRIVER in one.person.skills and not one.minor)
    return next(able, None)


def _decide(request: StaffRequest, hand: Hand) -> Dispatch:
    missing = set(hand.answers.members) - {one.person.pk for one in hand.picked}
    gone = Volunteer.objects.filter(center=request.center, pk__in=missing).first()
    if gone is not None:
        raise Refused("team.person_taken_or_left", name=gone.name)
    if not hand.picked:
        raise Refused("team.empty")
    if hand.leader is None:
        raise Refused("team.leader_not_member")
    people = [one.person for one in hand.picked]
    if hand.answers.proposal is not None:
        proposal = access.of_operation(request.operation, Proposal.objects.all(), hand.answers.proposal)
        return decisions.accept(
            proposal,
            members=people,
            then=hand.then,
            leader=hand.leader,
            rides=hand.rides,
            stay=hand.stay,
            overrule=hand.answers.overrule,
            by=by(request),
            at=request.now,
        )
    return decisions.send(
        hand.need,
        then=hand.then,
        volunteers=people,
        leader=hand.leader,
        rides=hand.rides,
        stay=hand.stay,
        overrule=hand.answers.overrule,
        by=by(request),
        at=request.now,
    )


def _hand_context(request: StaffRequest, hand: Hand, refusal: str) -> dict[str, Any]:
    need, items = hand.need, screen.work_of(hand.need)
    least = leader_experience(need.operation, crisis=need.needs_crisis, hazards=need.hazards)
    listed, total = candidates(
        request.operation,
        at=request.now,
        text=hand.answers.text,
        filters=hand.answers.filters,
        leader_exp=least,
        without=[one.person.pk for one in hand.picked],
    )
    chosen_after = {one.pk for one in hand.then}
    return {
        "hand": hand,
        "need": need,
        "near": [
            one
            for one in near(request.operation, hand.then[-1] if hand.then else need, at=request.now)
            if one.waiting.need.pk not in {need.pk, *chosen_after}
        ],
        "times": _times(hand, at=request.now),
        "items": items,
        "kinds": screen.kinds_of(items),
        "skills_needed": _labels(Skill, (item.skills for item in items), "人"),
        "tools_needed": _labels(Tool, (item.tools for item in items), ""),
        "hazards": [str(Hazard(code).label) for code in need.hazards if code in Hazard.values],
        "listed": listed,
        "total": total,
        "filters": FILTERS.items(),
        **_cars_context(request, hand),
        "refusal": refusal,
        "back": "posted" if request.POST.get("back") == "posted" else "",
        "later_reasons": dict.fromkeys((*LOCK_REASONS, *BAN_REASONS)),
        "section": "matching_board",
    }


def _cars_context(request: StaffRequest, hand: Hand) -> dict[str, Any]:
    """The lines for vehicles of the center with one more to fill in, the members' own cars, and how many have a seat."""
    vehicles = list(free_vehicles(request.operation, at=request.now))
    lines = [ride for ride in hand.goes_in if ride.vehicle]
    going = {ride.driver.pk for ride in hand.goes_in if ride.driver and not ride.vehicle}
    owners = [one.person for one in hand.picked if one.person.vehicle and not one.minor]
    return {
        "vehicles": vehicles,
        "lines": [*lines, None] if len(lines) < len(vehicles) else lines,
        "drivers": [one for one in hand.picked if Skill.DRIVER in one.person.skills and not one.minor],
        "own_cars": [(own_car(one), own_seats(one), one.pk, one.pk in going) for one in owners],
        "car_of": sorted(going | {one.pk for one in hand.stay}),
        "cars": said(hand.goes_in),
        "seats": sum(_seats(ride) for ride in hand.goes_in),
    }


def _seats(ride: Drive) -> int:
    if ride.vehicle:
        return ride.vehicle.seats
    return own_seats(ride.driver) if ride.driver else 0


def _times(hand: Hand, *, at: datetime) -> list[tuple[Need, datetime, datetime]]:
    """When the team would be at each of its needs if it left now; empty when that can not be said."""
    visits = [hand.need, *hand.then]
    if hand.check is None or len(hand.check.spans) != len(visits):
        return []
    return [
        (need, moment(begin, at=at), moment(until, at=at))
        for need, (begin, until) in zip(visits, hand.check.spans, strict=True)
    ]


def _labels(kind: Any, amounts: Any, unit: str) -> str:
    """「角スコップ 3、一輪車 1」: the largest amount of each."""
    most: dict[str, int] = {}
    for one in amounts:
        for code, amount in one.items():
            most[code] = max(most.get(code, 0), amount)
    return "、".join(
        f"{kind(code).label} {amount}{unit}" for code, amount in most.items() if code in kind.values
    )

"""Rows to Problem: the morning as the tables have it, for the solver. Six SQL statements, whatever the size.

People are "V<pk>", needs "N<pk>", sites "S<pk>", groups "G<pk>", vehicles of the center "K<pk>": no personal
data, so that a stored problem can be kept and replayed. Teams that exist already need no pins: their people,
vehicles and tools are simply not there.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from itertools import groupby
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, Value
from django.utils import timezone

from dvc.operations.models import Mode as OperationMode
from dvc.operations.models import Operation, Site
from intake.checkin.models import Visit
from intake.help_requests.models import BLOCKING, Hazard, Need, NeedState, WorkState
from intake.questions.services import Answers
from intake.volunteers.models import InsurancePolicy, Skill, VehicleKind, Volunteer, WorkCategory
from matching.dispatch.models import Dispatch, DispatchState
from matching.equipment.models import ToolStock
from matching.queue.models import Ban
from matching.queue.order import blocked_by, tier, weight
from matching.solver import model
from matching.teams.models import Member
from matching.teams.queries import free_vehicles, free_visits

# Work and dangers that a person under 18 is never sent to (domain.md §3.9).
NOT_FOR_MINORS: Final = frozenset({WorkCategory.UNDER_FLOOR, WorkCategory.DEBRIS})
HAZARDS_FOR_MINORS: Final = frozenset({Hazard.HEAT, Hazard.STAIRS, Hazard.ROAD})
SKILLS_NOT_NEAR_MINORS: Final = frozenset({Skill.CHAINSAW, Skill.HEAVY})

# A crisis, or a house whose dangers had to be cleared, gets a leader who has led before.
LEADER: Final = 1
LEADER_OF_CRISIS: Final = 2

# Nobody works longer than this at one house in a day; what is left is 継続.
MOST_MINUTES: Final = 240

TRUCKS: Final = frozenset({VehicleKind.KEI_TRUCK, VehicleKind.TRUCK})
USUAL_SEATS: Final[Mapping[str, int]] = {
    VehicleKind.CAR: 4, VehicleKind.KEI_TRUCK: 2, VehicleKind.TRUCK: 2, VehicleKind.VAN: 7,
}  # fmt: skip

Row = Mapping[str, Any]  # a need's columns beside one of its items' (`items__…`), or Nones where it has none


@dataclass(frozen=True, slots=True)
class Gathered:
    """The problem, and what is not in it: needs that wait for something else and people, by pk, with the reason.

    `versions` are the versions of the needs as they were read.
    """

    problem: model.Problem
    versions: Mapping[int, int] = field(default_factory=dict)
    set_aside: Mapping[int, model.Reason] = field(default_factory=dict)
    left_out: Mapping[int, model.Reason] = field(default_factory=dict)


def gather(
    operation: Operation,
    *,
    at: datetime,
    need: int | None = None,
    people: Collection[int] | None = None,
    baseline: Mapping[str, str | None] | None = None,
) -> Gathered:
    """The problem at the moment `at`. Six statements.

    With `need` and `people` (pks) only that need, held or not, and those people with the rest of their groups:
    what it takes to check one team. `baseline` is what is on offer now; changing it costs (churn).
    """
    sites = list(Site.objects.filter(center_id=operation.center_id).order_by("pk"))
    visits = _visits(operation, at=at, people=people)
    rows = [list(group) for _, group in groupby(_need_rows(operation, need), key=lambda row: row["pk"])]
    bans, before = _bans_and_before(operation, need)
    stock = _stock(operation, sites, (row for row in rows if row[0]["out"]))
    # A need whose team is on its way back may wait again (継続): it counts as waiting, its tools as out.
    waiting = [
        row for row in rows if (row[0]["state"] == NeedState.READY if need is None else row[0]["pk"] == need)
    ]
    needs, set_aside, avoid = _needs(waiting, operation, sites, before, at=at, held_too=need is not None)
    if not any(stock.values()):
        # Nobody has counted the tools yet, as on a first morning: that is no reason to keep everybody waiting.
        needs = [replace(one, equip={}) for one in needs]
    volunteers, groups, left_out = _volunteers(visits, operation, sites, at=at)
    here = {person.id for person in volunteers}
    asked = {one.id for one in needs}
    bans |= {(who.id, where) for where, kinds in avoid.items() for who in volunteers if who.avoid & kinds}
    problem = model.Problem(
        id=f"O{operation.pk}",
        now=minute(timezone.localtime(at).time()),
        params=model.Params(work_end=minute(operation.work_end), max_visits=1),
        sites=tuple(model.Site(f"S{site.pk}", site.lat, site.lng) for site in sites),
        volunteers=tuple(volunteers),
        groups=tuple(groups),
        needs=tuple(needs),
        fleet=tuple(_fleet(operation)),
        stock=stock,
        bans=frozenset((who, where) for who, where in bans if who in here and where in asked),
        baseline={who: where for who, where in (baseline or {}).items() if who in here and where in asked},
    )
    return Gathered(problem, {row[0]["pk"]: row[0]["version"] for row in waiting}, set_aside, left_out)


def minute(moment: time) -> int:
    """Minutes after midnight."""
    return moment.hour * 60 + moment.minute


# ── people ─────────────────────────────────────────────────────────────────────────────────────
def _visits(operation: Operation, *, at: datetime, people: Collection[int] | None) -> list[Visit]:
    # Also those who have not heard the briefing yet: the departure gate asks for it, and it is often given to
    # whole teams. Without them the nine o'clock plan would be made for the few who came first.
    covered = InsurancePolicy.objects.covering(at).filter(volunteer=OuterRef("volunteer_id"))
    visits = free_visits(operation).select_related("volunteer__group").annotate(covered=Exists(covered))
    if people is not None:
        together = Volunteer.objects.filter(pk__in=people, group__isnull=False).values("group_id")
        visits = visits.filter(Q(volunteer__in=people) | Q(volunteer__group__in=together))
    return list(visits.order_by("volunteer_id"))


def _volunteers(
    visits: Iterable[Visit], operation: Operation, sites: list[Site], *, at: datetime
) -> tuple[list[model.Volunteer], list[model.Group], dict[int, model.Reason]]:
    day = timezone.localdate(at)
    now = minute(timezone.localtime(at).time())
    everywhere = tuple(f"S{site.pk}" for site in sites)
    answers = Answers(operation, None, [day])
    found, groups, left_out = [], {}, {}
    for visit in visits:
        person = visit.volunteer
        why = _not_today(person, minor=person.is_minor_on(day)) or _to_talk_with(answers, person, day)
        if why:
            left_out[person.pk] = why
            continue
        if person.group:
            group = person.group
            groups[group.pk] = model.Group(f"G{group.pk}", group.atomic, group.min_part)
        found.append(
            model.Volunteer(
                id=f"V{person.pk}",
                start=now,
                end=minute(visit.available_until) if visit.available_until else 24 * 60,
                sites=(f"S{visit.site_id}",) if visit.site_id else everywhere,
                age=_age(person, at),
                gender=person.gender,
                exp=min(person.experience, model.MAX_EXP),
                stamina=min(max(person.stamina, 1), model.MAX_STAMINA),
                skills=frozenset(person.skills),
                langs=frozenset(person.languages),
                group=f"G{person.group_id}" if person.group_id else None,
                guardian=f"V{person.guardian_id}" if person.guardian_id and person.is_minor_on(day) else None,
                vehicle=_own_vehicle(person),
                insured=_insured(visit, operation),
                prefs=frozenset(person.prefers),
                avoid=frozenset(person.avoids),
            )
        )
    return found, list(groups.values()), left_out


def _not_today(person: Volunteer, *, minor: bool) -> model.Reason | None:
    if person.blocked_reason:
        return model.Reason("blocked", "受付が止められている人です。受付かセンター長に確かめてください。")
    if minor and not person.guardian_consent:
        return model.Reason("no_consent", "18歳未満で、保護者の同意が未確認です。受付で確かめてください。")
    return None


def _to_talk_with(answers: Answers, person: Volunteer, day: date) -> model.Reason | None:
    """Whom the departure gate will hold because of what they said today. Gear is lent until then, and asking takes a
    moment: neither keeps anybody out of a plan."""
    blocks = [block for block in answers.blocks(person.pk, day) if block.code == "answer_talk"]
    return model.Reason(blocks[0].code, blocks[0].text) if blocks else None


def _insured(visit: Visit, operation: Operation) -> bool:
    """What the departure gate will ask (intake.checkin.services.departure_blocks)."""
    covered: bool = visit.covered  # type: ignore[attr-defined]
    return not operation.insurance_required or visit.insurance_seen_at is not None or covered


def _age(person: Volunteer, at: datetime) -> int:
    """Without a birth date a person counts as what they said at the desk."""
    age = person.age_on(timezone.localdate(at))
    if age is None:
        return 17 if person.said_minor else 30
    return min(max(age, 0), 130)


def _own_vehicle(person: Volunteer) -> model.OwnVehicle | None:
    if not person.vehicle:
        return None
    seats = person.vehicle_seats or USUAL_SEATS.get(person.vehicle, 1)
    return model.OwnVehicle(_kind(person.vehicle), seats)


def _kind(kind: str) -> str:
    """The solver knows whether it carries mud or people."""
    return "truck" if kind in TRUCKS else "car"


# ── needs ──────────────────────────────────────────────────────────────────────────────────────
def _need_rows(operation: Operation, need: int | None) -> Iterator[Row]:
    """One row per need and work item: needs that wait, and needs whose team still has the tools (`out`)."""
    live = Dispatch.objects.live().filter(need=OuterRef("pk"))
    rows = Need.objects.filter(operation=operation).annotate(out=Exists(live))
    waiting = Q(state=NeedState.READY) if need is None else Q(pk=need)
    return (
        rows.filter(waiting | Q(out=True))
        .order_by("pk", "items__pk")
        .values(
            "pk", "version", "state", "out", "received_at", "needs_crisis", "needs_watch", "hazards", "open_from",
            "open_until", "household__lat", "household__lng", "household__lives_alone", "hold__reason",
            "items__state", "items__category", "items__people_min", "items__people_ideal",
            "items__people_max", "items__minutes", "items__skills", "items__tools", "items__needs_truck",
            "items__women_min", "items__women_only", "items__language", "items__minors_ok",
            "items__stamina_min",
        )
        .iterator()
    )  # fmt: skip


def _needs(
    rows: Iterable[list[Row]],
    operation: Operation,
    sites: list[Site],
    before: Mapping[int, tuple[str, ...]],
    *,
    at: datetime,
    held_too: bool,
) -> tuple[list[model.Need], dict[int, model.Reason], dict[str, frozenset[str]]]:
    """Needs for the solver, the reasons of those that are none, and further kinds of work at a need (need id →
    kinds) that people may avoid: the solver knows one kind per need."""
    found, set_aside, more_kinds = [], {}, {}
    for items in rows:
        need, todo = items[0], [item for item in items if item["items__state"] == WorkState.OPEN]
        why = _not_yet(need, todo, held_too=held_too)
        if why:
            set_aside[need["pk"]] = why
            continue
        one = _need(need, todo, operation, sites, before.get(need["pk"], ()), at=at)
        found.append(one)
        kinds = frozenset(item["items__category"] for item in todo) - {one.type}
        if kinds:
            more_kinds[one.id] = kinds
    return found, set_aside, more_kinds


def _not_yet(need: Row, todo: list[Row], *, held_too: bool) -> model.Reason | None:
    why = blocked_by(
        held=None if held_too else need["hold__reason"],
        lat=need["household__lat"],
        lng=need["household__lng"],
        open_items=len(todo),
        opens=need["open_from"],
        closes=need["open_until"],
    )
    return model.Reason(*why) if why else None


def _need(
    need: Row,
    todo: list[Row],
    operation: Operation,
    sites: list[Site],
    before: tuple[str, ...],
    *,
    at: datetime,
) -> model.Need:
    """A need's open items as one job for one team: the most people, every skill and tool, all minutes."""
    hazards = frozenset(need["hazards"])
    skills = _most(item["items__skills"] for item in todo)
    days, alone = max(0, (at - need["received_at"]).days), bool(need["household__lives_alone"])
    return model.Need(
        id=f"N{need['pk']}",
        site=f"S{_nearest(sites, need['household__lat'], need['household__lng']).pk}",
        lat=need["household__lat"],
        lng=need["household__lng"],
        type=max(todo, key=lambda item: item["items__minutes"])["items__category"],
        min=max(item["items__people_min"] for item in todo),
        ideal=max(item["items__people_ideal"] for item in todo),
        max=max(item["items__people_max"] for item in todo),
        dur=min(MOST_MINUTES, sum(item["items__minutes"] for item in todo)),
        open=minute(need["open_from"]),
        close=minute(need["open_until"]),
        weight=weight(days=days, crisis=need["needs_crisis"], alone=alone, watch=need["needs_watch"]),
        tier=tier(crisis=need["needs_crisis"], alone=alone, watch=need["needs_watch"]),
        skills=skills,
        women_min=max(item["items__women_min"] for item in todo),
        women_only=any(item["items__women_only"] for item in todo),
        lang=next((item["items__language"] for item in todo if item["items__language"]), None),
        hazard=len(hazards),
        minors_ok=_minors_ok(todo, hazards, skills),
        min_stamina=min(model.MAX_STAMINA, max(item["items__stamina_min"] for item in todo)),
        leader_exp=leader_experience(operation, crisis=need["needs_crisis"], hazards=hazards),
        equip=_most(item["items__tools"] for item in todo),
        truck=any(item["items__needs_truck"] for item in todo),
        prev=before,
        days_waited=days,
    )


def _minors_ok(todo: list[Row], hazards: frozenset[str], skills: Mapping[str, int]) -> bool:
    return (
        all(item["items__minors_ok"] and item["items__category"] not in NOT_FOR_MINORS for item in todo)
        and hazards <= HAZARDS_FOR_MINORS
        and not SKILLS_NOT_NEAR_MINORS & skills.keys()
    )


def _most(amounts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The largest amount of each: the items are done one after the other by the same team."""
    most: dict[str, int] = {}
    for one in amounts:
        for what, amount in one.items():
            most[what] = max(most.get(what, 0), amount)
    return most


def leader_experience(operation: Operation, *, crisis: bool, hazards: Collection[str]) -> int:
    """How experienced the leader has to be, 0–3. On ordinary days anybody of age may lead."""
    if operation.mode == OperationMode.ORDINARY:
        return 0
    return LEADER_OF_CRISIS if crisis or not BLOCKING.isdisjoint(hazards) else LEADER


def _nearest(sites: list[Site], lat: float, lng: float) -> Site:
    east = math.cos(math.radians(lat))
    return min(sites, key=lambda site: ((site.lat - lat) ** 2 + ((site.lng - lng) * east) ** 2, site.pk))


def _bans_and_before(
    operation: Operation, need: int | None
) -> tuple[set[tuple[str, str]], dict[int, tuple[str, ...]]]:
    """Pairs that shall not meet, and who worked at a need before. One statement."""
    bans = Ban.objects.filter(operation=operation)
    been = Member.objects.filter(
        team__dispatches__need__operation=operation, team__dispatches__state=DispatchState.BACK
    )
    if need is None:
        been = been.filter(team__dispatches__need__state=NeedState.READY)
    else:
        bans, been = bans.filter(need=need), been.filter(team__dispatches__need=need)
    # No statement of a union may be in an order of its own.
    pairs = (
        bans.order_by()
        .values_list("need_id", "volunteer_id", Value(1))
        .union(been.order_by().values_list("team__dispatches__need_id", "volunteer_id", Value(0)))
    )
    banned: set[tuple[str, str]] = set()
    before: dict[int, tuple[str, ...]] = {}
    for need_id, volunteer_id, is_ban in pairs:
        if is_ban:
            banned.add((f"V{volunteer_id}", f"N{need_id}"))
        else:
            before[need_id] = (*before.get(need_id, ()), f"V{volunteer_id}")
    return banned, {need_id: tuple(sorted(people)) for need_id, people in before.items()}


# ── things ─────────────────────────────────────────────────────────────────────────────────────
def _fleet(operation: Operation) -> Iterator[model.FleetVehicle]:
    for vehicle in free_vehicles(operation).order_by("pk"):
        kind, seats = _kind(vehicle.kind), max(1, vehicle.seats)
        yield model.FleetVehicle(f"K{vehicle.pk}", f"S{vehicle.site_id}", kind, seats)


def _stock(operation: Operation, sites: list[Site], out: Iterable[list[Row]]) -> dict[str, dict[str, int]]:
    """What is left at each site: the stock less what live teams took from the site nearest to their job."""
    left: dict[str, dict[str, int]] = {f"S{site.pk}": {} for site in sites}
    for row in ToolStock.objects.filter(operation=operation).order_by("pk"):
        left[f"S{row.site_id}"][row.tool] = row.count
    for items in out:
        need = items[0]
        if need["household__lat"] is None or need["household__lng"] is None:
            continue
        site = left[f"S{_nearest(sites, need['household__lat'], need['household__lng']).pk}"]
        for tool, count in _most(item["items__tools"] for item in items if item["items__tools"]).items():
            site[tool] = max(0, site.get(tool, 0) - count)
    return left

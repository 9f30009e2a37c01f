"""Rows to Problem: the morning as the tables have it, for the solver. Six SQL statements at most, whatever the size, also
with everything that was decided by hand (`decided.with_decisions` asks nothing more).

People are "V<pk>", needs "N<pk>", sites "S<pk>", groups "G<pk>", vehicles of the center "K<pk>": no personal
data, so that a stored problem can be kept and replayed. Teams that exist already need no pins: their people,
vehicles and tools are simply not there.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from itertools import groupby
from typing import Any, Final

from django.db.models import BooleanField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Value
from django.utils import timezone

from dvc.core.compiled import compiled
from dvc.operations.models import Mode as OperationMode
from dvc.operations.models import Operation, Site
from intake.checkin.models import Visit
from intake.help_requests.models import BLOCKING, Hazard, Need, NeedState, WorkState
from intake.questions.services import Answers
from intake.volunteers.models import InsurancePolicy, Skill, VehicleKind, Volunteer, WorkCategory
from matching.dispatch.models import NOT_OVER, Dispatch, DispatchState
from matching.equipment.models import ToolStock
from matching.loans.models import Loan
from matching.loans.queries import free_items
from matching.proposals.models import Weighting
from matching.proposals.ties import Ties, ties
from matching.queue.order import blocked_by, tier, weight
from matching.solver import model
from matching.teams.queries import free_vehicles, free_visits

log = logging.getLogger(__name__)

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

# Of a visit: names, addresses and telephone numbers never come near the engine.
READ: Final = (
    "site_id", "available_until", "insurance_seen_at",
    *(
        f"volunteer__{name}"
        for name in (
            "birth_date", "said_minor", "guardian_id", "guardian_consent", "blocked_reason", "gender", "experience",
            "stamina", "skills", "languages", "vehicle", "vehicle_seats", "prefers", "avoids", "group__atomic",
            "group__min_part",
        )
    ),
)  # fmt: skip

BAD_NEED: Final = model.Reason(
    "bad_value",
    "登録に使えない値があり、自動では組めません。困りごとの画面で、場所・人数・時間を確かめてください。",
)


def still_held(team: int) -> model.Reason:
    """The need was changed and waits again, and team `team` (its number) still has it among its houses."""
    return model.Reason(
        "still_held",
        f"まだ{team}班の行き先に入っています。「班・派遣」で{team}班からこの訪問を外し、リーダーに伝えてください。",
    )


Row = Mapping[str, Any]  # a need's columns beside one of its items' (`items__…`), or Nones where it has none


@dataclass(frozen=True, slots=True)
class Gathered:
    """The problem, and what is not in it: needs that wait for something else and people, by pk, with the reason.

    `versions` are the versions of the needs as they were read; `ties` and `steps` (the operation's weights) are for
    `decided.with_decisions`.
    """

    problem: model.Problem
    versions: Mapping[int, int] = field(default_factory=dict)
    set_aside: Mapping[int, model.Reason] = field(default_factory=dict)
    left_out: Mapping[int, model.Reason] = field(default_factory=dict)
    ties: Ties = field(default_factory=Ties)
    steps: Mapping[str, int] = field(default_factory=dict)


def gather(
    operation: Operation,
    *,
    at: datetime,
    need: int | None = None,
    then: Collection[int] = (),
    people: Collection[Volunteer] | None = None,
    vehicles: bool = True,
) -> Gathered:
    """The problem at the moment `at`. Six statements at most, whatever the size (the sixth asks what people said today).

    With `need` (pk) and `people` only that need and those a team does `then`, held or not, and those people, in a
    team or not, with who of their groups is free: what it takes to check one team (one statement more where it asks for
    tools that are counted: what the other teams have; one less without `vehicles` of the center and without tools). Else
    what is on offer now is the baseline: changing it costs
    points (churn), so that the screen stays calm.
    """
    sites, steps = _sites_and_steps(operation)
    visits = _visits(operation, at=at, people=people)
    only = None if need is None else frozenset({need, *then})
    rows = _need_rows(operation, only)
    tied = ties(operation, day=timezone.localdate(at), only=only)
    asks_tools = any(item["items__tools"] for row in rows for item in row)
    if only is None or vehicles or asks_tools:
        fleet, stock, lent = _things(operation, sites, at=at)
    else:
        fleet, stock, lent = (), {}, {}
    counted = any(stock.values())
    if only is None:
        _less_what_is_out(stock, sites, (row for row in rows if row[0]["team"] is not None), lent)
    elif counted and asks_tools:
        _less_what_is_out(stock, sites, _need_rows(operation, only, of_teams=True), lent)
    # A need whose team is on its way back may wait again (継続): it counts as waiting, its tools as out.
    waiting = [
        row for row in rows if (row[0]["state"] == NeedState.READY if only is None else row[0]["pk"] in only)
    ]
    needs, set_aside, avoid = _needs(waiting, operation, sites, tied.before, at=at, held_too=only is not None)
    if not counted:
        # Nobody has counted the tools yet, as on a first morning: that is no reason to keep everybody waiting.
        needs = [replace(one, equip={}) for one in needs]
    volunteers, groups, left_out = _volunteers(visits, operation, sites, at=at)
    here = {person.id for person in volunteers}
    asked = {one.id for one in needs}
    choosy = [person for person in volunteers if person.avoid]
    bans = {(f"V{who}", f"N{where}") for who, where in tied.bans}
    bans |= {(who.id, where) for where, kinds in avoid.items() for who in choosy if who.avoid & kinds}
    baseline = {f"V{who}": f"N{where}" for who, where in tied.offered.items()}
    problem = model.Problem(
        id=f"O{operation.pk}",
        now=minute(timezone.localtime(at).time()),
        params=model.Params(work_end=minute(operation.work_end), max_visits=operation.max_visits),
        sites=tuple(model.Site(f"S{site.pk}", site.lat, site.lng) for site in sites),
        volunteers=tuple(volunteers),
        groups=tuple(groups),
        needs=tuple(needs),
        fleet=fleet,
        stock=stock,
        bans=frozenset((who, where) for who, where in bans if who in here and where in asked),
        baseline={who: where for who, where in baseline.items() if who in here and where in asked},
    )
    versions = {row[0]["pk"]: row[0]["version"] for row in waiting}
    return Gathered(problem, versions, set_aside, left_out, tied, steps)


def _sites_and_steps(operation: Operation) -> tuple[list[Site], dict[str, int]]:
    """The center's sites, and what counts more or less in this operation. One statement."""
    found: list[Any] = [*_sites(operation.center_id, operation.pk)]
    return found, (found[0].steps if found else None) or {}


@compiled
def _sites(center: int, operation: int) -> QuerySet[Site]:
    steps = Weighting.objects.filter(operation=operation).values("steps")[:1]
    return Site.objects.filter(center=center).annotate(steps=Subquery(steps)).order_by("pk")


def minute(moment: time) -> int:
    """Minutes after midnight."""
    return moment.hour * 60 + moment.minute


# ── people ─────────────────────────────────────────────────────────────────────────────────────
def _visits(operation: Operation, *, at: datetime, people: Collection[Volunteer] | None) -> list[Visit]:
    # Also those who have not heard the briefing yet: the departure gate asks for it, and it is often given to
    # whole teams. Without them the nine o'clock plan would be made for the few who came first.
    if people is None:
        return list(_with_person(free_visits(operation), InsurancePolicy.objects.covering(at)))
    pks = [person.pk for person in people]
    if any(person.group_id for person in people):
        return _visits_with_groups(operation.pk, pks, at)
    return _visits_of(operation.pk, pks, at)


@compiled
def _visits_of(operation: int, people: Collection[int], at: datetime) -> QuerySet[Visit]:
    """As `_visits_with_groups`, of people in no group: the database looks up these few by their ids."""
    policies = InsurancePolicy.objects.covering(at).filter(volunteer__in=people)
    return _with_person(Visit.objects.present().filter(operation=operation, volunteer__in=people), policies)


@compiled
def _visits_with_groups(operation: int, people: Collection[int], at: datetime) -> QuerySet[Visit]:
    """Those who are asked about also when a team has them: it may be that one."""
    together = Volunteer.objects.filter(pk__in=people, group__isnull=False).values("group_id")
    with_them = free_visits(operation).filter(volunteer__group__in=together).order_by().values("pk")
    asked = Q(volunteer__in=people) | Q(pk__in=with_them)
    return _with_person(
        Visit.objects.present().filter(asked, operation=operation), InsurancePolicy.objects.covering(at)
    )


def _with_person(visits: QuerySet[Visit], policies: QuerySet[InsurancePolicy]) -> QuerySet[Visit]:
    # Asked once for all, not once for each: on a morning whose thousands PostgreSQL has not counted yet, a question for
    # each of them reads the whole table each time.
    insured = policies.values("volunteer_id")
    covered = ExpressionWrapper(Q(volunteer_id__in=insured), BooleanField())
    visits = visits.select_related("volunteer__group").annotate(covered=covered).only(*READ)
    return visits.order_by("volunteer_id")


def _volunteers(
    visits: Iterable[Visit], operation: Operation, sites: list[Site], *, at: datetime
) -> tuple[list[model.Volunteer], list[model.Group], dict[int, model.Reason]]:
    day = timezone.localdate(at)
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
                start=0,  # here already: the same record from minute to minute
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
                vehicle=None if person.is_minor_on(day) else _own_vehicle(person),
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
    return model.OwnVehicle(_kind(person.vehicle), own_seats(person)) if person.vehicle else None


def own_seats(person: Volunteer) -> int:
    """How many their own car takes, the driver among them; the usual number where nobody asked."""
    return person.vehicle_seats or USUAL_SEATS.get(person.vehicle, 1)


def _kind(kind: str) -> str:
    """The solver knows whether it carries mud or people."""
    return "truck" if kind in TRUCKS else "car"


# ── needs ──────────────────────────────────────────────────────────────────────────────────────
def _need_rows(
    operation: Operation, only: Collection[int] | None, *, of_teams: bool = False
) -> list[list[Row]]:
    """Each need's rows, one per work item: of the needs `only`; of needs of a `team` that has the tools for them
    (`of_teams`); else of both these and all that wait."""
    told: Iterable[tuple[Any, ...]]
    if only is not None and not of_teams:
        told = _rows_of(operation.pk, only)
    else:
        busy = Dispatch.objects.filter(operation=operation, state__in=NOT_OVER)
        with_tools = Q(pk__in=busy.values("need"))
        told = _columns(operation.pk, with_tools if of_teams else with_tools | Q(state=NeedState.READY))
    rows = (dict(zip(_NEED, row, strict=True)) for row in told)
    return [list(group) for _, group in groupby(rows, key=lambda row: row["pk"])]


_NEED: Final = (
    "pk", "version", "state", "team", "held_by", "received_at", "needs_crisis", "needs_watch", "hazards", "open_from",
    "open_until", "household__lat", "household__lng", "household__lives_alone", "hold__pk",
    "items__state", "items__category", "items__people_min", "items__people_ideal",
    "items__people_max", "items__minutes", "items__skills", "items__tools", "items__needs_truck",
    "items__women_min", "items__women_only", "items__language", "items__minors_ok",
    "items__stamina_min", "items__hazards", "items__open_from", "items__open_until",
)  # fmt: skip


@compiled
def _rows_of(operation: int, needs: Collection[int]) -> QuerySet[Need, tuple[Any, ...]]:
    return _columns(operation, Q(pk__in=needs))


def _columns(operation: int, wanted: Q) -> QuerySet[Need, tuple[Any, ...]]:
    has_tools = Dispatch.objects.filter(need=OuterRef("pk"), state__in=NOT_OVER).order_by("-pk")
    still = Dispatch.objects.filter(
        need=OuterRef("pk"), state__in=[DispatchState.ACCEPTED, DispatchState.NEXT]
    )
    rows = Need.objects.filter(wanted, operation=operation).annotate(
        team=Subquery(has_tools.values("team")[:1]), held_by=Subquery(still.values("team__number")[:1])
    )
    return rows.order_by("pk", "items__pk").values_list(*_NEED)


def _needs(
    rows: Iterable[list[Row]],
    operation: Operation,
    sites: list[Site],
    before: Mapping[int, tuple[int, ...]],
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
        try:
            one = _need(need, todo, operation, sites, before.get(need["pk"], ()), at=at)
        except model.ProblemError as error:  # one odd row must not keep all the others waiting
            log.warning("need %s is left out: %s", need["pk"], error)
            set_aside[need["pk"]] = BAD_NEED
            continue
        found.append(one)
        kinds = frozenset(item["items__category"] for item in todo) - {one.type}
        if kinds:
            more_kinds[one.id] = kinds
    return found, set_aside, more_kinds


def _not_yet(need: Row, todo: list[Row], *, held_too: bool) -> model.Reason | None:
    if need["state"] == NeedState.READY and need["held_by"] is not None:
        return still_held(need["held_by"])
    why = blocked_by(
        # The reason may name somebody, and a plan is stored for long.
        held=None if held_too or need["hold__pk"] is None else "",
        lat=need["household__lat"],
        lng=need["household__lng"],
        open_items=len(todo),
        opens=_opens(need, todo),
        closes=_closes(need, todo),
    )
    return model.Reason(*why) if why else None


def _need(
    need: Row,
    todo: list[Row],
    operation: Operation,
    sites: list[Site],
    before: tuple[int, ...],
    *,
    at: datetime,
) -> model.Need:
    """A need's open items as one job for one team: the most people, every skill and tool, all minutes."""
    # Items that are open have no danger any more that keeps people out; what is left still asks for care.
    hazards = frozenset(need["hazards"]).union(*(item["items__hazards"] for item in todo))
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
        open=minute(_opens(need, todo)),
        close=minute(_closes(need, todo)),
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
        prev=tuple(sorted(f"V{person}" for person in before)),
        days_waited=days,
    )


def _opens(need: Row, todo: list[Row]) -> time:
    """When a team may begin: one team does all of it, so the latest of the house's hour and the items' own."""
    of_items = (item["items__open_from"] for item in todo if item["items__open_from"])
    hours: list[time] = [need["open_from"], *of_items]
    return max(hours)


def _closes(need: Row, todo: list[Row]) -> time:
    of_items = (item["items__open_until"] for item in todo if item["items__open_until"])
    hours: list[time] = [need["open_until"], *of_items]
    return min(hours)


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


# ── things ─────────────────────────────────────────────────────────────────────────────────────
_VEHICLE, _STOCK, _PIECE, _LENT = range(4)


def _things(
    operation: Operation, sites: list[Site], *, at: datetime
) -> tuple[tuple[model.FleetVehicle, ...], dict[str, dict[str, int]], dict[tuple[int, str], int]]:
    """Free vehicles of the center; the tools each site can lend: counted ones and numbered pieces that are neither lent
    nor broken; and what each team has been lent. One statement."""
    vehicles = free_vehicles(operation, at=at).order_by()
    stock_rows = ToolStock.objects.filter(operation=operation).order_by()
    free = F("count") - F("out") - F("broken")
    loans = Loan.objects.open().filter(operation=operation, team__isnull=False).order_by()
    rows = vehicles.values_list(Value(_VEHICLE), "site_id", "pk", "kind", "seats").union(
        stock_rows.values_list(Value(_STOCK), "site_id", "pk", "tool", free),
        free_items(operation).order_by().values_list(Value(_PIECE), "site_id", "pk", "tool", Value(1)),
        loans.values_list(Value(_LENT), "team_id", "pk", "tool", F("count") - F("back")),
        all=True,
    )
    fleet, stock = [], {f"S{site.pk}": dict[str, int]() for site in sites}
    lent: dict[tuple[int, str], int] = {}
    for row, where, pk, what, number in sorted(rows, key=lambda row: row[:3]):
        if row == _VEHICLE:
            fleet.append(model.FleetVehicle(f"K{pk}", f"S{where}", _kind(what), max(1, number)))
        elif row == _LENT:
            lent[where, what] = lent.get((where, what), 0) + number
        else:
            here = stock[f"S{where}"]
            here[what] = here.get(what, 0) + number
    fleet.sort(key=lambda one: int(one.id[1:]))
    return tuple(fleet), stock, lent


def _less_what_is_out(
    stock: dict[str, dict[str, int]], sites: list[Site], out: Iterable[list[Row]],
    lent: Mapping[tuple[int, str], int],
) -> None:  # fmt: skip
    """Takes away what teams will still fetch, or took along without a record: each tool as many as the most demanding of
    a team's needs asks for and it was not lent yet, from the site nearest to one of them."""
    taken: dict[tuple[int, str], int] = {}
    site_of: dict[int, str] = {}
    for items in out:
        need = items[0]
        if need["household__lat"] is None or need["household__lng"] is None:
            continue
        nearest = _nearest(sites, need["household__lat"], need["household__lng"])
        site_of.setdefault(need["team"], f"S{nearest.pk}")
        for tool, count in _most(item["items__tools"] for item in items if item["items__tools"]).items():
            taken[need["team"], tool] = max(taken.get((need["team"], tool), 0), count)
    for (team, tool), count in taken.items():
        site = stock[site_of[team]]
        site[tool] = max(0, site.get(tool, 0) - max(0, count - lent.get((team, tool), 0)))

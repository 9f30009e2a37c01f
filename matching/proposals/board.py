"""What the matching screen shows, read in a fixed number of queries: a page of each lane, however much there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet, Subquery
from django.utils import timezone

from dvc.audit.services import version_of
from dvc.operations.models import Operation
from intake.checkin.models import Visit
from intake.help_requests.models import Need, NeedState, WorkItem, WorkState
from intake.volunteers.models import Volunteer, WorkCategory
from matching.dispatch.models import Dispatch, DispatchState
from matching.proposals.cars import drives, vehicles_of
from matching.proposals.look import EVERYTHING, Look
from matching.proposals.models import MatchRun, Proposal, ProposalVisit, RunState
from matching.proposals.shortages import Helping, Shortage, found_lately, helpings, label, shortages
from matching.proposals.status import TIMES, is_silent
from matching.queue.models import Ban, Hold, Lock, Pin
from matching.queue.queries import Waiting, waiting
from matching.teams.models import Member
from matching.teams.queries import free_visits, with_rides
from matching.teams.rides import Drive, said

Card = TypeVar("Card")

PER_PAGE: Final = 20
FEW: Final = 5  # so many proposals stand open
SHORT_PAGE: Final = 10  # of what is only looked through: on a phone all lanes are one page, below one another
WHYS: Final = {
    "bad_value": "登録に直すところがある",
    "block": "登録が足りない",
    "conditions": "組める形がない",
    "held": "見合わせ中",
    "new": "つぎの提案を待つ",
    "not_worth": "手間に見合わない",
    "pin_broken": "固定した班がそろわない",
    "possible": "いまいる人で組める",
    "reserved": "前日割当で取り置き",
    "several": "いくつか足りない",
    "still_held": "前の班の行き先に残る",
    "time": "今日の時間に入らない",
    "unreachable": "遠くて戻れない",
}


@dataclass(frozen=True, slots=True)
class OfferedVisit:
    """A need of a proposal, and when the team would be there if it left at the time of the run."""

    waiting: Waiting
    planned_from: datetime | None
    planned_until: datetime | None


@dataclass(frozen=True, slots=True)
class OfferCard:
    """A proposal with its needs in order (`waiting` is the first) and the people in it, the leader first, and its cars;
    `not_briefed` of them have not heard the explanation yet, and `near` could have gone in somebody's place."""

    proposal: Proposal
    waiting: Waiting
    visits: tuple[OfferedVisit, ...]
    people: tuple[Volunteer, ...]
    drives: tuple[Drive, ...]
    near: tuple[Volunteer, ...]
    not_briefed: int
    pin: Pin | None

    @property
    def groups(self) -> tuple[tuple[str, int], ...]:
        """Groups that have somebody in it, with how many."""
        return tuple(Counter(person.group.name for person in self.people if person.group).items())

    @property
    def cars(self) -> str:
        return said(self.drives)


@dataclass(frozen=True, slots=True)
class WaitingCard:
    """A need without a proposal, and why: a code to group by and the sentence."""

    waiting: Waiting
    code: str
    why: str


@dataclass(frozen=True, slots=True)
class TeamCard:
    """A team that was decided and is not back yet: the visit it is at, and those that come after it."""

    dispatch: Dispatch
    next: tuple[Dispatch, ...]
    people: tuple[Volunteer, ...]


@dataclass(frozen=True, slots=True)
class Engine:
    """How the engine is: when it last answered (the operation's clock), whether it is asked, whether it is silent."""

    finished_at: datetime | None
    asked: bool
    silent: bool
    error: str
    shortages: tuple[Shortage, ...]
    helps: tuple[Helping, ...]
    helps_at: datetime | None


@dataclass(frozen=True, slots=True)
class Group:
    """Some of what waits, to narrow the lane by: why, in words, how many, and whether it is narrowed so now."""

    code: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Board:
    """The whole screen: of each lane one page. `unmet` are the sentences about decisions that could not be kept;
    `by_hand` counts what was decided by hand."""

    version: str
    engine: Engine
    free: int
    waiting_total: int
    offers_total: int
    offers: Page[OfferCard]
    waits: Page[WaitingCard]
    teams: Page[TeamCard]
    groups: tuple[Group, ...]
    towns: tuple[tuple[int, str], ...]
    kinds: tuple[tuple[str, str], ...]
    unmet: tuple[str, ...]
    by_hand: int

    @property
    def stand_open(self) -> bool:
        """Whether there is room to show everything about each proposal: on a small morning nobody opens one by one."""
        return len(self.offers) <= FEW


def board_version(operation: Operation, *, real: datetime) -> str:
    """Changes when the screen should: the operation's version, and whether the engine has fallen silent. Two
    queries."""
    return f"{version_of(operation.pk)}{'s' if _silent(_asked(operation), real) else ''}"


def _asked(operation: Operation) -> tuple[datetime, datetime | None, datetime | None] | None:
    live = MatchRun.objects.filter(operation=operation, state=RunState.REQUESTED)
    return live.values_list(*TIMES).first()


def _silent(asked: tuple[datetime, datetime | None, datetime | None] | None, real: datetime) -> bool:
    return asked is not None and is_silent(*asked, real=real)


def board(operation: Operation, *, at: datetime, real: datetime, look: Look = EVERYTHING) -> Board:
    """What is on the screen; `at` is the operation's clock, `real` the real moment. At most 23 queries."""
    version = board_version(operation, real=real)
    queue = waiting(operation, at=at)
    runs = MatchRun.objects.filter(operation=operation).defer("problem", "previous")
    last = _with_helps(runs, operation, at=at).filter(state__in=[RunState.DONE, RunState.FAILED]).first()
    asked = _asked(operation)
    plan = (last.plan if last else None) or {}
    said = plan.get("waiting", {})
    on_offer = _on_offer(operation, at=at)
    pins = {pin.need_id: pin for pin in _pins(operation, at=at)}
    named = _named(operation, look)
    place = {one.need.pk: one for one in queue}
    all_offers = _in_order(queue, on_offer)
    offered = [
        offer
        for offer in all_offers
        if any(look.shows(place[need], people=offer.members, named=named) for need in offer.needs)
    ]
    if look.fixed:
        offered = [offer for offer in offered if offer.needs[0] in pins]
    if look.briefed:
        waits_for_briefing = _not_briefed(operation, None)
        offered = [offer for offer in offered if waits_for_briefing.isdisjoint(offer.members)]
    shown = {need for offer in all_offers for need in offer.needs}
    waits = [
        WaitingCard(one, *_why(one, said)) for one in queue if one.need.pk not in shown and look.shows(one)
    ]
    return Board(
        version=version,
        engine=Engine(
            finished_at=last.finished_at if last else None,
            asked=asked is not None,
            silent=_silent(asked, real),
            error=last.error if last else "",
            shortages=tuple(shortages(said.values())),
            helps=helpings((last.newest_helps if last else None) or ()),
            helps_at=last.helps_at if last else None,
        ),
        free=free_visits(operation).count(),
        waiting_total=len(queue),
        offers_total=len(all_offers),
        offers=_offer_cards(operation, _page(offered, look.pages[0], PER_PAGE), place, pins, plan),
        waits=_page([card for card in waits if look.why in ("", card.code)], look.pages[1], SHORT_PAGE),
        teams=_team_cards(operation, look.pages[2], named if look.text else None),
        groups=_groups(waits, look.why),
        towns=_towns(queue),
        kinds=_kinds(queue),
        unmet=_unmet(plan),
        by_hand=_by_hand(operation, at=at) + len(pins),
    )


def _with_helps(runs: QuerySet[MatchRun], operation: Operation, *, at: datetime) -> QuerySet[Any]:
    """Each run with what was last found to help, which is not asked after every change, while it still holds."""
    lately = found_lately(operation, at=at)
    return runs.defer("problem", "previous", "helps").annotate(
        newest_helps=Subquery(lately.values("helps")[:1]), helps_at=Subquery(lately.values("finished_at")[:1])
    )


def _page(cards: Sequence[Card], number: int, length: int) -> Page[Card]:
    return Paginator(cards, length).get_page(number)


def _why(one: Waiting, said: Mapping[str, Any]) -> tuple[str, str]:
    if one.block:
        return "held" if one.hold else "block", one.block
    reason = said.get(f"N{one.need.pk}")
    return (str(reason["code"]), str(reason["text"])) if reason else ("new", "まだ計算に入っていません。")


def _groups(waits: Iterable[WaitingCard], chosen: str) -> tuple[Group, ...]:
    """Why needs wait, the most frequent reason first."""
    counts = Counter(card.code for card in waits)
    return tuple(
        Group(code, WHYS.get(code) or f"{label(code)}が足りない", count, code == chosen)
        for code, count in counts.most_common()
    )


def _towns(queue: Iterable[Waiting]) -> tuple[tuple[int, str], ...]:
    houses = (one.need.household for one in queue)
    towns = {house.town_id: str(house.town) for house in houses if house and house.town_id}
    return tuple(sorted(towns.items(), key=lambda town: town[1]))


def _kinds(queue: Iterable[Waiting]) -> tuple[tuple[str, str], ...]:
    found = {item.category for one in queue for item in one.items}
    return tuple((str(code), str(label)) for code, label in WorkCategory.choices if code in found)


def _named(operation: Operation, look: Look) -> frozenset[int]:
    """Whom the text could mean."""
    if not look.text:
        return frozenset()
    found = Volunteer.objects.known_in(operation).matching(look.text)
    return frozenset(found.order_by().values_list("pk", flat=True))


# ── what is offered ────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class _Offer:
    """A proposal as far as the filters ask, with its visits in order: need, from when, until when."""

    proposal: int
    members: list[int]
    visits: tuple[tuple[int, datetime | None, datetime | None], ...]

    @property
    def needs(self) -> tuple[int, ...]:
        return tuple(need for need, _, _ in self.visits)


def _on_offer(operation: Operation, *, at: datetime) -> dict[int, _Offer]:
    """Need → the proposal it is in."""
    rows = ProposalVisit.objects.filter(
        offered=True, proposal__in=Proposal.objects.on_offer(at).filter(operation=operation)
    )
    columns = ("proposal_id", "proposal__members", "need_id", "planned_from", "planned_until")
    found: dict[int, _Offer] = {}
    for _, visits in groupby(rows.values_list(*columns), key=lambda row: row[0]):
        of_one = list(visits)
        offer = _Offer(of_one[0][0], of_one[0][1], tuple(row[2:] for row in of_one))
        found |= dict.fromkeys(offer.needs, offer)
    return found


def _in_order(queue: Sequence[Waiting], on_offer: Mapping[int, _Offer]) -> list[_Offer]:
    """Each proposal once, where the first of its needs stands in the queue: what matters most is decided first, and
    nothing jumps about. One that has a need which does not wait any more is not shown."""
    waits = {one.need.pk for one in queue}
    offers = {
        on_offer[one.need.pk].proposal: on_offer[one.need.pk] for one in queue if one.need.pk in on_offer
    }
    return [offer for offer in offers.values() if waits.issuperset(offer.needs)]


def _offer_cards(
    operation: Operation,
    page: Page[Any],
    place: Mapping[int, Waiting],
    pins: Mapping[int, Pin],
    plan: Mapping[str, Any],
) -> Page[OfferCard]:
    shown: list[_Offer] = list(page.object_list)
    rows = Proposal.objects.in_bulk([offer.proposal for offer in shown])
    vehicles = vehicles_of(car for row in rows.values() for car in row.rides)
    near = _near(plan, {offer.needs[0] for offer in shown})
    wanted = {person for offer in shown for person in offer.members}
    names = Volunteer.objects.select_related("group").in_bulk(wanted.union(*near.values()))
    unbriefed = _not_briefed(operation, wanted)
    cards = []
    for offer in shown:
        row = rows.get(offer.proposal)
        if row is None:  # decided in this very moment
            continue
        people = sorted(
            (names[person] for person in row.members if person in names),
            key=lambda person: (person.pk != row.leader_id, person.pk),
        )
        first = offer.needs[0]
        others = tuple(names[person] for person in near.get(first, ()) if person in names)
        missing = len(unbriefed.intersection(row.members))
        visits = tuple(OfferedVisit(place[need], begin, until) for need, begin, until in offer.visits)
        cars = tuple(drives(row.rides, names, vehicles))
        cards.append(
            OfferCard(row, place[first], visits, tuple(people), cars, others, missing, pins.get(first))
        )
    return Page(cards, page.number, page.paginator)


def _near(plan: Mapping[str, Any], needs: Collection[int]) -> dict[int, list[int]]:
    """Who else could go, by the need the team goes to first."""
    near, wanted = plan.get("near", {}), {f"N{need}": need for need in needs}
    return {
        wanted[team["visits"][0]]: [int(who[1:]) for who in near.get(team["id"], ())]
        for team in plan.get("teams", ())
        if team["visits"] and team["visits"][0] in wanted
    }


def _not_briefed(operation: Operation, people: Collection[int] | None) -> set[int]:
    """Who of `people` (None: of all) is here and has not heard the explanation, where it is asked for."""
    if not operation.orientation_required:
        return set()
    visits = Visit.objects.present().filter(operation=operation, oriented_at__isnull=True)
    if people is not None:
        visits = visits.filter(volunteer__in=people)
    return set(visits.values_list("volunteer_id", flat=True))


# ── what was decided ───────────────────────────────────────────────────────────────────────────
def _pins(operation: Operation, *, at: datetime) -> Iterable[Pin]:
    day = timezone.localdate(at)
    return Pin.objects.filter(operation=operation, day=day, need__state=NeedState.READY).select_related("by")


def _by_hand(operation: Operation, *, at: datetime) -> int:
    """How much more stands on the page 「手で決めたこと」. One query."""
    locks = Lock.objects.filter(operation=operation, day__gte=timezone.localdate(at))
    bans, holds = Ban.objects.filter(operation=operation), Hold.objects.filter(need__operation=operation)
    rows = [kind.order_by().values_list("pk", flat=True) for kind in (locks, bans, holds)]
    return rows[0].union(*rows[1:], all=True).count()


def _unmet(plan: Mapping[str, Any]) -> tuple[str, ...]:
    """The plan's notes as sentences with names and numbers in them."""
    notes = plan.get("notes", ())
    people = Volunteer.objects.in_bulk(
        {int(note["volunteer"][1:]) for note in notes if note.get("volunteer")}
    )
    needs = Need.objects.in_bulk({int(note["need"][1:]) for note in notes if note.get("need")})
    sentences = []
    for note in notes:
        person = people.get(int(note["volunteer"][1:])) if note.get("volunteer") else None
        need = needs.get(int(note["need"][1:])) if note.get("need") else None
        about = [f"{person.name}さん"] if person else []
        about += [f"N{need.number}"] if need else []
        sentences.append("・".join(about) + ("：" if about else "") + str(note["text"]))
    return tuple(dict.fromkeys(sentences))


def _team_cards(operation: Operation, number: int, named: Collection[int] | None) -> Page[TeamCard]:
    live = Dispatch.objects.live().filter(operation=operation)
    if named is not None:
        there = Member.objects.filter(volunteer__in=named, left_at__isnull=True)
        live = live.filter(team__in=there.values("team"))
    rows = (
        live.select_related("team__leader", "need__household__town")
        .prefetch_related(with_rides())
        .order_by("-pk")
    )
    page: Page[Any] = Paginator(rows, SHORT_PAGE).get_page(number)
    shown = list(page.object_list)
    people: dict[int, list[Volunteer]] = {}
    members = Member.objects.filter(team__in=[row.team_id for row in shown], left_at__isnull=True)
    for member in members.select_related("volunteer"):
        people.setdefault(member.team_id, []).append(member.volunteer)
    after: dict[int, list[Dispatch]] = {}
    waiting_visits = Dispatch.objects.filter(
        team__in=[row.team_id for row in shown], state=DispatchState.NEXT
    )
    for visit in waiting_visits.select_related("need").order_by("position"):
        after.setdefault(visit.team_id, []).append(visit)
    cards = [
        TeamCard(row, tuple(after.get(row.team_id, ())), tuple(people.get(row.team_id, ()))) for row in shown
    ]
    return Page(cards, page.number, page.paginator)


def work_of(need: Need) -> list[WorkItem]:
    """The open items of one need. One query."""
    return list(WorkItem.objects.filter(need=need, state=WorkState.OPEN))


def kinds_of(items: Iterable[WorkItem]) -> str:
    """「泥かき、清掃」"""
    labels = [
        str(WorkCategory(item.category).label) for item in items if item.category in WorkCategory.values
    ]
    return "、".join(dict.fromkeys(labels))

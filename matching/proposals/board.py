"""What the matching screen shows, read in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from dvc.audit.services import version_of
from dvc.operations.models import Operation
from intake.help_requests.models import Need, WorkItem, WorkState
from intake.volunteers.models import Volunteer, WorkCategory
from matching.dispatch.models import Dispatch
from matching.proposals.models import MatchRun, Proposal, RunState
from matching.proposals.shortages import Shortage, shortages
from matching.queue.queries import Waiting, waiting
from matching.teams.models import Member
from matching.teams.queries import free_visits

SILENT_AFTER: Final = timedelta(seconds=20)
REASONS_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class OfferCard:
    """A proposal with the people in it, the leader first."""

    proposal: Proposal
    waiting: Waiting
    people: tuple[Volunteer, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WaitingCard:
    """A need without a proposal, and why."""

    waiting: Waiting
    why: str


@dataclass(frozen=True, slots=True)
class TeamCard:
    """A team that was decided and is not back yet."""

    dispatch: Dispatch
    people: tuple[Volunteer, ...]


@dataclass(frozen=True, slots=True)
class Engine:
    """How the engine is: when it last answered (the operation's clock), whether it is asked, whether it is silent."""

    finished_at: datetime | None
    asked: bool
    silent: bool
    error: str
    shortages: tuple[Shortage, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """The whole screen."""

    version: str
    engine: Engine
    free: int
    waiting_total: int
    offers: tuple[OfferCard, ...]
    waits: tuple[WaitingCard, ...]
    teams: tuple[TeamCard, ...]


def board_version(operation: Operation, *, real: datetime) -> str:
    """Changes when the screen should: the operation's version, and whether the engine has fallen silent. Two
    queries."""
    asked = (
        MatchRun.objects.filter(operation=operation, state=RunState.REQUESTED)
        .values_list("asked_at", flat=True)
        .first()
    )
    return f"{version_of(operation.pk)}{'s' if _silent(asked, real) else ''}"


def _silent(asked: datetime | None, real: datetime) -> bool:
    """A question older than this has found no worker: the only sign matching has, and a true one."""
    return asked is not None and real - asked > SILENT_AFTER


def board(operation: Operation, *, at: datetime, real: datetime) -> Board:
    """Everything on the screen; `at` is the operation's clock, `real` the real moment. Eleven queries."""
    version = board_version(operation, real=real)
    queue = waiting(operation, at=at)
    runs = MatchRun.objects.filter(operation=operation).defer("problem")
    last = runs.exclude(state=RunState.REQUESTED).first()
    asked = runs.filter(state=RunState.REQUESTED).values_list("asked_at", flat=True).first()
    offers = _offer_cards(operation, queue, at=at)
    offered = {card.waiting.need.pk for card in offers}
    said = last.plan.get("waiting", {}) if last and last.plan else {}
    return Board(
        version=version,
        engine=Engine(
            finished_at=last.finished_at if last else None,
            asked=asked is not None,
            silent=_silent(asked, real),
            error=last.error if last else "",
            shortages=tuple(shortages(said.values())),
        ),
        free=free_visits(operation).count(),
        waiting_total=len(queue),
        offers=offers,
        waits=tuple(WaitingCard(one, _why(one, said)) for one in queue if one.need.pk not in offered),
        teams=_team_cards(operation),
    )


def _why(one: Waiting, said: Mapping[str, Any]) -> str:
    if one.block:
        return one.block
    reason = said.get(f"N{one.need.pk}")
    return str(reason["text"]) if reason else "つぎの提案を待っています。"


def _offer_cards(operation: Operation, queue: Iterable[Waiting], *, at: datetime) -> tuple[OfferCard, ...]:
    """In the order of the queue, so that what matters most is decided first and nothing jumps about."""
    rows = Proposal.objects.on_offer(at).filter(operation=operation).select_related("vehicle", "driver")
    by_need = {row.need_id: row for row in rows}
    names = Volunteer.objects.select_related("group").in_bulk(
        {person for row in by_need.values() for person in row.members}
    )
    cards = []
    for one in queue:
        row = by_need.get(one.need.pk)
        if row is None:
            continue
        people = sorted(
            (names[person] for person in row.members if person in names),
            key=lambda person: (person.pk != row.leader_id, person.pk),
        )
        cards.append(OfferCard(row, one, tuple(people), tuple(row.reasons[:REASONS_SHOWN])))
    return tuple(cards)


def _team_cards(operation: Operation) -> tuple[TeamCard, ...]:
    rows = list(
        Dispatch.objects.live()
        .filter(operation=operation)
        .select_related("team__leader", "team__vehicle", "need__household__town")
        .order_by("-pk")
    )
    people: dict[int, list[Volunteer]] = {}
    members = Member.objects.filter(team__in=[row.team_id for row in rows], left_at__isnull=True)
    for member in members.select_related("volunteer"):
        people.setdefault(member.team_id, []).append(member.volunteer)
    return tuple(TeamCard(row, tuple(people.get(row.team_id, ()))) for row in rows)


def work_of(need: Need) -> list[WorkItem]:
    """The open items of one need. One query."""
    return list(WorkItem.objects.filter(need=need, state=WorkState.OPEN))


def kinds_of(items: Iterable[WorkItem]) -> str:
    """「泥かき、清掃」"""
    labels = [
        str(WorkCategory(item.category).label) for item in items if item.category in WorkCategory.values
    ]
    return "、".join(dict.fromkeys(labels))

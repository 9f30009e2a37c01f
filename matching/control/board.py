"""The dispatch board: a page of each lane, however many teams there are, drawn once for all tablets.

Two hundred teams and a thousand requests are sorted from a few columns; only what is on the page is read whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zlib import crc32

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Max, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.http import urlencode

from dvc.audit.services import version_of
from dvc.operations.models import Operation
from intake.help_requests.models import Need, NeedState
from matching.control.late import Late, late_of
from matching.control.working import at_work
from matching.dispatch.leases import Lease, lease_of
from matching.dispatch.models import IN_FIELD, Dispatch, DispatchState
from matching.dispatch.queries import has_report, places_of
from matching.dispatch.undoing import undoable_until
from matching.loans.queries import with_team
from matching.proposals.models import Proposal, ProposalVisit
from matching.safety.queries import policy_of
from matching.teams.queries import Gone, gone_leaders, with_rides

PER_PAGE: Final = 12
LINES: Final = 20  # of a lane of one-line rows
LANES: Final = ("waits", "offers", "before", "late", "out", "back")


@dataclass(slots=True)
class Card:
    """One team at the visit it is at, with everything a card says."""

    dispatch: Dispatch
    place: Any
    heads: int
    still_out: int
    behind: int
    lease: Lease
    late: Late | None
    names: Sequence[str]
    undo: bool
    gone: Gone | None


@dataclass(frozen=True, slots=True)
class Lane:
    """One column. `tone`: css tone of its cards; `query`: the pages of the other lanes, for its own page links."""

    key: str
    title: str
    empty: str
    page: Page[Any]
    query: str
    tone: str = ""

    @property
    def count(self) -> int:
        return self.page.paginator.count


@dataclass(frozen=True, slots=True)
class Board:
    version: str
    waits: Lane
    offers: Lane
    lanes: Sequence[Lane]


def pages_in(query: QueryDict) -> dict[str, int]:
    """Which page of each lane the address asks for."""
    found = {}
    for lane in LANES:
        number = query.get(lane, "")
        found[lane] = int(number) if number.isdecimal() and len(number) < 4 else 1
    return found


def address(pages: Mapping[str, int], *, without: str = "") -> str:
    """The query string for these pages, leaving out first pages and one lane."""
    return urlencode({lane: number for lane, number in pages.items() if number > 1 and lane != without})


def version(operation_id: int, *, real: datetime) -> str:
    """Changes with every change of the operation and with whoever opens or closes a team. Two queries."""
    names = at_work(operation_id, real=real)
    said = ".".join(f"{team}:{'+'.join(who)}" for team, who in sorted(names.items()))
    return f"{version_of(operation_id)}.{crc32(said.encode())}"


def board(operation: Operation, *, at: datetime, real: datetime, pages: Mapping[str, int]) -> Board:
    """Everything on the screen. The number of queries does not grow with the day."""
    now = version(operation.pk, real=real)

    def lane(key: str, title: str, empty: str, rows: Any, per_page: int = PER_PAGE, tone: str = "") -> Lane:
        query = address(pages, without=key)
        page = Paginator(rows, per_page).get_page(pages[key])
        return Lane(key, title, empty, page, f"&{query}" if query else "", tone)

    before, out, late, back = _sorted(operation, at=at)
    lanes = [
        lane("before", "出発前", "出発を待つ班はありません。", before),
        lane("late", "時間を過ぎている", "時間を過ぎた班はありません。", late, tone="stop"),
        lane("out", "活動中", "活動している班はありません。", out),
        lane("back", "帰着", "今日帰ってきた班はまだありません。", back),
    ]
    if not late:  # nothing to be seen first
        lanes[1], lanes[2] = lanes[2], lanes[1]
    _fill(operation, lanes, at=at, real=real)
    return Board(
        version=now,
        waits=lane("waits", "待っている困りごと", "", _waits(operation, at=at), LINES),
        offers=lane("offers", "提案", "", _offers(operation, at=at), LINES),
        lanes=lanes,
    )


def _waits(operation: Operation, *, at: datetime) -> QuerySet[Need]:
    offered = ProposalVisit.objects.filter(
        offered=True, proposal__in=Proposal.objects.on_offer(at).filter(operation=operation)
    )
    waiting = Need.objects.filter(operation=operation, state=NeedState.READY).exclude(
        pk__in=offered.values("need")
    )
    return waiting.select_related("household__town").order_by("-needs_crisis", "received_at", "pk")


def _offers(operation: Operation, *, at: datetime) -> QuerySet[Proposal]:
    rows = Proposal.objects.on_offer(at).filter(operation=operation)
    return rows.select_related("need__household__town", "leader").order_by(
        "-need__needs_crisis", "need__received_at", "pk"
    )


def _sorted(operation: Operation, *, at: datetime) -> tuple[list[int], list[int], list[int], list[int]]:
    """Dispatches of each lane by pk, the most pressing first. Two queries."""
    day = timezone.localdate(at)
    columns = ("pk", "serial", "due_back_at")
    live = Dispatch.objects.filter(operation=operation)
    before = list(live.filter(state=DispatchState.ACCEPTED).order_by("serial").values_list("pk", flat=True))
    outside = live.filter(state__in=IN_FIELD).order_by(F("due_back_at").asc(nulls_last=True), "serial")
    late: list[int] = []
    out: list[int] = []
    for pk, _, due in outside.values_list(*columns):
        (late if due is not None and due < at else out).append(pk)
    home = live.filter(Q(returned_at__date=day) | Q(report__isnull=True), state=DispatchState.BACK)
    # A team with several houses has one card: the visit it was at last.
    teams = (
        home.order_by()
        .values("team")
        .annotate(
            missing=Count("pk", filter=Q(report__isnull=True)),
            returned=Max("returned_at"),
        )
    )
    order = {row["team"]: (row["missing"] == 0, -row["returned"].timestamp()) for row in teams}
    visits = live.filter(team__in=order, state=DispatchState.BACK).order_by("departed_at", "position")
    newest = {team: pk for pk, team in visits.values_list("pk", "team")}  # the last of a team's stays
    back = [newest[team] for team in sorted(order, key=lambda team: order[team]) if team in newest]
    return before, out, late, back


def _fill(operation: Operation, lanes: Sequence[Lane], *, at: datetime, real: datetime) -> None:
    """Cards in place of the keys on the pages that are shown. Nine queries."""
    keys = [pk for lane in lanes for pk in lane.page.object_list]
    there = Q(team__members__left_at__isnull=True) | Q(team__members__left_at__gte=F("departed_at"))
    rows = (
        Dispatch.objects.filter(pk__in=keys)
        .select_related("need__household__town", "team__leader", "report")
        .prefetch_related(with_rides())
        .annotate(heads=Count("team__members", filter=there))
    )
    found = {row.pk: row for row in rows}
    teams = {row.team_id for row in found.values()}
    places, tools, names = places_of(teams), with_team(teams), at_work(operation.pk, real=real)
    late, gone = late_of(found.values(), operation, at=at), gone_leaders(teams)
    hold = timedelta(minutes=policy_of(operation).hold)
    for lane in lanes:
        lane.page.object_list = [
            _card(found[pk], places[found[pk].team_id], tools, late, names, gone, hold, at=at)
            for pk in lane.page.object_list
            if pk in found
        ]


def _card(
    row: Any, place: Any, tools: Mapping[int, int], late: Mapping[int, Late], names: Mapping[int, Sequence[str]],
    gone: Mapping[int, Gone], hold: timedelta, *, at: datetime,
) -> Card:  # fmt: skip
    until = undoable_until(row)
    followed = has_report(row) and row.state != DispatchState.BACK
    return Card(
        dispatch=row,
        place=place,
        heads=row.heads,
        still_out=tools.get(row.team_id, 0),
        behind=row.minutes_behind(at) if place.later else 0,
        lease=lease_of(row, at=at, hold=hold),
        late=late.get(row.team_id),
        names=names.get(row.team_id, ()),
        undo=until is not None and at <= until and not followed,
        gone=gone.get(row.team_id),
    )

"""The numbers and rows of the live board, at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Min, Q
from django.utils import timezone

from dvc.audit.models import Entry
from dvc.audit.services import version_of
from dvc.board.words import Line, lines
from dvc.operations.models import Operation
from intake.checkin import nameless
from intake.checkin.models import Visit
from intake.help_requests.models import Need, NeedChange, NeedState
from intake.help_requests.states import COARSE
from intake.paper.services import Standing, standing
from matching.control.late import rungs
from matching.control.recalls import Tally, tally
from matching.dispatch.models import IN_FIELD, Dispatch, DispatchState
from matching.safety.models import Recall, Rung
from matching.safety.queries import Conditions, conditions, running_recall
from matching.teams.models import Member

MOST_PEOPLE = 300
MOST_LINES = 12
TEAMS_PER_PAGE = 12  # as on the dispatch board: on a phone each is a card


@dataclass(frozen=True, slots=True)
class Numbers:
    """People, needs and teams of one operation. `completed` is of the local day; the rest is as of now. `nameless` people
    are here as well and in no other number: nobody can be sent out without a name."""

    arrived: int
    present: int
    free: int
    people_out: int
    needs_unread: int
    needs_waiting: int
    needs_assigned: int
    needs_in_progress: int
    needs_completed: int
    teams_before: int
    teams_out: int
    teams_overdue: int
    crisis: int
    nameless: int
    oldest_wait: timedelta | None

    @property
    def oldest_wait_words(self) -> str:
        """「3日」「5時間」「20分」, empty when nothing waits."""
        if self.oldest_wait is None:
            return ""
        minutes = max(0, int(self.oldest_wait.total_seconds() // 60))
        if minutes >= 24 * 60:
            return f"{minutes // (24 * 60)}日"
        return f"{minutes // 60}時間" if minutes >= 60 else f"{minutes}分"


@dataclass(frozen=True, slots=True)
class Coarse:
    """One of the five words people know, and how many needs it holds."""

    word: str
    count: int
    chip: str


CHIPS = {
    "受付中": "received", "調査中": "survey", "マッチング待ち": "ready", "活動中": "active", "完了": "done",
    "保留": "closed", "終了": "closed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who is here, and the team they are in (empty when free)."""

    name: str
    team: str


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything on a board. `teams`: a page of them, the most pressing first. `people` is None for those who may not see names."""

    version: int
    at: datetime
    numbers: Numbers
    needs: list[Coarse]
    teams: Page[Dispatch]
    people: list[Present] | None
    lines: list[Line]
    wall_teams: list[Dispatch]
    paper: Standing | None
    recall: Recall | None
    tally: Tally | None
    conditions: Conditions
    rungs: Mapping[Rung, int]

    @property
    def rung_words(self) -> str:
        """「リーダーに電話 2・センター長に知らせる 1」: late teams by how far it has come, the worst first."""
        return "・".join(f"{rung.label} {self.rungs[rung]}" for rung in sorted(self.rungs, reverse=True))


def shown(operation: Operation, *, at: datetime, names: bool, wall: bool, page: int = 1) -> Shown:
    """The board: on the wall the numbers and the teams only. `page`: which one of the teams. The version is read first, so that a change in between
    is asked for again."""
    version = version_of(operation.pk)
    states = _by_state(operation)
    teams = _teams(operation, page, at=at)
    recall = running_recall(operation.pk)
    return Shown(
        version=version,
        at=at,
        numbers=_numbers(operation, states, at=at),
        needs=_coarse(states),
        teams=teams,
        people=_people(operation) if names and not wall else None,
        lines=[] if wall else last_lines(operation, names=names),
        # What a screen of 1080 lines has room for: less under a notice.
        wall_teams=list(teams)[: 1 if operation.notice else 2],
        paper=None if wall else standing(operation, at=at),
        recall=recall,
        tally=tally(recall) if recall else None,
        conditions=conditions(operation, at=at),
        rungs=rungs(operation, at=at),
    )


def _by_state(operation: Operation) -> dict[str, int]:
    rows = Need.objects.filter(operation=operation).order_by().values_list("state").annotate(n=Count("pk"))
    return dict(rows)


def _numbers(operation: Operation, states: dict[str, int], *, at: datetime) -> Numbers:
    day = timezone.localdate(at)
    here = Q(left_at__isnull=True, unreturned_at__isnull=True)
    visits = Visit.objects.filter(operation=operation, annulled_at__isnull=True).aggregate(
        arrived=Count("pk", filter=Q(day=day)), present=Count("pk", filter=here)
    )
    busy = Member.objects.filter(
        team__operation=operation, left_at__isnull=True, visit__left_at__isnull=True
    ).aggregate(all=Count("pk"), out=Count("pk", filter=Q(team__state="out")))
    teams = Dispatch.objects.filter(operation=operation).aggregate(
        before=Count("pk", filter=Q(state=DispatchState.ACCEPTED)),
        out=Count("pk", filter=Q(state__in=IN_FIELD)),
        overdue=Count("pk", filter=Q(state__in=IN_FIELD, due_back_at__lt=at)),
    )
    open_needs = (
        Need.objects.open()
        .filter(operation=operation)
        .aggregate(
            crisis=Count("pk", filter=Q(needs_crisis=True)),
            oldest=Min("received_at", filter=Q(state=NeedState.READY)),
        )
    )
    completed = NeedChange.objects.filter(
        need__operation=operation, need__state=NeedState.COMPLETED, to_state=NeedState.COMPLETED, at__date=day
    ).aggregate(n=Count("need", distinct=True))
    return Numbers(
        arrived=visits["arrived"],
        present=visits["present"],
        free=max(0, visits["present"] - busy["all"]),
        people_out=busy["out"],
        needs_unread=states.get(NeedState.RECEIVED, 0) + states.get(NeedState.TRIAGE, 0),
        needs_waiting=states.get(NeedState.READY, 0) + states.get(NeedState.CONTINUING, 0),
        needs_assigned=states.get(NeedState.ASSIGNED, 0),
        needs_in_progress=states.get(NeedState.IN_PROGRESS, 0),
        needs_completed=completed["n"],
        teams_before=teams["before"],
        teams_out=teams["out"],
        teams_overdue=teams["overdue"],
        crisis=open_needs["crisis"],
        nameless=nameless.figures(operation, at=at).here,
        oldest_wait=at - open_needs["oldest"] if open_needs["oldest"] else None,
    )


def _coarse(states: dict[str, int]) -> list[Coarse]:
    counts = dict.fromkeys(CHIPS, 0)
    for state, count in states.items():
        counts[COARSE[NeedState(state)]] += count
    return [Coarse(word, count, CHIPS[word]) for word, count in counts.items()]


def _teams(operation: Operation, page: int, *, at: datetime) -> Page[Dispatch]:
    """Teams that get ready or are out, each at the visit it is at, with those that come after it (`later`): late ones
    first, then by the time they should be back. Three queries."""
    rows = (
        Dispatch.objects.live()
        .filter(operation=operation)
        .select_related("need__household__town", "team__leader")
        .annotate(heads=Count("team__members", filter=Q(team__members__left_at__isnull=True)))
        .order_by(F("due_back_at").asc(nulls_last=True), "serial")
    )
    found = Paginator(rows, TEAMS_PER_PAGE).get_page(page)
    found.object_list = list(found.object_list)
    after: dict[int, list[Dispatch]] = {}
    waiting = Dispatch.objects.filter(
        operation=operation, state=DispatchState.NEXT, team__in=[row.team_id for row in found]
    )
    for visit in waiting.select_related("need").order_by("position"):
        after.setdefault(visit.team_id, []).append(visit)
    for row in found:
        row.late = row.is_overdue(at)  # type: ignore[attr-defined]  # for the template
        row.later = after.get(row.team_id, [])  # type: ignore[attr-defined]
    return found


def _people(operation: Operation) -> list[Present]:
    """Who is here now, by reading, with their team. Two queries."""
    teams = dict(
        Member.objects.filter(team__operation=operation, left_at__isnull=True).values_list(
            "volunteer_id", "team__number"
        )
    )
    visits = Visit.objects.present().filter(operation=operation).select_related("volunteer")
    return [
        Present(
            visit.volunteer.name,
            f"{teams[visit.volunteer_id]}班" if visit.volunteer_id in teams else "",
        )
        for visit in visits.order_by("volunteer__kana_key", "pk")[:MOST_PEOPLE]
    ]


# Said twice otherwise: the need's own step stands beside them.
_QUIET = (
    "team.left", "team.released", "team.return_taken_back", "team.stayed", "match.requested", "match.done", "match.what_if", "match.what_if_asked", "match.cancelled", "match.superseded",
    "dispatch.sheet_printed", "dispatch.visited", "dispatch.visit_over",
)  # fmt: skip


def last_lines(operation: Operation, *, names: bool) -> list[Line]:
    """The newest things that happened, in words."""
    newest = Entry.objects.of_operation(operation.pk).exclude(action__in=_QUIET).order_by("-id")
    return lines(newest.select_related("actor", "device")[:MOST_LINES], names=names)

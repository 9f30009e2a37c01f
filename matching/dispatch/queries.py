"""What the dispatch board shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from dvc.operations.models import Operation
from matching.dispatch.models import IN_FIELD, LIVE, Dispatch, DispatchState
from matching.loans.queries import with_team
from matching.teams.queries import with_rides


@dataclass(frozen=True, slots=True)
class Place:
    """Where a team is in its day: the visit it is at (or was at last), those before and those that wait."""

    now: Dispatch
    before: tuple[Dispatch, ...]
    later: tuple[Dispatch, ...]

    @property
    def visits(self) -> tuple[Dispatch, ...]:
        """All of them in order."""
        return (*self.before, self.now, *self.later)

    @property
    def missing(self) -> list[Dispatch]:
        """Visits that are over and whose report is missing."""
        return [visit for visit in self.before if not has_report(visit)]


def place_of(dispatch: Dispatch) -> Place:
    """Where the team of this dispatch is. One query."""
    return places_of([dispatch.team_id]).get(dispatch.team_id) or Place(dispatch, (), ())


def places_of(teams: Iterable[int]) -> dict[int, Place]:
    """Team pk → where it is; nothing of a team whose visits were all called off. One query."""
    related = ("operation__center", "need__household__town", "team__leader", "report")
    rows = Dispatch.objects.filter(team__in=list(teams)).exclude(state=DispatchState.CANCELLED)
    visits_of: dict[int, list[Dispatch]] = {}
    for row in rows.select_related(*related).order_by("departed_at", "position"):
        visits_of.setdefault(row.team_id, []).append(row)
    return {team: _place(visits) for team, visits in visits_of.items()}


def _place(visits: list[Dispatch]) -> Place:
    been = [visit for visit in visits if visit.state != DispatchState.NEXT]
    now = next((visit for visit in been if visit.state in LIVE), None) or max(
        been, key=lambda visit: (visit.departed_at is not None, visit.departed_at, visit.position)
    )
    before = tuple(visit for visit in been if visit != now)
    later = sorted((v for v in visits if v.state == DispatchState.NEXT), key=lambda v: v.position)
    return Place(now, before, tuple(later))


@dataclass(slots=True)
class Lane:
    """One column, a card for each team: the dispatch it is at, its `place` and its `heads`. `tone` is the css tone of
    the cards."""

    key: str
    title: str
    empty: str
    tone: str = ""
    cards: list[Dispatch] = field(default_factory=list)


def board_rows(operation: Operation, *, at: datetime) -> QuerySet[Dispatch]:
    """Live dispatches, those that came back today, and those whose report is still missing. One query."""
    day = timezone.localdate(at)
    shown = Q(state__in=[DispatchState.ACCEPTED, *IN_FIELD]) | Q(
        Q(returned_at__date=day) | Q(report__isnull=True), state=DispatchState.BACK
    )
    there = Q(team__members__left_at__isnull=True) | Q(team__members__left_at__gte=F("departed_at"))
    return (
        Dispatch.objects.filter(shown, operation=operation)
        .select_related("need__household__town", "team__leader", "report")
        .prefetch_related(with_rides())
        .annotate(heads=Count("team__members", filter=there))
        .order_by("serial")
    )


def lanes(operation: Operation, *, at: datetime) -> list[Lane]:
    """出発前, 活動中, 時間を過ぎている, 帰着; the most pressing card on top of each. Three queries."""
    before = Lane("before", "出発前", "出発を待つチームはありません。")
    out = Lane("out", "活動中", "活動しているチームはありません。")
    late = Lane("late", "時間を過ぎている", "時間を過ぎたチームはありません。", tone="stop")
    back = Lane("back", "帰着", "今日帰ってきたチームはまだありません。")
    rows = list(board_rows(operation, at=at))
    teams = {row.team_id for row in rows}
    places, still_out = places_of(teams), with_team(teams)
    for row in rows:
        row.still_out = still_out.get(row.team_id, 0)  # type: ignore[attr-defined]  # for the template
        row.place = place = places[row.team_id]  # type: ignore[attr-defined]  # for the template
        row.behind = row.minutes_behind(at) if place.later else 0  # type: ignore[attr-defined]
        if row.state == DispatchState.ACCEPTED:
            before.cards.append(row)
        elif row.state in IN_FIELD:
            (late if row.is_overdue(at) else out).cards.append(row)
        elif row == place.now or not any(other.team_id == row.team_id for other in back.cards):
            back.cards = [card for card in back.cards if card.team_id != row.team_id]
            back.cards.append(row)
    out.cards.sort(key=lambda row: (row.due_back_at is None, row.due_back_at, row.serial))
    late.cards.sort(key=lambda row: (row.due_back_at, row.serial))
    back.cards.sort(key=lambda row: (_all_reported(row), -(row.returned_at or at).timestamp()))
    return [before, late, out, back] if late.cards else [before, out, late, back]


def _all_reported(row: Dispatch) -> bool:
    place: Place = row.place  # type: ignore[attr-defined]
    return all(has_report(visit) for visit in place.visits)


def has_report(dispatch: Dispatch) -> bool:
    return hasattr(dispatch, "report")

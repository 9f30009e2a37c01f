"""Where teams are in their day, and who is out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from dvc.audit.models import Entry
from dvc.operations.models import Operation
from matching.dispatch.models import IN_FIELD, LIVE, Dispatch, DispatchState
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


def told_at_return(now: Dispatch) -> dict[str, Any] | None:
    """What every desk has told at the return of the team whose last visit this is; None where it is not back (also where
    a return was taken back). One query."""
    if now.state != DispatchState.BACK:
        return None
    told: dict[str, Any] | None = None
    for entry in (
        Entry.objects.about(now).filter(action__in=["dispatch.back", "dispatch.also_told"]).order_by("id")
    ):
        more = entry.details
        if told is None or entry.action == "dispatch.back":
            told = dict(more)
            continue
        words = [told.get("tools_missing"), more["tools_missing"]]
        told["tools_missing"] = "　".join(filter(None, words))
        told["washed"] = [*told.get("washed", []), *more["washed"]]
    return told


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


def has_report(dispatch: Dispatch) -> bool:
    return hasattr(dispatch, "report")

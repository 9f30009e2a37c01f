"""What the dispatch board shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from dvc.operations.models import Operation
from matching.dispatch.models import IN_FIELD, Dispatch, DispatchState


@dataclass(slots=True)
class Lane:
    """One column. `tone` is the css tone of its cards."""

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
        .select_related("need__household__town", "team__leader", "team__vehicle", "report")
        .annotate(heads=Count("team__members", filter=there))
        .order_by("serial")
    )


def lanes(operation: Operation, *, at: datetime) -> list[Lane]:
    """出発前, 活動中, 時間を過ぎている, 帰着; the most pressing card on top of each. One query."""
    before = Lane("before", "出発前", "出発を待つチームはありません。")
    out = Lane("out", "活動中", "活動しているチームはありません。")
    late = Lane("late", "時間を過ぎている", "時間を過ぎたチームはありません。", tone="stop")
    back = Lane("back", "帰着", "今日帰ってきたチームはまだありません。")
    for row in board_rows(operation, at=at):
        if row.state == DispatchState.ACCEPTED:
            before.cards.append(row)
        elif row.state == DispatchState.BACK:
            back.cards.append(row)
        else:
            (late if row.is_overdue(at) else out).cards.append(row)
    out.cards.sort(key=lambda row: (row.due_back_at is None, row.due_back_at, row.serial))
    late.cards.sort(key=lambda row: (row.due_back_at, row.serial))
    back.cards.sort(key=lambda row: (has_report(row), -(row.returned_at or at).timestamp()))
    return [before, late, out, back] if late.cards else [before, out, late, back]


def has_report(dispatch: Dispatch) -> bool:
    return hasattr(dispatch, "report")

"""The list of teams outside that lies on paper for the hour in which the network dies: when the next one is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import OuterRef, Subquery

from dvc.operations.models import Operation
from intake.paper.models import PaperSheet, SheetKind
from matching.dispatch.models import Dispatch

TITLE: Final = "外に出ている班"
EVERY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ListDue:
    """A list should be printed. `last`: when the newest was; None where there is none since the teams have left."""

    last: datetime | None


def list_due(operation: Operation, *, at: datetime) -> ListDue | None:
    """None while nobody is outside, or the newest list is younger than an hour. One query."""
    lists = PaperSheet.objects.filter(
        operation=operation,
        kind=SheetKind.LIST,
        title=TITLE,
        printed_at__gte=OuterRef("departed_at"),
        printed_at__lte=at,
    )
    newest = Subquery(lists.order_by("-printed_at").values("printed_at")[:1])
    out = Dispatch.objects.in_field().filter(operation=operation).order_by("departed_at")
    first = out.annotate(last=newest).values_list("last", flat=True)[:1]
    for last in first:
        return ListDue(last) if last is None or at - last >= EVERY else None
    return None

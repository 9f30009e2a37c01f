"""What else a day is not over with, besides what is missing: calls nobody has answered, a recall that runs, reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from dvc.operations.models import Operation
from matching.dispatch.models import Dispatch, DispatchState
from matching.evening.ledger import end_of
from matching.field.models import FieldNote, Said
from matching.safety.models import Recall

# Somebody is hurt, or asked for help: a day is not closed over that.
PRESSING: Final = (Said.SOS, Said.INJURY)


@dataclass(frozen=True, slots=True)
class Open:
    """`pressing`: calls for help and injuries nobody has answered, `notes`: the other notes from outside, `unreported`:
    houses whose team is back and has told nothing, so that the need still stands as at work."""

    pressing: int
    notes: int
    unreported: int
    recall: bool


def still_open(operation: Operation, *, day: date) -> Open:
    """As it stands now, of what began until the end of `day`. Three queries."""
    end = end_of(day)
    notes = FieldNote.objects.waiting().filter(operation=operation, told_at__lt=end)
    said = list(notes.order_by().values_list("said", flat=True))
    pressing = sum(one in PRESSING for one in said)
    silent = Dispatch.objects.filter(
        operation=operation, state=DispatchState.BACK, report__isnull=True, departed_at__lt=end
    )
    recall = Recall.objects.running().filter(operation=operation, started_at__lt=end)
    return Open(pressing, len(said) - pressing, silent.count(), recall.exists())

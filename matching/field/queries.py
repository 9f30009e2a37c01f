"""What waits for an answer, and what a team has told."""

from __future__ import annotations

from dvc.operations.models import Operation
from matching.dispatch.models import Dispatch
from matching.field.models import FieldNote, Said

_ORDER = {said.value: place for place, said in enumerate(Said)}


def waiting(operation: Operation) -> list[FieldNote]:
    """The gravest first, then the oldest. One query."""
    rows = FieldNote.objects.waiting().filter(operation=operation)
    found = rows.select_related("dispatch__team__leader", "photo")
    return sorted(found, key=lambda note: (_ORDER[note.said], note.told_at))


def of_team(dispatch: Dispatch) -> list[FieldNote]:
    """All of the team's day, the newest first. One query."""
    rows = FieldNote.objects.filter(dispatch__team=dispatch.team_id).select_related("photo", "answered_by")
    return list(rows.order_by("-told_at", "-id"))


def version(operation_id: int) -> str:
    """Changes with whatever the banners show of it. One query."""
    waiting = FieldNote.objects.waiting().filter(operation=operation_id).order_by("pk")
    return "-".join(f"{pk}{'' if lat is None else 'p'}" for pk, lat in waiting.values_list("pk", "lat"))

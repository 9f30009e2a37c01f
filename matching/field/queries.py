"""What waits for an answer, and what a team has told."""

from __future__ import annotations

from django.db.models import Case, QuerySet, Value, When

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


def marks(operation_id: int) -> QuerySet[FieldNote, tuple[str, int, int]]:
    """What changes whenever the banners show it otherwise, as rows ("note", id, whether the place is known)."""
    notes = FieldNote.objects.waiting().filter(operation=operation_id).order_by()
    placed = Case(When(lat__isnull=True, then=0), default=1)
    return notes.annotate(of=Value("note"), n=placed).values_list("of", "pk", "n")


def page_mark(dispatch: Dispatch) -> str:
    """Changes when the leader's page would show something else: the team left or is back, the request was closed, the
    center answered. `dispatch`: the visit it shows, with its need. One query."""
    answered = FieldNote.objects.filter(dispatch__team=dispatch.team_id, answered_at__isnull=False).count()
    return f"{dispatch.state}.{dispatch.need.state}.{answered}"

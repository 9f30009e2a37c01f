"""Put a note on the map, and take it away."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.operations.services import require_open
from intake.maps.models import MapNote, NoteKind
from intake.people.places import km
from intake.people.services import FARTHEST_KM


@transaction.atomic
def add_note(
    operation: Operation, *, kind: NoteKind, text: str, lat: float, lng: float, by: By, at: datetime
) -> MapNote:
    """A note of the staff. Refused: operation.closed, place.too_far, map.no_text."""
    require_open(operation)
    if not text:
        raise Refused("map.no_text")
    center = operation.center
    if km(center.lat, center.lng, lat, lng) > FARTHEST_KM:
        raise Refused("place.too_far", km=FARTHEST_KM)
    note = MapNote.objects.create(
        operation=operation, kind=kind, text=text, lat=lat, lng=lng, added_by=by.user, added_at=at
    )
    record("map.note_added", note, by=by, at=at, operation=operation, kind=str(kind))
    return note


@transaction.atomic
def remove_note(note: MapNote, *, reason: str, by: By, at: datetime) -> None:
    """It is not so any more. Twice changes nothing; it may be brought back."""
    gone = MapNote.objects.on_the_map().filter(pk=note.pk)
    if gone.update(removed_at=at, removed_by=by.user, removed_reason=reason[:120]):
        record("map.note_removed", note, by=by, at=at, operation=note.operation, kind=note.kind)


@transaction.atomic
def bring_back(note: MapNote, *, by: By, at: datetime) -> None:
    """Taking it away was a slip. Twice changes nothing. Refused: operation.closed."""
    require_open(note.operation)
    removed = MapNote.objects.filter(pk=note.pk, removed_at__isnull=False)
    if removed.update(removed_at=None, removed_by=None, removed_reason=""):
        record("map.note_brought_back", note, by=by, at=at, operation=note.operation, kind=note.kind)

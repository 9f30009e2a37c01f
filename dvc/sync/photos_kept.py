"""Which photos of surveys some record still names. Nobody ever sees one that none does: it does not stay."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from dvc.audit.services import SYSTEM, By
from dvc.operations.models import Mode, Operation
from dvc.photos import services as photos
from dvc.photos.models import Photo, Purpose
from dvc.sync.models import QuarantinedOp, QuarantineState
from intake.survey import reports as surveys

# A tablet's photos may come days before the record that names them; a browser forgets what was chosen for a form.
UNNAMED_FOR: Final = timedelta(days=30)


@transaction.atomic
def drop_unnamed(operation: Operation, sent: Set[str], *, by: By, at: datetime) -> None:
    """Remove those of these photos that no record names (any more)."""
    if not sent:
        return
    for photo in photos.found(operation, sent - _named(operation), purpose=Purpose.SURVEY).values():
        photos.remove(photo, by=by, at=at)


def forget(*, at: datetime) -> None:
    """By the day's check: photos of a form that was never sent, of a record that never came. A drill is wiped whole."""
    old = Photo.objects.kept().filter(purpose=Purpose.SURVEY, added_at__lt=at - UNNAMED_FOR)
    for operation in Operation.objects.filter(pk__in=old.values("operation")).exclude(mode=Mode.DRILL):
        sent = set(old.filter(operation=operation).values_list("sent", flat=True))
        drop_unnamed(operation, sent, by=SYSTEM, at=at)


def _named(operation: Operation) -> set[str]:
    """Two queries."""
    told = QuarantinedOp.objects.filter(operation=operation, op__kind="survey.done")
    waiting = told.exclude(state=QuarantineState.REFUSED).values_list("op", flat=True)
    named = {photo["sent"] for op in waiting for photo in op["payload"].get("photos", ())}
    return named | surveys.photos_named(operation)

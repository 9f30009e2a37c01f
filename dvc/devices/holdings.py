"""Write down what a tablet is given, so that it can be said afterwards what a lost one held."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import OperationalError, transaction
from django.db.models import Value
from django.db.models.functions import Greatest

from dvc.accounts.models import Device
from dvc.audit.models import Entry
from dvc.core.full_disk import is_full
from dvc.devices.models import Holding, HoldingKind
from dvc.operations.models import Operation

log = logging.getLogger(__name__)


def note_or_known(
    device: Device, operation: Operation, kind: HoldingKind, *, count: int, at: datetime
) -> None:
    """`note`, and where the disk is full: a device that is written down as holding this goes on without. What a lost
    one held is still known, and tablets must work on a day on which nothing can be written. Any other device raises
    `OperationalError` as `note` does: a list that nobody knows of must not leave the center."""
    try:
        note(device, operation, kind, count=count, at=at)
    except OperationalError as error:
        if (
            not is_full(error)
            or not Holding.objects.filter(device=device, operation=operation, kind=kind).exists()
        ):
            raise
        log.warning("disk full: device %s is sent what it holds already without a note", device.pk)


@transaction.atomic
def note(
    device: Device,
    operation: Operation,
    kind: HoldingKind,
    *,
    count: int,
    at: datetime,
    people: Sequence[int] = (),
) -> None:
    """The device is being sent this, or what it lacks of it: `count` people it holds then, `people` their user ids where they are staff. Two statements,
    and only for an answer that carries something: "unchanged" gives nothing away."""
    changed = Holding.objects.filter(device=device, operation=operation, kind=kind).update(
        newest=count, most=Greatest("most", Value(count)), people=list(people), last_at=at
    )
    if not changed:
        Holding.objects.get_or_create(
            device=device,
            operation=operation,
            kind=kind,
            defaults={
                "newest": count,
                "most": count,
                "people": list(people),
                "first_at": at,
                "last_at": at,
            },
        )


def walk_ins(device: Device) -> int:
    """How many people were written down on this device, with name and telephone number: its own records hold them until
    they lie in a backup elsewhere. One query."""
    return Entry.objects.filter(device=device, action="visit.walked_in").count()

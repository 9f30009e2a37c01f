"""Something of the center's is damaged: what, how, a photo; and when it was dealt with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation, Site
from dvc.photos.models import Photo
from intake.help_requests.models import Tool
from matching.equipment import services
from matching.equipment.models import Condition, Damage, ToolItem, Vehicle


@transaction.atomic
def tell(
    operation: Operation,
    what: Vehicle | ToolItem | Tool,
    *,
    note: str,
    unusable: bool,
    by: By,
    at: datetime,
    site: Site | None = None,
    photo: Photo | None = None,
) -> Damage:
    """`unusable`: nobody gets it until it is mended. Of a counted tool (`Tool`), one at `site`.

    Raises `Refused`: equipment.note_needed, equipment.not_so_many_here.
    """
    note = note.strip()[:200]
    if not note:
        raise Refused("equipment.note_needed")
    thing: dict[str, Any] = {}
    if isinstance(what, Vehicle):
        if unusable:
            services.set_available(what, available=False, by=by, at=at)
        thing["vehicle"] = what
    elif isinstance(what, ToolItem):
        if unusable and what.condition == Condition.FINE:
            services.set_condition(what, Condition.BROKEN, note=note, by=by, at=at)
        thing["item"] = what
    else:
        if unusable and site is not None:
            services.break_stock(operation, site=site, tool=what, count=1, note=note, by=by, at=at)
        thing["tool"] = what.value
    made = Damage.objects.create(
        operation=operation, note=note, photo=photo, told_at=at, told_by=by.user, **thing
    )
    record(
        "equipment.damaged",
        made,
        by=by,
        at=at,
        operation=operation,
        unusable=unusable,
        photo=photo is not None,
    )
    return made


@transaction.atomic
def settle(damage: Damage, *, how: str, by: By, at: datetime) -> None:
    """Mended, paid for, given back as it is. Twice changes nothing. Raises `Refused`: equipment.note_needed."""
    if not how.strip():
        raise Refused("equipment.note_needed")
    open_ones = Damage.objects.filter(pk=damage.pk, settled_at__isnull=True)
    if open_ones.update(settled_at=at, settled_by=by.user, how=how.strip()[:120]):
        record("equipment.damage_settled", damage, by=by, at=at, operation=damage.operation)

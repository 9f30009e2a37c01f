"""The visits of a registration that was merged into another go along, and come back when that was wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from dvc.audit.services import By, record
from intake.checkin.desk import Desk
from intake.checkin.models import Visit
from intake.volunteers.models import Volunteer

_KEPT = (
    "facts",
    "flags",
    "site_id",
    "left_at",
    "arrived_at",
    "unreturned_at",
    "oriented_at",
    "insurance_seen_at",
    "day",
)
NEAR = timedelta(days=1)


@transaction.atomic
def move(twin: Volunteer, into: Volunteer, *, by: By, at: datetime) -> dict[str, Any]:
    """Give `into` the twin's visits; a visit on a day when both were there is told to the other one's visit and taken
    back itself. Returns what `move_back` needs."""
    moved: list[int] = []
    told: list[int] = []
    before: dict[str, dict[str, Any]] = {}
    for visit in Visit.objects.filter(volunteer=twin, annulled_at__isnull=True).select_related("operation"):
        others = Visit.objects.filter(
            operation=visit.operation, volunteer=into, annulled_at__isnull=True,
            day__range=(visit.day - NEAR, visit.day + NEAR),
        )  # fmt: skip
        if not others.exists():
            Visit.objects.filter(pk=visit.pk).update(volunteer=into)
            moved.append(visit.pk)
            continue
        before.update({str(other.pk): _values(other) for other in others if str(other.pk) not in before})
        _tell(visit, into, by=by)
        Visit.objects.filter(pk=visit.pk).update(annulled_at=at, closed_reason="同じ人の登録にまとめた")
        told.append(visit.pk)
    record("visit.moved", twin, by=by, at=at, center_id=twin.center_id, moved=moved, told=told, into=into.pk)
    return {"moved": moved, "told": told, "before": before}


def _tell(visit: Visit, into: Volunteer, *, by: By) -> None:
    facts = visit.told
    desk = Desk.open(visit.operation, [into.pk], moments=[fact.at for fact in facts])
    for fact in facts:
        desk.tell(into, fact, by=by)
    desk.save()
    # What the desk had made sure of on the twin's name holds for the person.
    mine = Visit.objects.filter(
        operation=visit.operation, volunteer=into, annulled_at__isnull=True, day=visit.day
    ).first()
    if mine is not None:
        mine.oriented_at = mine.oriented_at or visit.oriented_at
        mine.insurance_seen_at = mine.insurance_seen_at or visit.insurance_seen_at
        mine.save(update_fields=["oriented_at", "insurance_seen_at"])


def _values(visit: Visit) -> dict[str, Any]:
    values = {name: getattr(visit, name) for name in _KEPT}
    return {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in values.items()}


@transaction.atomic
def move_back(twin: Volunteer, into: Volunteer, moved: dict[str, Any], *, by: By, at: datetime) -> None:
    """Undo `move`. A visit of `into` that has heard more since then keeps what it heard."""
    Visit.objects.filter(pk__in=moved["moved"], volunteer=into).update(volunteer=twin)
    given = [fact for visit in Visit.objects.filter(pk__in=moved["told"]) for fact in visit.facts]
    for visit in Visit.objects.filter(pk__in=moved["before"], volunteer=into):
        old = moved["before"][str(visit.pk)]
        if all(fact in old["facts"] or fact in given for fact in visit.facts):
            Visit.objects.filter(pk=visit.pk).update(**old)
    Visit.objects.filter(pk__in=moved["told"]).update(annulled_at=None, closed_reason="")
    record("visit.moved_back", twin, by=by, at=at, center_id=twin.center_id, into=into.pk)

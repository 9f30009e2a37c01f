"""The visits of a registration that was merged into another go along, and come back when that was wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from dvc.audit.services import By, record
from dvc.operations.models import Operation
from intake.checkin.desk import Desk
from intake.checkin.models import Visit
from intake.checkin.stays import Fact
from intake.volunteers.models import Volunteer

_SEEN = ("oriented_at", "insurance_seen_at")
NEAR = timedelta(days=1)


@transaction.atomic
def move(twin: Volunteer, into: Volunteer, *, by: By, at: datetime) -> dict[str, Any]:
    """Give `into` the twin's visits; a visit on a day when both were there is told to the other one's visit and taken
    back itself. Returns what `move_back` needs."""
    moved: list[int] = []
    told: list[int] = []
    before: dict[str, dict[str, Any]] = {}
    for visit in _locked(twin, into):
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


def _locked(twin: Volunteer, into: Volunteer) -> list[Visit]:
    """The twin's visits as they stand, with both people's locked until the transaction ends: whoever is seen leaving at
    this moment has left. In the order in which the desk takes its locks."""
    counted = Visit.objects.filter(volunteer=twin, operation__capacity__isnull=False).order_by()
    list(
        Operation.objects.select_for_update(no_key=True)
        .filter(pk__in=counted.values("operation"))
        .order_by("pk")
        .values_list("pk")
    )
    both = (
        Visit.objects.select_for_update(of=("self",))
        .filter(volunteer__in=(twin, into), annulled_at__isnull=True)
        .select_related("operation")
        .order_by("arrived_at", "id")
    )
    return [visit for visit in both if visit.volunteer_id == twin.pk]


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
    seen = {name: getattr(visit, name) for name in _SEEN}
    return {
        "facts": [fact.as_json() for fact in visit.told],
        **{name: moment.isoformat() if moment else None for name, moment in seen.items()},
    }


@transaction.atomic
def move_back(twin: Volunteer, into: Volunteer, moved: dict[str, Any], *, by: By, at: datetime) -> None:
    """Undo `move`: what the twin's visits had told is forgotten of `into`, also where it made a visit of its own; what
    `into` has done since then stands."""
    own = {Fact.from_json(row) for old in moved["before"].values() for row in old["facts"]}
    told = list(Visit.objects.filter(pk__in=moved["told"]).select_related("operation"))
    for visit in told:
        desk = Desk.open(visit.operation, [into.pk], moments=[fact.at for fact in visit.told])
        desk.forget(into, set(visit.told) - own, near=visit.arrived_at, by=by, at=at)
        desk.save()
    for pk, name in _unseen(moved["before"]):
        given = [moment for visit in told if (moment := getattr(visit, name))]
        Visit.objects.filter(pk=pk, volunteer=into, **{f"{name}__in": given}).update(**{name: None})
    Visit.objects.filter(pk__in=moved["moved"], volunteer=into).update(volunteer=twin)
    Visit.objects.filter(pk__in=moved["told"]).update(annulled_at=None, closed_reason="")
    record("visit.moved_back", twin, by=by, at=at, center_id=twin.center_id, into=into.pk)


def _unseen(before: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Of which visits nobody had seen what before the merge."""
    for pk, old in before.items():
        yield from ((pk, name) for name in _SEEN if old[name] is None)

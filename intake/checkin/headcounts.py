"""Somebody counts people whose names nobody has, corrects the number, sees them leave, or takes that back.

A gate tells facts; the desk decides. Each is a row that stands beside the others (`GroupArrival`). What they come to:
nameless.py.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.checkin import nameless
from intake.checkin.models import GroupArrival, Told
from intake.checkin.stays import LONGEST_STAY
from intake.volunteers.models import Group

MOST: Final = 999


def arrive(operation: Operation, group: Group, *, heads: int, by: By, at: datetime) -> None:
    """So many people without names came with the group. A fact: MOST of them are believed."""
    _tell(operation, group, Told.CAME, heads=min(heads, MOST), by=by, at=at)


def leave(operation: Operation, group: Group, *, by: By, at: datetime) -> None:
    """The group went home, and with it whoever had come with it: also who is told of only afterwards."""
    _tell(operation, group, Told.WENT, by=by, at=at)


def _tell(
    operation: Operation,
    group: Group | None,
    kind: Told,
    *,
    heads: int = 0,
    of: GroupArrival | None = None,
    by: By,
    at: datetime,
) -> GroupArrival:
    return GroupArrival.objects.create(
        operation=operation, group=group, kind=kind, of=of, day=timezone.localdate(at), extra=heads, arrived_at=at,
        since=at - LONGEST_STAY if kind == Told.WENT and of is None else None, op=by.op,
    )  # fmt: skip


def take_back(operation: Operation, *, op: str, at: datetime) -> bool:
    """Forget what the tablet's operation `op` told of people without names. False when that was nothing."""
    told = GroupArrival.objects.standing().filter(operation=operation, op=op)
    return bool(told.update(annulled_at=at))


@transaction.atomic
def count(
    operation: Operation, *, heads: int, group: Group | None = None, by: By, at: datetime, came_at: datetime
) -> GroupArrival:
    """So many people came at `came_at` and nobody has their names. Refused nameless.count | nameless.future."""
    if not 1 <= heads <= MOST:
        raise Refused("nameless.count", least=1, most=MOST)
    if came_at > at:
        raise Refused("nameless.future")
    row = _tell(operation, group, Told.CAME, heads=heads, by=by, at=came_at)
    record("nameless.counted", row, by=by, at=at, operation=operation, heads=heads)
    return row


@transaction.atomic
def correct(arrival: GroupArrival, *, heads: int, by: By, at: datetime) -> bool:
    """So many came, those included who have a name by now; 0: it was nobody. What the gate told stands beside it. False
    when the count was taken back. Refused nameless.count."""
    if not 0 <= heads <= MOST:
        raise Refused("nameless.count", least=0, most=MOST)
    known = _locked(arrival)
    if known is None or heads == known.heads:
        return known is not None
    operation, group = arrival.operation, arrival.group
    _tell(operation, group, Told.CORRECTED, heads=heads, of=arrival, by=by, at=at)
    record(
        "nameless.corrected", arrival, by=by, at=at, operation=operation, before=known.heads, heads=heads
    )  # fmt: skip
    return True


@transaction.atomic
def went_home(arrival: GroupArrival, *, by: By, at: datetime) -> int:
    """Those who were counted went home: how many; 0 when the count was taken back. Twice is once."""
    known = _locked(arrival)
    if known is None:
        return 0
    if known.went is None:
        _tell(arrival.operation, arrival.group, Told.WENT, of=arrival, by=by, at=at)
        record("nameless.went", arrival, by=by, at=at, operation=arrival.operation, heads=known.heads)
    return known.heads


@transaction.atomic
def come_back(arrival: GroupArrival, *, by: By, at: datetime) -> int:
    """They did not go home: forget that somebody said so, of everybody of whom it was said in one. At any time, as
    counting who is still here once more would count them twice. How many these are; 0 when nothing was said."""
    known = _locked(arrival)
    if known is None or known.went is None:
        return 0
    went = known.went
    heads = sum(each.heads for each in nameless.counts_around(arrival) if each.went == went)
    GroupArrival.objects.filter(pk=went.pk).update(annulled_at=at)
    record("nameless.came_back", went, by=by, at=at, operation=arrival.operation, heads=heads)
    return heads


def _locked(arrival: GroupArrival) -> nameless.Count | None:
    """What is known of these people, until the transaction ends; None when the count was taken back."""
    GroupArrival.objects.select_for_update(of=("self",)).get(pk=arrival.pk)
    return next((each for each in nameless.counts_around(arrival) if arrival in each.rows), None)

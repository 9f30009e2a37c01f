"""How many people are here whose names nobody has: groups larger than their list, and who was counted on paper.

Nobody counts twice: two gates that tell the same number of the same group within minutes saw the same people, and
somebody of the group who is registered after the count and arrives is one of those who were counted. What was told in any
order comes to the same: who came with a group went home with its first leaving afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.checkin.models import GroupArrival, Visit
from intake.checkin.stays import APART
from intake.volunteers.models import Group

MOST: Final = 999


@dataclass(frozen=True, slots=True)
class Counted:
    """The nameless of one group (None: of no group) on one day: `told` heads, `named` of them since, `gone` home."""

    group: Group | None
    arrivals: list[GroupArrival]
    told: int
    named: int
    gone: int

    @property
    def came(self) -> int:
        return max(0, self.told - self.named)

    @property
    def here(self) -> int:
        return max(0, self.came - self.gone)


def of_the_day(operation: Operation, *, day: date) -> list[Counted]:
    """Group by group, those without a group last. One query; one more when somebody was counted."""
    rows = GroupArrival.objects.filter(operation=operation, day=day, annulled_at__isnull=True)
    told_of: dict[int | None, list[GroupArrival]] = defaultdict(list)
    for row in rows.select_related("group").order_by("arrived_at", "id"):
        told_of[row.group_id].append(row)
    by_group = {group: came for group, told in told_of.items() if (came := _came(told))}
    if not by_group:
        return []
    named = _named(operation, day, {group: rows[0].arrived_at for group, rows in by_group.items()})
    counted = [_count(rows, named.get(group, 0)) for group, rows in by_group.items()]
    return sorted(counted, key=lambda each: (each.group is None, each.arrivals[0].pk))


def _came(told: Sequence[GroupArrival]) -> list[GroupArrival]:
    """Of what was told of one group, in the order of its moments: the arrivals, with the time they went home."""
    leavings = [row.arrived_at for row in told if not row.extra]
    came = [row for row in told if row.extra]
    for row in came:
        ends = [row.left_at, next((left for left in leavings if left >= row.arrived_at), None)]
        row.left_at = min((end for end in ends if end is not None), default=None)
    return came


def figures(operation: Operation, *, at: datetime) -> tuple[int, int]:
    """(came today, here now) without a name."""
    counted = of_the_day(operation, day=timezone.localdate(at))
    return sum(each.came for each in counted), sum(each.here for each in counted)


def _count(rows: Sequence[GroupArrival], named: int) -> Counted:
    heads = list(_distinct(rows))
    return Counted(
        rows[0].group,
        list(rows),
        told=sum(row.extra for row in heads),
        named=named,
        gone=sum(row.extra for row in heads if row.left_at is not None),
    )


def _distinct(rows: Iterable[GroupArrival]) -> Iterable[GroupArrival]:
    """Rows in the order of arrival without those another gate told of the same people."""
    kept: list[GroupArrival] = []
    for row in rows:
        same = (
            row.group_id is not None
            and other.group_id == row.group_id
            and other.extra == row.extra
            and row.arrived_at - other.arrived_at <= APART
            for other in kept
        )
        if not any(same):
            kept.append(row)
    return kept


def _named(operation: Operation, day: date, since: dict[int | None, datetime]) -> dict[int | None, int]:
    visits = (
        Visit.objects.on_day(day)
        .filter(operation=operation, volunteer__group__in=[group for group in since if group is not None])
        .order_by()
        .values_list("volunteer__group_id", "volunteer_id", "volunteer__registered_at")
        .distinct()
    )
    found: dict[int | None, int] = defaultdict(int)
    for group, _, registered_at in visits:
        if registered_at >= since[group]:
            found[group] += 1
    return found


def arrive(operation: Operation, group: Group, *, heads: int, by: By, at: datetime) -> None:
    """So many people without names came with the group. A fact: MOST of them are believed."""
    _tell(operation, group, heads=min(heads, MOST), by=by, at=at)


def leave(operation: Operation, group: Group, *, by: By, at: datetime) -> None:
    """The group went home, and with it whoever had come with it: also who is told of only afterwards."""
    _tell(operation, group, heads=0, by=by, at=at)


def _tell(operation: Operation, group: Group, *, heads: int, by: By, at: datetime) -> None:
    GroupArrival.objects.create(
        operation=operation, group=group, day=timezone.localdate(at), extra=heads, arrived_at=at,
        left_at=None if heads else at, op=by.op,
    )  # fmt: skip


def take_back(operation: Operation, *, op: str, at: datetime) -> bool:
    """Forget what the tablet's operation `op` told of people without names. False when that was nothing."""
    told = GroupArrival.objects.filter(operation=operation, op=op, annulled_at__isnull=True)
    return bool(told.update(annulled_at=at))


@transaction.atomic
def count(
    operation: Operation, *, heads: int, group: Group | None = None, by: By, at: datetime, came_at: datetime
) -> GroupArrival:
    """So many people came at `came_at` and nobody has their names. Refused nameless.count | nameless.future."""
    if not 1 <= heads <= MOST:
        raise Refused("nameless.count", most=MOST)
    if came_at > at:
        raise Refused("nameless.future")
    row = GroupArrival.objects.create(
        operation=operation, group=group, day=timezone.localdate(came_at), extra=heads, arrived_at=came_at, op=by.op
    )  # fmt: skip
    record("nameless.counted", row, by=by, at=at, operation=operation, heads=heads)
    return row


@transaction.atomic
def correct(arrival: GroupArrival, *, heads: int, by: By, at: datetime) -> None:
    """It were so many, or so many are left whose names are not known; 0 takes the count back. Refused nameless.count."""
    if not 0 <= heads <= MOST:
        raise Refused("nameless.count", most=MOST)
    if heads == arrival.extra or arrival.annulled_at is not None:
        return
    changes = {"extra": heads} if heads else {"annulled_at": at}
    GroupArrival.objects.filter(pk=arrival.pk).update(**changes)
    record(
        "nameless.corrected", arrival, by=by, at=at, operation=arrival.operation, before=arrival.extra, heads=heads
    )  # fmt: skip


@transaction.atomic
def went_home(arrival: GroupArrival, *, by: By, at: datetime) -> None:
    """Those who were counted went home. Twice is once."""
    here = GroupArrival.objects.filter(left_at__isnull=True, annulled_at__isnull=True)
    if here.filter(pk=arrival.pk).update(left_at=at):
        record("nameless.went", arrival, by=by, at=at, operation=arrival.operation, heads=arrival.extra)

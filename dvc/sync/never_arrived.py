"""Somebody showed insurance or heard the briefing, and nobody recorded that they came that day: a person is asked."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from dvc.audit.services import By
from dvc.operations.models import Operation
from dvc.sync import holding
from dvc.sync.inbox import View
from dvc.sync.models import HeldOp, HeldState, InboxItem
from intake.orientation import services as orientation
from intake.orientation.models import Attendance
from intake.volunteers.models import Volunteer


@dataclass(frozen=True, slots=True)
class NeverArrived:
    """One person's day. `key`: the inbox item's; `views`: what was told."""

    volunteer: int
    day: date
    views: list[View]

    @property
    def key(self) -> str:
        return f"{self.volunteer}:{self.day}"


def never_arrived(operation: Operation, *, before: date) -> list[NeverArrived]:
    """Of days before this one. Two queries."""
    over = timezone.make_aware(datetime.combine(before, time()))
    held = HeldOp.objects.filter(
        operation=operation, volunteer__isnull=False, state=HeldState.WAITING, happened_at__lt=over
    )
    views: dict[tuple[int, date], list[View]] = defaultdict(list)
    for row in held:
        assert row.volunteer_id is not None
        seen = View("insured", row.happened_at, op=str(row.op_id), device=str(row.device_id))
        views[row.volunteer_id, timezone.localdate(row.happened_at)].append(seen)
    for heard in Attendance.objects.waiting().filter(operation=operation, day__lt=before):
        views[heard.volunteer_id, heard.day].append(View("briefed", heard.at))
    return [NeverArrived(volunteer, day, told) for (volunteer, day), told in sorted(views.items())]


def waiting_of(item: InboxItem) -> tuple[list[HeldOp], list[Attendance]]:
    """What still waits behind the item. Two queries."""
    volunteer, day = _of(item)
    start = timezone.make_aware(datetime.combine(day, time()))
    held = HeldOp.objects.filter(
        operation=item.operation, volunteer=volunteer, state=HeldState.WAITING, happened_at__gte=start,
        happened_at__lt=start + timedelta(days=1),
    )  # fmt: skip
    heard = Attendance.objects.waiting().filter(operation=item.operation, volunteer=volunteer, day=day)
    return list(held), list(heard)


def still_waits(item: InboxItem) -> bool:
    held, heard = waiting_of(item)
    return bool(held or heard)


def forget(item: InboxItem, *, by: By, at: datetime) -> None:
    """They did not come that day: what was told counts for nobody. The rows stay."""
    held, heard = waiting_of(item)
    for one in held:
        holding.drop(one, by=by, at=at)
    for attendance in heard:
        orientation.forget(attendance, by=by, at=at)


def person_of(item: InboxItem) -> Volunteer:
    return Volunteer.objects.get(pk=_of(item)[0]).standing


def _of(item: InboxItem) -> tuple[int, date]:
    volunteer, day = item.key.split(":")
    return int(volunteer), date.fromisoformat(day)

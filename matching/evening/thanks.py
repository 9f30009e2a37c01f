"""What volunteers take home: the certificate of their days (活動証明書), and the stamp for the motorway (災害派遣等従事車両)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction

from dvc.audit.services import By, record
from dvc.core.counting import count_up
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.checkin.models import Visit
from intake.volunteers.models import Volunteer
from matching.evening.models import Certificate, MotorwayStamp


@dataclass(frozen=True, slots=True)
class Days:
    """The days somebody was seen at an operation, and the hours between their arrivals and leavings."""

    days: tuple[date, ...]
    hours: timedelta

    @property
    def first(self) -> date:
        return self.days[0]

    @property
    def last(self) -> date:
        return self.days[-1]

    @property
    def whole_hours(self) -> float:
        """In half hours."""
        return round(self.hours.total_seconds() / 1800) / 2


def days_of(operation: Operation, volunteer: Volunteer) -> Days | None:
    """None for somebody who has not been here. An open visit counts its day and no hours. One query."""
    visits = list(Visit.objects.filter(operation=operation, volunteer=volunteer, annulled_at__isnull=True))
    if not visits:
        return None
    spent = sum((visit.left_at - visit.arrived_at for visit in visits if visit.left_at), timedelta())
    return Days(tuple(sorted({visit.day for visit in visits})), spent)


@transaction.atomic
def certify(operation: Operation, volunteer: Volunteer, *, by: By, at: datetime) -> Certificate:
    """A certificate of the days until now, numbered. Of the same days there is one.

    Raises `Refused`: certificate.no_days.
    """
    # Two desks, or two taps, make it one after the other: the second finds the first's.
    Volunteer.objects.select_for_update().get(pk=volunteer.pk)
    days = days_of(operation, volunteer)
    if days is None:
        raise Refused("certificate.no_days", name=volunteer.name)
    known = Certificate.objects.filter(
        operation=operation, volunteer=volunteer, days=len(days.days), last=days.last
    )
    same = known.filter(half_hours=round(days.whole_hours * 2)).first()
    if same is not None:
        return same

    def make(serial: int) -> Certificate:
        return Certificate.objects.create(
            operation=operation, volunteer=volunteer, serial=serial, first=days.first, last=days.last,
            days=len(days.days), half_hours=round(days.whole_hours * 2), made_at=at, made_by=by.user,
        )  # fmt: skip

    made = count_up(Certificate.objects.filter(operation=operation), "serial", make)
    record(
        "certificate.made",
        made,
        by=by,
        at=at,
        operation=operation,
        volunteer=volunteer.pk,
        serial=made.serial,
    )
    return made


@transaction.atomic
def stamp(
    operation: Operation, volunteer: Volunteer, *, day: date, plate: str, by: By, at: datetime
) -> MotorwayStamp:
    """The center stamped somebody's 災害派遣等従事車両証明書 for a day they were here. Once a day.

    Raises `Refused`: motorway.not_here, motorway.plate, motorway.stamped.
    """
    if not Visit.objects.on_day(day).filter(operation=operation, volunteer=volunteer).exists():
        raise Refused("motorway.not_here", name=volunteer.name)
    if not plate.strip():
        raise Refused("motorway.plate")
    try:
        with transaction.atomic():
            made = MotorwayStamp.objects.create(
                operation=operation, volunteer=volunteer, day=day, plate=plate.strip()[:20], stamped_at=at,
                stamped_by=by.user,
            )  # fmt: skip
    except IntegrityError:
        raise Refused("motorway.stamped", name=volunteer.name) from None
    record(
        "motorway.stamped",
        made,
        by=by,
        at=at,
        operation=operation,
        volunteer=volunteer.pk,
        day=day.isoformat(),
    )
    return made

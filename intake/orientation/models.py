"""Sessions of the briefing, and who heard which."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, ClassVar, Final, Self

from django.db import models
from django.utils import timezone

# A scan at the exit belongs to the session that has just ended.
EXIT_LASTS: Final = timedelta(minutes=30)
# One that began in the evening goes on after midnight; longer than this no briefing lasts.
LASTS_AT_MOST: Final = timedelta(hours=3)


def earliest_at(at: datetime) -> datetime:
    """Whatever began before this is no briefing of the day of `at`, also where nobody ended it."""
    midnight = timezone.make_aware(datetime.combine(timezone.localdate(at), time()))
    return min(midnight, at - LASTS_AT_MOST)


class Way(models.TextChoices):
    """How it was marked that somebody heard the briefing."""

    TABLET = "tablet", "出口のタブレット"
    PHONE = "phone", "本人の電話"
    ROOM = "room", "この回の全員"


class OrientationSessionQuerySet(models.QuerySet["OrientationSession"]):
    def running_at(self, at: datetime) -> Self:
        """Begun by then and not over for longer than it takes to leave the room; the one that began last first. One of
        yesterday (`earliest_at`) that nobody ended is nobody's today."""
        over = models.Q(ended_at__isnull=False, ended_at__lt=at - EXIT_LASTS)
        return self.filter(starts_at__range=(earliest_at(at), at)).exclude(over).order_by("-starts_at", "-id")

    def to_come(self, at: datetime) -> Self:
        """Announced for today and not over, the next one first."""
        return self.filter(ended_at__isnull=True, starts_at__gte=at - EXIT_LASTS).order_by("starts_at", "id")


class OrientationSession(models.Model):
    """One briefing: when, where, who speaks. `checklist`: a list of {"text", "must", "done"} in the order of speaking."""

    operation = models.ForeignKey(
        "operations.Operation", on_delete=models.PROTECT, related_name="orientation_sessions"
    )
    starts_at = models.DateTimeField("始まりの時刻")
    place = models.CharField("場所", max_length=60)
    speaker = models.CharField("話す人", max_length=60)
    checklist = models.JSONField(default=list)
    ended_at = models.DateTimeField(null=True)
    opened_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()

    objects = OrientationSessionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-starts_at", "-id"]

    def __str__(self) -> str:
        return f"orientation {self.pk}"

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None

    def is_of_another_day(self, at: datetime) -> bool:
        """Neither of the local day of `at` nor begun shortly before it: nobody hears it now, also where nobody ended it."""
        return self.starts_at < earliest_at(at) or timezone.localdate(self.starts_at) > timezone.localdate(at)

    @property
    def must_left(self) -> list[str]:
        """The items that have to be said and have no tick yet."""
        items: list[dict[str, Any]] = self.checklist
        return [str(item["text"]) for item in items if item["must"] and not item["done"]]


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    def valid(self) -> Self:
        return self.filter(undone_at__isnull=True)

    def waiting(self) -> Self:
        """Heard the briefing, but nobody has recorded their arrival yet."""
        return self.valid().filter(visit__isnull=True)


class Attendance(models.Model):
    """Somebody heard the briefing. `visit` is empty until their arrival is known: the exit's tablet may be
    on-line before the door's."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="+")
    session = models.ForeignKey(
        OrientationSession, null=True, on_delete=models.PROTECT, related_name="attendances"
    )
    volunteer = models.ForeignKey("volunteers.Volunteer", on_delete=models.PROTECT, related_name="+")
    visit = models.ForeignKey("checkin.Visit", null=True, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    at = models.DateTimeField()
    way = models.CharField(max_length=10, choices=Way.choices)
    undone_at = models.DateTimeField(null=True)

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["session", "volunteer"],
                condition=models.Q(session__isnull=False),
                name="one_attendance_per_session",
            ),
            models.UniqueConstraint(
                fields=["operation", "volunteer", "day"],
                condition=models.Q(session__isnull=True),
                name="one_attendance_per_day_outside_sessions",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["operation"],
                condition=models.Q(visit__isnull=True, undone_at__isnull=True),
                name="attendances_without_visit",
            ),
        ]

    def __str__(self) -> str:
        return f"attendance {self.pk}"

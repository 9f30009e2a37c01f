"""Somebody came, was briefed, left. One row a visit; scans that led nowhere are kept as well."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self

from django.db import models

from dvc.core.json_field import JSONField
from intake.checkin.states import VisitState
from intake.checkin.stays import Fact


class VisitFlag(models.TextChoices):
    """What a person should know about a visit, in the words of the screens."""

    AFTER_CLOSING = "after_closing", "閉所後の記録"
    TWO_GATES = "two_gates", "2か所で受付"
    NO_ARRIVAL = "no_arrival", "到着の記録がない"
    CLOSED_BY_DESK = "closed_by_desk", "職員が帰宅を確認"
    CAPPED = "capped", "帰りの時刻は推定"
    OLD_CARD = "old_card", "使えなくなったカードで受付"
    LATE = "late", "あとから届いた記録"
    CLOCK_UNCERTAIN = "clock_uncertain", "端末の時計がずれていた"
    OPERATOR_ENDED = "operator_ended", "使えなくなった担当者の記録"
    STANDBY = "standby", "定員のため待機"


class VisitQuerySet(models.QuerySet["Visit"]):
    def present(self) -> Self:
        """Here now: arrived and not left (also those out in a team), and nobody waits to hear whether they did."""
        return self.filter(left_at__isnull=True, annulled_at__isnull=True, unreturned_at__isnull=True)

    def not_seen_leaving(self, today: date) -> Self:
        """未帰着確認: of a day before `today`, or marked so, and nobody recorded the leaving."""
        return self.filter(left_at__isnull=True, annulled_at__isnull=True).filter(
            models.Q(day__lt=today) | models.Q(unreturned_at__isnull=False)
        )

    def on_day(self, day: date) -> Self:
        return self.filter(day=day, annulled_at__isnull=True)


class Visit(models.Model):
    """One person's stay at an operation, from arrival to leaving. `day` is the local date of arrival.

    `facts` is all that was seen of the stay (stays.py), the rest is folded from it. `unreturned_at`: when it was
    noticed that nobody recorded the leaving; such a visit is never closed but by a person.
    """

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="visits")
    volunteer = models.ForeignKey("volunteers.Volunteer", on_delete=models.PROTECT, related_name="visits")
    site = models.ForeignKey("operations.Site", null=True, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    arrived_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    oriented_at = models.DateTimeField(null=True)
    insurance_seen_at = models.DateTimeField(null=True)
    available_until = models.TimeField(null=True)
    closed_reason = models.CharField(max_length=120, blank=True)
    annulled_at = models.DateTimeField(null=True)
    unreturned_at = models.DateTimeField(null=True)
    flags = JSONField(default=list)
    facts = JSONField(default=list)

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["arrived_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["operation", "volunteer"],
                condition=models.Q(
                    left_at__isnull=True, annulled_at__isnull=True, unreturned_at__isnull=True
                ),
                name="one_open_visit_per_volunteer",
            ),
            models.CheckConstraint(
                condition=models.Q(left_at__isnull=True) | models.Q(left_at__gte=models.F("arrived_at")),
                name="nobody_leaves_before_arriving",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["operation", "day"], name="visits_of_the_day"),
        ]

    def __str__(self) -> str:
        return f"visit {self.pk}"

    @property
    def state(self) -> VisitState:
        if self.annulled_at is not None:
            return VisitState.ANNULLED
        if self.left_at is None:
            return VisitState.PRESENT if self.unreturned_at is None else VisitState.UNRETURNED
        return VisitState.CLOSED if VisitFlag.CLOSED_BY_DESK in self.flags else VisitState.LEFT

    @property
    def told(self) -> list[Fact]:
        """What was seen of this stay; of a visit from before facts were kept, its two times."""
        if self.facts:
            return [Fact.from_json(row) for row in self.facts]
        told = [Fact("in", self.arrived_at, self.site_id)]
        return [*told, Fact("out", self.left_at)] if self.left_at else told


class FailedScan(models.Model):
    """A scan nobody could use: what was read (cut to 200 characters), where, and why not. Nothing is dropped."""

    operation = models.ForeignKey(
        "operations.Operation", on_delete=models.PROTECT, related_name="failed_scans"
    )
    device = models.ForeignKey("accounts.Device", null=True, on_delete=models.PROTECT, related_name="+")
    raw = models.CharField(max_length=200)
    code = models.CharField(max_length=30)
    input = models.CharField(max_length=10, blank=True, help_text="camera, reader or typed")
    at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    handled_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"failed scan {self.code}"


class GroupArrivalQuerySet(models.QuerySet["GroupArrival"]):
    def of_people(self) -> Self:
        """Without the rows that only say that a group went home."""
        return self.filter(extra__gt=0)


class GroupArrival(models.Model):
    """People whose names nobody has, who came with a group or (without one) were counted on paper: only how many.
    Members have visits of their own. A row of nobody (`extra` 0) says that the group went home at that moment, whoever
    of it is told of before or afterwards. What it comes to: nameless.py."""

    operation = models.ForeignKey(
        "operations.Operation", on_delete=models.PROTECT, related_name="group_arrivals"
    )
    group = models.ForeignKey(
        "volunteers.Group", null=True, on_delete=models.PROTECT, related_name="arrivals"
    )
    day = models.DateField()
    extra = models.PositiveSmallIntegerField()
    arrived_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    annulled_at = models.DateTimeField(null=True)
    op = models.CharField(max_length=36, blank=True, help_text="the tablet's operation that told it")

    objects = GroupArrivalQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return f"{self.extra} more with group {self.group_id}"

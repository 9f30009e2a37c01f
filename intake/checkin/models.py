"""Somebody came, was briefed, left. One row a visit; scans that led nowhere are kept as well."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self

from django.db import models


class VisitQuerySet(models.QuerySet["Visit"]):
    def present(self) -> Self:
        """Here now: arrived and not left (also those out in a team)."""
        return self.filter(left_at__isnull=True, annulled_at__isnull=True)

    def on_day(self, day: date) -> Self:
        return self.filter(day=day, annulled_at__isnull=True)


class Visit(models.Model):
    """One person's stay at an operation, from arrival to leaving. `day` is the local date of arrival."""

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
    flags = models.JSONField(default=list)

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["arrived_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["operation", "volunteer"],
                condition=models.Q(left_at__isnull=True, annulled_at__isnull=True),
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


class FailedScan(models.Model):
    """A scan nobody could use: what was read (cut to 200 characters), where, and why not. Nothing is dropped."""

    operation = models.ForeignKey(
        "operations.Operation", on_delete=models.PROTECT, related_name="failed_scans"
    )
    device = models.ForeignKey("accounts.Device", null=True, on_delete=models.PROTECT, related_name="+")
    raw = models.CharField(max_length=200)
    code = models.CharField(max_length=30)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"failed scan {self.code}"

"""Append-only records. Rows are never changed or deleted: a database trigger says so as well (migration 0002)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class EntryQuerySet(models.QuerySet["Entry"]):
    def of_operation(self, operation_id: int) -> EntryQuerySet:
        return self.filter(operation_id=operation_id)

    def about(self, subject: models.Model) -> EntryQuerySet:
        return self.filter(subject_type=subject._meta.label_lower, subject_id=str(subject.pk))


class Entry(models.Model):
    """One change: who did what to which row, when it happened (`at`) and when it was written.

    `details` holds ids, codes and states only, never a name, phone number or address, so that the log
    can be kept when the person has been erased. What there is of an operation makes its version (`services.version_of`).
    """

    center = models.ForeignKey("operations.Center", null=True, on_delete=models.PROTECT, related_name="+")
    operation = models.ForeignKey(
        "operations.Operation", null=True, on_delete=models.PROTECT, related_name="+"
    )
    actor = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("accounts.Device", null=True, on_delete=models.PROTECT, related_name="+")
    via = models.CharField(max_length=20, default="desk")
    action = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=40)
    details = models.JSONField(default=dict)
    at = models.DateTimeField()
    written_at = models.DateTimeField(auto_now_add=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["operation", "-id"], name="audit_newest_of_operation"),
            models.Index(fields=["subject_type", "subject_id"], name="audit_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type}:{self.subject_id}"


class Look(models.Model):
    """Somebody read personal data: who, of whom, which field classes, why (source: reliability.md §4).

    Kept apart from `Entry` so that reading does not move the operation's version and refresh every board.
    """

    actor = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("accounts.Device", null=True, on_delete=models.PROTECT, related_name="+")
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=40)
    classes = models.CharField(max_length=40)
    why = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["subject_type", "subject_id"], name="looks_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.classes} of {self.subject_type}:{self.subject_id}"

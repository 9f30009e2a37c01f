"""A photo as it is kept."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import ClassVar, Final, Self

from django.conf import settings
from django.db import models

from dvc.accounts.roles import May


class Purpose(models.TextChoices):
    SURVEY = "survey", "現地調査"
    REPORT = "report", "活動報告"
    TOOL = "tool", "資機材・車両"


# Who may look at a photo of each kind.
MAY_SEE: Final[dict[str, May]] = {
    Purpose.SURVEY: May.KEEP_NEEDS,
    Purpose.REPORT: May.DISPATCH,
    Purpose.TOOL: May.DISPATCH,
}


class PhotoQuerySet(models.QuerySet["Photo"]):
    def kept(self) -> Self:
        """Not taken away."""
        return self.filter(removed_at__isnull=True)


class Photo(models.Model):
    """One photo: a JPEG of at most 1600 pixels and a small one, without position, camera or time in the file.

    `sent` is the SHA-256 of the file as it was sent: the same file sent again for the same purpose is the same photo, and
    who told about it before it came (a tablet's record) finds it by that. For another purpose it is a photo of its own: who
    may see it, and how long it stays, hang on what it is for.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    sent = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.PositiveIntegerField()
    added_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("accounts.Device", null=True, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    objects = PhotoQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["added_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["operation", "purpose", "sent"], name="one_photo_per_file_sent"),
        ]

    def __str__(self) -> str:
        return f"photo {self.pk}"

    def path(self, *, small: bool = False) -> Path:
        """Where its file lies."""
        name = f"{self.pk}{'-small' if small else ''}.jpg"
        return Path(settings.MEDIA_ROOT) / "photos" / str(self.pk)[:2] / name

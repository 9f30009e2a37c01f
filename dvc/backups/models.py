"""What was backed up when, and where the file lies."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models


class BackupQuerySet(models.QuerySet["Backup"]):
    def written(self) -> BackupQuerySet:
        """Those whose file is whole and on the disk, newest first."""
        return self.filter(finished_at__isnull=False).order_by("-id")


class Backup(models.Model):
    """One backup, from the wish to the file. A row before a message: it is written by `dvc.outbox`.

    `entry` is the newest audit entry when it was asked for: nothing newer means that nothing changed. `elsewhere` is
    true when the copy in the second folder (BACKUP_TO) was read back; only such a backup survives the laptop.
    """

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    entry = models.BigIntegerField(default=0)
    name = models.CharField(max_length=60, blank=True)
    size = models.BigIntegerField(default=0)
    elsewhere = models.BooleanField(default=False)
    error = models.CharField(max_length=300, blank=True)

    objects = BackupQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"backup {self.pk}"

    def minutes_since(self, at: datetime) -> int:
        """Full minutes since the state that is in it."""
        return max(0, int((at - self.started_at).total_seconds() // 60))

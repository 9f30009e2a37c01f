"""Signs of life, one row per part."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models


class HeartbeatQuerySet(models.QuerySet["Heartbeat"]):
    def ages(self, at: datetime) -> dict[str, timedelta]:
        """How long ago each part last showed life."""
        return {name: at - seen for name, seen in self.values_list("name", "at")}


class Heartbeat(models.Model):
    """The last time a part did a round of its real work; a stuck process stops writing it."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    pid = models.PositiveIntegerField()
    version = models.CharField(max_length=20)

    objects = HeartbeatQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return f"{self.name} {self.at:%H:%M:%S}"

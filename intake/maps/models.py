"""災害地図メモ: a word at a place."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models


class NoteKind(models.TextChoices):
    CLOSED_ROAD = "closed_road", "通行止め"
    HAZARD = "hazard", "危険"
    EVACUATION = "evacuation", "避難する場所"
    DUMP_SITE = "dump_site", "仮置場"
    WAY_IN = "way_in", "入口・行き方"
    PARKING = "parking", "駐車できる所"
    TOILET = "toilet", "トイレ・水"
    OTHER = "other", "その他"


class MapNoteQuerySet(models.QuerySet["MapNote"]):
    def on_the_map(self) -> Self:
        """Not taken away."""
        return self.filter(removed_at__isnull=True)


class MapNote(models.Model):
    """`lat`, `lng`: degrees WGS84. One that was taken away stays with who did it and why."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="map_notes")
    kind = models.CharField("種類", max_length=12, choices=NoteKind.choices)
    text = models.CharField("書くこと", max_length=200)
    lat = models.FloatField()
    lng = models.FloatField()
    added_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    removed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True)
    removed_reason = models.CharField(max_length=120, blank=True)

    objects = MapNoteQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-added_at", "-id"]

    def __str__(self) -> str:
        return f"map note {self.pk}"

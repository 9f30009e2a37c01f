"""One table of background work. The Celery message is only a hint; this row is the truth."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Final

from django.conf import settings
from django.db import models

# A minute more than any lease: what ends later was taken while the clock was ahead.
LONGEST_LEASE: Final = timedelta(seconds=settings.OUTBOX_LEASE_SECONDS, minutes=1)


class State(models.TextChoices):
    PENDING = "pending", "待ち"
    RUNNING = "running", "実行中"
    DONE = "done", "済み"
    PARKED = "parked", "要確認"


class RowQuerySet(models.QuerySet["Row"]):
    def due(self, at: datetime) -> RowQuerySet:
        """Rows to (re)publish: pending and ripe, or running under a lease that ran out, or that nobody can have. Who works
        under such a one, because the clock was put right meanwhile, is fenced off like anybody who was too slow."""
        ripe = models.Q(state=State.PENDING) & (models.Q(run_after=None) | models.Q(run_after__lte=at))
        over = models.Q(lease_until__lt=at) | models.Q(lease_until__gt=at + LONGEST_LEASE)
        return self.filter(ripe | models.Q(over, state=State.RUNNING))


class Row(models.Model):
    """A piece of work. `kind` is a key of settings.OUTBOX_HANDLERS; `object_id` is all the payload there is.

    `run_after` None means at once; all times here are real ones, also for a drill whose clock runs ahead. `published_at`:
    when the broker was last told of it; None while no hint is on its way.
    `lease_epoch` is the fence: a worker that slept past its lease finds the epoch moved on and commits nothing.
    """

    kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=40)
    dedupe_key = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    run_after = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_epoch = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)

    objects = RowQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "dedupe_key"], name="one_outbox_row_per_kind_and_key"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "run_after"], name="outbox_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.dedupe_key} {self.state}"

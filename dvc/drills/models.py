"""A played drill: the scenario, its clock, and which scripted steps have been carried out."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class DrillState(models.TextChoices):
    PLAYING = "playing", "進行中"
    PAUSED = "paused", "一時停止"
    FINISHED = "finished", "終了"
    PURGED = "purged", "消去済み"


class Drill(models.Model):
    """A scenario being played in a drill operation, whose clock is the operation's.

    `clock_start`: what the drill's clock read at the first step; `next_step`: index of the first step not yet
    carried out; `stretch` counts the outbox rows put for it.
    """

    operation = models.OneToOneField("operations.Operation", on_delete=models.PROTECT, related_name="drill")
    scenario = models.CharField(max_length=40)
    seed = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=DrillState.choices, default=DrillState.PLAYING)
    clock_start = models.DateTimeField()
    next_step = models.PositiveIntegerField(default=0)
    steps_total = models.PositiveIntegerField(default=0)
    stretch = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"drill {self.pk}"


class StepDone(models.Model):
    """A scripted step that was carried out, once: what, when on the drill's clock, what came of it."""

    drill = models.ForeignKey(Drill, on_delete=models.CASCADE, related_name="steps")
    index = models.PositiveIntegerField()
    kind = models.CharField(max_length=30)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["index"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["drill", "index"], name="one_run_per_scripted_step"),
        ]

    def __str__(self) -> str:
        return f"step {self.index}"

"""Runs, their stops, who sits in them; dump sites and their queues."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

# A team is out for about so long: a vehicle that goes with one now is not back before.
KEPT_AHEAD: Final = timedelta(hours=4)


class RunState(models.TextChoices):
    PLANNED = "planned", "これから"
    LEFT = "left", "運行中"
    BACK = "back", "戻りました"
    CANCELLED = "cancelled", "取りやめ"


class RunQuerySet(models.QuerySet["Run"]):
    def open(self) -> Self:
        """Planned, or on its way."""
        return self.filter(state__in=[RunState.PLANNED, RunState.LEFT])

    def on_the_way(self) -> Self:
        return self.filter(state=RunState.LEFT)

    def keeping(self, at: datetime) -> Self:
        """Those whose vehicle no team gets at `at`: on their way, or to leave that day within the next hours."""
        soon = Q(state=RunState.PLANNED, day__gte=timezone.localdate(at), planned_at__lte=at + KEPT_AHEAD)
        return self.filter(Q(state=RunState.LEFT) | soon)


class Run(models.Model):
    """One round of a vehicle on one day, from the center along its stops and back. `driver` is a volunteer who is here,
    or a member of staff by name."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="runs")
    vehicle = models.ForeignKey("equipment.Vehicle", on_delete=models.PROTECT, related_name="runs")
    day = models.DateField()
    driver = models.ForeignKey("volunteers.Volunteer", null=True, on_delete=models.PROTECT, related_name="+")
    driver_name = models.CharField("運転する職員", max_length=40, blank=True)
    planned_at = models.DateTimeField("出る時刻")
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.PLANNED)
    left_at = models.DateTimeField(null=True)
    back_at = models.DateTimeField(null=True)
    reason = models.CharField("取りやめた理由", max_length=120, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["planned_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["vehicle"], condition=models.Q(state="left"), name="one_run_of_a_vehicle_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(driver__isnull=False) | ~models.Q(driver_name=""),
                name="a_run_has_a_driver",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def who(self) -> str:
        return self.driver.name if self.driver else self.driver_name


class Stop(models.Model):
    """Where a run stops, in order; position 0 is the center. `passed_at` is told by the driver or the desk."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="stops")
    position = models.PositiveSmallIntegerField()
    name = models.CharField("停まる所", max_length=60)
    passed_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["run", "position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["run", "position"], name="one_stop_per_position"),
        ]

    def __str__(self) -> str:
        return f"stop {self.position} of {self.run_id}"


class Boarding(models.Model):
    """`heads` of a team ride from the stop at `off_from` to the one at `off_to` (positions)."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="boardings")
    team = models.ForeignKey("teams.Team", on_delete=models.PROTECT, related_name="boardings")
    on = models.PositiveSmallIntegerField("乗る所")
    off = models.PositiveSmallIntegerField("降りる所")
    heads = models.PositiveSmallIntegerField("人数")

    class Meta:
        ordering: ClassVar[list[str]] = ["on", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["run", "team", "on"], name="a_team_gets_on_once_at_a_stop"),
            models.CheckConstraint(
                condition=models.Q(off__gt=models.F("on"), heads__gte=1), name="one_gets_off_after_getting_on"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.heads} of {self.team_id} in {self.run_id}"


class DumpSite(models.Model):
    """A place disaster waste is brought to (仮置場). `hours` and `takes` as they are said to drivers."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="dump_sites")
    name = models.CharField("名前", max_length=60)
    address = models.CharField("住所", max_length=120, blank=True)
    hours = models.CharField("開いている時間", max_length=60, blank=True)
    takes = models.CharField("出せるもの・注意", max_length=120, blank=True)
    closed = models.BooleanField("いまは使えない", default=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["operation", "name"], name="one_dump_site_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class DumpQueue(models.Model):
    """Somebody waited so long at a dump site. `by_driver`: told from a driver's own phone, which calls it `op`; sent again,
    it is the same."""

    site = models.ForeignKey(DumpSite, on_delete=models.CASCADE, related_name="queues")
    minutes = models.PositiveSmallIntegerField("待った時間（分）")
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    by_driver = models.BooleanField(default=False)
    op = models.UUIDField(null=True, unique=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.minutes} min at {self.site_id}"

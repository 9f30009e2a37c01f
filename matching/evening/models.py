"""A day that was closed, and what it was closed without."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models


class Kind(models.TextChoices):
    """What has to be back in the evening."""

    HEAD = "head", "人"
    NAMELESS = "nameless", "名前のない人"
    TEAM = "team", "班"
    SHEET = "sheet", "紙"
    TOOL = "tool", "資機材"
    VEHICLE = "vehicle", "センターの車"


class DayClosingQuerySet(models.QuerySet["DayClosing"]):
    def standing(self) -> Self:
        """Not opened again."""
        return self.filter(reopened_at__isnull=True)


class DayClosing(models.Model):
    """Somebody closed a day of an operation. `figures`: for each kind how many were out, back and missing at that moment.
    Opening it again leaves the row, with who and why."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    figures = models.JSONField(default=dict)
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    reopened_at = models.DateTimeField(null=True)
    reopened_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    reopen_reason = models.CharField(max_length=120, blank=True)

    objects = DayClosingQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-closed_at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["operation", "day"],
                condition=models.Q(reopened_at__isnull=True),
                name="one_standing_closing_per_day",
            ),
        ]

    def __str__(self) -> str:
        return f"closing of {self.day}"


class NamedExceptionQuerySet(models.QuerySet["NamedException"]):
    def standing(self) -> Self:
        """Neither settled nor taken back."""
        return self.filter(settled_at__isnull=True)


class NamedException(models.Model):
    """Something that is not back and that a person answers for: who told them (`told_by`), and the reason. It stands, on
    every further day's list, until what is missing is there or the person takes it back.

    `key`: the row that is missing, as the ledger names it. `visit`: of a person, who it is; `what`: everything else in
    words, without anybody's name. It speaks of `count` at most (None: of a time when nobody counted) and, of a team, of the
    `stage` it was in ("": as well): more than was explained, or a team that has left since, is not explained.
    """

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    key = models.CharField(max_length=60)
    visit = models.ForeignKey("checkin.Visit", null=True, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=120, blank=True)
    count = models.PositiveIntegerField(null=True)
    stage = models.CharField(max_length=10, blank=True)
    told_by = models.CharField("だれから聞いたか", max_length=60)
    reason = models.CharField("理由", max_length=200)
    day = models.DateField(help_text="the day that was being closed")
    said_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    said_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    taken_back = models.BooleanField(default=False)

    objects = NamedExceptionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["said_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["operation", "key"],
                condition=models.Q(settled_at__isnull=True),
                name="one_standing_exception_per_thing",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason="") & ~models.Q(told_by=""),
                name="an_exception_has_a_reason_and_a_name",
            ),
        ]

    def __str__(self) -> str:
        return f"exception {self.key}"

    def covers(self, *, count: int, stage: str) -> bool:
        """Whether it speaks of so many, of a team at this stage."""
        return (self.count is None or count <= self.count) and self.stage in ("", stage)


class Certificate(models.Model):
    """ボランティア活動証明書: `days` days between `first` and `last`, `half_hours` half hours in all, as they were then."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="+")
    volunteer = models.ForeignKey("volunteers.Volunteer", on_delete=models.PROTECT, related_name="+")
    serial = models.PositiveIntegerField()
    first = models.DateField()
    last = models.DateField()
    days = models.PositiveSmallIntegerField()
    half_hours = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["serial"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["operation", "serial"], name="one_certificate_per_serial"),
        ]

    def __str__(self) -> str:
        return f"certificate {self.serial}"

    @property
    def hours(self) -> str:
        """「12.5」, or 「12」."""
        return f"{self.half_hours / 2:g}"


class MotorwayStamp(models.Model):
    """The center confirmed on somebody's motorway form that they were here on that day (災害派遣等従事車両)."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="+")
    volunteer = models.ForeignKey("volunteers.Volunteer", on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    plate = models.CharField("車の番号", max_length=20)
    stamped_at = models.DateTimeField()
    stamped_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["stamped_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["operation", "volunteer", "day"], name="one_motorway_stamp_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"stamp for {self.volunteer_id} on {self.day}"

"""When the desk worked on paper, which numbered sheets left the printer, and what was written on each line."""

from __future__ import annotations

from typing import ClassVar, Final, Self

from django.db import models

ROSTER_LINES: Final = 20


class PaperPeriod(models.Model):
    """「9:40–11:10 は紙で受け付けました」. `ended_at` is empty while it lasts."""

    operation = models.ForeignKey(
        "operations.Operation", on_delete=models.PROTECT, related_name="paper_periods"
    )
    started_at = models.DateTimeField("紙にした時刻")
    ended_at = models.DateTimeField("紙をやめた時刻", null=True)
    reason = models.CharField("理由", max_length=120)
    recorded_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-started_at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | models.Q(ended_at__gte=models.F("started_at")),
                name="paper_does_not_end_before_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"paper period {self.pk}"


class SheetKind(models.TextChoices):
    FORM = "form", "受付票"
    ROSTER = "roster", "名簿"
    LIST = "list", "一覧"
    REQUEST = "request", "困りごとの受付票"


class SheetState(models.TextChoices):
    OUT = "out", "まだ戻っていない"
    IN = "in", "戻った"
    UNUSED = "unused", "使わなかった"
    LOST = "lost", "なくした"


class PaperSheetQuerySet(models.QuerySet["PaperSheet"]):
    def blank(self) -> Self:
        """Forms and rosters: sheets volunteers are written on."""
        return self.filter(kind__in=[SheetKind.FORM, SheetKind.ROSTER])

    def of_reception(self) -> Self:
        """All but the request sheets: those are the needs desk's, and only typing one brings it in."""
        return self.exclude(kind=SheetKind.REQUEST)

    def requests(self) -> Self:
        """Sheets a call for help is written on."""
        return self.filter(kind=SheetKind.REQUEST)

    def missing(self) -> Self:
        """Printed, and nobody has said what became of them."""
        return self.filter(state=SheetState.OUT)


class PaperSheet(models.Model):
    """One printed page. `serial` counts from 1 in the operation, over all kinds, without a gap."""

    operation = models.ForeignKey(
        "operations.Operation", on_delete=models.PROTECT, related_name="paper_sheets"
    )
    serial = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=SheetKind.choices)
    title = models.CharField(max_length=40, blank=True)
    printed_at = models.DateTimeField()
    printed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=SheetState.choices, default=SheetState.OUT)
    reason = models.CharField(max_length=120, blank=True)
    settled_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True)
    period = models.ForeignKey(PaperPeriod, null=True, on_delete=models.PROTECT, related_name="sheets")
    need = models.ForeignKey(
        "help_requests.Need", null=True, on_delete=models.PROTECT, related_name="paper_sheets"
    )
    form_token = models.UUIDField(
        null=True, editable=False,
        help_text="of the first sheet of a printing: the form it came from; sent twice, printed once",
    )  # fmt: skip

    objects = PaperSheetQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["serial"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["operation", "serial"], name="one_sheet_per_serial"),
            models.UniqueConstraint(fields=["operation", "form_token"], name="one_printing_per_form"),
        ]

    def __str__(self) -> str:
        return f"sheet {self.serial}"

    @property
    def line_count(self) -> int:
        """How many people fit on it."""
        return {SheetKind.FORM: 1, SheetKind.ROSTER: ROSTER_LINES}.get(SheetKind(self.kind), 0)


class PaperLine(models.Model):
    """What was typed from one line of one sheet, kept as typed even before it makes sense.

    `problem`: why it is no visit yet (a key of `WORDS` in services.py), empty once it is. `known_at`: when a tablet
    had received the same person already, if that was at another minute.
    """

    sheet = models.ForeignKey(PaperSheet, on_delete=models.CASCADE, related_name="lines")
    line = models.PositiveSmallIntegerField()
    who = models.CharField(max_length=60, blank=True)
    arrive = models.CharField(max_length=20, blank=True)
    leave = models.CharField(max_length=20, blank=True)
    volunteer = models.ForeignKey(
        "volunteers.Volunteer", null=True, on_delete=models.PROTECT, related_name="+"
    )
    arrived_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=20, blank=True)
    known_at = models.DateTimeField(null=True)
    keyed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    keyed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["sheet_id", "line"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["sheet", "line"], name="one_entry_per_line"),
        ]

    def __str__(self) -> str:
        return f"line {self.line} of sheet {self.sheet_id}"

    @property
    def is_applied(self) -> bool:
        return self.arrived_at is not None and not self.problem

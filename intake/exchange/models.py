"""An import from the file to its undoing, and how the columns of such a file were read last time."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from dvc.audit.services import By
from intake.exchange.columns import Kind


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", "列を選ぶ"
    CHECKING = "checking", "確かめています"
    CHECKED = "checked", "取り込み前"
    IMPORTING = "importing", "取り込んでいます"
    DONE = "done", "取り込み済み"
    UNDOING = "undoing", "取り消しています"
    UNDONE = "undone", "取り消し済み"
    STOPPED = "stopped", "取り込めません"
    DISCARDED = "discarded", "やめました"


AT_WORK: frozenset[str] = frozenset({ImportState.CHECKING, ImportState.IMPORTING, ImportState.UNDOING})


class Import(models.Model):
    """One file on its way in. The file itself is dropped once it has been taken in or given up.

    `mapping`: column index (as text) → field code. `upto`: the last line of the file that the present work has done;
    it moves in the transaction of the effect, so that a killed worker goes on where it stood. `slices` counts pieces of
    work, each an outbox row. `counts`: outcome → rows.
    """

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="imports")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField("ファイル名", max_length=200)
    content = models.BinaryField(null=True)
    size = models.PositiveIntegerField()
    shape = models.JSONField(default=dict)
    headers = models.JSONField(default=list)
    header_row = models.PositiveIntegerField(default=1)
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED)
    stopped_by = models.CharField("取り込めない理由", max_length=300, blank=True)
    upto = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    slices = models.PositiveIntegerField(default=0)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["operation", "-id"], name="imports_of_operation"),
        ]

    def __str__(self) -> str:
        return f"import {self.pk}"

    @property
    def is_at_work(self) -> bool:
        return self.state in AT_WORK

    @property
    def taker(self) -> By:
        """Who takes the lines in, for the log."""
        return By(user=self.by, via="import")

    @property
    def percent(self) -> int:
        return min(100, 100 * self.rows_done // self.rows_total) if self.rows_total else 0


class Outcome(models.TextChoices):
    """What becomes of a line. The first four come of the check, the others of taking in and undoing."""

    NEW = "new", "取り込む"
    SAME = "same", "前に取り込み済み"
    REPEATED = "repeated", "同じ内容の行"
    WRONG = "wrong", "直すところがある"
    DONE = "done", "取り込んだ"
    STAYS = "stays", "取り消せない"
    UNDONE = "undone", "取り消した"


class ImportRow(models.Model):
    """One line of a file. `said` and what is quoted in `remarks` go when the import is over; who the line was stays.

    `taken` is its identity while what it made is there (else null): by the file's own number or by its content, within
    the operation. `remarks`: [column, code, sentence].
    """

    imported = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    key = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    taken = models.CharField(max_length=140, null=True, unique=True)  # noqa: DJ001 - null is "not taken", and many are
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    said = models.JSONField(default=dict)
    remarks = models.JSONField(default=list)
    need = models.ForeignKey("help_requests.Need", null=True, on_delete=models.SET_NULL, related_name="+")
    household = models.ForeignKey("people.Household", null=True, on_delete=models.SET_NULL, related_name="+")
    person = models.ForeignKey("people.Person", null=True, on_delete=models.SET_NULL, related_name="+")
    caller = models.ForeignKey("people.Person", null=True, on_delete=models.SET_NULL, related_name="+")
    volunteer = models.ForeignKey(
        "volunteers.Volunteer", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    need_version = models.PositiveIntegerField(default=0)
    why = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["imported", "number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["imported", "number"], name="one_row_per_line"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["imported", "outcome", "number"], name="import_rows_by_outcome"),
        ]

    MADE: ClassVar[tuple[str, ...]] = ("need", "household", "person", "caller", "volunteer")

    def __str__(self) -> str:
        return f"{self.imported}: line {self.number}"

    def forget(self) -> None:
        """What the line made is not there (any more)."""
        for name in self.MADE:
            setattr(self, name, None)


class ColumnMapping(models.Model):
    """How a center read the columns of files with these headings last time: heading's key → field code."""

    center = models.ForeignKey("operations.Center", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    headings = models.CharField(max_length=64, help_text="digest of the set of headings")
    columns = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["center", "kind", "headings"], name="one_mapping_per_set_of_headings"
            ),
        ]

    def __str__(self) -> str:
        return f"mapping {self.pk}"

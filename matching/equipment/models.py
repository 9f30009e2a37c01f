"""Tools and vehicles the center can lend to a team."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self

from django.db import models

from dvc.core import short_code
from intake.help_requests.models import Tool
from intake.volunteers.models import VehicleKind


class ToolStock(models.Model):
    """How many of a tool a site has in this operation: `count` of them, `out` lent and `broken` lying here included.
    Pieces with a number of their own (`ToolItem`) are not in it."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.CASCADE, related_name="tool_stock")
    site = models.ForeignKey("operations.Site", on_delete=models.PROTECT, related_name="+")
    tool = models.CharField(max_length=12, choices=Tool.choices)
    count = models.PositiveIntegerField("在庫")
    out = models.PositiveIntegerField("貸出中", default=0)
    broken = models.PositiveIntegerField("こわれている", default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["site_id", "tool"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["operation", "site", "tool"], name="one_stock_row_per_tool"),
            models.CheckConstraint(
                condition=models.Q(count__gte=models.F("out") + models.F("broken")),
                name="a_site_lends_no_more_than_it_has",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tool} × {self.count}"

    @property
    def free(self) -> int:
        """How many can be lent now."""
        return self.count - self.out - self.broken


class Condition(models.TextChoices):
    """How a numbered piece is. Whether it is lent says its open loan."""

    FINE = "fine", "使える"
    BROKEN = "broken", "こわれている"
    LOST = "lost", "見つからない"
    RETIRED = "retired", "もう使わない"


class ToolItemQuerySet(models.QuerySet["ToolItem"]):
    def kept(self) -> Self:
        """Those that are still the center's concern."""
        return self.exclude(condition=Condition.RETIRED)


class ToolItem(models.Model):
    """A piece with a number and a card of its own: チェーンソー 2号. `token` is what its QR card says, `short_code` what
    stands under the symbol."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.CASCADE, related_name="tool_items")
    site = models.ForeignKey("operations.Site", on_delete=models.PROTECT, related_name="+")
    tool = models.CharField("資機材", max_length=12, choices=Tool.choices)
    number = models.PositiveIntegerField("号")
    about = models.CharField("型・持ち主", max_length=60, blank=True)
    card_id = models.CharField(max_length=32, unique=True)
    token = models.CharField(max_length=160)
    short_code = models.CharField(max_length=8)
    condition = models.CharField(max_length=8, choices=Condition.choices, default=Condition.FINE)
    condition_note = models.CharField("ようす", max_length=120, blank=True)
    added_at = models.DateTimeField()

    objects = ToolItemQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["tool", "number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["operation", "tool", "number"], name="one_tool_item_per_number"),
            models.UniqueConstraint(fields=["operation", "short_code"], name="one_tool_item_per_short_code"),
        ]

    def __str__(self) -> str:
        return f"{Tool(self.tool).label} {self.number}号"

    @property
    def code(self) -> str:
        """The short code as it is printed."""
        return short_code.display(self.short_code)


class Licence(models.TextChoices):
    """What whoever drives it must hold."""

    AUTOMATIC = "at", "普通免許（AT限定でもよい）"
    ORDINARY = "ordinary", "普通免許（AT限定は不可）"
    SEMI_MEDIUM = "semi", "準中型免許"
    MEDIUM = "medium", "中型免許"
    LARGE = "large", "大型免許"

    def covers(self, needed: str) -> bool:
        """Whether who holds this may drive what asks for `needed`. Each allows all before it."""
        order = list(Licence)
        return order.index(self) >= order.index(Licence(needed))


class LicenceSeen(models.Model):
    """Somebody at the desk has looked at a driver's licence: the largest class that may be driven with it, and the last
    day it is good for. Nothing else of the licence is written down."""

    volunteer = models.OneToOneField(
        "volunteers.Volunteer", on_delete=models.PROTECT, related_name="licence_seen"
    )
    licence = models.CharField("免許", max_length=10, choices=Licence.choices)
    until = models.DateField("有効期限")
    seen_at = models.DateTimeField()
    seen_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"licence of {self.volunteer_id}"


class Vehicle(models.Model):
    """A car or truck of the center's. Whoever drives needs the skill `driver` and full age. `inspection_until` and
    `insured_until`: the last day of its 車検 and of its insurance; `owner` and `return_by`: from whom it is borrowed, and
    until when."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.CASCADE, related_name="vehicles")
    site = models.ForeignKey("operations.Site", on_delete=models.PROTECT, related_name="+")
    name = models.CharField("呼び名", max_length=40)
    kind = models.CharField("種類", max_length=10, choices=VehicleKind.choices)
    seats = models.PositiveSmallIntegerField("乗れる人数（運転者を含む）")
    available = models.BooleanField("使える", default=True)
    licence = models.CharField("要る免許", max_length=10, choices=Licence.choices, blank=True)
    inspection_until = models.DateField("車検の満了日", null=True)
    insured_until = models.DateField("自動車保険の満期日", null=True)
    owner = models.CharField("借りた先", max_length=60, blank=True)
    return_by = models.DateField("返す日", null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.name

    def inspection_over(self, day: date) -> bool:
        """Nobody may drive it on that day."""
        return self.inspection_until is not None and self.inspection_until < day

    def insurance_over(self, day: date) -> bool:
        """It has no insurance on that day: nobody may drive it."""
        return self.insured_until is not None and self.insured_until < day

    def to_be_returned(self, day: date) -> bool:
        """It was lent to the center until a day before that one."""
        return self.return_by is not None and self.return_by < day


class Damage(models.Model):
    """A vehicle, a numbered piece, or one of a counted tool is damaged: how, with a photo, and `how` it was settled."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.CASCADE, related_name="damages")
    vehicle = models.ForeignKey(Vehicle, null=True, on_delete=models.CASCADE, related_name="damages")
    item = models.ForeignKey(ToolItem, null=True, on_delete=models.CASCADE, related_name="damages")
    tool = models.CharField(max_length=12, choices=Tool.choices, blank=True)
    note = models.CharField("ようす", max_length=200)
    photo = models.ForeignKey("photos.Photo", null=True, on_delete=models.SET_NULL, related_name="+")
    told_at = models.DateTimeField()
    told_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    how = models.CharField("どうなったか", max_length=120, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["told_at", "id"]

    def __str__(self) -> str:
        return f"damage {self.pk}"

    @property
    def what(self) -> str:
        return str(self.vehicle or self.item or Tool(self.tool).label)

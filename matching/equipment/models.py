"""Tools and vehicles the center can lend to a team."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from intake.help_requests.models import Tool
from intake.volunteers.models import VehicleKind


class ToolStock(models.Model):
    """How many of a tool a site can lend in this operation."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.CASCADE, related_name="tool_stock")
    site = models.ForeignKey("operations.Site", on_delete=models.PROTECT, related_name="+")
    tool = models.CharField(max_length=12, choices=Tool.choices)
    count = models.PositiveIntegerField("在庫")

    class Meta:
        ordering: ClassVar[list[str]] = ["site_id", "tool"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["operation", "site", "tool"], name="one_stock_row_per_tool"),
        ]

    def __str__(self) -> str:
        return f"{self.tool} × {self.count}"


class Vehicle(models.Model):
    """A car or truck of the center's. Whoever drives needs the skill `driver` and full age."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.CASCADE, related_name="vehicles")
    site = models.ForeignKey("operations.Site", on_delete=models.PROTECT, related_name="+")
    name = models.CharField("呼び名", max_length=40)
    kind = models.CharField("種類", max_length=10, choices=VehicleKind.choices)
    seats = models.PositiveSmallIntegerField("乗れる人数（運転者を含む）")
    available = models.BooleanField("使える", default=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.name

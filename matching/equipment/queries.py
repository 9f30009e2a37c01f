"""What is there to lend."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from dvc.operations.models import Operation, Site
from intake.help_requests.models import Tool
from matching.equipment.models import LicenceSeen, ToolItem, ToolStock, Vehicle


@dataclass(frozen=True, slots=True)
class Row:
    """One tool at a site: what is counted, out and broken, and how many of its pieces have numbers of their own."""

    tool: str
    label: str
    count: int = 0
    out: int = 0
    broken: int = 0
    numbered: int = 0

    @property
    def free(self) -> int:
        return self.count - self.out - self.broken


@dataclass(frozen=True, slots=True)
class Shelf:
    """The tools of one site, every kind, in the order of `Tool`."""

    site: Site
    rows: tuple[Row, ...]


def shelves(operation: Operation) -> list[Shelf]:
    """Every site with every tool; what was never counted is 0. Three queries."""
    counted = {(row.site_id, row.tool): row for row in ToolStock.objects.filter(operation=operation)}
    numbered = Counter(ToolItem.objects.kept().filter(operation=operation).values_list("site_id", "tool"))
    return [
        Shelf(
            site,
            tuple(
                _row(tool, counted.get((site.pk, tool.value)), numbered[site.pk, tool.value]) for tool in Tool
            ),
        )
        for site in Site.objects.filter(center_id=operation.center_id)
    ]


def _row(tool: Tool, stock: ToolStock | None, numbered: int) -> Row:
    if stock is None:
        return Row(tool.value, str(tool.label), numbered=numbered)
    return Row(tool.value, str(tool.label), stock.count, stock.out, stock.broken, numbered)


SOON: Final = timedelta(days=14)


def vehicles(operation: Operation, *, day: date) -> list[Vehicle]:
    """The center's vehicles in this operation, each with its `warnings` on that day. One query."""
    found = list(Vehicle.objects.filter(operation=operation).select_related("site"))
    for vehicle in found:
        vehicle.warnings = warnings(vehicle, day)  # type: ignore[attr-defined]  # for the template
    return found


def warnings(vehicle: Vehicle, day: date) -> list[str]:
    """「車検が切れています」 and the like, the gravest first."""
    said = []
    if vehicle.inspection_over(day):
        said.append("車検が切れています")
    elif vehicle.inspection_until and vehicle.inspection_until - day <= SOON:
        said.append(f"車検は{vehicle.inspection_until:%-m月%-d日}まで")
    if vehicle.insurance_over(day):
        said.append("自動車保険が切れています")
    elif vehicle.insured_until and vehicle.insured_until - day <= SOON:
        said.append(f"自動車保険は{vehicle.insured_until:%-m月%-d日}まで")
    if vehicle.to_be_returned(day):
        said.append("返す日を過ぎています")
    elif vehicle.return_by and vehicle.return_by - day <= SOON:
        said.append(f"{vehicle.return_by:%-m月%-d日}に返す")
    return said


def looks_at_licences(operation: Operation) -> bool:
    """Whether the center has begun to look at driving licences: it has written one down, or a vehicle asks for one. Two
    queries at most."""
    seen = LicenceSeen.objects.filter(volunteer__center=operation.center_id)
    return seen.exists() or Vehicle.objects.filter(operation=operation).exclude(licence="").exists()

"""What is there to lend."""

from __future__ import annotations

from dataclasses import dataclass

from dvc.operations.models import Operation, Site
from intake.help_requests.models import Tool
from matching.equipment.models import ToolStock, Vehicle


@dataclass(frozen=True, slots=True)
class Shelf:
    """The tools of one site: every kind with its label and count, in the order of `Tool`."""

    site: Site
    rows: tuple[tuple[str, str, int], ...]


def shelves(operation: Operation) -> list[Shelf]:
    """Every site with every tool; what was never counted is 0. Two queries."""
    counted: dict[tuple[int, str], int] = {
        (row.site_id, row.tool): row.count for row in ToolStock.objects.filter(operation=operation)
    }
    return [
        Shelf(
            site, tuple((tool.value, str(tool.label), counted.get((site.pk, tool.value), 0)) for tool in Tool)
        )
        for site in Site.objects.filter(center_id=operation.center_id)
    ]


def vehicles(operation: Operation) -> list[Vehicle]:
    """The center's vehicles in this operation. One query."""
    return list(Vehicle.objects.filter(operation=operation).select_related("site"))

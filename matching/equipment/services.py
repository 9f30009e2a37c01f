"""What a site can lend in an operation: how many of each tool, and which vehicles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation, Site
from intake.help_requests.models import Tool
from intake.volunteers.models import VehicleKind
from matching.equipment.models import ToolStock, Vehicle

MOST = 9999
MOST_SEATS = 60


@transaction.atomic
def set_stock(operation: Operation, *, site: Site, counts: Mapping[str, int], by: By, at: datetime) -> int:
    """Say how many of each tool a site has. Tools not named keep their count. Returns how many counts changed.

    Raises `Refused`: equipment.unknown_tool, equipment.count.
    """
    known = dict(ToolStock.objects.filter(operation=operation, site=site).values_list("tool", "count"))
    changed = {}
    for tool, count in counts.items():
        if tool not in Tool.values:
            raise Refused("equipment.unknown_tool")
        if not 0 <= count <= MOST:
            raise Refused("equipment.count", tool=Tool(tool).label, most=MOST)
        if known.get(tool, 0) != count:
            changed[tool] = count
            ToolStock.objects.update_or_create(
                operation=operation, site=site, tool=tool, defaults={"count": count}
            )
    if changed:
        record("equipment.stock_set", site, by=by, at=at, operation=operation, counts=changed)
    return len(changed)


@transaction.atomic
def add_vehicle(
    operation: Operation, *, site: Site, name: str, kind: str, seats: int, by: By, at: datetime
) -> Vehicle:
    """A car or truck of the center's. `seats` include the driver's.

    Raises `Refused`: equipment.vehicle_name, equipment.vehicle_kind, equipment.seats.
    """
    name = name.strip()[:40]
    if not name:
        raise Refused("equipment.vehicle_name")
    if kind not in VehicleKind.values or kind == VehicleKind.NONE:
        raise Refused("equipment.vehicle_kind")
    if not 1 <= seats <= MOST_SEATS:
        raise Refused("equipment.seats", most=MOST_SEATS)
    made = Vehicle.objects.create(operation=operation, site=site, name=name, kind=kind, seats=seats)
    record("equipment.vehicle_added", made, by=by, at=at, operation=operation, kind=kind, seats=seats)
    return made


@transaction.atomic
def set_available(vehicle: Vehicle, *, available: bool, by: By, at: datetime) -> None:
    """The vehicle can be used, or cannot (in repair, lent). A team that has it keeps it."""
    if Vehicle.objects.filter(pk=vehicle.pk).exclude(available=available).update(available=available):
        record(
            "equipment.vehicle_available",
            vehicle,
            by=by,
            at=at,
            operation=vehicle.operation,
            available=available,
        )
    vehicle.available = available

"""What a site can lend in an operation: how many of each tool, numbered pieces with their cards, and which vehicles."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from dvc.audit.services import By, record
from dvc.core import card_token, short_code
from dvc.core.card_token import Purpose
from dvc.core.counting import count_up
from dvc.core.refused import Refused
from dvc.operations.models import Operation, Site
from intake.help_requests.models import Tool
from intake.volunteers import cards
from intake.volunteers.models import Card, VehicleKind, Volunteer
from matching.equipment import stock
from matching.equipment.models import Condition, Licence, LicenceSeen, ToolItem, ToolStock, Vehicle

MOST = 9999
MOST_SEATS = 60
MOST_ITEMS = 40  # in one go
# From where a numbered piece may come into each condition. Lending one is not a condition: see matching.loans.
CONDITIONS: Final[dict[Condition, frozenset[Condition]]] = {
    Condition.FINE: frozenset({Condition.BROKEN, Condition.LOST}),
    Condition.BROKEN: frozenset({Condition.FINE, Condition.LOST}),
    Condition.LOST: frozenset({Condition.FINE, Condition.BROKEN}),
    Condition.RETIRED: frozenset({Condition.FINE, Condition.BROKEN, Condition.LOST}),
}


@transaction.atomic
def set_stock(
    operation: Operation, *, site: Site, counts: Mapping[str, int], by: By, at: datetime, reason: str = ""
) -> int:
    """Say how many of each tool a site has, lent and broken ones included. Tools not named keep their count. A number
    that was given before is changed with a reason. Returns how many counts changed.

    Raises `Refused`: equipment.unknown_tool, equipment.count, equipment.reason_needed, equipment.more_are_out.
    """
    known = dict(ToolStock.objects.filter(operation=operation, site=site).values_list("tool", "count"))
    changed = {}
    for tool, count in counts.items():
        if tool not in Tool.values:
            raise Refused("equipment.unknown_tool")
        if not 0 <= count <= MOST:
            raise Refused("equipment.count", tool=Tool(tool).label, most=MOST)
        if known.get(tool, 0) == count:
            continue
        if tool in known and not reason.strip():
            raise Refused("equipment.reason_needed", tool=Tool(tool).label)
        changed[tool] = [known.get(tool, 0), count]
        in_the_way = stock.set_count(operation, site, tool, count)
        if in_the_way is not None:
            raise Refused(
                "equipment.more_are_out", tool=Tool(tool).label, out=in_the_way.out, broken=in_the_way.broken
            )
    if changed:
        record(
            "equipment.stock_set", site, by=by, at=at, operation=operation, counts=changed, reason=reason.strip()[:120]
        )  # fmt: skip
    return len(changed)


@transaction.atomic
def break_stock(
    operation: Operation, *, site: Site, tool: str, count: int, note: str, by: By, at: datetime
) -> None:
    """`count` of a tool that lie at the site are broken: nobody gets them until they are mended.

    Raises `Refused`: equipment.note_needed, equipment.not_so_many_here.
    """
    if not note.strip():
        raise Refused("equipment.note_needed")
    if count < 1 or not stock.break_here(operation, site, tool, count):
        raise Refused("equipment.not_so_many_here", tool=Tool(tool).label)
    record(
        "equipment.broken", site, by=by, at=at, operation=operation, tool=tool, count=count, note=note.strip()[:120]
    )  # fmt: skip


@transaction.atomic
def mend_stock(
    operation: Operation,
    *,
    site: Site,
    tool: str,
    count: int,
    by: By,
    at: datetime,
    thrown_away: bool = False,
) -> None:
    """`count` of the broken ones were mended, or thrown away. Raises `Refused`: equipment.not_so_many_broken."""
    if count < 1 or not stock.mend(operation, site, tool, count, thrown_away=thrown_away):
        raise Refused("equipment.not_so_many_broken", tool=Tool(tool).label)
    action = "equipment.thrown_away" if thrown_away else "equipment.mended"
    record(action, site, by=by, at=at, operation=operation, tool=tool, count=count)


@transaction.atomic
def add_items(
    operation: Operation, *, site: Site, tool: str, count: int, by: By, at: datetime, about: str = "",
    from_stock: bool = True,
) -> list[ToolItem]:  # fmt: skip
    """`count` pieces get numbers and cards of their own. `from_stock`: they were in the site's count until now, and are
    taken out of it as far as it goes.

    Raises `Refused`: equipment.unknown_tool, equipment.items, card.key_missing.
    """
    if tool not in Tool.values:
        raise Refused("equipment.unknown_tool")
    if not 1 <= count <= MOST_ITEMS:
        raise Refused("equipment.items", most=MOST_ITEMS)
    ids = _fresh_card_ids(operation, count)
    tokens = cards.sign(operation.center, list(ids.values()), purpose=Purpose.EQUIPMENT, by=by, at=at)
    made = []
    for (code, card_id), token in zip(ids.items(), tokens, strict=True):

        def make(number: int, code: str = code, card_id: bytes = card_id, token: str = token) -> ToolItem:
            return ToolItem.objects.create(
                operation=operation, site=site, tool=tool, number=number, about=about.strip()[:60],
                card_id=card_id.hex(), token=token, short_code=code, added_at=at,
            )  # fmt: skip

        made.append(count_up(ToolItem.objects.filter(operation=operation, tool=tool), "number", make))
        if from_stock:
            stock.number_one(operation, site, tool)
    record(
        "equipment.items_added", site, by=by, at=at, operation=operation, tool=tool, items=[item.pk for item in made],
        from_stock=from_stock,
    )  # fmt: skip
    return made


def _fresh_card_ids(operation: Operation, count: int) -> dict[str, bytes]:
    """Random card ids by short codes that neither a volunteer nor another tool of the center has."""
    fresh: dict[str, bytes] = {}
    while len(fresh) < count:
        card_id = secrets.token_bytes(card_token.CARD_ID_BYTES)
        code = short_code.short_code(card_id)
        people = Card.objects.filter(center=operation.center_id, short_code=code)
        tools = ToolItem.objects.filter(operation__center=operation.center_id, short_code=code)
        if not people.exists() and not tools.exists():
            fresh[code] = card_id
    return fresh


@transaction.atomic
def set_condition(
    item: ToolItem, condition: Condition, *, by: By, at: datetime, note: str = "", lent: bool = False
) -> None:
    """A numbered piece is broken, mended, lost, found or not used any more. Being so already changes nothing.

    Raises `Refused`: equipment.note_needed, equipment.condition, equipment.item_is_out (`lent`: somebody has it).
    """
    fresh = ToolItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
    if fresh.condition == condition:
        return
    if Condition(fresh.condition) not in CONDITIONS[condition]:
        raise Refused("equipment.condition", item=str(item))
    if condition != Condition.FINE and not note.strip():
        raise Refused("equipment.note_needed")
    if lent and condition == Condition.RETIRED:
        raise Refused("equipment.item_is_out", item=str(item))
    ToolItem.objects.filter(pk=item.pk).update(
        condition=condition, condition_note="" if condition == Condition.FINE else note.strip()[:120]
    )
    record(
        "equipment.condition", item, by=by, at=at, operation=item.operation, before=fresh.condition, to=str(condition),
        note=note.strip()[:120],
    )  # fmt: skip
    item.refresh_from_db()


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
def describe_vehicle(
    vehicle: Vehicle, *, licence: str, inspection_until: date | None, owner: str, return_by: date | None, by: By,
    at: datetime, insured_until: date | None = None,
) -> None:  # fmt: skip
    """What a driver has to know and whose the vehicle is. The same again changes nothing. Raises `Refused`:
    equipment.licence."""
    if licence not in ("", *Licence.values):
        raise Refused("equipment.licence")
    said: dict[str, Any] = {
        "licence": licence, "inspection_until": inspection_until, "owner": owner.strip()[:60], "return_by": return_by,
        "insured_until": insured_until,
    }  # fmt: skip
    changed = sorted(name for name, value in said.items() if getattr(vehicle, name) != value)
    if changed:
        Vehicle.objects.filter(pk=vehicle.pk).update(**said)
        record(
            "equipment.vehicle_described", vehicle, by=by, at=at, operation=vehicle.operation, changed=changed
        )
        vehicle.refresh_from_db()


def hold_vehicles(pks: Collection[int]) -> None:
    """Until the end of the transaction nobody else gives these vehicles to a team or a run. In the order of their ids:
    two who want the same ones wait for one another and never dead-lock. (SQLite has one writer anyway.)"""
    if pks:
        list(Vehicle.objects.select_for_update().filter(pk__in=pks).order_by("pk").values_list("pk"))


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


@transaction.atomic
def see_licence(
    volunteer: Volunteer, *, licence: str, until: date | None, by: By, at: datetime
) -> LicenceSeen:
    """The desk has looked at this driver's licence. Raises `Refused`: equipment.licence, equipment.licence_until (none, or
    over by now)."""
    if licence not in Licence.values:
        raise Refused("equipment.licence")
    if until is None or until < timezone.localdate(at):
        raise Refused("equipment.licence_until", name=volunteer.name)
    seen, _ = LicenceSeen.objects.update_or_create(
        volunteer=volunteer, defaults={"licence": licence, "until": until, "seen_at": at, "seen_by": by.user}
    )
    record("equipment.licence_seen", volunteer, by=by, at=at, center_id=volunteer.center_id, licence=licence)
    return seen

"""Tools and vehicles of an operation: one simple page."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from dvc.operations.models import Site
from intake.help_requests.models import Tool
from intake.volunteers.models import VehicleKind
from matching.equipment import queries, services
from matching.equipment.models import Licence, Vehicle


@require_safe
def equipment(request: StaffRequest, operation_id: int) -> HttpResponse:
    """What there is at every site, to be corrected on the spot."""
    return _page(request)


def _page(request: StaffRequest, *, refusal: str = "") -> HttpResponse:
    context = {
        "shelves": queries.shelves(request.operation),
        "vehicles": queries.vehicles(request.operation, day=timezone.localdate(request.now)),
        "licences": Licence.choices,
        "kinds": [choice for choice in VehicleKind.choices if choice[0]],
        "refusal": refusal,
        "section": "matching_board",
    }
    return render(request, "matching/equipment/list.html", context, status=409 if refusal else 200)


@require_POST
def save_stock(request: StaffRequest, operation_id: int, site_id: int) -> HttpResponse:
    """Keep the counts of one site. A field left empty or without a number stays as it was."""
    site = access.of_center(request.center, Site.objects.all(), site_id)
    counts = {
        tool: int(sent)
        for tool in Tool.values
        if (sent := request.POST.get(f"count_{tool}", "").strip()).isdecimal() and len(sent) < 9
    }
    try:
        changed = services.set_stock(
            request.operation,
            site=site,
            counts=counts,
            reason=_text(request, "reason"),
            by=by(request),
            at=request.now,
        )
    except Refused as refused:
        return _page(request, refusal=refused.text)
    messages.success(request, f"{site.name}の数を保存しました（{changed}件を変更）。")
    return redirect("equipment_list", operation_id)


@require_POST
def stock_condition(request: StaffRequest, operation_id: int, site_id: int) -> HttpResponse:
    """Some of a site's tools are broken, were mended, or are thrown away."""
    site = access.of_center(request.center, Site.objects.all(), site_id)
    tool, typed = request.POST.get("tool", ""), request.POST.get("count", "").strip()
    count = int(typed) if typed.isdecimal() and len(typed) < 5 else 0
    what, who, at = request.POST.get("what", ""), by(request), request.now
    try:
        if tool not in Tool.values:
            raise Refused("equipment.unknown_tool")
        if what == "broken":
            note = _text(request, "note")
            services.break_stock(
                request.operation, site=site, tool=tool, count=count, note=note, by=who, at=at
            )
            said = "こわれたと記録しました。直るまで、貸し出しません"
        else:
            gone = what == "thrown_away"
            services.mend_stock(
                request.operation, site=site, tool=tool, count=count, thrown_away=gone, by=who, at=at
            )
            said = "捨てたと記録しました" if gone else "直ったと記録しました。また貸し出せます"
    except Refused as refused:
        return _page(request, refusal=refused.text)
    messages.success(request, f"「{Tool(tool).label}」{count}を{said}。")
    return redirect("equipment_list", operation_id)


def _text(request: StaffRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\x00", "").strip()


@require_POST
def add_vehicle(request: StaffRequest, operation_id: int) -> HttpResponse:
    """One more vehicle."""
    seats = request.POST.get("seats", "").strip()
    site = access.of_center(request.center, Site.objects.all(), request.POST.get("site"))
    try:
        made = services.add_vehicle(
            request.operation,
            site=site,
            name=request.POST.get("name", "").replace("\x00", ""),
            kind=request.POST.get("kind", ""),
            seats=int(seats) if seats.isdecimal() and len(seats) < 4 else 0,
            by=by(request),
            at=request.now,
        )
    except Refused as refused:
        return _page(request, refusal=refused.text)
    messages.success(request, f"「{made.name}」を加えました。")
    return redirect("equipment_list", operation_id)


@require_POST
def describe_vehicle(request: StaffRequest, operation_id: int, vehicle_id: int) -> HttpResponse:
    """Licence, 車検, from whom it is borrowed."""
    vehicle = access.of_operation(request.operation, Vehicle.objects.select_related("operation"), vehicle_id)
    try:
        services.describe_vehicle(
            vehicle, licence=request.POST.get("licence", ""), inspection_until=_day(request, "inspection_until"),
            insured_until=_day(request, "insured_until"), owner=_text(request, "owner"), return_by=_day(request, "return_by"), by=by(request), at=request.now,
        )  # fmt: skip
    except Refused as refused:
        return _page(request, refusal=refused.text)
    messages.success(request, f"「{vehicle.name}」のことを保存しました。")
    return redirect("equipment_list", operation_id)


def _day(request: StaffRequest, name: str) -> date | None:
    """The day of a date field; None for an empty one."""
    typed = request.POST.get(name, "").strip()
    try:
        found = parse_date(typed)
    except ValueError:
        found = None
    if typed and found is None:
        raise Refused("equipment.day")
    return found


@require_POST
def switch_vehicle(request: StaffRequest, operation_id: int, vehicle_id: int) -> HttpResponse:
    """Usable, or not."""
    vehicle = access.of_operation(request.operation, Vehicle.objects.all(), vehicle_id)
    services.set_available(vehicle, available=not vehicle.available, by=by(request), at=request.now)
    word = "使える" if vehicle.available else "使えない"
    messages.success(request, f"「{vehicle.name}」を「{word}」にしました。")
    return redirect("equipment_list", operation_id)

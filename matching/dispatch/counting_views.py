"""What came back after its team: sheets and keys, counted at the desk."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from matching.dispatch import sheet_counts
from matching.dispatch.models import Dispatch
from matching.teams.models import Ride
from matching.teams.services import bring_key


@require_POST
def dispatch_sheets_in(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """So many sheets of this order are here; or will never come, and why."""
    dispatch = access.of_operation(
        request.operation, Dispatch.objects.select_related("operation"), dispatch_id
    )
    count, reason = _number(request), request.POST.get("reason", "").replace("\x00", "")
    lost = "lost" in request.POST
    try:
        sheet_counts.count_in(
            dispatch, back=0 if lost else count, lost=count if lost else 0, reason=reason, by=by(request),
            at=request.now,
        )  # fmt: skip
    except Refused as refused:
        messages.error(request, refused.text)
    else:
        said = "なくしたと記録しました。センター長にも伝えてください" if lost else "受け取りました"
        messages.success(request, f"依頼書No.{dispatch.serial}を{count}枚、{said}。")
    return redirect("dispatch_detail", operation_id, dispatch_id)


def _number(request: StaffRequest) -> int:
    typed = request.POST.get("count", "").strip()
    return int(typed) if typed.isdecimal() and len(typed) < 5 else 0


@require_POST
def dispatch_key(request: StaffRequest, operation_id: int, dispatch_id: int, ride_id: int) -> HttpResponse:
    """The key of a car is here."""
    dispatch = access.of_operation(request.operation, Dispatch.objects.all(), dispatch_id)
    ride = (
        Ride.objects.filter(team=dispatch.team_id, pk=ride_id)
        .select_related("team__operation", "vehicle")
        .first()
    )
    if ride is not None and ride.vehicle is not None:
        bring_key(ride, by=by(request), at=request.now)
        messages.success(request, f"「{ride.vehicle}」のかぎを受け取りました。")
    return redirect("dispatch_detail", operation_id, dispatch_id)

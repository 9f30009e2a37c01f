"""「こわれた・ぶつけた」: tell it with a photo, and what became of it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.core.japanese import normalise_text
from dvc.core.refused import Refused
from dvc.operations.models import Site
from dvc.photos import services as photos
from dvc.photos.models import Photo, Purpose
from intake.help_requests.models import Tool
from matching.equipment import damage
from matching.equipment.models import Damage, ToolItem, Vehicle


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def damage_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """What is damaged, the newest first, and a form for one more."""
    if request.method != "POST":
        return _show(request)
    what = _what(request, request.POST.get("what", ""))
    try:
        made = damage.tell(
            request.operation, what, note=_text(request, "note"), unusable="unusable" in request.POST,
            site=_site(request), photo=_photo(request), by=by(request), at=request.now,
        )  # fmt: skip
    except Refused as refused:
        return _show(request, refusal=refused.text)
    messages.success(request, f"「{made.what}」のことを記録しました。")
    return redirect("damage_list", operation_id)


def _show(request: StaffRequest, *, refusal: str = "") -> HttpResponse:
    rows = Damage.objects.filter(operation=request.operation).select_related(
        "vehicle", "item", "photo", "told_by", "settled_by"
    )
    context = {
        "section": "matching_board",
        "rows": rows.order_by("settled_at", "-told_at"),
        "vehicles": Vehicle.objects.filter(operation=request.operation),
        "items": ToolItem.objects.kept().filter(operation=request.operation),
        "tools": Tool.choices,
        "sites": Site.objects.filter(center=request.center).order_by("pk"),
        "typed": request.POST,
        "refusal": refusal,
    }
    return render(request, "matching/equipment/damage.html", context, status=409 if refusal else 200)


def _site(request: StaffRequest) -> Site:
    """Whose shelf a counted tool is off: the site that was chosen, else the center's first."""
    sites = Site.objects.filter(center=request.center).order_by("pk")
    asked = request.POST.get("site", "")
    return access.of_center(request.center, sites, asked) if asked else sites[0]


def _what(request: StaffRequest, chosen: str) -> Vehicle | ToolItem | Tool:
    kind, _, key = chosen.partition(":")
    if kind == "vehicle":
        return access.of_operation(request.operation, Vehicle.objects.select_related("operation"), key)
    if kind == "item":
        return access.of_operation(request.operation, ToolItem.objects.select_related("operation"), key)
    if kind == "tool" and key in Tool.values:
        return Tool(key)
    raise Http404


def _photo(request: StaffRequest) -> Photo | None:
    file = request.FILES.get("photo")
    if file is None or not file.size:
        return None
    return photos.add(
        request.operation, file, purpose=Purpose.TOOL, size=file.size, by=by(request), at=request.now
    )


def _text(request: StaffRequest, name: str) -> str:
    try:
        return normalise_text(request.POST.get(name, ""))
    except ValueError:
        raise Refused("inbox.text") from None


@require_POST
def damage_settle(request: StaffRequest, operation_id: int, damage_id: int) -> HttpResponse:
    """What became of it."""
    one = access.of_operation(request.operation, Damage.objects.select_related("operation"), damage_id)
    try:
        damage.settle(one, how=_text(request, "how"), by=by(request), at=request.now)
    except Refused as refused:
        return _show(request, refusal=refused.text)
    messages.success(
        request, "片づいたと記録しました。使えるようになったら、「数と車」で使えるにしてください。"
    )
    return redirect("damage_list", operation_id)

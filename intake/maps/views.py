"""The map's page, its data, and its notes."""

from __future__ import annotations

import gzip

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import quote_etag
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.accounts.roles import May
from dvc.core.refused import Refused
from intake.maps import points, services
from intake.maps.forms import NoteForm
from intake.maps.models import MapNote, NoteKind
from intake.maps.points import Sight

NOTES_LISTED = 100
REMOVED_LISTED = 10


def _sight(request: StaffRequest) -> Sight:
    return Sight(
        pins=access.may(request.roles, May.SEE_PINS), needs=access.may(request.roles, May.KEEP_NEEDS)
    )


@never_cache
@require_safe
def area_map(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The map, and its notes as a list for who cannot see it."""
    return _show(request, NoteForm())


def _show(request: StaffRequest, form: NoteForm, *, status: int = 200) -> HttpResponse:
    operation = request.operation
    notes = MapNote.objects.on_the_map().filter(operation=operation).select_related("added_by")
    context = {
        "section": "area_map",
        "form": form,
        "notes": notes[:NOTES_LISTED],
        "removed": MapNote.objects.filter(operation=operation, removed_at__isnull=False)
        .select_related("removed_by")
        .order_by("-removed_at")[:REMOVED_LISTED],
        "sight": _sight(request),
        "points_url": reverse("map_points", args=[operation.pk]),
        "need_url": reverse("need_detail", args=[operation.pk, 0]) if _sight(request).needs else "",
        "kinds": dict(NoteKind.choices),
        "tile_url": settings.MAP_TILE_URL,
        "tile_credit": settings.MAP_TILE_CREDIT,
        "lat": operation.center.lat,
        "lng": operation.center.lng,
    }
    return render(request, "intake/maps/map.html", context, status=status)


@require_safe
def map_points(request: StaffRequest, operation_id: int) -> HttpResponse:
    """What the map draws; 304 while nothing changed."""
    sight = _sight(request)
    etag = quote_etag(points.etag(request.operation, sight))
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    body = points.packed(request.operation, sight)
    zipped = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(body if zipped else gzip.decompress(body), content_type="application/json")
    if zipped:
        response["Content-Encoding"] = "gzip"
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Accept-Encoding", "Cookie"])
    return response


@require_POST
def map_note_add(request: StaffRequest, operation_id: int) -> HttpResponse:
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _show(request, form, status=422)
    said = form.cleaned_data
    try:
        services.add_note(
            request.operation, kind=NoteKind(said["kind"]), text=said["text"], lat=said["latitude"],
            lng=said["longitude"], by=by(request), at=request.now,
        )  # fmt: skip
    except Refused as refused:
        form.add_error(None, refused.text)
        return _show(request, form, status=409)
    messages.success(request, "地図メモを付けました。ほかの人の地図にも出ます。")
    return redirect("area_map", operation_id)


@require_POST
def map_note_remove(request: StaffRequest, operation_id: int, note_id: int) -> HttpResponse:
    """Take it away, or bring it back (`back`)."""
    notes = MapNote.objects.select_related("operation")
    note = access.of_operation(request.operation, notes, note_id)
    if "back" in request.POST:
        services.bring_back(note, by=by(request), at=request.now)
        messages.success(request, "地図メモを元に戻しました。ほかの人の地図にも出ます。")
        return redirect("area_map", operation_id)
    services.remove_note(
        note, reason=request.POST.get("reason", "").strip()[:120], by=by(request), at=request.now
    )
    messages.success(
        request,
        "地図メモを消しました。まちがえたときは、「消したメモ」を開いて「元に戻す」を押してください。",
    )
    return redirect("area_map", operation_id)

"""The leader's pages about tablets, and the page a tablet opens before it is a device."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc import __version__
from dvc.accounts import access
from dvc.accounts import services as accounts
from dvc.accounts.models import Device, User
from dvc.accounts.policy import StaffRequest, by
from dvc.audit.services import looked
from dvc.core import qr, short_code
from dvc.core.http import opens_here_only, outside_address, plain_address
from dvc.devices import holdings
from dvc.devices import pairing as pairings
from dvc.devices.capabilities import sentences
from dvc.devices.forms import PairingForm
from dvc.devices.models import FIELDS, Pairing, PairingState
from dvc.devices.trouble import clock_words, state_of


@never_cache
@require_safe
def device_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The center's tablets, the one in trouble first. Its list alone for the page that asks again."""
    at = timezone.now()
    devices = list(request.center.devices.select_related("registered_by", "operator"))
    live = [
        (device, state_of(device, at=at, app=__version__)) for device in devices if device.revoked_at is None
    ]
    live.sort(key=lambda one: (-one[1].rank, one[0].name))
    context = {
        "live": [(device, state, clock_words(device)) for device, state in live],
        "revoked": [device for device in devices if device.revoked_at is not None],
    }
    page = "_fleet.html" if request.headers.get("HX-Request") else "device_list.html"
    return render(request, f"dvc/devices/{page}", context)


@never_cache
@require_safe
def device_held(request: StaffRequest, operation_id: int, device_id: uuid.UUID) -> HttpResponse:
    """What a tablet was given, for the report of its loss. Looking is logged."""
    at = timezone.now()
    devices = Device.objects.select_related("registered_by", "operator")
    device = access.of_center(request.center, devices, device_id)
    held = list(device.holdings.select_related("operation"))
    names = dict(
        User.objects.filter(pk__in={pk for one in held for pk in one.people}).values_list(
            "pk", "display_name"
        )
    )
    rows = [(one, FIELDS[one.kind], [names[pk] for pk in one.people if pk in names]) for one in held]
    looked(device, by=by(request), classes="V1", why="device held", at=at)
    context = {"device": device, "held": rows, "walked_in": holdings.walk_ins(device), "printed_at": at}
    return render(request, "dvc/devices/device_held.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def device_add(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Name and profile of a new tablet; the next page shows its code."""
    form = PairingForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = pairings.invite(request.operation, **form.chosen(), by=by(request), at=timezone.now())
        return redirect("device_pairing", operation_id, made.pk)
    return render(request, "dvc/devices/device_add.html", {"form": form})


@never_cache
@require_safe
def device_pairing(request: StaffRequest, operation_id: int, pairing_id: uuid.UUID) -> HttpResponse:
    """The code, then the tablet that asks. Polled with `?seen=<state>`: 204 while that is still so."""
    pairing, at = _pairing(request, pairing_id), timezone.now()
    over = pairings.is_over(pairing, at=at)
    seen = f"{pairing.state}{'-over' if over else ''}"
    if request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    page = outside_address(request) + reverse("pair")
    link = f"{page}#{pairings.code_of(pairing)}"
    plain = plain_address() if request.center.plain_reception else ""
    context = {
        "pairing": pairing,
        "seen": seen,
        "over": over,
        "waiting": pairing.state == PairingState.WAITING and not over,
        "asking": pairing.state == PairingState.ASKING and not over,
        "approved": pairing.state == PairingState.APPROVED,
        "refused": pairing.state == PairingState.REFUSED,
        "code": short_code.display(pairings.code_of(pairing)),
        "pair_page": page,
        "plain_page": plain and plain + reverse("pair"),
        # dvc.core.qr escapes its label and draws the rest itself.
        "qr": mark_safe(qr.svg(link, label="端末を登録するQRコード")),  # noqa: S308
        "only_here": opens_here_only(request),
        "cannot": sentences(pairing.capabilities),
    }
    template = "_pairing.html" if request.headers.get("HX-Request") else "device_pairing.html"
    return render(request, f"dvc/devices/{template}", context)


@require_POST
def device_approve(request: StaffRequest, operation_id: int, pairing_id: uuid.UUID) -> HttpResponse:
    """The number on the tablet is the one on this screen."""
    pairings.approve(_pairing(request, pairing_id), by=by(request), at=timezone.now())
    return redirect("device_pairing", operation_id, pairing_id)


@require_POST
def device_refuse(request: StaffRequest, operation_id: int, pairing_id: uuid.UUID) -> HttpResponse:
    """Another tablet than the one in the hand."""
    pairings.refuse(_pairing(request, pairing_id), by=by(request), at=timezone.now())
    return redirect("device_pairing", operation_id, pairing_id)


@require_POST
def device_revoke(request: StaffRequest, operation_id: int, device_id: uuid.UUID) -> HttpResponse:
    """End a lost or broken tablet at once."""
    device = access.of_center(request.center, Device.objects.all(), device_id)
    accounts.revoke_device(device, by=by(request), at=timezone.now())
    messages.success(
        request, f"端末「{device.name}」を使用停止にしました。入っていたものは、下のとおりです。"
    )
    return redirect("device_held", operation_id, device_id)


@never_cache
@require_safe
def pair(request: HttpRequest) -> HttpResponse:
    """What a tablet opens with the QR code (the code is behind the #, which browsers keep to themselves)."""
    return render(request, "dvc/devices/pair.html")


def _pairing(request: StaffRequest, pairing_id: uuid.UUID) -> Pairing:
    return access.of_center(
        request.center, Pairing.objects.select_related("created_by", "device"), pairing_id
    )

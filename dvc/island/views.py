"""Install pages for devices, the check page, and the chief's page about the network."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts.policy import StaffRequest, by
from dvc.core import qr
from dvc.devices.pairing import paired_without_encryption
from dvc.island import profile, services
from dvc.island.authority import fingerprint, read_certificate
from dvc.island.wifi import wifi_text
from dvc.operations import services as operations
from dvc.operations.models import Center

# Address word → what the device is called on screen.
DEVICES = {"ipados": "iPad・iPhone", "android": "Android", "windows": "Windows パソコン"}


# ── for the device, before it trusts us ────────────────────────────────────────────────────────


@never_cache
@require_safe
def install(request: HttpRequest) -> HttpResponse:
    """Which device is this? The likeliest stands first."""
    context = _about(_certificate())
    context["likely"] = _guess(request.headers.get("User-Agent", ""))
    context["devices"] = DEVICES
    return render(request, "dvc/island/install.html", context)


@never_cache
@require_safe
def steps(request: HttpRequest, device: str) -> HttpResponse:
    """Step by step for one kind of device, and how to undo it."""
    if device not in DEVICES:
        raise Http404
    context = {**_about(_certificate()), "device": device, "device_name": DEVICES[device]}
    return render(request, f"dvc/island/steps_{device}.html", context)


@require_safe
def certificate(request: HttpRequest, ending: str) -> HttpResponse:
    """The authority's certificate as the file this kind of device takes."""
    if ending not in profile.CONTENT_TYPES:
        raise Http404
    content = profile.content(ending, _certificate(), center=_center_name())
    answer = HttpResponse(content, content_type=profile.CONTENT_TYPES[ending])
    if ending != "mobileconfig":  # Safari opens a profile by its type; as a download it would lie in Files
        answer["Content-Disposition"] = f'attachment; filename="saigai.{ending}"'
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
def without(request: HttpRequest) -> HttpResponse:
    """What a device that does not trust us can and cannot do."""
    allowed = Center.objects.filter(plain_reception=True).exists()
    context = {**_about(_certificate()), "plain_allowed": allowed}
    return render(request, "dvc/island/without.html", context)


@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """Says what this very device can do here; all of it is found out in the browser."""
    return render(request, "dvc/island/check.html", {"island": settings.LAN})


# ── for the chief ──────────────────────────────────────────────────────────────────────────────


@never_cache
@require_safe
def network(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Address, Wi-Fi, install page, fingerprint, and the switch of the unencrypted reception."""
    devices = paired_without_encryption(request.center)
    return render(request, "dvc/island/network.html", {**_network(), "plain_devices": devices})


@never_cache
@require_safe
def network_wall(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The same, large, for a screen in the room where the devices are prepared."""
    return render(request, "dvc/island/network_wall.html", _network())


@require_POST
def network_plain(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Allow the unencrypted reception, or end it, with or without the devices that were paired on it."""
    answer, now = request.POST.get("allowed"), timezone.now()
    if answer == "yes":
        operations.allow_plain_reception(request.center, True, by=by(request), at=now)
        messages.success(request, "暗号化なしの受付を許可しました。")
        return redirect("network", operation_id)
    stopped = services.end_plain_reception(
        request.center, devices_too=answer == "no_devices_too", by=by(request), at=now
    )
    devices = f"端末{stopped}台も、使用停止にしました。" if stopped else ""
    messages.success(request, f"暗号化なしの受付を止めました。{devices}")
    return redirect("network", operation_id)


def _network() -> dict[str, Any]:
    found = read_certificate(services.files()) if settings.LAN else None
    if found is None:
        return {"island": False}
    return {
        "island": True,
        **_about(found),
        "wifi_name": settings.WIFI_NAME,
        "wifi_password": settings.WIFI_PASSWORD,
        "wifi_qr": _qr(wifi_text(settings.WIFI_NAME, settings.WIFI_PASSWORD), "Wi-FiのQRコード")
        if settings.WIFI_NAME
        else "",
        "install_qr": _qr(install_addresses()[0], "準備ページのQRコード"),
        "other_install_addresses": install_addresses()[1:],
    }


def install_addresses() -> list[str]:
    """The page a new device opens first, the likeliest first. By number: an old Android finds no `.local` names."""
    port = "" if settings.PORT == 80 else f":{settings.PORT}"
    hosts = [str(address) for address in services.lan_addresses()] or [settings.LAN_NAME]
    return [f"http://{host}{port}{reverse('island_install')}" for host in hosts]


def _about(found: x509.Certificate) -> dict[str, Any]:
    """What every page here says: where the center is, and how to tell the right certificate."""
    port = "" if settings.HTTPS_PORT == 443 else f":{settings.HTTPS_PORT}"
    numbers = services.lan_addresses()
    return {
        "center_name": _center_name(),
        "address": f"https://{settings.LAN_NAME}{port}/",
        "addresses_by_number": [f"https://{number}{port}/" for number in numbers],
        "install_address": install_addresses()[0],
        "lan_name": settings.LAN_NAME,
        "authority_name": found.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value,
        "authority_ends": found.not_valid_after_utc,
        "sha256": fingerprint(found, hashes.SHA256()).split(),
        "sha1": fingerprint(found, hashes.SHA1()).split(),  # noqa: S303 - what Windows shows
    }


def _certificate() -> x509.Certificate:
    """The authority's certificate; 404 where there is no island."""
    found = read_certificate(services.files()) if settings.LAN else None
    if found is None:
        raise Http404
    return found


def _center_name() -> str:
    center = Center.objects.order_by("pk").first()
    return center.name if center else "災害ボランティアセンター"


def _guess(agent: str) -> str:
    """An iPad calls itself a Mac."""
    signs = {"ipados": ("iPad", "iPhone", "Macintosh"), "android": ("Android",), "windows": ("Windows",)}
    return next((device for device, words in signs.items() if any(word in agent for word in words)), "")


def _qr(text: str, label: str) -> SafeString:
    # dvc.core.qr escapes its label and draws the rest itself.
    return mark_safe(qr.svg(text, label=label))  # noqa: S308

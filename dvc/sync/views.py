"""Registering a tablet, and the service worker's file."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from dvc.accounts import services, shell
from dvc.accounts.models import DeviceProfile
from dvc.accounts.policy import StaffRequest, by
from dvc.core import http
from dvc.devices.forms import PairingForm


@require_POST
def device_register(request: StaffRequest, operation_id: int) -> JsonResponse:
    """A signed-in member of staff makes this browser a device of the reception. The secret is told once."""
    return _register(request, profile=DeviceProfile.RECEPTION)


@require_POST
def survey_register(request: StaffRequest, operation_id: int) -> JsonResponse:
    """… or a survey tablet, by whoever works with needs."""
    return _register(request, profile=DeviceProfile.SURVEY)


def _register(request: StaffRequest, *, profile: DeviceProfile) -> JsonResponse:
    """For what the page is for, whatever was asked for: a tablet may read what its profile may, not what its maker may."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        body = None
    name = body.get("name") if isinstance(body, dict) else None
    form = PairingForm({"name": name if isinstance(name, str) else "", "profile": str(profile)})
    if not form.is_valid():
        wrong = next(iter(form.errors.values()))[0]
        return JsonResponse({"code": "name", "text": str(wrong)}, status=400)
    device, secret = services.register_device(
        request.center, **form.chosen(), by=by(request), at=timezone.now()
    )
    answer = JsonResponse(
        {
            "device_id": str(device.pk),
            "secret": secret,
            "name": device.name,
            "profile": device.profile,
            "center": {"id": request.center.pk, "name": request.center.name, "issuer": request.center.issuer},
        }
    )
    shell.remember(answer, device)
    return answer


@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    """The built worker, served from the root so that it may look after every tablet page."""
    return http.service_worker("sw.js", scope="/")

"""Registering a tablet, and the service worker's file."""

from __future__ import annotations

import json

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from dvc.accounts import services, shell
from dvc.accounts.models import DeviceProfile
from dvc.accounts.policy import StaffRequest, by


@require_POST
def device_register(request: StaffRequest, operation_id: int) -> JsonResponse:
    """A signed-in member of staff makes this browser a device. The secret is told once."""
    try:
        body = json.loads(request.body)
        name = str(body["name"]).replace("\x00", "").strip()
        profile = DeviceProfile(body["profile"])
    except (ValueError, KeyError, TypeError):
        name, profile = "", DeviceProfile.RECEPTION
    if not name or len(name) > 40:
        return JsonResponse(
            {"code": "name", "text": "端末の名前を1～40文字で入力してください。例：受付1番のタブレット"},
            status=400,
        )
    device, secret = services.register_device(
        request.center, name=name, profile=profile, by=by(request), at=timezone.now()
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
    path = settings.FRONTEND / "dist" / "sw.js"
    if not path.exists():
        raise Http404
    response = HttpResponse(path.read_bytes(), content_type="text/javascript; charset=utf-8")
    response["Service-Worker-Allowed"] = "/"
    response["Cache-Control"] = "no-cache"
    return response

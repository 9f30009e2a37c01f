"""The cookie by which a paired tablet's browser may open its empty page without anybody being signed in.

It opens the page and nothing else: no personal data is on it, the API asks for the device's secret.
"""

from __future__ import annotations

import uuid
from typing import Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from dvc.accounts.models import Device

COOKIE: Final = "device"
_SALT: Final = "dvc.accounts.shell"
_A_YEAR: Final = 365 * 24 * 3600


def remember(response: HttpResponse, device: Device) -> None:
    """Let this browser open the device's page from now on."""
    response.set_cookie(
        COOKIE, signing.dumps(str(device.pk), salt=_SALT), max_age=_A_YEAR, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


def device_behind(request: HttpRequest) -> Device | None:
    """The device whose browser this is, by its cookie. One query when there is a cookie.

    A revoked one as well: its page must open so that its queue can go into quarantine. The API gives it nothing.
    """
    try:
        ident = uuid.UUID(signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT))
    except (signing.BadSignature, ValueError):
        return None
    return Device.objects.select_related("center").filter(pk=ident).first()

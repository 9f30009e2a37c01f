"""What a volunteer's phone carries between two pages: signed cookies, nothing else about the person.

`here`: it scanned the poster's code. `heard`: it scanned a briefing's code. `me`: who checked in on it today.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HERE_LASTS: Final = timedelta(hours=1)  # long enough to register first
HEARD_LASTS: Final = timedelta(minutes=15)
ME_LASTS: Final = timedelta(hours=16)
_SALT: Final = "intake.selfcheckin"


@dataclass(frozen=True, slots=True)
class Me:
    """Who checked in on this phone, where, and on which local day."""

    operation: int
    volunteer: int
    day: date


def keep_here(response: HttpResponse, operation_id: int) -> None:
    _keep(response, "here", str(operation_id), HERE_LASTS)


def is_here(request: HttpRequest, operation_id: int) -> bool:
    return _read(request, "here", HERE_LASTS) == str(operation_id)


def keep_heard(response: HttpResponse, session_id: int) -> None:
    _keep(response, "heard", str(session_id), HEARD_LASTS)


def has_heard(request: HttpRequest, session_id: int) -> bool:
    return _read(request, "heard", HEARD_LASTS) == str(session_id)


def keep_me(response: HttpResponse, me: Me) -> None:
    _keep(response, "me", f"{me.operation}.{me.volunteer}.{me.day.isoformat()}", ME_LASTS)


def me(request: HttpRequest) -> Me | None:
    """Who this phone belongs to today, when they checked in on it."""
    text = _read(request, "me", ME_LASTS)
    if not text:
        return None
    operation, volunteer, day = text.split(".")
    return Me(int(operation), int(volunteer), date.fromisoformat(day))


def _keep(response: HttpResponse, name: str, value: str, lasts: timedelta) -> None:
    response.set_signed_cookie(
        f"vc_{name}", value, salt=_SALT, max_age=int(lasts.total_seconds()), httponly=True, samesite="Lax",
        secure=settings.HTTPS,
    )  # fmt: skip


def _read(request: HttpRequest, name: str, lasts: timedelta) -> str:
    return request.get_signed_cookie(f"vc_{name}", "", salt=_SALT, max_age=lasts) or ""

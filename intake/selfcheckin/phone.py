"""What a volunteer's phone carries between two pages: signed cookies, nothing else about the person.

`here`: it scanned the poster's code, or knew the number of the day. `heard`: it scanned a briefing's code. Both hold a
mark of chance, by which the phone's wrong answers are counted. `me`: who checked in on it today.
"""

from __future__ import annotations

import secrets
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


def new_mark() -> str:
    return secrets.token_hex(8)


def keep_here(response: HttpResponse, operation_id: int, mark: str) -> None:
    _keep(response, "here", f"{operation_id}.{mark}", HERE_LASTS)


def here(request: HttpRequest, operation_id: int) -> str:
    """The mark of a phone that has shown that it is in the center, else empty."""
    return _mark(_read(request, "here", HERE_LASTS), operation_id)


def keep_heard(response: HttpResponse, session_id: int, mark: str) -> None:
    _keep(response, "heard", f"{session_id}.{mark}", HEARD_LASTS)


def heard(request: HttpRequest, session_id: int) -> str:
    """The mark of a phone that scanned this briefing's code, else empty."""
    return _mark(_read(request, "heard", HEARD_LASTS), session_id)


def _mark(text: str, number: int) -> str:
    """Of a cookie for this operation or session."""
    where, _, mark = text.partition(".")
    return mark if where == str(number) else ""


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

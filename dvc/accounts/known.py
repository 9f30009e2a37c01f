"""The cookie by which a browser is known to people who have signed in with it lately (OWASP: device cookie): guesses made
elsewhere at their passwords do not keep them out.

It opens nothing. Neither a session, which ends with the evening, nor a paired tablet, which belongs to nobody, tells who
works where, and an address is that of a whole center.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from dvc.accounts.models import User

COOKIE: Final = "known"
LASTS: Final = timedelta(days=90)
MOST_PEOPLE: Final = 20  # who take turns at one machine; the cookie stays small
_SALT: Final = "dvc.accounts.known"


def remember(response: HttpResponse, request: HttpRequest, user: User) -> None:
    """This person has shown with this browser who they are."""
    mark, people = _read(request)
    people = [user.pk, *(pk for pk in people if pk != user.pk)][:MOST_PEOPLE]
    response.set_cookie(
        COOKIE, signing.dumps([mark or secrets.token_hex(8), people], salt=_SALT), max_age=LASTS, httponly=True,
        samesite="Lax", secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


def mark_for(request: HttpRequest, sign_in_name: str) -> str:
    """What the wrong passwords of this browser are counted by when the person of that name has signed in with it lately,
    else empty. One query when there is a cookie."""
    mark, people = _read(request)
    return mark if people and User.objects.filter(pk__in=people, sign_in_name=sign_in_name).exists() else ""


def _read(request: HttpRequest) -> tuple[str, list[int]]:
    try:
        mark, people = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=LASTS)
    except signing.BadSignature:
        return "", []
    return mark, people

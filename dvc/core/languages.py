"""The languages of the pages that people open without an account, and how such a page knows which one to speak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Language = Literal["ja", "en", "easy"]
LANGUAGES: Final[Mapping[Language, str]] = {"ja": "日本語", "en": "English", "easy": "やさしい日本語"}
_COOKIE: Final = "language"


def chosen(request: HttpRequest) -> Language:
    """Chosen on the page, remembered, else what the phone asks for; Japanese when it says nothing we speak."""
    asked = request.GET.get("lang") or request.COOKIES.get(_COOKIE) or ""
    for known in LANGUAGES:
        if asked == known:
            return known
    wanted = request.headers.get("Accept-Language", "")
    return "ja" if not wanted or wanted.lower().startswith("ja") else "en"


def keep(response: HttpResponse, language: Language) -> None:
    """Remember it on this phone for half a year."""
    response.set_cookie(_COOKIE, language, max_age=180 * 86400, samesite="Lax", secure=settings.HTTPS)

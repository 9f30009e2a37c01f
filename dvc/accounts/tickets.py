"""The ticket in the address of a poll, which every open screen asks every few seconds. It only opens the answer "nothing
has changed": whatever holds data asks for the session and the role again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from django.conf import settings
from django.core import signing

Screen = Literal["desk", "wall", "alerts"]
_SALT: Final = "dvc.board"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who asked for which screen of which operation."""

    operation: int
    user: int
    screen: Screen


def issue(ticket: Ticket) -> str:
    """Signed, good for as long as a session."""
    return signing.dumps([ticket.operation, ticket.user, ticket.screen], salt=_SALT)


def read(token: str) -> Ticket | None:
    """The ticket, or None for one that is forged, foreign or too old. No query."""
    try:
        operation, user, screen = signing.loads(token, salt=_SALT, max_age=settings.SESSION_COOKIE_AGE)
    except signing.BadSignature:
        return None
    return Ticket(operation, user, screen)

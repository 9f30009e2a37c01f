"""The secrets on a work order: derived, so that the same sheet can be printed again; looked up by SHA-256 only."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.utils.crypto import salted_hmac

from dvc.accounts.services import hash_secret
from dvc.operations.models import OperationState
from matching.dispatch.models import Dispatch, DispatchState

LASTS_AFTER_RETURN: Final = timedelta(hours=2)  # reliability.md §4
# A team nobody marked as back must not leave an address behind a lost sheet for ever (counted from its acceptance when it
# never left).
LASTS_AFTER_DEPARTURE: Final = timedelta(days=3)
_BYTES: Final = 16
_LONGEST: Final = 64


def new_nonce() -> str:
    return secrets.token_hex(16)


def leader_token(nonce: str) -> str:
    """What the sheet's QR for the team's leader holds: 22 letters, 128 bits."""
    return _derive("leader", nonce)


def genuine_token(nonce: str) -> str:
    """What the sheet's QR for the resident at the door holds: 22 letters, 128 bits."""
    return _derive("genuine", nonce)


def _derive(use: str, nonce: str) -> str:
    digest = salted_hmac(f"matching.dispatch.{use}", nonce, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest[:_BYTES]).decode().rstrip("=")


def find_by_leader_token(token: str) -> Dispatch | None:
    """The dispatch of this sheet, whatever its state. One query."""
    return _find("leader_token_hash", token)


def find_by_genuine_token(token: str) -> Dispatch | None:
    """The dispatch of this sheet, whatever its state. One query."""
    return _find("genuine_token_hash", token)


def _find(field: str, token: str) -> Dispatch | None:
    if not 0 < len(token) <= _LONGEST:
        return None
    rows = Dispatch.objects.select_related("operation__center", "team__leader", "need__household__town")
    return rows.filter(**{field: hash_secret(token)}).first()


def is_live(dispatch: Dispatch, *, at: datetime) -> bool:
    """Whether the sheet still opens anything: until 2 h after the return, never after a cancellation. One of a team that
    never left ends with the operation, or after some days: a lost one must not be called genuine at a door for ever."""
    if dispatch.state == DispatchState.CANCELLED:
        return False
    if dispatch.returned_at is not None:
        return at < dispatch.returned_at + LASTS_AFTER_RETURN
    if dispatch.departed_at is None and dispatch.operation.state == OperationState.CLOSED:
        return False
    return at < (dispatch.departed_at or dispatch.accepted_at) + LASTS_AFTER_DEPARTURE


def why_ended(dispatch: Dispatch) -> str:
    """Of a sheet that opens nothing any more: cancelled, back, never_left, or lost_sight of (nobody marked it as back)."""
    if dispatch.state == DispatchState.CANCELLED:
        return "cancelled"
    if dispatch.returned_at is not None:
        return "back"
    return "never_left" if dispatch.departed_at is None else "lost_sight"


def phone_may_keep(dispatch: Dispatch, *, at: datetime) -> timedelta:
    """How long a leader's phone without a signal may show what the page shows at `at`: until 2 h after the return, or
    after the time the team should be back, as far as is known now."""
    back = dispatch.returned_at or max(dispatch.due_back_at or at, at)
    return back + LASTS_AFTER_RETURN - at

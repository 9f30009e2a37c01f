"""The code on the screen at the end of a briefing: another one every half minute."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from dvc.core import rotating
from intake.orientation.models import OrientationSession

EVERY: Final = timedelta(seconds=30)
_PURPOSE: Final = "orientation"


def code(session: OrientationSession, *, at: datetime) -> str:
    """What the screen shows at the real moment `at`."""
    return rotating.code(_PURPOSE, session.pk, at=at, every=EVERY)


def opens(session: OrientationSession, text: str, *, at: datetime) -> bool:
    """Whether `text` was on the screen within the last minute, and the session goes on (`is_of_another_day`) and has not ended."""
    if session.is_over or session.is_of_another_day(session.operation.moment(at)):
        return False
    return rotating.is_good(text, _PURPOSE, session.pk, at=at, every=EVERY)

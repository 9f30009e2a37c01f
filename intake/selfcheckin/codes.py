"""What shows that somebody stands in the center: the code on the poster screen, or the number of the day.

Real time, also in a drill: the drill's clock may run ten times as fast, a phone's does not.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from dvc.core import rotating
from dvc.operations.models import Operation

EVERY: Final = timedelta(minutes=5)
WORD_DIGITS: Final = 4
_POSTER: Final = "poster"
_WORD: Final = "poster-word"


def code(operation: Operation, *, at: datetime) -> str:
    """What the poster screen shows at the real moment `at`."""
    return rotating.code(_POSTER, operation.pk, at=at, every=EVERY)


def opens(operation: Operation, text: str, *, at: datetime) -> bool:
    """Whether `text` was on the screen within the last five to ten minutes."""
    return rotating.is_good(text, _POSTER, operation.pk, at=at, every=EVERY)


def word(operation: Operation, *, at: datetime) -> str:
    """The four digits of the local day, written at the desk for whoever scans the paper poster."""
    return rotating.digits(_WORD, f"{operation.pk}:{timezone.localdate(at)}", count=WORD_DIGITS)


def is_word(operation: Operation, text: str, *, at: datetime) -> bool:
    """Whether these are today's digits."""
    return text.isascii() and hmac.compare_digest(text, word(operation, at=at))

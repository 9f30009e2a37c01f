"""Codes on a screen that change by themselves: a photograph of one opens nothing an hour later.

A code is an HMAC of its purpose, its subject and the step of time it was shown in. The step it is in and the one
before are good, so that whoever reads it in the last second still gets in.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Final

from django.utils.crypto import salted_hmac

from dvc.core.card_token import CROCKFORD

LETTERS: Final = 10  # 50 bits, for a minute: nobody guesses it over a network
_LONGEST: Final = 32


def step(at: datetime, every: timedelta) -> int:
    """The number of the step of time that `at` lies in."""
    return int(at.timestamp() // every.total_seconds())


def code(purpose: str, subject: object, *, at: datetime, every: timedelta) -> str:
    """Ten letters of Crockford's base32 for the step of `at`."""
    return _code(purpose, subject, step(at, every))


def is_good(text: str, purpose: str, subject: object, *, at: datetime, every: timedelta) -> bool:
    """Whether `text` is the code of the step of `at` or of the one before."""
    if len(text) > _LONGEST or not text.isascii():
        return False
    now = step(at, every)
    return any(hmac.compare_digest(text, _code(purpose, subject, one)) for one in (now, now - 1))


def digits(purpose: str, subject: object, *, count: int) -> str:
    """`count` digits to be read aloud: the same for the same purpose and subject."""
    number = int.from_bytes(_digest(purpose, str(subject))[:8], "big")
    return f"{number % 10**count:0{count}d}"


def _code(purpose: str, subject: object, number: int) -> str:
    bits = int.from_bytes(_digest(purpose, f"{subject}:{number}")[:8], "big")
    return "".join(CROCKFORD[bits >> 5 * place & 31] for place in range(LETTERS))


def _digest(purpose: str, value: str) -> bytes:
    return salted_hmac(f"dvc.rotating.{purpose}", value, algorithm="sha256").digest()

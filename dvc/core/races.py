"""Two who write the same fact at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, transaction

T = TypeVar("T")


def look_again(work: Callable[[], T]) -> T:
    """`work` in a savepoint; when a constraint says that somebody else was here first, once more: now it sees theirs.

    Raises `IntegrityError` when a constraint says no again: that is no race.
    """
    try:
        with transaction.atomic():
            return work()
    except IntegrityError:
        with transaction.atomic():
            return work()

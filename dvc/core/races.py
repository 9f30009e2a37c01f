"""Two who write the same fact at the same moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from django.db import IntegrityError, OperationalError, transaction

T = TypeVar("T")
_DEADLOCK: Final = "40P01"  # PostgreSQL's word for two who wait for one another's rows
_PAUSES: Final = (0.05, 0.2, 0.8)  # seconds


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


def past_deadlock(work: Callable[[], T]) -> T:
    """`work` in a transaction; again when the database ended it so that somebody who locked the same rows in another
    order could go on. Each time after a longer pause: who begins again at once may lock first and knot again.

    Raises `OperationalError` when it was ended each time.
    """
    for pause in _PAUSES:
        try:
            with transaction.atomic():
                return work()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != _DEADLOCK:
                raise
        time.sleep(pause)
    with transaction.atomic():
        return work()

"""Numbers that people say aloud: N12, 3班, sheet No. 7. They count up in an operation; a unique constraint settles who was
first, and whoever was second takes the next one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

T = TypeVar("T")
TRIES: Final = 50


class NoFreeNumber(RuntimeError):
    """So many others counted at the same moment that none was left."""


def count_up_in_place(insert: Callable[[], bool], *, unless: Callable[[], None] = lambda: None) -> None:
    """As `count_up`, where the statement that inserts counts as well and says False when another was faster
    (`inserting.insert_next`): without a savepoint."""
    for _ in range(TRIES):
        if insert():
            return
        unless()
    raise NoFreeNumber(f"no free number after {TRIES} tries")


def count_up(
    rows: QuerySet[Any],
    field: str,
    make: Callable[[int], T],
    *,
    unless: Callable[[IntegrityError], None] = lambda _: None,
) -> T:
    """What `make` makes with the number after the largest `field` of `rows`, written in a savepoint.

    `unless` hears of every constraint that said no, and raises when it was another one than the number's.
    Raises `NoFreeNumber` after TRIES.
    """
    for _ in range(TRIES):
        last = rows.aggregate(last=Max(field))["last"] or 0
        try:
            with transaction.atomic():
                return make(last + 1)
        except IntegrityError as error:
            unless(error)
    raise NoFreeNumber(f"no free {field} after {TRIES} tries")

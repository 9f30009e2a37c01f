"""A decision that several services make together stands or falls as a whole. Each of them would open a savepoint of its own
in it, to be gone back to by nobody: two statements for each, while others wait for the decision to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from django.db import transaction

P = ParamSpec("P")
R = TypeVar("R")

_AS_A_WHOLE: Final[ContextVar[bool]] = ContextVar("as_a_whole", default=False)


@contextmanager
def as_a_whole() -> Iterator[None]:
    """One transaction, of which nothing stays when any service in it refuses. So nobody in it may go on after a refusal: the
    database answers no more until its end."""
    with transaction.atomic():
        before = _AS_A_WHOLE.set(True)
        try:
            yield
        finally:
            _AS_A_WHOLE.reset(before)


def whole(service: Callable[P, R]) -> Callable[P, R]:
    """As `transaction.atomic`, without a savepoint inside `as_a_whole`."""

    @wraps(service)
    def run(*args: P.args, **named: P.kwargs) -> R:
        with transaction.atomic(savepoint=not _AS_A_WHOLE.get()):
            return service(*args, **named)

    return run

"""A brake on guessing: wrong answers are counted by address and by what was asked for, whether it exists or not."""

from __future__ import annotations

from typing import Final

from django.core.cache import cache

from dvc.accounts.services import hash_secret
from dvc.core.japanese import search_key

WINDOW_SECONDS: Final = 600
# A whole gymnasium may stand behind the center's one address: right answers are not counted.
WRONG_PER_ADDRESS: Final = 40
WRONG_PER_IDENT: Final = 5


def is_stopped(*, address: str, ident: str = "") -> bool:
    """Whether this address, or anybody for this code or number, has been wrong too often in ten minutes."""
    return any(cache.get(key, 0) >= most for key, most in _counted(address, ident))


def count_wrong(*, address: str, ident: str = "") -> None:
    """One more wrong answer."""
    for key, _ in _counted(address, ident):
        cache.add(key, 0, WINDOW_SECONDS)
        try:
            cache.incr(key)
        except ValueError:  # ended between the two lines
            cache.add(key, 1, WINDOW_SECONDS)


def _counted(address: str, ident: str) -> list[tuple[str, int]]:
    counted = [(f"selfcheckin:address:{hash_secret(address)}", WRONG_PER_ADDRESS)]
    if asked := search_key(ident):
        counted.append((f"selfcheckin:ident:{hash_secret(asked)}", WRONG_PER_IDENT))
    return counted

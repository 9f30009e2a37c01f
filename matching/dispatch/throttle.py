"""A brake on the pages that open without an account: 128-bit secrets need none against guessing, servers do."""

from __future__ import annotations

from typing import Final

from django.core.cache import cache

from dvc.accounts.services import hash_secret
from dvc.core.refused import Refused

WINDOW_SECONDS: Final = 300
# A leader opens the page a few dozen times a day; a whole network provider may stand behind one address.
PER_TOKEN: Final = 120
WRONG_PER_ADDRESS: Final = 30


def check_address(address: str) -> None:
    """Raises Refused("field.too_many") for an address that tried too many wrong sheets."""
    if cache.get(_key("address", address), 0) >= WRONG_PER_ADDRESS:
        raise Refused("field.too_many")


def count_wrong(address: str) -> None:
    """One more sheet that does not exist was asked for from this address."""
    _count(_key("address", address))


def check_token(token: str) -> None:
    """Counts a use of this sheet. Raises Refused("field.too_many") above PER_TOKEN in five minutes."""
    if _count(_key("token", token)) > PER_TOKEN:
        raise Refused("field.too_many")


def _key(kind: str, secret: str) -> str:
    return f"field:{kind}:{hash_secret(secret)}"


def _count(key: str) -> int:
    if cache.add(key, 1, WINDOW_SECONDS):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:  # ended between the two lines
        return 1

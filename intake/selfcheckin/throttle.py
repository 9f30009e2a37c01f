"""A brake on guessing: wrong answers are counted by address and by what was asked for, whether it exists or not."""

from __future__ import annotations

from typing import Final

from dvc.core.japanese import search_key
from dvc.core.throttle import Throttle

# A whole gymnasium may stand behind the center's one address: right answers are not counted.
WRONG_OF_ADDRESS: Final = Throttle("selfcheckin-address", most=40, seconds=600)
WRONG_OF_IDENT: Final = Throttle("selfcheckin-ident", most=5, seconds=600)


def is_stopped(*, address: str, ident: str = "") -> bool:
    """Whether this address, or anybody for this code or number, has been wrong too often in ten minutes."""
    asked = search_key(ident)
    return WRONG_OF_ADDRESS.is_full(address) or bool(asked and WRONG_OF_IDENT.is_full(asked))


def count_wrong(*, address: str, ident: str = "") -> None:
    """One more wrong answer."""
    WRONG_OF_ADDRESS.count(address)
    if asked := search_key(ident):
        WRONG_OF_IDENT.count(asked)

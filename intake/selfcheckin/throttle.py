"""A brake on guessing: wrong answers are counted by who sends them and by what was asked for, whether it exists or not.

A whole gymnasium stands behind the center's one address. Whoever scanned the poster is therefore counted by their phone,
and by the address only so generously that hundreds of people who mistype stop nobody; for everybody else the address is
all there is to count by. Right answers are not counted.
"""

from __future__ import annotations

from typing import Final

from dvc.core import short_code
from dvc.core.card_token import CardError
from dvc.core.japanese import phone_digits, search_key
from dvc.core.throttle import Throttle

WRONG_OF_ADDRESS: Final = Throttle("selfcheckin-address", most=40, seconds=600)
WRONG_OF_PHONE: Final = Throttle("selfcheckin-phone", most=10, seconds=600)
WRONG_OF_HALL: Final = Throttle("selfcheckin-hall", most=600, seconds=600)
WRONG_OF_IDENT: Final = Throttle("selfcheckin-ident", most=5, seconds=600)


def is_stopped(*, address: str, here: str = "", ident: str = "") -> bool:
    """Whether this phone (`here`: its mark, when it has shown that it is in the center) or else this address, or anybody
    for this code or number, has been wrong too often in ten minutes."""
    asked = _asked(ident)
    if here:
        full = WRONG_OF_PHONE.is_full(here) or WRONG_OF_HALL.is_full(address)
    else:
        full = WRONG_OF_ADDRESS.is_full(address)
    return full or bool(asked and WRONG_OF_IDENT.is_full(asked))


def count_wrong(*, address: str, here: str = "", ident: str = "") -> None:
    """One more wrong answer."""
    if here:
        WRONG_OF_PHONE.count(here)
        WRONG_OF_HALL.count(address)
    else:
        WRONG_OF_ADDRESS.count(address)
    if asked := _asked(ident):
        WRONG_OF_IDENT.count(asked)


def _asked(ident: str) -> str:
    """The card or the number that is meant, however it is spelled: what is added or written otherwise (「内線1」, O for 0)
    must not give five guesses more."""
    try:
        return short_code.parse(ident)
    except CardError:
        return phone_digits(ident) or search_key(ident)

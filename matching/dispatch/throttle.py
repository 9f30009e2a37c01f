"""A brake on the pages that open without an account: 128-bit secrets need none against guessing, servers do."""

from __future__ import annotations

from typing import Final

from dvc.core.refused import Refused
from dvc.core.throttle import Throttle

# A leader opens the page a few dozen times a day; a whole network provider may stand behind one address.
OF_ONE_SHEET: Final = Throttle("field-token", most=120, seconds=300)
WRONG_SHEETS: Final = Throttle("field-address", most=30, seconds=300)


def count_wrong(address: str) -> None:
    """One more sheet that does not exist was asked for from this address. Raises Refused("field.too_many") beyond
    WRONG_SHEETS. A sheet that exists always opens: a leader who calls for help may stand behind the same address."""
    if not WRONG_SHEETS.count(address):
        raise Refused("field.too_many")


def check_token(token: str) -> None:
    """Counts a use of this sheet. Raises Refused("field.too_many") beyond OF_ONE_SHEET."""
    if not OF_ONE_SHEET.count(token):
        raise Refused("field.too_many")

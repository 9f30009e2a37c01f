"""The eight letters printed under a card's symbol, typed when the symbol is torn.

Seven letters of Crockford's base32 (35 bits of a hash of the card id) and a check letter. Shown as
XXXX-XXXX. The weights 2 … 8 and the prime 29 find every single wrong letter and every swap of two
neighbours, except where 0 and X, 1 and Y or 2 and Z stand for each other: they differ by 29, but they look
nothing alike.
"""

import hashlib
import re
from typing import Final

from dvc.core.card_token import CROCKFORD, CardError, clean, fold_lookalikes

LENGTH: Final = 8
_MODULUS: Final = 29
_SHAPE = re.compile(f"[{CROCKFORD}]{{{LENGTH}}}")
# Every stroke a hand may type for a hyphen, including the long vowel mark that an IME makes of it.
_HYPHENS = str.maketrans(dict.fromkeys("-‐‑‒–—―−ー─", ""))


def short_code(card_id: bytes) -> str:
    """The short code of a card id, eight letters without the hyphen."""
    bits = int.from_bytes(hashlib.sha256(b"short:" + card_id).digest()[:5], "big") >> 5
    body = "".join(CROCKFORD[bits >> 5 * place & 31] for place in reversed(range(LENGTH - 1)))
    return body + _check_letter(body)


def display(code: str) -> str:
    """Eight letters as they are printed: XXXX-XXXX."""
    return f"{code[:4]}-{code[4:]}"


def parse(text: str) -> str:
    """The eight letters somebody typed, with full width, spaces, hyphens, small letters and I, L, O allowed
    for.

    CardError("unreadable") for anything else or when the check letter does not fit; no other exception.
    """
    code = fold_lookalikes(without_hyphens(clean(text)))
    if not _SHAPE.fullmatch(code) or _check_letter(code[:-1]) != code[-1]:
        raise CardError("unreadable")
    return code


def fits(text: str) -> bool:
    """Whether `parse` reads a code in it."""
    try:
        parse(text)
    except CardError:
        return False
    return True


def without_hyphens(text: str) -> str:
    """Typed text without anything a hand may have meant as a hyphen."""
    return text.translate(_HYPHENS)


def _check_letter(body: str) -> str:
    return CROCKFORD[sum(CROCKFORD.index(letter) * (i + 2) for i, letter in enumerate(body)) % _MODULUS]

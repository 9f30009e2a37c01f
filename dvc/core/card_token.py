"""The signed text inside a QR card: what it says, how it is written, how a false one is told.

A token is an identifier, never an authorisation. It carries no name and no number in sequence.

Layout, 90 bytes, big-endian:

| bytes | what |
|---|---|
| 1 | version, always 1 |
| 1 | key id (kid) |
| 3 | issuer: the number of the center, 1 … 2^24-1 |
| 1 | purpose: see `Purpose` |
| 2 | day of issue, counted from 2020-01-01 |
| 2 | last valid day, counted the same way; 0 means that the card does not expire |
| 16 | card id, random |
| 64 | Ed25519 signature over the 26 bytes before it |

Text: `VC1` and 144 letters of Crockford's base32, most significant bit first. 90 bytes are exactly 144
letters, so there is no padding and one token has one spelling. Letters and digits only, because a
keyboard-wedge reader with a US layout on a JIS keyboard turns signs into other signs.
"""

import re
import unicodedata
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIX: Final = "VC1"
VERSION: Final = 1
SIGNED_BYTES: Final = 26
TOKEN_BYTES: Final = 90
BODY_CHARS: Final = 144
CARD_ID_BYTES: Final = 16
MAX_ISSUER: Final = (1 << 24) - 1
MAX_TEXT: Final = 1024  # room for a reader that puts spaces between letters; anything longer is not a card
FIRST_DAY: Final = date(2020, 1, 1)

CardErrorCode = Literal["unreadable", "foreign", "unknown_key", "forged", "wrong_purpose"]

# White space, controls and invisible format characters, spelled out so that the tablet can use the very
# same class.
_IGNORED = re.compile(
    "[\u0000-\u0020\u007f-\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]+"
)
_ASCII_UPPER = {lower: lower - 32 for lower in range(ord("a"), ord("z") + 1)}
_LOOKALIKES = str.maketrans("ILO", "110")
_PYTHON_BASE32 = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
_TO_PYTHON = str.maketrans(CROCKFORD, _PYTHON_BASE32)
_BODY = re.compile(f"[{CROCKFORD}]{{{BODY_CHARS}}}")


class Purpose(IntEnum):
    """What a card stands for."""

    VOLUNTEER = 1
    STAFF = 2
    EQUIPMENT = 3
    VEHICLE = 4
    GROUP = 5


_PURPOSES: Final = frozenset(int(purpose) for purpose in Purpose)


class CardError(ValueError):
    """The text is no card we can use. `code`: unreadable · foreign · unknown_key · forged · wrong_purpose."""

    def __init__(self, code: CardErrorCode) -> None:
        super().__init__(code)
        self.code: CardErrorCode = code


@dataclass(frozen=True, slots=True)
class CardToken:
    """What a card says. `card_id` is 16 random bytes; `expires` is the last valid day, None for no end."""

    kid: int
    issuer: int
    purpose: Purpose
    issued: date
    expires: date | None
    card_id: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.kid <= 255:
            raise ValueError("kid must fit in one byte")
        if not 1 <= self.issuer <= MAX_ISSUER:
            raise ValueError("issuer must be between 1 and 2^24-1")
        if len(self.card_id) != CARD_ID_BYTES:
            raise ValueError("card_id must be 16 bytes")
        if not 0 <= (self.issued - FIRST_DAY).days <= 0xFFFF:
            raise ValueError("issued is outside what a card can say")
        if self.expires is not None and not 1 <= (self.expires - FIRST_DAY).days <= 0xFFFF:
            raise ValueError("expires is outside what a card can say")

    @property
    def prefix(self) -> str:
        """The first 8 bytes of the card id as 16 hex letters: how revoked cards travel to the tablets."""
        return self.card_id[:8].hex()


def sign(token: CardToken, key: Ed25519PrivateKey) -> str:
    """The text of a card: 147 letters and digits."""
    expiry_day = 0 if token.expires is None else (token.expires - FIRST_DAY).days
    signed = b"".join(
        (
            bytes((VERSION, token.kid)),
            token.issuer.to_bytes(3, "big"),
            bytes((token.purpose,)),
            (token.issued - FIRST_DAY).days.to_bytes(2, "big"),
            expiry_day.to_bytes(2, "big"),
            token.card_id,
        )
    )
    return PREFIX + encode_crockford(signed + key.sign(signed))


def parse(
    text: str,
    *,
    issuer: int,
    keys: Mapping[int, bytes],
    purpose: Purpose | None = None,
    ours: Container[str] = (),
) -> CardToken:
    """Read a card that `issuer` signed with one of `keys` (kid → 32 raw public bytes). `ours`: texts as `spell` gives
    them that are known to be what we signed, letter by letter; their signature is not worked out again.

    Takes any text a camera, a keyboard-wedge reader or a hand may bring. Raises CardError and nothing else;
    the first of these that holds: `unreadable` (not ours, half read, wrong letters, unknown version),
    `foreign` (another center's), `unknown_key` (says it is ours, signed with a key that is not among `keys`: whether it
    is true cannot be told), `forged` (wrong signature), `wrong_purpose` (true, but not what `purpose` asks for).
    """
    spelled = spell(text)
    raw = _bytes_of(spelled)
    if raw[0] != VERSION:
        raise CardError("unreadable")
    if int.from_bytes(raw[2:5], "big") != issuer:
        raise CardError("foreign")
    if spelled not in ours:
        public = keys.get(raw[1])
        if public is None:
            raise CardError("unknown_key")
        if not _signed_by(public, raw):
            raise CardError("forged")
    if raw[5] not in _PURPOSES or purpose not in (None, raw[5]):
        raise CardError("wrong_purpose")
    expiry_day = int.from_bytes(raw[8:10], "big")
    return CardToken(
        kid=raw[1],
        issuer=issuer,
        purpose=Purpose(raw[5]),
        issued=FIRST_DAY + timedelta(days=int.from_bytes(raw[6:8], "big")),
        expires=FIRST_DAY + timedelta(days=expiry_day) if expiry_day else None,
        card_id=raw[10:SIGNED_BYTES],
    )


def spell(text: str) -> str:
    """The one spelling of what a camera, a reader or a hand brought: 147 letters, as `sign` writes them. Only the shape
    is looked at. Raises CardError `unreadable`."""
    cleaned = clean(text)
    body = fold_lookalikes(cleaned[len(PREFIX) :])
    if not cleaned.startswith(PREFIX) or not _BODY.fullmatch(body):
        raise CardError("unreadable")
    return PREFIX + body


def looks_like_card(text: str) -> bool:
    """Whether a search box was given a scanned card: only the shape, nothing is verified."""
    return clean(text).startswith(PREFIX) and len(clean(text)) == len(PREFIX) + BODY_CHARS


def clean(text: str) -> str:
    """What a reader meant: full width made half, white space and controls dropped, ASCII letters upper-cased.

    Text longer than 1,024 characters is no card and gives "" before any work is spent on it.
    """
    if len(text) > MAX_TEXT:
        return ""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", text)).translate(_ASCII_UPPER)


def fold_lookalikes(text: str) -> str:
    """I and L read as 1, O read as 0: the letters Crockford's alphabet leaves out because hands confuse
    them."""
    return text.translate(_LOOKALIKES)


def encode_crockford(data: bytes) -> str:
    """Bytes as Crockford base32, most significant bit first. The number of bits must be a multiple of 5."""
    length, rest = divmod(len(data) * 8, 5)
    if rest:
        raise ValueError("only whole letters: the number of bits must be a multiple of 5")
    number = int.from_bytes(data, "big")
    return "".join(CROCKFORD[number >> 5 * place & 31] for place in reversed(range(length)))


def _bytes_of(spelled: str) -> bytes:
    return int(spelled[len(PREFIX) :].translate(_TO_PYTHON), 32).to_bytes(TOKEN_BYTES, "big")


def _signed_by(public: bytes, raw: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(raw[SIGNED_BYTES:], raw[:SIGNED_BYTES])
    except InvalidSignature:
        return False
    return True

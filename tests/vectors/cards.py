"""Makes cards.json: cards and non-cards with the answer that server and tablet must both give.

Run `python -m tests.vectors.cards` after a change of the format; a test fails while the file is stale.
Keys come from fixed seeds, so the file is the same on every machine. They sign nothing else.
"""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Final, TypedDict

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dvc.core import card_token, short_code
from dvc.core.card_token import CardToken, Purpose

FILE: Final = Path(__file__).with_name("cards.json")
ISSUER: Final = 42
FOREIGN_ISSUER: Final = 43


class Case(TypedDict):
    """`text` × `repeat`, read with `asked_purpose` (null: any), must give `expect`: "ok" or the error's code.

    The other fields say what is in a good card and are null for the rest. Dates are ISO.
    """

    note: str
    text: str
    repeat: int
    asked_purpose: int | None
    expect: str
    card_id: str | None
    purpose: int | None
    kid: int | None
    issued: str | None
    expires: str | None
    short_code: str | None


class ShortCodeCase(TypedDict):
    """Typed text and the eight letters it stands for; null when it must be refused."""

    note: str
    typed: str
    code: str | None


def private_key(seed: str) -> Ed25519PrivateKey:
    """A key for tests, the same every time."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"test vector {seed}".encode()).digest())


CURRENT: Final = private_key("current")
NEXT: Final = private_key("next")
STRANGER: Final = private_key("stranger")
KEYS: Final = {1: CURRENT.public_key().public_bytes_raw(), 2: NEXT.public_key().public_bytes_raw()}


def token(
    number: int,
    *,
    kid: int = 1,
    issuer: int = ISSUER,
    purpose: Purpose = Purpose.VOLUNTEER,
    expires: date | None = None,
) -> CardToken:
    """The `number`th card of the vectors. Only these have card ids that can be foretold."""
    card_id = hashlib.sha256(f"card {number}".encode()).digest()[:16]
    return CardToken(kid, issuer, purpose, date(2026, 4, 1), expires, card_id)


def of_unknown_key(issuer: int) -> str:
    """A card that says it is this center's, signed with a key the center does not have."""
    return card_token.sign(token(5, kid=99, issuer=issuer), STRANGER)


def document() -> dict[str, object]:
    """The whole of cards.json."""
    return {
        "issuer": ISSUER,
        "keys": [{"kid": kid, "public_key": public.hex()} for kid, public in KEYS.items()],
        "cases": _good() + _bad(),
        "short_codes": _short_codes(),
    }


def rendered() -> str:
    """The file's text."""
    return json.dumps(document(), ensure_ascii=True, indent=1) + "\n"


def _good() -> list[Case]:
    plain = token(1)
    text = card_token.sign(plain, CURRENT)
    lookalike = text[:3] + text[3:].replace("1", "I", 1).replace("1", "l", 1).replace("0", "O", 1).replace(
        "0", "o", 1
    )
    full_width = "".join(chr(ord(letter) + 0xFEE0) for letter in text)
    return [
        _ok("plain", text, plain),
        _ok("asked for its own purpose", text, plain, asked=Purpose.VOLUNTEER),
        _ok("signed with the next key", card_token.sign(token(2, kid=2), NEXT), token(2, kid=2)),
        _ok("lower case", text.lower(), plain),
        _ok("full width, as a Japanese IME makes it", full_width, plain),
        _ok("full width and lower case", full_width.lower(), plain),
        _ok("spaces and a line end, as a reader sends them", f"  {text[:50]} {text[50:]}\r\n", plain),
        _ok("ideographic spaces and a byte order mark", f"\ufeff{text[:9]}\u3000{text[9:]}\u3000", plain),
        _ok("a control character in the middle", f"{text[:20]}\u001d{text[20:]}\u0000", plain),
        _ok("I, L and O typed for 1, 1 and 0", lookalike, plain),
        _ok("with an end", card_token.sign(_expiring(), CURRENT), _expiring()),
        _ok("vehicle card, any purpose allowed", card_token.sign(_vehicle(), CURRENT), _vehicle()),
    ]


def _bad() -> list[Case]:
    text = card_token.sign(token(1), CURRENT)
    foreign = card_token.sign(token(4, issuer=FOREIGN_ISSUER), STRANGER)
    return [
        _no("empty", "", "unreadable"),
        _no("only spaces", " \u3000\r\n", "unreadable"),
        _no("half read", text[:80], "unreadable"),
        _no("one letter short", text[:-1], "unreadable"),
        _no("one letter too many", text + "0", "unreadable"),
        _no("read twice in one go", text + text, "unreadable"),
        _no("without its prefix", text[3:], "unreadable"),
        _no("prefix of another kind of card", "VC2" + text[3:], "unreadable"),
        _no("look-alike letter in the prefix", "VCI" + text[3:], "unreadable"),
        _no("letter U, which the alphabet lacks", text[:70] + "U" + text[71:], "unreadable"),
        _no("a hyphen inside", text[:70] + "-" + text[71:], "unreadable"),
        _no("unknown version", "VC1" + "0" + ("G" if text[4] != "G" else "R") + text[5:], "unreadable"),
        _no("an address", "https://example.jp/c/" + text, "unreadable"),
        _no("a name", "\u4f50\u85e4 \u82b1\u5b50", "unreadable"),
        _no("an emoji", "VC1" + "\U0001f600" * 144, "unreadable"),
        _no("a megabyte of letters", "A", "unreadable", repeat=1 << 20),
        _no("ten thousand times a card", text, "unreadable", repeat=10_000),
        _no("another center's card", foreign, "foreign"),
        _no("unknown key", of_unknown_key(ISSUER), "unknown_key"),
        _no("unknown key and a letter changed", _changed(of_unknown_key(ISSUER)), "unknown_key"),
        _no(
            "another center's card with a key id of ours",
            card_token.sign(token(9, issuer=FOREIGN_ISSUER), CURRENT),
            "foreign",
        ),
        _no("right key id, wrong key", card_token.sign(token(6), STRANGER), "forged"),
        _no(
            "next key's id on the current key's signature",
            card_token.sign(token(7, kid=2), CURRENT),
            "forged",
        ),
        _no("last letter changed", _changed(text), "forged"),
        _no(
            "letter of the card id changed",
            text[:25] + ("0" if text[25] != "0" else "1") + text[26:],
            "forged",
        ),
        _no("all zeros with our issuer", "VC1" + card_token.encode_crockford(_zeros()), "forged"),
        _no(
            "vehicle card at the door",
            card_token.sign(_vehicle(), CURRENT),
            "wrong_purpose",
            asked=Purpose.VOLUNTEER,
        ),
    ]


def _changed(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def _zeros() -> bytes:
    return bytes((card_token.VERSION, 1)) + ISSUER.to_bytes(3, "big") + b"\x01" + bytes(84)


def _expiring() -> CardToken:
    return token(3, expires=date(2027, 3, 31))


def _vehicle() -> CardToken:
    return token(8, purpose=Purpose.VEHICLE)


def _ok(note: str, text: str, card: CardToken, asked: Purpose | None = None) -> Case:
    return Case(
        note=note,
        text=text,
        repeat=1,
        asked_purpose=asked,
        expect="ok",
        card_id=card.card_id.hex(),
        purpose=card.purpose,
        kid=card.kid,
        issued=card.issued.isoformat(),
        expires=card.expires.isoformat() if card.expires else None,
        short_code=short_code.short_code(card.card_id),
    )


def _no(note: str, text: str, code: str, *, repeat: int = 1, asked: Purpose | None = None) -> Case:
    return Case(
        note=note,
        text=text,
        repeat=repeat,
        asked_purpose=asked,
        expect=code,
        card_id=None,
        purpose=None,
        kid=None,
        issued=None,
        expires=None,
        short_code=None,
    )


def _short_codes() -> list[ShortCodeCase]:
    code = next(
        code
        for code in (short_code.short_code(token(number).card_id) for number in range(1, 1000))
        if "0" in code and "1" in code
    )
    shown = short_code.display(code)
    swapped = code[1] + code[0] + code[2:]
    wrong = ("2" if code[0] != "2" else "3") + code[1:]
    full_width = "".join(chr(ord(letter) + 0xFEE0) for letter in code)
    return [
        ShortCodeCase(note="as printed", typed=shown, code=code),
        ShortCodeCase(note="without the hyphen, small letters", typed=code.lower(), code=code),
        ShortCodeCase(note="full width", typed=full_width, code=code),
        ShortCodeCase(
            note="a long vowel mark for the hyphen", typed=f"{code[:4]}\u30fc{code[4:]}", code=code
        ),
        ShortCodeCase(note="spaces", typed=f" {code[:4]} {code[4:]}\n", code=code),
        ShortCodeCase(note="O and I typed", typed=code.replace("0", "O").replace("1", "I"), code=code),
        ShortCodeCase(note="l typed", typed=code.replace("1", "l"), code=code),
        ShortCodeCase(note="one wrong letter", typed=wrong, code=None),
        ShortCodeCase(note="two letters swapped", typed=swapped, code=None),
        ShortCodeCase(note="too short", typed=code[:7], code=None),
        ShortCodeCase(note="too long", typed=code + "0", code=None),
        ShortCodeCase(note="letter U", typed="U" + code[1:], code=None),
        ShortCodeCase(note="empty", typed="", code=None),
    ]


if __name__ == "__main__":
    FILE.write_text(rendered(), encoding="ascii")

"""The recovery key: what opens the backups when the laptop is gone. It is printed and kept in the office's safe.

128 random bits as 26 letters of Crockford's base32 and two check letters, in groups of four: to be typed once, on the
worst day, by somebody who is not used to it. Kept in DATA/keys, and so in every backup: a restored center goes on
with the same key and the sheet in the safe stays right.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Final

from django.conf import settings

from dvc.backups.sealed import Secret
from dvc.core import durable
from dvc.core.card_token import CROCKFORD, clean, fold_lookalikes
from dvc.core.short_code import without_hyphens

BYTES: Final = 16
_BODY, _CHECK = 26, 2


class Mistyped(ValueError):
    """Not a recovery key: wrong letters, wrong length, or the check letters do not fit."""


def secret() -> Secret:
    """What new backups are sealed with: the passphrase of the settings, else the recovery key (made on first use)."""
    if settings.BACKUP_PASSPHRASE:
        return passphrase(settings.BACKUP_PASSPHRASE)
    return Secret("key", parse(_read_or_make(_file())))


def kept() -> Secret | None:
    """The recovery key of this DATA folder, if there is one. None is made."""
    return Secret("key", parse(_file().read_text())) if _file().exists() else None


def _file() -> Path:
    return Path(settings.KEYS_DIR) / "backup-recovery.key"


def passphrase(words: str) -> Secret:
    return Secret("passphrase", words.encode())


def display(secret: Secret) -> str:
    """Seven groups of four, as printed."""
    number = int.from_bytes(secret.value, "big") << (_BODY * 5 - BYTES * 8)
    body = "".join(CROCKFORD[number >> 5 * place & 31] for place in reversed(range(_BODY)))
    text = body + _check(body)
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def parse(text: str) -> bytes:
    """The 16 bytes behind a printed or typed key; small letters, spaces, hyphens, full width and I, L, O are allowed
    for. Raises `Mistyped`."""
    letters = fold_lookalikes(without_hyphens(clean(text)))
    body, check = letters[:_BODY], letters[_BODY:]
    if len(letters) != _BODY + _CHECK or set(letters) - set(CROCKFORD) or _check(body) != check:
        raise Mistyped
    number = 0
    for letter in body:
        number = number << 5 | CROCKFORD.index(letter)
    if number & 3:
        raise Mistyped
    return (number >> (_BODY * 5 - BYTES * 8)).to_bytes(BYTES, "big")


def _check(body: str) -> str:
    bits = int.from_bytes(hashlib.sha256(b"recovery:" + body.encode()).digest()[:2], "big") >> 6
    return CROCKFORD[bits >> 5] + CROCKFORD[bits & 31]


def _read_or_make(path: Path) -> str:
    if not path.exists():
        durable.write_once(path, display(Secret("key", secrets.token_bytes(BYTES))).encode())
    return path.read_text().strip()

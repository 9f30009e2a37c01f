"""A sealed stream: AES-256-GCM in pieces, so that a backup of any size is written and checked in constant memory.

Layout: magic (8 bytes) · kind of secret (1) · salt (16) · pieces. A piece is 1 MiB of text (the last one less) and its
16-byte tag; its nonce is its number (11 bytes) and whether it is the last (1 byte), so that pieces cannot be left out,
swapped or cut off unnoticed. Every file has a key of its own, derived from the secret and the salt: nonces never meet
again. Why this and no other program: `cryptography` is here anyway, and a restore needs nothing but this project.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC: Final = b"DVCSEAL1"
PIECE: Final = 1024 * 1024
_TAG, _SALT = 16, 16
_KINDS: Final = {"key": b"K", "passphrase": b"P"}


class WrongSecret(Exception):
    """The first piece does not open: another secret, or a file that is damaged at its very beginning."""


class Damaged(Exception):
    """A later piece does not open, or the end is missing."""


@dataclass(frozen=True, slots=True)
class Secret:
    """What opens a sealed file: 16 random bytes (`key`), or words somebody chose (`passphrase`)."""

    kind: Literal["key", "passphrase"]
    value: bytes

    def file_key(self, salt: bytes) -> bytes:
        if self.kind == "key":
            return HKDF(SHA256(), 32, salt, b"dvc backup").derive(self.value)
        return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(self.value)


def is_sealed(start: bytes) -> bool:
    """Whether a file that starts like this is sealed."""
    return start.startswith(MAGIC)


def kind_of(start: bytes) -> str:
    """The kind of secret that opens the file: "key" or "passphrase". Raises `Damaged` for anything else."""
    for kind, mark in _KINDS.items():
        if start[len(MAGIC) : len(MAGIC) + 1] == mark:
            return kind
    raise Damaged


class Sealer(io.RawIOBase):
    """Write to it, then `close()`: only then the last piece is there. `target` stays open."""

    def __init__(self, target: BinaryIO, secret: Secret) -> None:
        super().__init__()
        salt = os.urandom(_SALT)
        self._header = MAGIC + _KINDS[secret.kind] + salt
        self._cipher = AESGCM(secret.file_key(salt))
        self._target = target
        self._held = bytearray()
        self._number = 0
        target.write(self._header)

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._held += piece
        while len(self._held) > PIECE:
            self._put(bytes(self._held[:PIECE]), last=False)
            del self._held[:PIECE]
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            self._put(bytes(self._held), last=True)
            self._held.clear()
        super().close()

    def _put(self, piece: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number, last), piece, self._header))
        self._number += 1


class Opener(io.RawIOBase):
    """Read the text of a sealed file. Raises `WrongSecret` and `Damaged` from `read`; nothing unchecked comes out."""

    def __init__(self, source: BinaryIO, secret: Secret) -> None:
        super().__init__()
        header = source.read(len(MAGIC) + 1 + _SALT)
        if len(header) < len(MAGIC) + 1 + _SALT or not is_sealed(header):
            raise Damaged
        self._header = header
        self._cipher = AESGCM(secret.file_key(header[-_SALT:]))
        self._source = source
        self._ahead = source.read(PIECE + _TAG)
        self._held = memoryview(b"")
        self._number = 0
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        target = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        if not self._held and not self._ended:
            self._next()
        count = min(len(target), len(self._held))
        target[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

    def _next(self) -> None:
        piece, self._ahead = self._ahead, self._source.read(PIECE + _TAG)
        last = not self._ahead
        try:
            self._held = memoryview(self._cipher.decrypt(_nonce(self._number, last), piece, self._header))
        except (InvalidTag, ValueError):
            raise (Damaged if self._number else WrongSecret) from None
        self._number += 1
        self._ended = last


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])

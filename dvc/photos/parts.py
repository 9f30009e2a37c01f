"""A photo that comes in pieces over a bad network: what has come lies in DATA/uploads, and its length says where to go
on. Losing a piece loses nothing: the tablet keeps the photo until the whole is acknowledged."""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings

from dvc.core.refused import Refused
from dvc.photos.pictures import MOST_BYTES

HASH: Final = re.compile(r"[0-9a-f]{64}")
PIECE_BYTES: Final = 1024 * 1024
_KEPT_SECONDS: Final = 7 * 24 * 3600


def received(device: uuid.UUID, operation: int, sent: str) -> int:
    """How many bytes of this file have come from this device."""
    path = _path(device, operation, sent)
    return path.stat().st_size if path.exists() else 0


def append(device: uuid.UUID, operation: int, sent: str, piece: bytes, *, offset: int) -> int:
    """Write a piece where the last one ended; returns the new length. A piece from elsewhere changes nothing: the
    length says where to go on. Refused: photo.too_large."""
    path = _path(device, operation, sent)
    if offset + len(piece) > MOST_BYTES:
        path.unlink(missing_ok=True)
        raise Refused(
            "photo.too_large",
            megabytes=round((offset + len(piece)) / 1_000_000),
            most=MOST_BYTES // 1_000_000,
        )
    if not path.parent.exists():
        path.parent.mkdir(mode=0o700, parents=True)
    if offset == 0:
        _forget_old(path.parent)
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        length = file.seek(0, os.SEEK_END)
        if length != offset:
            return length
        file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return offset + len(piece)


@contextmanager
def whole(device: uuid.UUID, operation: int, sent: str) -> Iterator[BinaryIO]:
    """The file when all of it has come; it is gone after the block, also when the block fails: it is sent anew then."""
    path = _path(device, operation, sent)
    try:
        with path.open("rb") as file:
            yield file
    finally:
        path.unlink(missing_ok=True)


def _path(device: uuid.UUID, operation: int, sent: str) -> Path:
    if not HASH.fullmatch(sent):
        raise ValueError(f"no hash: {sent[:80]}")
    return Path(settings.DATA) / "uploads" / f"{operation}-{device}-{sent}"


def _forget_old(folder: Path) -> None:
    """Pieces whose tablet never came back."""
    before = time.time() - _KEPT_SECONDS
    for path in folder.iterdir():
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)

"""Files that are there whole or not at all, on the disk and not only in its cache, for their owner only. Keys, backups
and certificates are written this way: a power cut leaves no half of them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def appearing(target: Path) -> Iterator[BinaryIO]:
    """A file under another name that takes the name `target` when all of it is on the disk; nothing is left when the
    block fails. Raises `OSError`."""
    aside = _aside(target)
    try:
        with _new(aside) as file:
            yield file
            _to_disk(file)
        aside.replace(target)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write(target: Path, content: bytes) -> None:
    """Take the place of whatever was there."""
    with appearing(target) as file:
        file.write(content)


def write_once(target: Path, content: bytes) -> None:
    """Unless it is there already: the first of two writers wins, and both read the same afterwards."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = _aside(target)
    try:
        with _new(aside) as file:
            file.write(content)
            _to_disk(file)
        os.link(aside, target)
    except FileExistsError:
        pass
    finally:
        aside.unlink(missing_ok=True)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")


def _new(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())

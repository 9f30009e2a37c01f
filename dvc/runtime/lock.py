"""One center per DATA folder. Needs no Django."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class AlreadyRunning(Exception):
    """Somebody holds the lock; `pid` is who."""

    def __init__(self, pid: str) -> None:
        self.pid = pid
        super().__init__(pid)


def take_lock(path: Path) -> int:
    """The open, locked file. The kernel frees it when the last holder ends, however it ends."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.read(handle, 20).decode().strip() or "?"
        os.close(handle)
        raise AlreadyRunning(pid) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle

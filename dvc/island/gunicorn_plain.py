"""gunicorn's worker for lines without TLS: who went silent in the middle of a request gives its thread back.

gunicorn by itself waits for the rest of a request without end: four tablets that walked out of reach would hold all
four threads of the unencrypted reception.
"""

from __future__ import annotations

import errno
import socket
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker

# A connection without a byte for this many seconds, in the middle of something, is let go.
PATIENCE: Final = 20.0


class PatientSocket(socket.socket):
    """Blocks for PATIENCE seconds at most; what takes longer looks to gunicorn like a visitor who left."""

    def setblocking(self, flag: bool, /) -> None:
        self.settimeout(PATIENCE if flag else 0.0)

    def recv(self, buflen: int = 1024, flags: int = 0, /) -> bytes:
        try:
            return super().recv(buflen, flags)
        except TimeoutError as error:
            raise ConnectionResetError(errno.ECONNRESET, "went silent") from error


class PatientListener:
    """A listening socket whose connections are patient."""

    def __init__(self, listener: Any) -> None:
        self._listener = listener

    def accept(self) -> tuple[PatientSocket, Any]:
        accepted, address = self._listener.accept()
        return PatientSocket(fileno=accepted.detach()), address

    def getsockname(self) -> Any:
        return self._listener.getsockname()


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    def accept(self, listener: Any) -> None:
        super().accept(PatientListener(listener))

"""gunicorn's configuration for the encrypted line: `--config python:dvc.island.gunicorn_tls`.

gunicorn by itself builds a TLS context for every connection and waits for a handshake without end. Here one context
serves until the certificate's file changes (so that a renewed certificate needs no restart), and a tablet that walks
out of reach in the middle of a handshake or a request gives its thread back.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any, Final

# A connection without a byte for this many seconds, in the middle of something, is let go.
PATIENCE: Final = 20.0

_lock = threading.Lock()
_kept: tuple[tuple[int, int], ssl.SSLContext] | None = None


class PatientSocket(ssl.SSLSocket):
    """Blocks for PATIENCE seconds at most; what takes longer looks to gunicorn like a visitor who left."""

    def setblocking(self, flag: bool) -> None:
        self.settimeout(PATIENCE if flag else 0.0)

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except (TimeoutError, ssl.SSLError) as error:
            # Half-open, plain http on this port, or a device that does not trust us: nothing to answer or to log.
            raise ConnectionResetError(errno.ECONNRESET, "no handshake") from error

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        try:
            return super().recv(buflen, flags)
        except TimeoutError as error:
            raise ConnectionResetError(errno.ECONNRESET, "went silent") from error


class PatientContext(ssl.SSLContext):
    """A server's context whose sockets are patient from the first byte on."""

    sslsocket_class = PatientSocket

    def wrap_socket(self, sock: socket.socket, *args: Any, **options: Any) -> ssl.SSLSocket:
        made = super().wrap_socket(sock, *args, **options)
        made.setblocking(True)
        return made


def ssl_context(config: Any, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """gunicorn's hook, called for every connection: the kept context, or a new one when the file was replaced.

    While the file is missing or unreadable (the sweeper makes it anew), the kept one goes on serving.
    """
    global _kept  # noqa: PLW0603 - gunicorn's hook is a function and has no other place
    with _lock:
        try:
            file = os.stat(config.certfile)
            mark = (file.st_mtime_ns, file.st_ino)
            if _kept is None or _kept[0] != mark:
                _kept = (mark, _load(config.certfile))
        except OSError:  # ssl.SSLError is one
            if _kept is None:
                raise
        return _kept[1]


def _load(certfile: str) -> ssl.SSLContext:
    context = PatientContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certfile)
    return context

"""The encrypted line lets go of who went silent, and serves a renewed certificate without a restart."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from types import SimpleNamespace

import pytest

from dvc.island import gunicorn_tls
from dvc.island.authority import Files, ensure
from tests.dvc.island.conftest import NAME

ROUTER, HOTSPOT = IPv4Address("192.168.1.10"), IPv4Address("10.42.0.1")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    made = Files(tmp_path / "lan")
    ensure(made, NAME, [ROUTER], at=datetime.now(UTC))
    return made


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gunicorn_tls, "_kept", None)


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a connection: ours as gunicorn accepts it, and a tablet's."""
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        theirs.settimeout(20)
        yield ours, theirs


def context(files: Files) -> ssl.SSLContext:
    """Through gunicorn's hook; the default must not be needed."""

    def default() -> ssl.SSLContext:
        raise AssertionError("gunicorn's own context was made")

    return gunicorn_tls.ssl_context(SimpleNamespace(certfile=str(files.server)), default)


def accept(files: Files, ours: socket.socket) -> ssl.SSLSocket:
    """As gunicorn's thread does it: wrapped first, the handshake afterwards."""
    ours.setblocking(True)
    return context(files).wrap_socket(ours, server_side=True, do_handshake_on_connect=False)


def talk(files: Files, line: tuple[socket.socket, socket.socket], host: str) -> bytes:
    """A tablet that trusts the authority asks under `host`; what it hears."""
    ours, theirs = line

    def serve() -> None:
        with accept(files, ours) as wrapped, suppress(ConnectionResetError):
            wrapped.do_handshake()
            wrapped.sendall(wrapped.recv(100))

    server = threading.Thread(target=serve)
    server.start()
    try:
        tablet = ssl.create_default_context(cafile=str(files.authority))
        with tablet.wrap_socket(theirs, server_hostname=host) as wrapped:
            wrapped.sendall(b"hello")
            return wrapped.recv(100)
    finally:
        theirs.close()
        server.join(20)


def test_a_tablet_that_trusts_the_authority_is_served(
    files: Files, line: tuple[socket.socket, socket.socket]
) -> None:
    assert talk(files, line, NAME) == b"hello"


def test_a_new_address_is_served_from_the_next_connection_on(
    files: Files, line: tuple[socket.socket, socket.socket]
) -> None:
    first = context(files)
    assert context(files) is first
    ensure(files, NAME, [HOTSPOT], at=datetime.now(UTC))
    assert context(files) is not first
    assert talk(files, line, str(HOTSPOT)) == b"hello"


def test_while_the_file_is_missing_or_torn_the_old_certificate_goes_on_serving(
    files: Files, line: tuple[socket.socket, socket.socket]
) -> None:
    first = context(files)
    whole = files.server.read_bytes()
    files.server.write_bytes(whole[:200])
    assert context(files) is first
    files.server.unlink()
    assert context(files) is first
    assert talk(files, line, NAME) == b"hello"


def test_a_start_without_a_certificate_fails_loudly(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        context(Files(tmp_path / "nothing"))


def test_a_device_that_does_not_trust_us_is_a_visitor_who_left(
    files: Files, line: tuple[socket.socket, socket.socket]
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        talk(files, line, "10.9.9.9")


@pytest.mark.parametrize("said", [b"\x16", b"GET / HTTP/1.1\r\n"])
def test_half_a_handshake_or_plain_http_gives_the_thread_back(
    said: bytes,
    files: Files,
    line: tuple[socket.socket, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gunicorn_tls, "PATIENCE", 0.05)
    line[1].sendall(said)
    wrapped = accept(files, line[0])
    with closing(wrapped), pytest.raises(ConnectionResetError):
        wrapped.do_handshake()

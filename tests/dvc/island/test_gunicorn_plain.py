"""A line without TLS lets go of who went silent in the middle of a request; the next one is answered."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from subprocess import Popen
from sys import executable

import pytest

from dvc.island import gunicorn_plain
from tests.infra.center import free_port, until

APP = """
from dvc.island import gunicorn_plain

gunicorn_plain.PATIENCE = {patience}

def application(environ, start):
    start("200 OK", [("Content-Length", "5")])
    return [b"hello"]
"""


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a connection: ours, and a tablet's."""
    ours, theirs = socket.socketpair()
    patient = gunicorn_plain.PatientSocket(fileno=ours.detach())
    with closing(patient), closing(theirs):
        yield patient, theirs


def test_half_a_request_gives_the_thread_back(
    line: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gunicorn_plain, "PATIENCE", 0.05)
    ours, theirs = line
    theirs.sendall(b"POST / HT")
    ours.setblocking(True)
    assert ours.recv(100) == b"POST / HT"
    with pytest.raises(ConnectionResetError):
        ours.recv(100)
    ours.setblocking(False)
    with pytest.raises(BlockingIOError):
        ours.recv(100)


def serve(folder: Path, worker: str, port: int) -> Popen[bytes]:
    folder.mkdir()
    (folder / "app.py").write_text(APP.format(patience=0.3))
    command = [
        executable,
        "-m",
        "gunicorn",
        "app:application",
        "--no-control-socket",
        "--worker-class",
        worker,
    ]
    command += [
        "--threads",
        "1",
        "--bind",
        f"127.0.0.1:{port}",
        "--log-level",
        "error",
        "--chdir",
        str(folder),
    ]
    return Popen(command)


def answered(port: int, *, within: float) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=within) as visitor:
            visitor.settimeout(within)
            visitor.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return visitor.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


@pytest.mark.long
@pytest.mark.parametrize(
    ("worker", "answers"), [("dvc.island.gunicorn_plain.PatientWorker", True), ("gthread", False)]
)
def test_a_worker_with_one_thread_answers_after_half_a_request_and_gunicorns_own_does_not(
    tmp_path: Path, worker: str, answers: bool
) -> None:
    port = free_port()
    server = serve(tmp_path / "site", worker, port)
    try:
        assert until(lambda: answered(port, within=2), 30)
        with socket.create_connection(("127.0.0.1", port)) as silent:
            silent.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Le")
            time.sleep(0.2)
            assert answered(port, within=3) is answers
    finally:
        server.terminate()
        server.wait()

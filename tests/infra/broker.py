"""A broker of our own: the embedded one, in a temporary folder."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from dvc.runtime import broker as embedded
from dvc.runtime.process import die_with_parent


@contextmanager
def broker() -> Iterator[str]:
    """Start a broker; yields its URL for BROKER_URL; removes everything afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="dvc-broker-"))
    process = start_broker(folder)
    try:
        yield f"redis+socket://{folder}/broker.sock"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def start_broker(folder: Path) -> subprocess.Popen[bytes]:
    """The embedded broker on `folder`/broker.sock, once it answers."""
    place = folder / "broker.sock"
    process = subprocess.Popen(
        embedded.command(folder, place),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent(),  # noqa: PLW1509 - nothing but a system call happens there
    )
    end = time.monotonic() + 60
    while True:
        try:
            with redis.Redis(unix_socket_path=str(place)) as client:
                client.ping()
            return process
        except redis.RedisError:
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                raise
            time.sleep(0.05)

"""A real Celery worker as a process of its own, on the test database and a real broker."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from dvc.core import env
from dvc.runtime.process import die_with_parent
from tests.infra.broker import start_broker
from tests.infra.center import BASE


def database_url() -> str:
    """DATABASE_URL of the database this test writes to."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite://{Path(str(name)).absolute()}"
    before, _, options = os.environ["DATABASE_URL"].partition("?")
    return f"{before.rsplit('/', 1)[0]}/{name}?{options}"


def environment(**more: str) -> dict[str, str]:
    """Of a part of the center on the database and the broker of this test. `more` comes on top."""
    ours = {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "dvc.settings"}
    return {**os.environ, **ours, "BROKER_URL": settings.BROKER_URL, **more}


@contextmanager
def broker_of_the_settings() -> Iterator[subprocess.Popen[bytes]]:
    """The broker this very process publishes to."""
    folder = env.broker_socket(settings.DATA).parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    process = start_broker(folder)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def worker(log: Path, *, queue: str = "matching", **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of `queue`, started as the supervisor starts it; does not wait for it to be ready. `more`: of its
    environment."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "dvc.runtime.worker", queue],
            cwd=BASE,
            env=environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - nothing but a system call happens there
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()

"""The real web server as a process of its own, on the database this test writes to."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from dvc.runtime.process import die_with_parent
from tests.infra.center import BASE, SECONDS_TO_READY, SECONDS_TO_WAIT, free_port, until
from tests.infra.worker import database_url


@contextmanager
def web(log: Path, *, data: Path | None = None, workers: int = 1) -> Iterator[int]:
    """A gunicorn with threads, as the supervisor starts it; yields its port once it answers.

    `data` is its DATA folder, this process's own when not given: keys and the mark of a restore lie there.
    """
    variables = {
        **os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "dvc.settings", "LOG_LEVEL": "WARNING",
    }  # fmt: skip
    if data is not None:
        variables["DATA"] = str(data)
    with serving(log, free_port(), variables, workers=workers) as port:
        yield port


@contextmanager
def serving(log: Path, port: int, variables: dict[str, str], *, workers: int = 1) -> Iterator[int]:
    """The same with the whole environment and the port given."""
    command = [
        *(sys.executable, "-m", "gunicorn", "dvc.wsgi:application", "--no-control-socket"),
        *("--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--log-level", "warning"),
        *("--workers", str(workers), "--threads", "8"),
    ]
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, cwd=BASE, env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - nothing but a system call happens there
        )  # fmt: skip
    try:
        try:
            until(lambda: answers(port), SECONDS_TO_READY)
        except TimeoutError as error:
            raise TimeoutError(log.read_text(errors="replace")[-4000:]) from error
        yield port
    finally:
        process.terminate()
        process.wait(SECONDS_TO_WAIT)


def answers(port: int) -> bool:
    """Whether the application is served there: it asks a stranger who he is."""
    line = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        line.request("GET", "/api/v1/sync/ops")
        return line.getresponse().status == 401
    except (OSError, HTTPException):
        return False
    finally:
        line.close()

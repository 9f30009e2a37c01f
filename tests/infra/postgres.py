"""A PostgreSQL of our own: a fresh cluster in a temporary folder, on a unix socket only."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.infra.processes import family

SECONDS_TO_START = 120.0


class NoPostgres(Exception):
    """This machine has no PostgreSQL server programs."""


def programs() -> Path:
    """The folder of initdb and postgres, the newest version first. Raises `NoPostgres`."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    if initdb is None:
        raise NoPostgres("PostgreSQL server programs are missing: install the package postgresql")
    return Path(initdb).parent


def _as_server() -> tuple[list[str], int | None]:
    """How to run a server that dies with us, and the uid it runs under (it refuses to be root)."""
    command = ["setpriv", "--pdeathsig", "SIGQUIT"]
    if os.getuid() != 0:
        return command, None
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        return [*command, *ids], user.pw_uid
    raise NoPostgres("PostgreSQL does not run as root, and there is no user postgres or nobody")


@dataclass
class Cluster:
    """A running cluster in `folder`."""

    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Of its empty database."""
        return f"postgres://dvc@/dvc?host={self.folder}"

    def kill(self) -> None:
        """kill -9 of the server and of all that answer for it, as when the machine is switched off."""
        server = self.process.pid
        for pid in (server, *sorted(family(server) - {server})):  # the server first: it would start others
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(60)

    def start_again(self) -> float:
        """Seconds until it answers: it looks through its journal and writes every file to the disk first."""
        begun = time.monotonic()
        (self.folder / "cluster" / "postmaster.pid").unlink(missing_ok=True)
        self.process = _start(self.folder)
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() - begun > SECONDS_TO_START:
                raise RuntimeError(f"PostgreSQL did not start again:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.05)
        return time.monotonic() - begun

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def postgres() -> Iterator[str]:
    """Start a cluster; yields the URL of an empty database; removes everything afterwards."""
    with cluster() as running:
        yield running.url


@contextmanager
def cluster() -> Iterator[Cluster]:
    """The same as something that can be killed."""
    binaries = programs()
    prefix, uid = _as_server()
    folder = Path(tempfile.mkdtemp(prefix="dvc-pg-"))
    running: Cluster | None = None
    try:
        if uid is not None:
            os.chown(folder, uid, -1)
        with (folder / "log").open("wb") as log:
            subprocess.run(
                [
                    *(
                        *prefix,
                        str(binaries / "initdb"),
                        "--pgdata",
                        str(folder / "cluster"),
                        "--username=dvc",
                    ),
                    *("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
                ],
                check=True,
                stdout=log,
                stderr=log,
                cwd=folder,
            )
        running = Cluster(folder, _start(folder))
        _make_database(binaries, folder, running.process)
        yield running
    finally:
        if running is not None:
            running.process.send_signal(signal.SIGQUIT)
            running.process.wait(120)
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> subprocess.Popen[bytes]:
    prefix, _ = _as_server()
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [
                *(*prefix, str(programs() / "postgres"), "-D", str(folder / "cluster"), "-k", str(folder)),
                *("-c", "listen_addresses=", "-c", "max_connections=60"),
            ],
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
        )


def _make_database(binaries: Path, folder: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS_TO_START
    command = [str(binaries / "createdb"), "--host", str(folder), "--username=dvc", "dvc"]
    while subprocess.run(command, capture_output=True, check=False).returncode != 0:
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"PostgreSQL did not start:\n{(folder / 'log').read_text()}")
        time.sleep(0.1)

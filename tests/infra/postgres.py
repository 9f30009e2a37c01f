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

from tests.infra.processes import alive, family
from tests.infra.template import alone, template_postgres

SECONDS_TO_START = 120.0
# What a server that lives for minutes gains nothing by. It does write each commit to the disk: a center asks for that.
HURRIED = ("full_page_writes=off", "autovacuum=off", "jit=off")


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
    settings: tuple[str, ...]
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Of its empty database."""
        return f"postgres://dvc@/dvc?host={self.folder}"

    def kill(self) -> None:
        """kill -9 of the server and of all that answer for it, as when the machine is switched off."""
        server = self.process.pid
        # It starts nobody while we look for them: who is missed holds its memory a little longer, and a server that finds
        # that in use does not start.
        os.kill(server, signal.SIGSTOP)
        everybody = family(server)
        for pid in everybody:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(60)
        while any(alive(pid) for pid in everybody):
            time.sleep(0.01)

    def start_again(self) -> float:
        """Seconds until it answers: it looks through its journal and writes every file to the disk first."""
        begun = time.monotonic()
        (self.folder / "cluster" / "postmaster.pid").unlink(missing_ok=True)
        self.process = _start(self.folder, self.settings)
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
    with cluster(HURRIED) as running:
        yield running.url


@contextmanager
def cluster(settings: tuple[str, ...] = ()) -> Iterator[Cluster]:
    """The same as something that can be killed, with the server's own settings but for these."""
    with _folder() as folder:
        if "DVC_TEMPLATES" in os.environ:
            subprocess.run(["cp", "-a", _made_once(), folder / "cluster"], check=True)
        else:
            _initdb(folder)
        with _started(folder, settings, signal.SIGQUIT) as running:
            yield running


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that the server may enter; removed afterwards."""
    _, uid = _as_server()
    folder = Path(tempfile.mkdtemp(prefix="dvc-pg-"))
    try:
        if uid is not None:
            os.chown(folder, uid, -1)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _started(folder: Path, settings: tuple[str, ...], end: signal.Signals) -> Iterator[Cluster]:
    """The cluster of `folder` once it answers, ended with that signal."""
    running = Cluster(folder, settings, _start(folder, settings))
    try:
        _make_database(folder, running.process)
        yield running
    finally:
        running.process.send_signal(end)
        running.process.wait(120)


def _made_once() -> Path:
    """The files of a cluster that holds the template already, to be copied: for `make test`, whose steps start several.
    Migrating takes ten times as long as all the rest of a start."""
    place = Path(os.environ["DVC_TEMPLATES"])
    files = place / "cluster"
    with alone(place / "cluster.lock"):
        if not files.exists():
            making = place / "cluster-in-the-making"
            with _folder() as folder:
                _initdb(folder)
                # Ended in order: its journal is empty.
                with _started(folder, ("fsync=off",), signal.SIGINT) as running:
                    template_postgres(running.url)
                subprocess.run(["cp", "-a", folder / "cluster", making], check=True)
            making.rename(files)
    return files


def _initdb(folder: Path) -> None:
    prefix, _ = _as_server()
    with (folder / "log").open("wb") as log:
        subprocess.run(
            [
                *(*prefix, str(programs() / "initdb"), "--pgdata", str(folder / "cluster"), "--username=dvc"),
                *("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
            ],
            check=True,
            stdout=log,
            stderr=log,
            cwd=folder,
        )


def _start(folder: Path, settings: tuple[str, ...]) -> subprocess.Popen[bytes]:
    prefix, _ = _as_server()
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [
                *(*prefix, str(programs() / "postgres"), "-D", str(folder / "cluster"), "-k", str(folder)),
                *("-c", "listen_addresses=", "-c", "max_connections=60"),
                *(word for setting in settings for word in ("-c", setting)),
            ],
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
        )


def _make_database(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """The empty database, as soon as the server answers; a copied cluster has it."""
    end = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            with psycopg.connect(f"postgres://dvc@/postgres?host={folder}", autocommit=True) as line:
                if not line.execute("SELECT 1 FROM pg_database WHERE datname = 'dvc'").fetchone():
                    line.execute("CREATE DATABASE dvc")
                return
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"PostgreSQL did not start:\n{(folder / 'log').read_text()}") from error
        time.sleep(0.1)

"""The whole center as an operator starts it: `manage.py up` on a free port and a folder of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from dvc.runtime.process import die_with_parent
from tests.infra.locks import stopped
from tests.infra.processes import children
from tests.infra.shell import Shell
from tests.infra.template import migrated_postgres, migrated_sqlite

BASE = Path(__file__).resolve().parents[2]
# Nothing is measured by these: they end what will never come, and a loaded machine is slow.
SECONDS_TO_READY = 240.0
SECONDS_TO_WAIT = 90.0
# What the kernel calls a part, by the supervisor's name for it.
SIGNS = {
    "broker": "-server",
    **{name: f"dvc-{name}" for name in ("sweeper", "worker", "matching", "beat", "web")},
}


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(question: Callable[[], Any], seconds: float = SECONDS_TO_WAIT, what: str = "") -> Any:
    """The first true answer. Raises `TimeoutError` when none comes in time."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TimeoutError(what or f"{question} was not true within {seconds:g} s")
        time.sleep(0.05)


@dataclass
class RunningCenter:
    """A started center; `log` holds all it printed."""

    data: Path
    port: int
    log: Path
    variables: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] = field(init=False)
    shell: Shell = field(init=False)

    def __post_init__(self) -> None:
        self.shell = Shell(self.environment(), self.log.with_name("shell.log"))

    def start(self) -> None:
        """Start it; does not wait."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=BASE,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - nothing but a system call happens there
            )

    def environment(self) -> dict[str, str]:
        """Ours, but with a folder, a port and a broker of its own."""
        ours = {name: value for name, value in os.environ.items() if name not in {"BROKER_URL", "BIND"}}
        own = {"DATA": str(self.data), "PORT": str(self.port), "DJANGO_SETTINGS_MODULE": "dvc.settings"}
        return {**ours, **own, **self.variables}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def printed(self) -> str:
        return self.log.read_text(errors="replace")

    def get(self, path: str, timeout: float = 5.0) -> tuple[int, str] | None:
        """Status and body, or None when nothing answers."""
        line = HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            line.request("GET", path)
            answer = line.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, HTTPException):
            return None
        finally:
            line.close()

    def health(self) -> tuple[int, dict[str, Any]]:
        """Status and JSON of /healthz; (0, {}) when nothing answers."""
        answer = self.get("/healthz")
        if answer is None or not answer[1].startswith("{"):
            return 0, {}
        return answer[0], json.loads(answer[1])

    def is_healthy(self) -> bool:
        return self.health()[0] == 200

    def wait_until_ready(self, seconds: float = SECONDS_TO_READY) -> None:
        def ready() -> bool:
            if self.process.poll() is not None:
                raise RuntimeError(f"the center ended with {self.process.returncode}:\n{self.printed()}")
            return self.is_healthy()

        try:
            until(ready, seconds)
        except TimeoutError as error:
            raise TimeoutError(f"{self.health()}\n{self.printed()[-6000:]}") from error

    def sign_in_link(self) -> str:
        """The newest one-time link it printed."""

        def newest() -> str:
            found = re.findall(r"http://\S+/sign-in/\S+", self.printed())
            return str(found[-1]) if found else ""

        return str(until(newest, SECONDS_TO_READY, "no sign-in link was printed"))

    def child(self, name: str) -> int:
        """The process id of a part, or 0 while there is none."""
        return next((pid for pid, called in children(self.process.pid).items() if SIGNS[name] in called), 0)

    def kill(self, name: str) -> int:
        """kill -9 a part and all it started, as the kernel would for want of memory. Returns its old id."""
        pid = int(until(lambda: self.child(name)))
        os.killpg(pid, signal.SIGKILL)
        return pid

    def wait_for_another(self, name: str, old: int, seconds: float = SECONDS_TO_WAIT) -> int:
        """The id of the process that replaced `old`."""
        return int(until(lambda: (pid := self.child(name)) and pid != old and pid, seconds, f"no new {name}"))

    @property
    def database(self) -> Path | None:
        """Its SQLite file, once it has one."""
        return next(self.data.glob("*.sqlite3"), None)

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """A part stands still meanwhile, as one that hangs; it was not just writing."""
        with stopped(int(until(lambda: self.child(name))), self.database):
            yield

    @contextmanager
    def unattended(self) -> Iterator[None]:
        """The supervisor stands still meanwhile, so that nobody starts or kills a part."""
        with stopped(self.process.pid, None):
            yield

    def stop(self, with_signal: signal.Signals = signal.SIGINT, seconds: float = SECONDS_TO_WAIT) -> int:
        """Ask it to stop, as Ctrl-C does, and wait. Returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@contextmanager
def center(folder: Path, **variables: str) -> Iterator[RunningCenter]:
    """A ready center in `folder`/data; stopped afterwards. `variables` are added to its environment.

    Where DATABASE_URL names a PostgreSQL, the center gets a database of its own there.
    """
    server = variables.get("DATABASE_URL", os.environ.get("DATABASE_URL", ""))
    if server.startswith("postgres"):
        variables["DATABASE_URL"] = migrated_postgres(server)
    folder.mkdir(parents=True, exist_ok=True)
    running = RunningCenter(folder / "data", free_port(), folder / "up.log", variables)
    if not server:
        running.data.mkdir(mode=0o700, parents=True)
        shutil.copy(migrated_sqlite(), running.data)
    running.start()
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.shell.close()
        running.stop()

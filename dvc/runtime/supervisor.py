"""Keeps the center's processes running, and takes every one of them along when it ends.

One thread: it starts children, forwards their lines, and asks `/healthz` the way any visitor would. It loads the center's
code once, for its children to be forked from (dvc.runtime.parts), and uses none of it: no query, no message to the
broker, nothing to get stuck on.
"""

from __future__ import annotations

import json
import os
import select
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import IO, Any

from dvc import settings
from dvc.core import env
from dvc.runtime import parts
from dvc.runtime.process import Part, Process, Program, save_heaps

BACKOFF = (0.1, 0.5, 1.0, 2.0, 5.0)  # seconds; a start costs little, and whoever waits waits for all of it
STEADY_SECONDS = 30.0  # a child that lived this long starts again at the first step of BACKOFF
NO_ROOM_SECONDS = 5.0  # before a part is tried again for which the machine had no room
STOP_SECONDS = 15.0
LOOK_EVERY = 0.2
ASK_EVERY = 5.0
ASK_WHILE_STARTING = (0.1, 1.2)  # the first pause and how it grows, up to ASK_EVERY
IMPATIENT_SECONDS = 1.0  # a terminal and make both pass on one Ctrl-C; that is not asking twice
ASK_TIMEOUT = 5.0
# A part that shows no life for this long is killed and started again. Above what /healthz calls
# missing, and above the longest task (CELERY_TASK_TIME_LIMIT) for a matching worker.
STUCK_SECONDS = {"web": 30.0, "plain": 30.0, "worker": 90.0, "matching": 330.0, "sweeper": 60.0}


@dataclass
class Child:
    """One process to keep alive: a program's command line, or what a fork of this process does. `pulse` is its own sign
    of life in /healthz, where it has one; of several of a kind the later have a number in their name."""

    name: str
    work: list[str] | Callable[[], int | None]
    pulse: str = ""
    process: Process | None = None
    rest: bytes = b""
    started: float = 0.0
    start_at: float = 0.0
    failures: int = 0
    # How many times its STUCK_SECONDS it may be silent. A slow machine needs longer to start a part than a part may
    # pause; one killed before it could show life gets twice as long the next time, or it would never come up.
    patience: float = 2.0

    @property
    def kind(self) -> str:
        return self.name.rstrip("0123456789")

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def backoff(self) -> float:
        """Seconds before it is started again."""
        return BACKOFF[min(self.failures, len(BACKOFF) - 1)]

    def begin(self) -> Process:
        """Start it. Raises `OSError`."""
        if isinstance(self.work, list):
            return Program(self.work)
        return Part(self.name, self.work)


@dataclass
class Supervisor:
    """`children` in start order: broker first, what takes requests from outside last. `load` is called once, before
    the first of them that is forked."""

    children: list[Child]
    link: bool
    write: Callable[[str, str], None]
    load: Callable[[], None] = parts.load
    once: list[Child] = field(default_factory=list)
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    stopping: int = 0
    ready: bool = False
    next_question: float = 0.0
    pause: float = ASK_WHILE_STARTING[0]
    asked_to_stop_at: float = 0.0
    web_answered: float = field(default_factory=time.monotonic)
    plain_answered: float = field(default_factory=time.monotonic)

    def run(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        try:
            broker = [child for child in self.children if child.name == "broker"]
            for child in broker:
                self.start(child)
            self.load()
            if broker:
                self._wait_for_broker()
            for child in self.children[len(broker) :]:
                self.start(child)
            while not self.stopping:
                self.forward(max(0.0, min(LOOK_EVERY, self.next_question - time.monotonic())))
                self.revive()
                self.ask()
            self.stop()
        finally:
            for child in self.children:
                _kill(child)
        return 0

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self.asked_to_stop_at > IMPATIENT_SECONDS:
            self.stopping += 1
            self.asked_to_stop_at = now

    # ── starting ───────────────────────────────────────────────────────────────────────────────
    def start(self, child: Child) -> None:
        child.started = time.monotonic()
        child.patience = max(2.0, child.patience)
        try:
            child.process = child.begin()
        except OSError as error:  # no memory, or too many processes; no fault of the part
            child.start_at = child.started + NO_ROOM_SECONDS
            self.write(child.name, f"cannot be started: {error}")
            return
        os.set_blocking(child.process.out.fileno(), False)
        self.selector.register(child.process.out, selectors.EVENT_READ, child)

    def _wait_for_broker(self) -> None:
        end = time.monotonic() + 5
        while time.monotonic() < end and not self.stopping and not _accepts(env.broker_socket(settings.DATA)):
            self.forward(0.05)

    def revive(self) -> None:
        """Start again what has ended, sooner after a long life and later after a short one."""
        now = time.monotonic()
        # Whether these are done must be asked, or the kernel keeps their names.
        self.once = [child for child in self.once if child.process is None or child.running]
        for child in self.once:
            if child.process is None and now >= child.start_at:
                self.start(child)
        for child in self.children:
            if child.process is not None and not child.running:
                code = child.process.poll()
                steady = now - child.started > STEADY_SECONDS or self._has_answered(child)
                child.failures = 0 if steady else child.failures + 1
                child.start_at, child.process = now + child.backoff, None
                self.write(child.name, f"ended with {code}; starting again in {child.backoff:g} s")
                if child.name == "broker" and child.failures >= 3:
                    self._set_broker_data_aside()
            if child.process is None and now >= child.start_at:
                self.start(child)
                self.pause = ASK_WHILE_STARTING[0]
                self.next_question = min(self.next_question, now + self.pause)

    def _has_answered(self, child: Child) -> bool:
        """Whether the web server was up since it was started: then it did not fail at starting, whatever ended it, and
        five hundred people do not wait for it."""
        return child.name == "web" and self.web_answered > child.started

    def _set_broker_data_aside(self) -> None:
        """The broker only carries hints; a file it cannot read must not keep the center down."""
        folder = settings.DATA / "broker" / "appendonlydir"
        if folder.exists():
            aside = folder.with_name(f"unreadable-{int(time.time())}")
            folder.rename(aside)
            self.write(
                "broker",
                f"cannot read its file, which is now {aside.name}; starting empty, no record is lost / "
                "ブローカーのファイルが読めないため、空にして始めます。記録は失われません。",
            )

    # ── watching ───────────────────────────────────────────────────────────────────────────────
    def ask(self) -> None:
        """Say when all is up; kill what is stuck, so that `revive` starts it again."""
        now = time.monotonic()
        if now < self.next_question:
            return
        answer = ask_health()
        all_up = self.ready and all(
            self._has_answered(child) for child in self.children if child.name == "web"
        )
        self.pause = ASK_EVERY if all_up else min(ASK_EVERY, self.pause * ASK_WHILE_STARTING[1])
        self.next_question = time.monotonic() + self.pause
        if answer is not None:
            self.web_answered = time.monotonic()
        if settings.LAN and ask_health(encrypted=False) is not None:
            self.plain_answered = time.monotonic()
        if not self.ready and answer is not None and answer["status"] == "ok":
            self.ready = True
            self.announce()
        self._kill_stuck(answer)

    def _kill_stuck(self, answer: dict[str, Any] | None) -> None:
        now = time.monotonic()
        silent = {"web": now - self.web_answered, "plain": now - self.plain_answered}
        if answer is not None and answer["database"] == answer["broker"] == "ok":
            for child in self.children:
                if child.pulse:
                    # Never seen: its own age is how long it has been silent.
                    silent[child.name] = abs(float(answer["seconds_since"].get(child.pulse, 1e9)))
        for child in self.children:
            age = time.monotonic() - child.started
            if silent.get(child.name, 1e9) < age:
                child.patience = 1.0
            limit = child.patience * STUCK_SECONDS.get(child.kind, 1e9)
            if child.running and min(silent.get(child.name, 0), age) > limit:
                self.write(child.name, f"shows no life for {limit:g} s; killing it")
                child.patience = min(8.0, 2 * child.patience)
                _kill(child)
                if child.kind in {"worker", "matching"}:
                    # The pulse starts in beat, so beat may be the one that is stuck.
                    _kill(next(other for other in self.children if other.name == "beat"))

    def announce(self) -> None:
        seconds = time.monotonic() - min(child.started for child in self.children)
        self.write("center", f"ready after {seconds:.1f} s: {address()}/")
        if self.link:
            # Its line is forwarded like any other; it is no part of the center.
            self.once.append(Child("center", parts.sign_in_link))
        if settings.LAN:
            self.once.append(Child("center", parts.lan_sheet))
        for child in self.once:
            self.start(child)

    def forward(self, timeout: float) -> None:
        """Pass on the children's lines, waiting at most `timeout` seconds for the first."""
        for key, _ in self.selector.select(timeout):
            child: Child = key.data
            pipe: IO[bytes] = key.fileobj  # type: ignore[assignment]  # registered in start()
            try:
                chunk = os.read(pipe.fileno(), 65536)
            except BlockingIOError:
                continue
            if not chunk:
                self.selector.unregister(pipe)
                pipe.close()
            *lines, child.rest = (child.rest + chunk).split(b"\n")
            if len(child.rest) > 65536 or (not chunk and child.rest):
                lines.append(child.rest)
                child.rest = b""
            for line in lines:
                self.write(child.name, line.decode(errors="replace"))

    # ── stopping ───────────────────────────────────────────────────────────────────────────────
    def stop(self) -> None:
        """Last started, first stopped: no new requests, then no new work, then the broker."""
        self.write("center", "stopping")
        asked = self.stopping
        groups = [[c for c in self.children if c.name != "broker"], self.children[:1]]
        for group in groups:
            end = time.monotonic() + STOP_SECONDS
            for child in reversed(group):
                if child.process is not None:
                    child.process.send(signal.SIGTERM)
            while any(child.running for child in group) and time.monotonic() < end and self.stopping == asked:
                self.forward(0.1)
            for child in group:
                if child.running:
                    self.write(child.name, "does not stop; killing it")
                _kill(child)
        self.forward(0)
        self.write("center", "stopped")


def _kill(child: Child) -> None:
    """End the child and what it started. One that was waited for is left alone: its number may be another's."""
    if child.process is None or child.process.poll() is not None:
        return
    try:
        os.killpg(child.process.pid, signal.SIGKILL)
    except ProcessLookupError:
        # The whole group is gone already; or one just forked has not made its own yet.
        child.process.send(signal.SIGKILL)
    child.process.wait()


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(os.fspath(path))
        except OSError:
            return False
    return True


def _own_host() -> str:
    return "127.0.0.1" if settings.BIND in {"0.0.0.0", "::"} else settings.BIND


def address() -> str:
    """Where the center is opened on this machine."""
    return f"http://{_own_host()}:{settings.PORT}"


def ask_health(*, encrypted: bool = settings.LAN) -> dict[str, Any] | None:
    """What `/healthz` answers (also with 503), or None when nothing sensible comes."""
    from http.client import HTTPConnection, HTTPException, HTTPSConnection
    from ssl import CERT_NONE, PROTOCOL_TLS_CLIENT, SSLContext

    if encrypted:
        # We ask whether it lives, not who it is: a wrong clock must not make us kill what works.
        anybody = SSLContext(PROTOCOL_TLS_CLIENT)
        anybody.check_hostname, anybody.verify_mode = False, CERT_NONE
        port = settings.HTTPS_PORT
        line: HTTPConnection = HTTPSConnection(_own_host(), port, timeout=ASK_TIMEOUT, context=anybody)
    else:
        port = settings.PORT
        line = HTTPConnection(_own_host(), port, timeout=ASK_TIMEOUT)
    try:
        line.request("GET", "/healthz", headers={"Host": f"localhost:{port}"})
        answer = json.loads(line.getresponse().read())
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        line.close()
    return answer if isinstance(answer, dict) and "seconds_since" in answer else None


def plan_children() -> list[Child]:
    """What a center consists of, in start order."""
    children = [
        Child("sweeper", parts.sweeper, pulse="sweeper"),
        Child("worker", parts.worker, pulse="worker.default.1"),
        *(
            Child(
                f"matching{number}" if number > 1 else "matching",
                partial(parts.matching, number),
                pulse=f"worker.matching.{number}",
            )
            for number in range(1, settings.MATCHING_WORKERS + 1)
        ),
        Child("beat", parts.beat),
        Child("web", parts.web),
    ]
    if settings.LAN:
        if settings.LAN_NAME.endswith(".local") and settings.BIND != "127.0.0.1":
            children.append(Child("announce", [sys.executable, "-m", "dvc.island.announce"]))
        # Its settings are others, so it cannot come from what is loaded here.
        children.append(Child("plain", [sys.executable, "-m", *parts.plain_command()]))
    if settings.EMBEDDED_BROKER:
        children.insert(0, Child("broker", parts.broker_command()))
    return children


class Output:
    """Prefixed lines to stdout. Lines that nobody takes (a paused terminal) are dropped: the center goes on."""

    PATIENCE = 1.0

    def __init__(self) -> None:
        self.dropped = 0

    def __call__(self, name: str, line: str) -> None:
        # Waits only for the first line in a row, or a long report would stop the supervisor.
        wait = 0.0 if self.dropped else self.PATIENCE
        try:
            if not select.select([], [sys.stdout], [], wait)[1]:
                self.dropped += 1
                return
            if self.dropped:
                os.write(sys.stdout.fileno(), f"center   | {self.dropped} lines were not read\n".encode())
                self.dropped = 0
            os.write(sys.stdout.fileno(), f"{name:<8} | {line}\n".encode())
        except (OSError, ValueError):
            pass  # whoever read us is gone


def supervise(*, link: bool) -> int:
    """Run the center until asked to stop; the exit code. `link`: print a one-time link once it is up."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    save_heaps()
    write = Output()
    write("center", f"starting version {settings.VERSION}, data in {settings.DATA}")
    return Supervisor(plan_children(), link=link, write=write).run()

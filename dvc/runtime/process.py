"""Processes of the center's own: programs that are started anew, and parts that are forked from what is loaded already.

A forked part needs no interpreter, no Django and no pages of its own: it is there in a tenth of a second instead of
seconds, and what none of them changes lies in memory once. Only a process with one thread may fork.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO, Protocol

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
# Of processes with eight threads each would otherwise keep eight heaps.
M_ARENA_MAX = -8
ARENAS = 2

_libc = ctypes.CDLL(None, use_errno=True)
_forking = multiprocessing.get_context("fork")


class Process(Protocol):
    """A child. `out` is the reading end of all it prints."""

    out: IO[bytes]

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None:
        """Its exit code, the negative number of the signal that ended it, or None while it runs."""

    def wait(self) -> int: ...
    def send(self, number: signal.Signals) -> None:
        """Does nothing when it has ended: its number may be another's."""


class Program:
    """A program with a command line, in a session of its own: Ctrl-C reaches only us, and we stop it in order."""

    def __init__(self, command: Sequence[str]) -> None:
        self._popen = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "MALLOC_ARENA_MAX": str(ARENAS)},
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - this process has one thread
        )
        assert self._popen.stdout is not None
        self.out: IO[bytes] = self._popen.stdout

    @property
    def pid(self) -> int:
        return self._popen.pid

    def poll(self) -> int | None:
        return self._popen.poll()

    def wait(self) -> int:
        return self._popen.wait()

    def send(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)


class Part:
    """`run` in a fork of this process, in a session of its own; the kernel shows it as dvc-`name` (`top`, `ps -e`).

    Nothing of ours but memory comes along: signals are at their defaults, and no other file is open. Raises `OSError`
    when the machine has no room for another process.
    """

    def __init__(self, name: str, run: Callable[[], int | None]) -> None:
        read, write = os.pipe()
        # A daemon: an interpreter that ends in an unforeseen way ends its parts, and does not wait for them to.
        self._process = _forking.Process(
            target=_become, args=(name, run, write, die_with_parent()), daemon=True
        )
        # A signal between the fork and the child's own handling of signals would be taken by a copy of our handler.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self._process.start()
        except OSError:
            os.close(read)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            os.close(write)
        self.out: IO[bytes] = os.fdopen(read, "rb", buffering=0)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self) -> int:
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode

    def send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def _become(name: str, run: Callable[[], int | None], out: int, arrange: Callable[[], None]) -> None:
    """In the child: let go of what is the parent's, then `run`; a number that it returns is the exit code."""
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    # The other parts' pipes, the lock of the data folder: held here they would outlive their owner.
    for file in map(int, os.listdir("/proc/self/fd")):
        if file > 2:
            with suppress(OSError):  # the listing's own is closed already
                os.close(file)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(0, closefd=False),
        os.fdopen(1, "w", buffering=1, closefd=False, errors="backslashreplace"),
        os.fdopen(2, "w", buffering=1, closefd=False, errors="backslashreplace"),
    )
    _libc.prctl(PR_SET_NAME, f"dvc-{name}".encode()[:15])
    arrange()
    sys.exit(run())


def run_apart(run: Callable[[], int | None]) -> int:
    """`run` in a fork of this process that shares its terminal; its exit code, once it has ended."""
    arrange = die_with_parent()

    def apart() -> None:
        arrange()
        sys.exit(run())

    process = _forking.Process(target=apart, daemon=True)
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def save_heaps() -> None:
    """Keep malloc from a heap for every thread; what MALLOC_ARENA_MAX does at a program's start. Where the C library
    knows no such thing it has no such heaps."""
    mallopt = getattr(_libc, "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)


def die_with_parent() -> Callable[[], None]:
    """For `preexec_fn`: the kernel kills the new process when this one ends, even by kill -9."""
    parent = os.getpid()

    def arrange() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the line above
            os._exit(1)

    return arrange

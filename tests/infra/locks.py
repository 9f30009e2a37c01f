"""Whether somebody keeps a database's one write lock, and how to stop a process that does not."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


def is_locked(database: Path) -> bool:
    """Whether somebody holds this SQLite file's write lock for a second: a process stopped in the middle of writing would
    keep everybody waiting, which is SQLite's way and not what is tried by stopping one."""
    with closing(sqlite3.connect(database, timeout=1, isolation_level=None)) as probe:
        try:
            probe.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        probe.execute("ROLLBACK")
    return False


@contextmanager
def stopped(pid: int, database: Path | None) -> Iterator[None]:
    """The process stands still meanwhile, and keeps nobody from writing into this SQLite file; None where there is none."""
    os.kill(pid, signal.SIGSTOP)
    try:
        while database is not None and is_locked(database):
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.05)
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)

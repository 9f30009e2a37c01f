"""Whether somebody keeps a database's one write lock."""

from __future__ import annotations

import sqlite3
from contextlib import closing
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

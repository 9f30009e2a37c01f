"""Telling a full disk from a busy database: the one goes away by itself, for the other somebody has to make room."""

from __future__ import annotations

import sqlite3
from typing import Final

from django.db import DatabaseError

# What SQLite says when it cannot write a page: no room, or a write that failed.
_SQLITE: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
_POSTGRES: Final = "53100"  # disk_full


def is_full(error: DatabaseError) -> bool:
    """Whether the database could not write because there is no room."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _SQLITE
    return getattr(cause, "sqlstate", None) == _POSTGRES

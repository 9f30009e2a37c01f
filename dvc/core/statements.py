"""Statements that are asked ten times for each scan. Django makes a cursor for each, wraps it three times and teaches it
the time zone; on PostgreSQL that takes as long as asking. One cursor for each connection does: whoever asks here reads
all rows before anybody asks again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

_KEPT: Final = "_cursor_of_statements"


def fetch(
    sql: str, values: Sequence[Any], connection: BaseDatabaseWrapper | None = None
) -> list[tuple[Any, ...]]:
    """All rows that this statement of our own brings, in the caller's transaction if there is one. `connection`: the
    default one, of whoever has looked it up already."""
    connection = connection or connections[DEFAULT_DB_ALIAS]
    connection.close_if_health_check_failed()
    # Who counts or wraps statements gets Django's way, and so does the first one of a request: it opens the line.
    if connection.vendor != "postgresql" or connection.connection is None or _is_watched(connection):
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        kept = getattr(connection.connection, _KEPT, None)
        if kept is None:
            kept = connection.create_cursor()
            setattr(connection.connection, _KEPT, kept)
        kept.execute(sql, values)
        return list(kept.fetchall())


def _is_watched(connection: BaseDatabaseWrapper) -> bool:
    return bool(connection.force_debug_cursor or connection.execute_wrappers or _is_debugged())


@cache
def _is_debugged() -> bool:
    return settings.DEBUG

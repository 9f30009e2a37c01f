"""How a transactional test's database is emptied: with DELETE, past the triggers that keep the audit log as it is.

Django's own way would have PostgreSQL write a new file for each table and each index to the disk (TRUNCATE: two seconds,
where a test leaves some dozens of rows), the audit's triggers would refuse it on SQLite, and it would then make the
content types and permissions again which it had just deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

# Made when the database was, of the models themselves; no test adds to them.
_OF_THE_MODELS = ("django_content_type", "auth_permission")


def empty_all(test: Any) -> None:
    """In place of `django.test.TransactionTestCase._fixture_teardown`."""
    for name in test._databases_names(include_mirrors=False):
        connection = connections[name]
        found = connection.introspection.django_table_names(only_existing=True, include_views=False)
        tables = [connection.ops.quote_name(table) for table in found if table not in _OF_THE_MODELS]
        deletes = [f"DELETE FROM {table}" for table in tables]  # noqa: S608
        statements = {"postgresql": _on_postgresql, "sqlite": _on_sqlite}[connection.vendor]
        with transaction.atomic(using=name), connection.cursor() as cursor:
            for statement in statements(cursor, deletes, tables):
                cursor.execute(statement)


def _on_postgresql(cursor: CursorWrapper, deletes: list[str], tables: list[str]) -> Iterable[str]:
    # As TRUNCATE does, wait for who is still writing. A replica's session has neither triggers nor foreign keys.
    yield f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE"
    yield "SET LOCAL session_replication_role = replica"
    yield "; ".join(deletes)


def _on_sqlite(cursor: CursorWrapper, deletes: list[str], tables: list[str]) -> Iterator[str]:
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    triggers: list[tuple[str, str]] = cursor.fetchall()
    yield from (f"DROP TRIGGER {name}" for name, _ in triggers)
    yield from deletes
    yield from (sql for _, sql in triggers)

"""A cursor over the log that cannot skip a transaction that commits late.

An id is no cursor on PostgreSQL: entry 7 may be committed after entry 8 was read, and who goes on from 8 never sees it.
A place is the number below which every transaction has ended (`pg_snapshot_xmin`). Ask for the place first and read
afterwards: whatever ended before is visible then, whatever had not ended is at or above the place and is read next
time. What is read twice is the price, and harmless to a reader that looks at the present state. On SQLite, which
writes one transaction at a time, a place is one above the newest id.
"""

from __future__ import annotations

from django.db import connection, models

from dvc.audit.models import Entry


def place() -> int:
    """The place to go on from; read it before the entries. One query."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            return int(cursor.fetchone()[0])
    newest = Entry.objects.aggregate(newest=models.Max("id"))["newest"]
    return (newest or 0) + 1


def ids_in_order() -> bool:
    """Whether rows are committed in the order of their ids, so that the newest id is a cursor."""
    return connection.vendor != "postgresql"


def ours() -> int:
    """PostgreSQL: the place of what the caller's own transaction writes. Once `place` has come so far, every transaction
    that had begun to write before ours has ended. One query, inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return int(cursor.fetchone()[0])


def since(place: int) -> models.QuerySet[Entry]:
    """The entries at or above a place, in no order."""
    if connection.vendor == "postgresql":
        return Entry.objects.order_by().extra(where=["audit_entry.xact >= %s::text::xid8"], params=[place])
    return Entry.objects.order_by().filter(id__gte=place)


def older_have_ended() -> bool:
    """Whether all that was being written when the caller's own transaction began to write can be read from here on. At
    most two queries, inside a transaction."""
    return ids_in_order() or place() >= ours()

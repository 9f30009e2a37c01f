"""Transactions that meet: one that commits after a newer one, one that is waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection, connections, transaction

from tests.infra.center import until

SECONDS = 30


@contextmanager
def committed_late(write: Callable[[], object]) -> Iterator[None]:
    """What `write` writes is committed when the block ends. On SQLite, which has one writer and no such order, before it
    begins. For tests with transactions of their own."""
    written, go_on = threading.Event(), threading.Event()

    def slowly() -> None:
        try:
            with transaction.atomic():
                write()
                written.set()
                if connection.vendor == "postgresql":
                    assert go_on.wait(SECONDS)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        writer = threads.submit(slowly)
        try:
            assert written.wait(SECONDS)
            if connection.vendor != "postgresql":
                writer.result(SECONDS)
            yield
        finally:
            go_on.set()
            writer.result(SECONDS)


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[None]:
    """What the block writes is not committed yet when `work` begins elsewhere, and is when it ends; what `work` raises is
    raised here. For tests with transactions of their own."""

    def elsewhere() -> None:
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            yield
            other = threads.submit(elsewhere)
            until(_somebody_waits)
        other.result(60)


def _somebody_waits() -> bool:
    """SQLite lets nobody begin while somebody writes."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])

"""A transaction that commits after a newer one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection, connections, transaction

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

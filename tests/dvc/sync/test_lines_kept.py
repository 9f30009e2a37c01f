"""A line to PostgreSQL that is kept open: nobody asks whether it lives, and nobody notices when it was cut."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, close_old_connections, connection
from django.test.utils import CaptureQueriesContext

from dvc.core.statements import fetch
from dvc.operations.models import Operation

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="of PostgreSQL"),
]


def server_process() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


@contextmanager
def health_checks() -> Iterator[None]:
    """As in a request: tests do without."""
    line: Any = connection
    before, line.health_check_enabled = line.health_check_enabled, True
    try:
        yield
    finally:
        line.health_check_enabled = before


def cut_the_line() -> None:
    """As a server that ends does."""
    pid = server_process()
    told: dict[str, Any] = connection.settings_dict
    with psycopg.connect(
        dbname=told["NAME"], host=told["HOST"], user=told["USER"], password=told["PASSWORD"], autocommit=True
    ) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_the_line_is_kept_from_one_request_to_the_next() -> None:
    first = server_process()
    close_old_connections()
    with CaptureQueriesContext(connection) as asked:
        assert server_process() == first
    assert len(asked) == 1


@pytest.mark.parametrize("ask", [Operation.objects.count, lambda: fetch("SELECT 1", [])])
def test_a_line_that_was_cut_between_two_requests_is_opened_anew(ask: object) -> None:
    assert callable(ask)
    first = server_process()
    with health_checks():
        cut_the_line()
        close_old_connections()
        ask()
        assert server_process() != first


def test_control_without_looking_the_cut_line_is_an_error() -> None:
    server_process()
    cut_the_line()
    with pytest.raises(DatabaseError):
        Operation.objects.count()
    connection.close()

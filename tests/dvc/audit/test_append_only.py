"""The log can only grow."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, looked, record, version_of
from tests import make

pytestmark = pytest.mark.django_db


def test_an_entry_cannot_be_changed() -> None:
    make.center()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Entry.objects.update(action="forged")


def test_an_entry_cannot_be_deleted_even_by_sql() -> None:
    make.center()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM audit_entry")


def test_the_version_moves_with_a_change_and_not_with_a_look() -> None:
    operation = make.operation()
    before = version_of(operation.pk)
    looked(operation, by=SYSTEM, classes="P2", why="test", at=make.at(9))
    assert version_of(operation.pk) == before
    record("test.changed", operation, by=SYSTEM, at=make.at(9), operation=operation)
    assert version_of(operation.pk) > before


@pytest.mark.django_db(transaction=True)
def test_a_change_outside_a_transaction_is_not_recorded() -> None:
    operation = make.operation()
    with pytest.raises(transaction.TransactionManagementError):
        record("test.changed", operation, by=SYSTEM, at=make.at(9), operation=operation)

"""Our own way to ask is Django's way, without its cursors."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from dvc.audit.models import Entry
from dvc.core.inserting import new
from dvc.core.statements import fetch
from dvc.sync.models import Receipt
from tests import make

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 7, 1, 23, 59, 59, 123456, tzinfo=UTC)


def _moments() -> list[tuple[object, ...]]:
    return fetch("SELECT at, details FROM audit_entry WHERE action = %s ORDER BY id", ["x"])


def test_each_question_is_answered_anew_as_django_would() -> None:
    operation = make.operation()
    for i in range(3):
        Entry.objects.create(operation=operation, action="x", at=MOMENT + timedelta(days=i))
        with connection.cursor() as cursor:
            cursor.execute("SELECT at, details FROM audit_entry WHERE action = 'x' ORDER BY id")
            assert _moments() == cursor.fetchall()
    assert len(_moments()) == 3


def test_what_is_asked_is_counted() -> None:
    _moments()
    with CaptureQueriesContext(connection) as asked:
        _moments()
    assert len(asked) == 1


def test_nothing_is_asked_in_a_transaction_that_is_broken_and_all_goes_on_after_it() -> None:
    _moments()
    with transaction.atomic():
        with pytest.raises(DatabaseError), transaction.atomic():
            fetch("SELECT no_such_column FROM audit_entry", [])
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            _moments()
    assert _moments() == []


def test_a_row_told_by_its_columns_is_the_row_django_makes() -> None:
    said = {
        "op_id": uuid.uuid4(), "device_id": uuid.uuid4(), "epoch": 1, "seq": 2, "operation_id": 3, "kind": "visit.arrive",
        "mode": "online", "digest": "0" * 64, "happened_at": MOMENT, "received_at": MOMENT,
    }  # fmt: skip
    ours, djangos = new(Receipt, **said), Receipt(**said)
    assert {name: value for name, value in vars(ours).items() if name != "_state"} == {
        name: value for name, value in vars(djangos).items() if name != "_state"
    }
    assert ours._state.adding
    one, other = (new(Entry, action="x", at=MOMENT) for _ in range(2))
    assert one.details == {}
    assert one.details is not other.details
    with pytest.raises(TypeError, match="no column devise_id"):
        new(Receipt, **said, devise_id=1)

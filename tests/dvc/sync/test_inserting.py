"""Rows that are inserted together are the rows Django would have written."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, time
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dvc.accounts import services as accounts
from dvc.accounts.models import Device, DeviceProfile
from dvc.audit.models import Entry
from dvc.core.inserting import append_all, insert_all, update_all
from dvc.operations.models import Operation
from dvc.sync.models import Receipt
from intake.checkin.models import Visit, VisitFlag
from tests import make

pytestmark = pytest.mark.django_db

NASTY = '髙﨑 "𠮷" \\ \' % %s {} $1 <b>\n\t' + "長" * 500
MOMENT = datetime(2026, 7, 1, 23, 59, 59, 123456, tzinfo=UTC)


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def _device(operation: Operation) -> Device:
    by = make.by(make.user(operation.center))
    profile = DeviceProfile.RECEPTION
    return accounts.register_device(operation.center, name="受付", profile=profile, by=by, at=MOMENT)[0]


def _receipt(operation: Operation, seq: int, **values: Any) -> Receipt:
    return Receipt(**{
        "op_id": uuid.uuid4(), "device": values.get("device") or _device(operation), "epoch": 2**31 - 1, "seq": seq, "operation": operation,
        "actor": None, "kind": "visit.arrive", "lane": NASTY[:60], "mode": "offline",
        "payload": {"card": NASTY, "deep": [{"a": None}, 1.5, True]}, "digest": "0" * 64,
        "happened_at": MOMENT, "clock_error_ms": -5, "received_at": MOMENT, "result": {}, **values,
    })  # fmt: skip


def _visit(operation: Operation, **values: Any) -> Visit:
    person = make.volunteer(operation.center)
    return Visit(operation=operation, volunteer=person, day=MOMENT.date(), arrived_at=MOMENT, **values)


def _columns(row: Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize("count", [1, 2, 200])
def test_rows_are_read_back_as_they_were_in_one_statement(operation: Operation, count: int) -> None:
    device = _device(operation)
    receipts = [_receipt(operation, seq, device=device) for seq in range(1, count + 1)]
    insert_all(receipts[:1])
    with CaptureQueriesContext(connection) as asked:
        insert_all(receipts[1:])
    if connection.vendor == "postgresql":
        assert len(asked) == min(count - 1, 1)
    assert not any(receipt._state.adding for receipt in receipts)
    found = Receipt.objects.in_bulk([receipt.pk for receipt in receipts])
    assert [_columns(found[receipt.pk]) for receipt in receipts] == [_columns(each) for each in receipts]
    assert [each.pk for each in receipts] == sorted(found)


def test_rows_whose_ids_nobody_asks_for_and_changed_rows_are_written_alike(operation: Operation) -> None:
    device = _device(operation)
    receipts = [_receipt(operation, seq, device=device) for seq in range(1, 4)]
    append_all(receipts)
    found = list(Receipt.objects.order_by("seq"))
    wanted = [{**_columns(each), "id": there.pk} for each, there in zip(receipts, found, strict=True)]
    assert [_columns(each) for each in found] == wanted
    for each in found[1:]:
        each.lane, each.payload, each.operation, each.happened_at = (
            "町前",
            {"𠮷": [1, None]},
            None,
            timezone.now(),
        )
    update_all(found[1:], ["lane", "payload", "operation", "happened_at"])
    assert [_columns(each) for each in Receipt.objects.order_by("seq")] == [_columns(each) for each in found]
    found[0].op_id = found[1].op_id
    with pytest.raises(IntegrityError), transaction.atomic():
        update_all(found[:1], ["op_id"])


def test_what_is_empty_stays_empty_and_what_has_a_default_gets_it(operation: Operation) -> None:
    visits = [
        _visit(operation),
        _visit(
            operation, left_at=MOMENT, available_until=time(15, 30), closed_reason=NASTY[:40],
            flags=[VisitFlag.LATE], facts=[["in", MOMENT.isoformat(), None, "", ""]],
        ),
    ]  # fmt: skip
    insert_all(visits)
    for visit in visits:
        assert _columns(Visit.objects.get(pk=visit.pk)) == _columns(visit)
    before = timezone.now()
    entry = Entry(action="a", subject_type="b", subject_id="c", details={}, at=MOMENT)
    insert_all([entry])
    assert before <= Entry.objects.get(pk=entry.pk).written_at <= timezone.now()


def test_a_row_that_was_inserted_can_be_changed_and_saved(operation: Operation) -> None:
    visit = _visit(operation)
    insert_all([visit])
    visit.closed_reason = "確認した"
    visit.save()
    assert Visit.objects.get().closed_reason == "確認した"


def test_one_bad_row_of_many_leaves_none(operation: Operation) -> None:
    first = _receipt(operation, 1)
    again = _receipt(operation, 2, op_id=first.op_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_all([first, again])
    missing = _receipt(operation, 3, happened_at=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_all([_receipt(operation, 4), missing])
    assert not Receipt.objects.exists()


def test_too_long_a_text_is_refused_and_not_cut(operation: Operation) -> None:
    if connection.vendor == "postgresql":
        with pytest.raises(DataError), transaction.atomic():
            insert_all([_receipt(operation, 1, kind="x" * 31)])


def test_nothing_is_no_statement() -> None:
    with CaptureQueriesContext(connection) as asked:
        insert_all([])
    assert not asked.captured_queries

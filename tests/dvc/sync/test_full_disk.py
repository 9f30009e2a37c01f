"""A disk without room: no op is lost, who holds the list keeps it fresh, and nobody new is given it unwritten."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper

from dvc.core.full_disk import is_full
from dvc.devices.models import Holding
from dvc.sync.models import Receipt
from tests import make
from tests.dvc.sync.tablet import Tablet, breaks, card_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def tablet() -> Tablet:
    return Tablet(make.operation())


def no_room() -> OperationalError:
    """As the driver of the database in use says it."""
    error = OperationalError("no room")
    if connection.vendor == "postgresql":
        error.__cause__ = psycopg.errors.DiskFull("could not extend file")
    else:
        error.__cause__ = sqlite3.OperationalError("database or disk is full")
        error.__cause__.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


@contextmanager
def full(table: str = "") -> Iterator[None]:
    """Nothing can be written (into this table), everything can be read."""

    def write(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> CursorWrapper:
        if sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")) and table in sql:
            raise no_room()
        return execute(sql, params, many, context)  # type: ignore[no-any-return]

    with connection.execute_wrapper(write):
        yield


def ask(tablet: Tablet, since: str) -> Any:
    headers = {"authorization": f"Device {tablet.device.pk}.{tablet.secret}"}
    query: dict[str, Any] = {"operation": tablet.operation.pk, "since": since}
    return tablet.client.get("/api/v1/sync/snapshot", query, headers=headers)


def test_an_op_gets_a_clear_no_stays_on_the_tablet_and_is_taken_later(tablet: Tablet) -> None:
    op = tablet.op(volunteer=make.volunteer(tablet.operation.center).pk)
    with full():
        answer = tablet.post({"epoch": 1, "ops": [op]})
    assert (answer.status_code, answer.json()["code"]) == (503, "disk_full")  # type: ignore[attr-defined]
    assert "センター長に知らせてください" in answer.json()["text"]  # type: ignore[attr-defined]
    assert not Receipt.objects.exists()
    assert tablet.send(op)[0]["status"] == "applied"


def test_a_disk_that_fills_while_a_broken_op_is_kept_leaves_the_whole_batch_to_the_tablet(
    tablet: Tablet,
) -> None:
    ops = [tablet.op(volunteer=make.volunteer(tablet.operation.center).pk) for _ in range(3)]
    with breaks(ops[1], KeyError("nobody thought of it")):
        with full("sync_quarantinedop"):
            answer = tablet.post({"epoch": 1, "ops": ops})
        assert (answer.status_code, answer.json()["code"]) == (503, "disk_full")  # type: ignore[attr-defined]
        results = tablet.send(*ops)
    assert [result["status"] for result in results][1:] == ["held", "applied"]


def test_who_is_written_down_as_holding_the_list_keeps_it_fresh_and_nobody_else_gets_it(
    tablet: Tablet,
) -> None:
    newcomer = Tablet(tablet.operation)
    cursor = ask(tablet, "").json()["cursor"]
    before = Holding.objects.get(device=tablet.device)
    person = make.volunteer(tablet.operation.center)
    card_of(person)
    with full():
        changes, whole, refused = ask(tablet, cursor), ask(tablet, ""), ask(newcomer, "")
    assert [row[0] for row in changes.json()["cards"].values()] == [person.pk]
    assert (whole.status_code, refused.status_code, refused.json()["code"]) == (200, 503, "disk_full")
    assert person.family_name not in refused.content.decode()
    assert Holding.objects.get().last_at == before.last_at
    ask(tablet, "")
    assert Holding.objects.get().last_at > before.last_at
    assert ask(newcomer, "").status_code == 200


def test_a_busy_database_is_not_a_full_disk() -> None:
    for cause in (sqlite3.OperationalError("database is locked"), psycopg.errors.LockNotAvailable("x"), None):
        error = OperationalError("busy")
        error.__cause__ = cause
        assert not is_full(error)
    assert is_full(no_room())

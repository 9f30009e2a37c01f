"""kill -9 of the worker in the middle of an import: another goes on, and every line is there once."""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings
from django.db import models
from django.utils import timezone

from dvc.audit.services import By
from dvc.operations.models import Operation
from dvc.outbox import services as outbox
from intake.exchange import services
from intake.exchange.columns import Kind
from intake.exchange.models import Import, ImportRow, ImportState, Outcome
from intake.help_requests.models import Need
from intake.people.models import Household, Person
from tests import make
from tests.faults.ledger import Ledger, Row
from tests.infra.center import until
from tests.infra.scale import count
from tests.infra.worker import broker_of_the_settings, worker
from tests.intake.exchange import files

pytestmark = pytest.mark.django_db(transaction=True)
LINES, KILLS = count(3000, 10_000), count(2, 20)
QUICK = {"OUTBOX_LEASE_SECONDS": "2", "LOG_LEVEL": "ERROR"}


def _started() -> Import:
    operation: Operation = make.operation()
    made = services.upload(
        operation, Kind.NEEDS, name="台帳.csv", content=files.many(LINES), by=By(), at=make.at(9)
    )
    services.start_check(made, {int(c): code for c, code in made.mapping.items()}, by=By(), at=make.at(9))
    return made


def _is(made: Import, state: ImportState) -> bool:
    outbox.sweep(at=timezone.now())
    return Import.objects.filter(pk=made.pk, state=state).exists()


def _doubled() -> int:
    """Needs, people or houses of one line more than once: every line of the file has a telephone and a house of its own."""
    phones = Person.objects.values("phone_digits").annotate(n=models.Count("id")).filter(n__gt=1).count()
    houses = Household.objects.values("address_key").annotate(n=models.Count("id")).filter(n__gt=1).count()
    return phones + houses + max(0, Need.objects.count() - LINES)


def test_kill_9_of_a_worker_in_mid_import_loses_and_doubles_no_line(tmp_path: Path, ledger: Ledger) -> None:
    made = _started()
    with broker_of_the_settings(), ExitStack() as parts:
        working = parts.enter_context(worker(tmp_path / "0.log", queue="default", **QUICK))
        until(lambda: _is(made, ImportState.CHECKED), 120)
        services.start_import(Import.objects.get(pk=made.pk), by=By(), at=make.at(9))
        kills = 0
        for number in range(KILLS):
            reached = Need.objects.count()
            until(lambda least=reached: Need.objects.count() > least or _is(made, ImportState.DONE), 120)  # type: ignore[misc]
            if _is(made, ImportState.DONE):
                break
            os.killpg(working.pid, signal.SIGKILL)
            kills += 1
            working = parts.enter_context(worker(tmp_path / f"{number + 1}.log", queue="default", **QUICK))
        begun = time.monotonic()
        until(lambda: _is(made, ImportState.DONE), 240)
    lost = LINES - Need.objects.count()
    assert kills > 0
    control = _control()
    ledger.note(
        Row(
            f"kill -9 worker in mid-import ({LINES} lines)", kills, lost, _doubled(),
            f"{time.monotonic() - begun:.1f} s to the end", f"without the identity of a line: {control} doubled, red",
        )
    )  # fmt: skip
    assert (lost, _doubled()) == (0, 0)
    assert made.rows.filter(outcome=Outcome.DONE).count() == LINES
    assert settings.OUTBOX_HANDLERS["exchange.work"]


def _control() -> int:
    """What the counting would see: a chunk that is taken in twice because nothing says that it was, in a transaction
    that is rolled back."""
    from django.db import transaction

    from intake.exchange import running
    from intake.people import towns

    made = Import.objects.select_related("operation__center").get()
    before = _doubled()
    with transaction.atomic():
        rows = list(ImportRow.objects.filter(imported=made).select_related("person").order_by("number")[:50])
        ImportRow.objects.filter(pk__in=[row.pk for row in rows]).update(taken=None)
        for row in rows:
            assert row.person is not None
            row.said = {
                "name": "試験",
                "phone": row.person.phone,
                "state": "triage",
            }
        running._take_in_chunk(made, rows, towns.Known(made.operation.center), at=make.at(9))
        found = _doubled() - before
        transaction.set_rollback(True)
    assert found > 0
    return found

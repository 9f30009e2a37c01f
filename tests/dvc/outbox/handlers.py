"""Handlers for the outbox's own tests."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import OperationalError, transaction

from dvc.outbox import services
from dvc.outbox.services import Claim
from tests import make


def finish(held: Claim) -> None:
    services.finish(held, at=make.at(9))


def break_down(held: Claim) -> None:
    raise RuntimeError("out of order")


def lose_the_lease(held: Claim) -> None:
    """Somebody else takes the row while we work."""
    services.claim(held.row.pk, at=make.at(9) + services.LEASE + timedelta(seconds=1))
    services.finish(held, at=make.at(9))


def find_a_lock(*, at: datetime) -> None:
    raise OperationalError("database is locked")


def break_as_a_check(*, at: datetime) -> None:
    raise RuntimeError("out of order")


def leave_a_row(*, at: datetime) -> None:
    """A check whose work can be seen."""
    with transaction.atomic():
        services.put("test.ok", "check", dedupe_key="check", run_after=at + timedelta(days=1))

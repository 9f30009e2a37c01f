"""A morning for these tests: people at the center and houses near it, through the real services."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from dvc.outbox import services as outbox
from dvc.outbox.models import Row
from intake.checkin import services as checkin
from intake.volunteers.models import Volunteer
from matching.proposals import runs
from matching.proposals.models import MatchRun, Proposal
from tests import make


def present(operation: Operation, family: str = "一", **fields: Any) -> Volunteer:
    person = make.volunteer(operation.center, family, **fields)
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    return person


def people(operation: Operation, count: int, **fields: Any) -> list[Volunteer]:
    return [present(operation, f"人{number}", **fields) for number in range(count)]


def answer(operation: Operation, *, at: datetime, why: str = "test") -> MatchRun:
    """Ask and let a worker's turn pass, as the outbox does it. The real clock reads `at` as well."""
    run = runs.request_run(operation, why=why, by=SYSTEM, at=at)
    MatchRun.objects.filter(pk=run.pk).update(asked_at=at)
    row = Row.objects.get(kind="matching.run", dedupe_key=f"run:{run.pk}")
    held = outbox.claim(row.pk, at=at)
    assert held is not None
    runs.run(held, now=lambda: at)
    run.refresh_from_db()
    return run


def offer(operation: Operation, *, at: datetime) -> Proposal:
    """The one proposal of a fresh run."""
    answer(operation, at=at)
    return Proposal.objects.on_offer(at).get(operation=operation)


def due(at: datetime, operation: Operation) -> bool:
    """Whether the sweeper's check asks at the real moment `at`."""
    before = set(MatchRun.objects.values_list("pk", flat=True))
    runs.request_due_runs(at=at)
    asked = MatchRun.objects.exclude(pk__in=before)
    asked.update(asked_at=at)
    return asked.filter(operation=operation).exists()

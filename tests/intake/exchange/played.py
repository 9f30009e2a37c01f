"""An import played through as the screens and the worker do it."""

from __future__ import annotations

from django.utils import timezone

from dvc.audit.services import By
from dvc.operations.models import Operation
from dvc.outbox import services as outbox
from dvc.outbox.models import Row as OutboxRow
from dvc.outbox.models import State
from intake.exchange import services
from intake.exchange.columns import Kind
from intake.exchange.models import Import, Outcome
from tests import make

AT = make.at(9)


def run_all() -> None:
    """The workers, until nothing is left. The outbox lives in real time."""
    for _ in range(100):
        rows = list(
            OutboxRow.objects.filter(kind__startswith="exchange.").exclude(
                state__in=[State.DONE, State.PARKED]
            )
        )
        if not rows:
            return
        for row in rows:
            assert outbox.work(row.pk, now=timezone.now), OutboxRow.objects.get(pk=row.pk).last_error
    raise AssertionError("no end")


def uploaded(
    operation: Operation, content: bytes, *, kind: Kind = Kind.NEEDS, name: str = "台帳.csv"
) -> Import:
    return services.upload(operation, kind, name=name, content=content, by=By(), at=AT)


def checked(operation: Operation, content: bytes, *, kind: Kind = Kind.NEEDS) -> Import:
    made = uploaded(operation, content, kind=kind)
    services.start_check(made, {int(c): code for c, code in made.mapping.items()}, by=By(), at=AT)
    run_all()
    made.refresh_from_db()
    return made


def taken_in(operation: Operation, content: bytes, *, kind: Kind = Kind.NEEDS) -> Import:
    made = checked(operation, content, kind=kind)
    services.start_import(made, by=By(), at=AT)
    run_all()
    made.refresh_from_db()
    return made


def undone(made: Import) -> Import:
    services.start_undo(made, by=By(), at=AT)
    run_all()
    made.refresh_from_db()
    return made


def outcomes(made: Import) -> dict[str, int]:
    return services.count_rows(made)


def codes(made: Import, outcome: Outcome | None = None) -> dict[int, list[str]]:
    rows = made.rows.all() if outcome is None else made.rows.filter(outcome=outcome)
    return {row.number: [code for _, code, _ in row.remarks] for row in rows if row.remarks}

"""Writing to the log. Called inside the transaction of the change it describes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db import models, transaction
from django.db.models.functions import Coalesce

from dvc.audit import places
from dvc.audit.models import Entry, Look
from dvc.core.inserting import append_all, insert_all, new

if TYPE_CHECKING:
    from dvc.accounts.models import Device, User
    from dvc.operations.models import Operation


@dataclass(frozen=True, slots=True)
class By:
    """Who is behind a change: a signed-in person, a paired device, or the system (`via` says which way in); `op` is
    the tablet's operation that told it."""

    user: User | None = None
    device: Device | None = None
    via: str = "desk"
    op: str = ""


SYSTEM = By(via="system")
_TOGETHER: Final[ContextVar[list[Entry] | None]] = ContextVar("together", default=None)


def record(
    action: str,
    subject: models.Model,
    *,
    by: By,
    at: datetime,
    operation: Operation | None = None,
    center_id: int | None = None,
    **details: Any,
) -> Entry:
    """Append one entry in the caller's transaction. `details`: JSON-able ids, codes, states; no personal data.

    Raises `TransactionManagementError` when there is no transaction: a change and its entry stand or fall together.
    """
    made = entry(action, subject, by=by, at=at, operation=operation, center_id=center_id, **details)
    _require_transaction()
    gathered = _TOGETHER.get()
    if gathered is None:
        insert_all([made])
    else:
        gathered.append(made)
    return made


@contextmanager
def together() -> Iterator[None]:
    """What is recorded in here is appended at its end, in its order, in one statement of the same transaction. Nobody in
    here may ask the log for it."""
    entries: list[Entry] = []
    before = _TOGETHER.set(entries)
    try:
        yield
    finally:
        _TOGETHER.reset(before)
    _require_transaction()
    insert_all(entries)


def entry(
    action: str,
    subject: models.Model,
    *,
    by: By,
    at: datetime,
    operation: Operation | None = None,
    center_id: int | None = None,
    **details: Any,
) -> Entry:
    """An entry that is not written yet, for `record_all`. The subject must have its id."""
    return new(
        Entry,
        center_id=operation.center_id if operation else center_id,
        operation_id=operation.pk if operation else None,
        actor_id=by.user.pk if by.user else None,
        device_id=by.device.pk if by.device else None,
        via=by.via,
        action=action,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        details={**details, "op": by.op} if by.op else details,
        at=at,
    )


def record_all(entries: Sequence[Entry]) -> None:
    """Append these entries, in this order, in one statement and in the caller's transaction; else as `record`."""
    _require_transaction()
    append_all(entries)


def _require_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("an audit entry outside a transaction")


def looked(subject: models.Model, *, by: By, classes: str, why: str, at: datetime) -> None:
    """Log that personal data of `subject` was shown. `classes`: field classes such as "P2 P3" (reliability.md §4)."""
    Look.objects.create(
        actor=by.user,
        device=by.device,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        classes=classes,
        why=why,
        at=at,
    )


def looked_all(subjects: Sequence[models.Model], *, by: By, classes: str, why: str, at: datetime) -> None:
    """`looked` for rows of one model that left the house together, in one statement."""
    insert_all(
        [
            Look(
                actor=by.user, device=by.device, subject_type=subject._meta.label_lower, subject_id=str(subject.pk),
                classes=classes, why=why, at=at,
            )
            for subject in subjects
        ]
    )  # fmt: skip


def newest_of(operation_id: int) -> int:
    """The operation's newest entry (id), 0 when nothing has happened yet. On PostgreSQL an older one may still come: to
    ask whether anything is new, `version_of`. One query."""
    newest = Entry.objects.of_operation(operation_id).order_by("-id").values_list("id", flat=True).first()
    return newest or 0


def newest_of_each(operations: models.QuerySet[Operation]) -> dict[int, int]:
    """`newest_of` for each of them, by primary key. One query, however many there are."""
    newest = Entry.objects.filter(operation_id=models.OuterRef("pk")).order_by("-id").values("id")[:1]
    return dict(operations.order_by().values_list("pk", Coalesce(models.Subquery(newest), 0)))


# The newest entries that are counted: more than are written while one transaction lasts.
_COUNTED: Final = 1000


def version_of(operation_id: int) -> int:
    """The operation's version: another number whenever there is another entry to read, 0 when there is none.

    Not the newest id alone, with which a screen would wait for the next change: on PostgreSQL entry 7 may be committed
    after entry 8 was read. Then there is one more below the newest. One query.
    """
    entries = Entry.objects.of_operation(operation_id)
    newest = models.Subquery(entries.order_by("-id").values("id")[:1])
    counted = entries.filter(id__gt=newest - (1 if places.ids_in_order() else _COUNTED))
    found = counted.order_by().aggregate(newest=models.Max("id"), count=models.Count("id"))
    return (found["newest"] or 0) * (_COUNTED + 1) + int(found["count"])

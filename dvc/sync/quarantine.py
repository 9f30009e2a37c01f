"""What a revoked device still had to tell. It reads nothing any more, but its queue is somebody's morning: it is stored
so that the tablet can let go, and folded only when a person who knows the device takes it in (source: sync.md §3).

The receipt of such an op says from the beginning that it was told: the tablet may be found, registered again and send it
once more under a new name, or be sent it again by a restore; a person's decision is not to be gone round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from dvc.accounts.models import Device
from dvc.audit.services import SYSTEM, By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.sync import inbox, photos_kept, services
from dvc.sync.broken import AGAIN_AFTER
from dvc.sync.clocks import Reading
from dvc.sync.context import Context
from dvc.sync.inbox import View
from dvc.sync.models import (
    QUARANTINED,
    REFUSED,
    InboxItem,
    ItemKind,
    QuarantinedOp,
    QuarantineState,
    Receipt,
)
from dvc.sync.ops import PRIVATE, Op, Result, replay, verdict, without_private


@transaction.atomic
def keep(
    device: Device, ops: Sequence[Op], *, epoch: int, sent: Reading | None, at: datetime
) -> list[Result]:
    """Store the ops and answer each: `held` with the code `quarantined`, or what it came to if that is known."""
    context = Context(device, epoch, sent, at)
    ids = [op.op_id for op in ops]
    receipts = {row.op_id: row for row in Receipt.objects.filter(op_id__in=ids).exclude(kind="")}
    known = {row.op_id: row for row in QuarantinedOp.objects.filter(op_id__in=ids)}
    results, new = [], []
    for op in ops:
        operation = context.operation(op.operation)
        before = receipts.get(op.op_id) or known.get(op.op_id)
        if before is not None:
            results.append(_again(before, op))
        elif operation is None:
            results.append(verdict(op.op_id, op.seq, "refused", "invalid"))
        else:
            row = QuarantinedOp(
                op_id=op.op_id, operation=operation, device=device, epoch=epoch, seq=op.seq,
                actor=context.actor(op.actor), op=op.as_json(), digest=op.digest,
                clock_error_ms=context.correction_ms(op), happened_at=context.happened(op, operation), received_at=at,
            )  # fmt: skip
            known[op.op_id] = row
            new.append(row)
            results.append(verdict(op.op_id, op.seq, "held", QUARANTINED))
    QuarantinedOp.objects.bulk_create(new)
    _keep_out(new)
    for operation in {row.operation_id: row.operation for row in new}.values():
        _tell_a_person(device, operation, [row for row in new if row.operation_id == operation.pk], at=at)
    return results


def _again(before: Receipt | QuarantinedOp, op: Op) -> Result:
    if before.digest != op.digest:
        return verdict(op.op_id, op.seq, "mismatch", "op_id_reused")
    if isinstance(before, Receipt):
        return replay(before.result, op.seq)
    if before.state == QuarantineState.REFUSED:
        return verdict(op.op_id, op.seq, "refused", REFUSED)
    return verdict(op.op_id, op.seq, "held", QUARANTINED)


def _keep_out(rows: Sequence[QuarantinedOp]) -> None:
    """Receipts without content: whoever sends these ops again is told that they wait. A number that another op has got
    (a copied tablet) has no room for one."""
    misread = Receipt.objects.filter(op_id__in=[row.op_id for row in rows], kind="")
    misread.delete()  # refused for their shape by an older release
    receipts = (
        Receipt(
            op_id=row.op_id, device=row.device, epoch=row.epoch, seq=row.seq, operation=row.operation, actor=None,
            kind="", mode="", payload={}, digest=row.digest, happened_at=row.happened_at, received_at=row.received_at,
            result=verdict(row.op_id, row.seq, "held", QUARANTINED).as_json(),
        )
        for row in rows
    )  # fmt: skip
    Receipt.objects.bulk_create(receipts, ignore_conflicts=True)


def _tell_a_person(
    device: Device, operation: Operation, rows: Sequence[QuarantinedOp], *, at: datetime
) -> None:
    by, moment = By(device=device, via="tablet"), operation.moment(at)
    item = inbox.open_item(
        operation, ItemKind.QUARANTINE, device.pk, subjects={},
        views=[View("quarantined", moment, device=str(device.pk))], fix="take_in", by=by, at=moment, reopen=True,
    )  # fmt: skip
    record("op.quarantined", item, by=by, at=moment, operation=operation, count=len(rows))


def waiting(operation: Operation, device_id: str) -> list[QuarantinedOp]:
    """What this device told and nobody has decided about, in its own order."""
    rows = QuarantinedOp.objects.filter(
        operation=operation, device_id=device_id, state=QuarantineState.WAITING, broken=""
    )
    return list(rows.select_related("device__center", "actor", "operation__center"))


def photo_state(device: Device, operation: Operation, sent: str) -> QuarantineState | None:
    """What was decided about the record of this device that names the photo; None when none was handed over that does.
    One query."""
    named = [row for row in _naming_photos(device, operation) if sent in photos_of(row)]
    states = {QuarantineState(row.state) for row in named}
    if not states:
        return None
    return QuarantineState.REFUSED if states == {QuarantineState.REFUSED} else QuarantineState.WAITING


def _naming_photos(device: Device, operation: Operation) -> QuerySet[QuarantinedOp]:
    """Told after the device was stopped: as many as a surveyor writes in a day or two."""
    return QuarantinedOp.objects.filter(device=device, operation=operation, op__kind="survey.done")


def photos_of(row: QuarantinedOp) -> list[str]:
    """The photos an op names, by the hash of what is sent."""
    return [photo["sent"] for photo in row.op["payload"].get("photos", ())]


def broken_one(item: InboxItem) -> list[QuarantinedOp]:
    """The op behind a BROKEN_OP item, while it waits."""
    rows = QuarantinedOp.objects.filter(op_id=item.key, state=QuarantineState.WAITING)
    return list(rows.select_related("device__center", "actor", "operation__center"))


def try_again(operation: Operation, *, at: datetime) -> None:
    """Fold what broke, each when it was not tried for so long (AGAIN_AFTER). What still breaks stays. `at` is real time."""
    rows = to_try(at=at).filter(operation=operation)
    for row in rows.select_related("device__center", "operation__center"):
        QuarantinedOp.objects.filter(pk=row.pk).update(tried_at=at)
        try_one(row, by=SYSTEM, at=operation.moment(at))


def to_try(*, at: datetime) -> QuerySet[QuarantinedOp]:
    """What broke and is to be tried again at the real moment `at`, also where nothing has happened since."""
    waiting = QuarantinedOp.objects.filter(state=QuarantineState.WAITING).exclude(broken="")
    return waiting.filter(tried_at__lte=at - AGAIN_AFTER)


@transaction.atomic
def try_one(row: QuarantinedOp, *, by: By, at: datetime) -> bool:
    """Fold an op that broke through the very path of every tablet. False when it breaks again."""
    _fold(row)
    if not Receipt.objects.filter(op_id=row.op_id).exclude(kind="").exists():
        return False
    _decide([row], QuarantineState.TAKEN_IN, by=by, at=at)
    return True


def leave_out_broken(item: InboxItem, *, by: By, at: datetime) -> None:
    """A person has done by hand what the op was about."""
    _decide(broken_one(item), QuarantineState.REFUSED, by=by, at=at)


def _fold(row: QuarantinedOp) -> None:
    """Under the name and number that its tablet has by now, so that what the tablet takes back is its own."""
    places = Receipt.objects.filter(op_id=row.op_id, kind="").select_related("device__center")
    place = places.first() or row
    error = timedelta(milliseconds=row.clock_error_ms)
    services.apply_ops(
        place.device, [replace(Op.from_json(row.op), seq=place.seq)], epoch=place.epoch,
        sent=Reading(row.received_at - error), at=row.received_at, decided=True,
    )  # fmt: skip


@transaction.atomic
def take_in(item: InboxItem, *, by: By, at: datetime) -> int:
    """Fold what waits through the very path of every tablet. Returns how many ops got an answer."""
    rows = waiting(item.operation, item.key)
    for row in rows:
        _fold(row)
    receipts = Receipt.objects.filter(op_id__in=[row.op_id for row in rows]).exclude(kind="")
    folded = set(receipts.values_list("op_id", flat=True))
    _decide([row for row in rows if row.op_id in folded], QuarantineState.TAKEN_IN, by=by, at=at)
    record("op.taken_in", item, by=by, at=at, operation=item.operation, count=len(folded), of=len(rows))
    return len(folded)


@transaction.atomic
def refuse(item: InboxItem, *, reason: str, by: By, at: datetime) -> None:
    """Leave what waits out, for good; the rows stay. Refused inbox.reason_needed."""
    if not reason.strip():
        raise Refused("inbox.reason_needed")
    rows = waiting(item.operation, item.key)
    _decide(rows, QuarantineState.REFUSED, by=by, at=at)
    record("op.left_out", item, by=by, at=at, operation=item.operation, count=len(rows))


def _decide(rows: Sequence[QuarantinedOp], state: QuarantineState, *, by: By, at: datetime) -> None:
    QuarantinedOp.objects.filter(pk__in=[row.pk for row in rows], state=QuarantineState.WAITING).update(
        state=state, decided_at=at, decided_by=by.user
    )
    for row in rows:
        if PRIVATE in row.op["payload"]:
            QuarantinedOp.objects.filter(pk=row.pk).update(op=without_private(row.op))
    if state == QuarantineState.REFUSED:
        _refuse_for_good(rows)
        for operation in {row.operation for row in rows}:
            named = {sent for row in rows if row.operation == operation for sent in photos_of(row)}
            photos_kept.drop_unnamed(operation, named, by=by, at=at)


def _refuse_for_good(rows: Sequence[QuarantinedOp]) -> None:
    """Each op has its answer now, whoever sends it again and under which name and number."""
    new = []
    for row in rows:
        op = Op.from_json(row.op)
        said: dict[str, Any] = {
            "operation": row.operation, "actor": row.actor, "kind": op.kind, "lane": op.lane, "mode": op.mode,
            "payload": dict(op.lasting), "digest": row.digest, "happened_at": row.happened_at,
            "received_at": row.received_at, "result": verdict(op.op_id, op.seq, "refused", REFUSED).as_json(),
        }  # fmt: skip
        if not Receipt.objects.filter(op_id=row.op_id, kind="").update(**said):
            new.append(Receipt(op_id=row.op_id, device=row.device, epoch=row.epoch, seq=row.seq, **said))
    Receipt.objects.bulk_create(new, ignore_conflicts=True)  # known already: it keeps its answer

"""Apply what tablets recorded: each operation at most once, the replay check before any rule (source: sync.md §4)."""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import QuerySet

from dvc.accounts.models import Device, User
from dvc.core.compiled import compiled
from dvc.core.inserting import insert_all, new
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.sync import broken
from dvc.sync.broken import BUGS
from dvc.sync.clocks import Reading
from dvc.sync.context import Context
from dvc.sync.kinds import KINDS
from dvc.sync.models import HeldOp, Receipt
from dvc.sync.ops import Op, Result, refusal, replay, verdict

log = logging.getLogger(__name__)
# What became of an op; without a receipt when it was only kept.
Applied = tuple[Receipt | None, Result]

MAX_OPS = 200


def apply_ops(
    device: Device,
    ops: Sequence[Op],
    *,
    epoch: int,
    sent: Reading | None,
    at: datetime,
    decided: bool = False,
) -> list[Result]:
    """Apply up to MAX_OPS operations and answer each one that got a durable result.

    An op that our own code breaks on is kept for a person and answered `held` (broken.py); the others go through.
    All ops share one commit; when the database cannot do that (a deadlock with another tablet's batch), each op
    gets a transaction of its own. `decided`: a person has said that what lies in quarantine counts.
    """
    if not ops:  # a tablet that only reports
        return []
    context = Context(device, epoch, sent, at, decided=decided)
    if len(ops) == 1:
        return _apply_all(ops, context)
    try:
        with transaction.atomic():
            return _apply_all(ops, context)
    except OperationalError:
        log.warning("a batch of %d ops is applied one by one", len(ops))
        one_by_one = (_apply_all([op], Context(device, epoch, sent, at, decided=decided)) for op in ops)
        return [result for results in one_by_one for result in results]


def _apply_all(ops: Sequence[Op], context: Context) -> list[Result]:
    """Replays are answered from their receipts; what is new is applied in runs that one fold can take together."""
    receipts = _receipts([op.op_id for op in ops])
    seen = {receipt.op_id: receipt for receipt in receipts if _says_what_became_of_it(receipt, context)}
    results: list[Result] = []
    run: list[Op] = []
    in_run: set[uuid.UUID] = set()

    def apply_run() -> None:
        for receipt, result in _apply(run, context):
            results.append(result)
            if receipt is not None:
                seen[receipt.op_id] = receipt
        run.clear()
        in_run.clear()

    for op in ops:
        if run and (op.op_id in seen or op.op_id in in_run or not _go_together(run[-1], op)):
            apply_run()
        if op.op_id in seen:
            results.append(_answer(seen[op.op_id], op, context))
        else:
            run.append(op)
            in_run.add(op.op_id)
    if run:
        apply_run()
    return results


@compiled
def _receipts(op_ids: list[uuid.UUID]) -> QuerySet[Receipt]:
    return Receipt.objects.filter(op_id__in=op_ids)


def _says_what_became_of_it(receipt: Receipt, context: Context) -> bool:
    return bool(receipt.kind) or (receipt.in_quarantine and not context.decided)


def _go_together(one: Op, other: Op) -> bool:
    # Whom a typed name meant is told of a name that is recorded.
    alike = one.operation == other.operation and KINDS[one.kind].fold == KINDS[other.kind].fold
    return alike and "instead_of" not in other.payload


def _answer(receipt: Receipt, op: Op, context: Context) -> Result:
    if receipt.digest != op.digest or not _is_ours(receipt, op, context):
        return verdict(op.op_id, op.seq, "mismatch", "op_id_reused")
    if receipt.in_quarantine:  # its tablet was found and registered again; a person decides all the same
        return verdict(op.op_id, op.seq, "held", "still_quarantined")
    return replay(receipt.result, op.seq)


def _is_ours(receipt: Receipt, op: Op, context: Context) -> bool:
    """A tablet that was registered again sends what it still holds under its new name: the receipt follows its op, so
    that the new device's numbers have no gap, and so does the op while it waits. Another center's receipt is nobody's
    business."""
    device = context.device
    if (receipt.device_id, receipt.epoch, receipt.seq) == (device.pk, context.epoch, op.seq):
        return True
    if receipt.device_id != device.pk and receipt.device.center_id != device.center_id:
        return False
    try:
        with transaction.atomic():
            Receipt.objects.filter(pk=receipt.pk).update(device=device, epoch=context.epoch, seq=op.seq)
            HeldOp.objects.filter(op_id=op.op_id).update(device=device, epoch=context.epoch)
    except IntegrityError:  # that number has another receipt: this one stays where it is
        pass
    return True


def _apply(run: Sequence[Op], context: Context) -> Sequence[Applied]:
    """Apply a run in one savepoint; when anything stands in the way of a longer one, each op in its own."""
    if len(run) == 1:
        return _apply_alone(run[0], context)
    try:
        return _fold_and_keep(run, context)
    except OperationalError:
        raise
    except (Refused, IntegrityError):
        pass  # one op is refused, or somebody else was here first
    except BUGS:  # our own bug about one op must not block the others
        log.exception("a run of %d ops of device %s is taken apart", len(run), context.device.pk)
    return [one for op in run for one in _apply_alone(op, context)]


def _apply_alone(op: Op, context: Context, *, again: bool = True) -> Sequence[Applied]:
    """One op; kept aside when our own code breaks on it. A constraint that says "somebody was here first" is settled by
    looking again once."""
    try:
        return _fold_and_keep([op], context)
    except IntegrityError as error:
        receipt = Receipt.objects.filter(op_id=op.op_id).first()
        if receipt is not None and _says_what_became_of_it(receipt, context):
            return [(receipt, _answer(receipt, op, context))]
        if not again:  # a copied tablet: its number is another op's
            return _kept_broken(op, context, error)
        if receipt is not None:
            receipt.delete()  # refused for its shape by an older release, and now we can read it
    except OperationalError:
        raise
    except BUGS as error:
        return _kept_broken(op, context, error)
    return _apply_alone(op, context, again=False)


def _kept_broken(op: Op, context: Context, error: Exception) -> Sequence[Applied]:
    kept = broken.keep(op, context, error)
    return [(None, kept)] if kept is not None else []


@transaction.atomic
def _fold_and_keep(run: Sequence[Op], context: Context) -> list[tuple[Receipt, Result]]:
    operation = context.operation(run[0].operation)
    results = _fold(run, operation, context)
    receipts = [
        new(
            Receipt, op_id=op.op_id, device_id=context.device.pk, epoch=context.epoch, seq=op.seq,
            operation_id=operation.pk if operation else None, actor_id=_pk(context.actor(op.actor)), kind=op.kind, lane=op.lane, mode=op.mode, payload=dict(op.lasting),
            digest=op.digest, happened_at=context.happened(op, operation) if operation else context.at,
            clock_error_ms=_in_an_integer(context.correction_ms(op)), corrected_by=context.told(op).by, received_at=context.at, result=result.as_json(),
        )
        for op, result in zip(run, results, strict=True)
    ]  # fmt: skip
    if context.decided:  # what they said until now: that a person has to look first
        Receipt.objects.filter(op_id__in=[op.op_id for op in run], kind="").delete()
    insert_all(receipts)
    return list(zip(receipts, results, strict=True))


def _pk(user: User | None) -> int | None:
    return user.pk if user else None


def _in_an_integer(number: int) -> int:
    return max(-(2**31), min(2**31 - 1, number))


def _fold(run: Sequence[Op], operation: Operation | None, context: Context) -> list[Result]:
    if operation is None:
        return [verdict(op.op_id, op.seq, "refused", "invalid") for op in run]
    try:
        return KINDS[run[0].kind].fold(run, operation, context)
    except Refused as no:
        if len(run) > 1:
            raise
        op = run[0]
        return [refusal(op, no)]


def refuse_misshapen(
    device: Device, raw_ops: Sequence[tuple[dict[str, Any], list[str]]], *, epoch: int, at: datetime
) -> list[Result]:
    """Answer ops that have no shape (with the names of their wrong fields). The refusal is durable like any other:
    a receipt without content keeps the device's numbers gapless. Without an id or a number there is only the answer."""
    results, receipts = [], []
    for raw, wrong in raw_ops:
        seq = raw.get("seq")
        number = seq if isinstance(seq, int) and not isinstance(seq, bool) else 0
        result = verdict(str(raw.get("op_id", ""))[:64], number, "refused", "invalid", {"fields": wrong})
        results.append(result)
        if 1 <= number < 2**31 and (op_id := _uuid(raw.get("op_id"))) is not None:
            digest = hashlib.sha256(json.dumps(raw, sort_keys=True, default=str).encode()).hexdigest()
            receipts.append(
                Receipt(
                    op_id=op_id, device=device, epoch=epoch, seq=number, operation=None, actor=None, kind="",
                    mode="", payload={}, digest=digest, happened_at=at, received_at=at, result=result.as_json(),
                )
            )  # fmt: skip
    if receipts:
        Receipt.objects.bulk_create(receipts, ignore_conflicts=True)
    return results


def _uuid(text: object) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None

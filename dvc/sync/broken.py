"""An op that our own code breaks on: kept beside the quarantine and shown to a person, so that the tablet can let go of
it, the others of its queue go on, and nothing is lost with the tablet. It is tried again later (quarantine.py)."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import MultipleObjectsReturned, ObjectDoesNotExist, ValidationError
from django.db import DatabaseError, OperationalError, transaction

from dvc.audit.services import record
from dvc.operations.models import Operation
from dvc.sync import inbox
from dvc.sync.context import Context
from dvc.sync.inbox import View
from dvc.sync.models import REFUSED, ItemKind, QuarantinedOp, QuarantineState
from dvc.sync.ops import Op, Result, verdict
from intake.volunteers.models import Volunteer

log = logging.getLogger(__name__)

# What a mistake of ours looks like. An `OperationalError` is none: the machine is in trouble. Whoever catches these lets
# that one through first; it ends the request, and the tablet sends again.
BUGS: Final = (
    ArithmeticError, AssertionError, AttributeError, LookupError, NameError, RuntimeError, TypeError, ValueError,
    DatabaseError, ObjectDoesNotExist, MultipleObjectsReturned, ValidationError,
)  # fmt: skip
AGAIN_AFTER: Final = timedelta(minutes=10)


def keep(op: Op, context: Context, error: Exception) -> Result | None:
    """Keep what broke and answer `held`; no answer (the tablet keeps it) where even that is impossible."""
    log.error("op %s of device %s broke", op.op_id, context.device.pk, exc_info=error)
    operation = context.operation(op.operation)
    if operation is None:  # of no operation of ours: whatever it broke on, it is refused
        return verdict(op.op_id, op.seq, "refused", "invalid")
    try:
        row = _row(op, operation, context, error)
    except OperationalError:
        raise
    except BUGS:
        log.exception("op %s cannot even be kept", op.op_id)
        return None
    if row.digest != op.digest:
        return verdict(op.op_id, op.seq, "mismatch", "op_id_reused")
    if row.state == QuarantineState.REFUSED:
        return verdict(op.op_id, op.seq, "refused", REFUSED)
    return verdict(op.op_id, op.seq, "held", "kept_broken")


@transaction.atomic
def _row(op: Op, operation: Operation, context: Context, error: Exception) -> QuarantinedOp:
    happened = context.happened(op, operation)
    why = {"broken": type(error).__name__[:40], "tried_at": context.at}
    row, new = QuarantinedOp.objects.get_or_create(
        op_id=op.op_id,
        defaults={
            "operation": operation, "device": context.device, "epoch": context.epoch, "seq": op.seq,
            "actor": context.actor(op.actor), "op": op.as_json(), "digest": op.digest,
            "clock_error_ms": context.correction_ms(op), "happened_at": happened, "received_at": context.at,
            **why,
        },
    )  # fmt: skip
    # One that lay in quarantine breaks while it is taken in: nobody looks at it there any more.
    if not new and row.digest == op.digest:
        unbroken = QuarantinedOp.objects.filter(pk=row.pk, state=QuarantineState.WAITING, broken="")
        new = bool(unbroken.update(**why))
    if new:
        by, moment = context.by(op), operation.moment(context.at)
        told = View("broken", happened, op=str(op.op_id), device=str(context.device.pk))
        item = inbox.open_item(
            operation, ItemKind.BROKEN_OP, op.op_id, subjects=_about(op, operation), views=[told], fix="again",
            by=by, at=moment,
        )  # fmt: skip
        record("op.broken", item, by=by, at=moment, operation=operation, kind=op.kind)
    return row


def _about(op: Op, operation: Operation) -> dict[str, Any]:
    person = op.payload.get("volunteer")
    known = (
        Volunteer.objects.filter(pk=person, center=operation.center_id) if isinstance(person, int) else None
    )
    return {"volunteer": [person]} if known is not None and known.exists() else {}

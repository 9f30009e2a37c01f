"""Facts about a card that nobody holds yet: kept, and folded as soon as the card is bound (source: sync.md §6)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from django.utils import timezone

from dvc.audit.services import record
from dvc.operations.models import Operation
from dvc.sync.clocks import Reading
from dvc.sync.context import Context
from dvc.sync.models import HeldOp, HeldState
from dvc.sync.ops import Op, Result, verdict
from intake.volunteers.models import Card

log = logging.getLogger(__name__)

Fold = Callable[[Op, Operation, Context], Result]


def hold(op: Op, operation: Operation, card: Card, context: Context, *, happened: datetime) -> Result:
    """Keep the op until somebody holds the card. Two statements."""
    held = HeldOp.objects.create(
        op_id=op.op_id, operation=operation, device=context.device, card=card, op=op.as_json(), epoch=context.epoch,
        clock_error_ms=context.correction_ms(op), happened_at=happened, received_at=context.at,
    )  # fmt: skip
    record("op.held", held, by=context.by(op), at=happened, operation=operation, card=card.pk, kind=op.kind)
    return verdict(op.op_id, op.seq, "held", "unbound_card", {"short_code": card.short_code})


@transaction.atomic
def fold_waiting(card: Card, *, bound_at: datetime, fold: Fold) -> int:
    """The card has a holder since `bound_at`: fold what waited for it on that day. Returns how many were folded.

    What was scanned on another day stays for a person: a blank card may have been tried out before it was given.
    """
    waiting = HeldOp.objects.filter(card=card, state=HeldState.WAITING)
    folded = 0
    for held in waiting.select_related("operation__center", "device__center").select_for_update(of=("self",)):
        if timezone.localdate(held.happened_at) == timezone.localdate(bound_at):
            folded += fold_or_leave(held, fold=fold, at=bound_at)
    return folded


def fold_or_leave(held: HeldOp, *, fold: Fold, at: datetime) -> bool:
    """`fold_one`; an op that our own code breaks on goes on waiting, in the end for a person. Its card is given all the
    same, and the others are folded."""
    try:
        fold_one(held, fold=fold, at=at)
    except OperationalError:
        raise
    except Exception:
        log.exception("held op %s is not folded", held.op_id)
        return False
    return True


@transaction.atomic
def fold_one(held: HeldOp, *, fold: Fold, at: datetime) -> Result:
    """Fold what waited, with the times and the operator it was recorded with."""
    error = timedelta(milliseconds=held.clock_error_ms)
    context = Context(held.device, held.epoch, Reading(held.received_at - error), held.received_at)
    op = Op.from_json(held.op)
    result = fold(op, held.operation, context)
    held.state, held.settled_at, held.result = HeldState.FOLDED, at, result.as_json()
    held.op = {**held.op, "payload": dict(op.lasting)}
    held.save(update_fields=["state", "settled_at", "result", "op"])
    record("op.folded", held, by=context.by(op), at=at, operation=held.operation, code=result.code)
    return result

"""Ops that came before what they need: a card's holder, an arrival, the op they take back. Kept, and folded as soon as
that comes, whichever way it comes (source: sync.md §6)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import OperationalError, transaction
from django.utils import timezone

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.sync.broken import BUGS
from dvc.sync.clocks import Reading
from dvc.sync.context import Context
from dvc.sync.models import HeldOp, HeldState, Receipt
from dvc.sync.ops import Op, Result, refusal, verdict, without_private
from intake.volunteers.models import Card, Volunteer

log = logging.getLogger(__name__)

Fold = Callable[[Op, Operation, Context], Result]


# What an op is answered that is kept and comes to nothing yet.
WAITS: Final = frozenset({"unbound_card", "card_in_doubt", "insured_before_arrival", "undo_waits"})


def hold(op: Op, operation: Operation, card: Card, context: Context, *, happened: datetime) -> Result:
    """Keep the op until somebody holds the card. Two statements."""
    _keep(op, operation, context, happened=happened, card=card)
    return verdict(op.op_id, op.seq, "held", "unbound_card", {"short_code": card.short_code})


def hold_for_person(
    op: Op, operation: Operation, card: Card, context: Context, *, happened: datetime
) -> HeldOp:
    """Keep the op until a person says whose it is: it was told by a card while a wrong person had it."""
    held = _keep(op, operation, context, happened=happened, card=card)
    if not held.asked:
        held.asked = True
        held.save(update_fields=["asked"])
    return held


def hold_for_arrival(
    op: Op, operation: Operation, volunteer: Volunteer, context: Context, *, happened: datetime
) -> Result:
    """Keep the op until that person's arrival of that day is known. As a briefing that was told before it, this is a
    record like any other, which can be taken back."""
    _keep(op, operation, context, happened=happened, volunteer=volunteer)
    data = {"volunteer": volunteer.pk, "name": volunteer.name, "kana": volunteer.kana}
    return verdict(op.op_id, op.seq, "applied", "insured_before_arrival", data)


def hold_for_op(
    op: Op, operation: Operation, target: UUID, context: Context, *, happened: datetime
) -> Result:
    """Keep the op until the op that it is about has come."""
    _keep(op, operation, context, happened=happened, target=target)
    return verdict(op.op_id, op.seq, "held", "undo_waits", {"waits_for": str(target)})


def _keep(
    op: Op, operation: Operation, context: Context, *, happened: datetime, card: Card | None = None,
    volunteer: Volunteer | None = None, target: UUID | None = None,
) -> HeldOp:  # fmt: skip
    """Kept already: nothing changes."""
    held, created = HeldOp.objects.get_or_create(
        op_id=op.op_id,
        defaults={
            "operation": operation, "device": context.device, "card": card, "volunteer": volunteer, "target": target,
            "op": op.as_json(), "epoch": context.epoch, "clock_error_ms": context.correction_ms(op),
            "happened_at": happened, "received_at": context.at,
        },
    )  # fmt: skip
    if created:
        about = {"card": card.pk} if card else {"volunteer": volunteer.pk} if volunteer else {}
        record("op.held", held, by=context.by(op), at=happened, operation=operation, kind=op.kind, **about)
    return held


@transaction.atomic
def fold_waiting(card: Card, *, bound_at: datetime, fold: Fold) -> int:
    """The card has a holder since `bound_at`: fold what waited for it on that day. Returns how many were folded.

    What was scanned on another day stays for a person: a blank card may have been tried out before it was given.
    """
    waiting = HeldOp.objects.filter(card=card, state=HeldState.WAITING, asked=False)
    folded = 0
    for held in waiting.select_related("operation__center", "device__center").select_for_update(of=("self",)):
        if timezone.localdate(held.happened_at) == timezone.localdate(bound_at):
            folded += fold_or_leave(held, fold=fold, at=bound_at)
    return folded


def fold_or_leave(held: HeldOp, *, fold: Fold, at: datetime) -> bool:
    """`fold_one`; an op that our own code breaks on goes on waiting, in the end for a person. Its card is given all the
    same, and the others are folded."""
    try:
        return fold_one(held, fold=fold, at=at) is not None
    except OperationalError:
        raise
    except BUGS:
        log.exception("held op %s is not folded", held.op_id)
        return False


@transaction.atomic
def fold_one(held: HeldOp, *, fold: Fold, at: datetime) -> Result | None:
    """Fold what waited, with the times and the operator it was recorded with. None when it does not wait any more:
    somebody was faster, or took it back."""
    now = _waiting(held)
    if now is None:
        return None
    held = now
    error = timedelta(milliseconds=held.clock_error_ms)
    context = Context(held.device, held.epoch, Reading(held.received_at - error), held.received_at)
    op = Op.from_json(held.op)
    try:
        result = fold(op, held.operation, context)
    except Refused as no:  # what refuses is atomic itself; a person sees it with the other refusals
        result = refusal(op, no)
    if result.code == "insured_before_arrival" and held.card_id is not None:
        _wait_for_arrival(held, result.data["volunteer"], by=context.by(op), at=at)
    if result.code in WAITS:
        return result
    _settle(held, HeldState.FOLDED, result, at=at)
    record("op.folded", held, by=context.by(op), at=at, operation=held.operation, code=result.code)
    return result


@transaction.atomic
def refuse(held: HeldOp, no: Refused, *, by: By, at: datetime) -> None:
    """What it waits for does not come any more; a person sees it with the other refusals."""
    now = _waiting(held)
    if now is not None:
        _settle(now, HeldState.FOLDED, refusal(Op.from_json(now.op), no), at=at)
        record("op.refused", now, by=by, at=at, operation=now.operation, code=no.code)


def _settle(held: HeldOp, state: HeldState, result: Result | None, *, at: datetime) -> None:
    held.state, held.settled_at, held.op = state, at, without_private(held.op)
    held.result = result.as_json() if result else None
    held.save(update_fields=["state", "settled_at", "result", "op"])


def _wait_for_arrival(held: HeldOp, volunteer: int, *, by: By, at: datetime) -> None:
    """The card has a name: now the op waits for that person, as one does that was told with the name."""
    held.card, held.volunteer_id, held.asked = None, volunteer, False
    held.save(update_fields=["card", "volunteer", "asked"])
    record("op.held", held, by=by, at=at, operation=held.operation, kind=held.op["kind"], volunteer=volunteer)


def folded(told: Receipt) -> HeldOp:
    """What an op that was folded at once would be as one that had waited; not saved. What is kept nowhere is not there."""
    assert told.operation is not None
    wall = told.operation.real(told.happened_at) - timedelta(milliseconds=told.clock_error_ms)
    op = Op(
        op_id=told.op_id, seq=told.seq, actor=told.actor_id, operation=told.operation.pk, kind=told.kind, t_wall=wall,
        lane=told.lane, mode=told.mode, payload=told.payload,
    )  # fmt: skip
    return HeldOp(
        op_id=told.op_id, operation=told.operation, device=told.device, op=op.as_json(), epoch=told.epoch,
        clock_error_ms=told.clock_error_ms, happened_at=told.happened_at, received_at=told.received_at,
        state=HeldState.FOLDED, result=told.result,
    )  # fmt: skip


def wait_again(held: HeldOp, card: Card, *, asked: bool, by: By, at: datetime) -> None:
    """Whom the card was given to was a mistake: the op waits for the card's holder (again), or for a person to say whose
    it is."""
    held.card, held.volunteer, held.asked = card, None, asked
    held.state, held.settled_at, held.result = HeldState.WAITING, None, None
    held.save()
    record("op.waits_again", held, by=by, at=at, operation=held.operation)


@transaction.atomic
def drop(held: HeldOp, *, by: By, at: datetime) -> bool:
    """What waits is not wanted any more. False when it does not wait."""
    now = _waiting(held)
    if now is None:
        return False
    _settle(now, HeldState.DROPPED, None, at=at)
    record("op.dropped", now, by=by, at=at, operation=now.operation)
    return True


def _waiting(held: HeldOp) -> HeldOp | None:
    """The row as it is now, locked, if it still waits: the sweeper and a tablet may be at it at once."""
    rows = HeldOp.objects.select_for_update(of=("self",)).select_related(
        "operation__center", "device__center"
    )
    return rows.filter(pk=held.pk, state=HeldState.WAITING).first()

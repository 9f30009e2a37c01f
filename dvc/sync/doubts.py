"""What a person should know about a fact from a tablet: its time may be wrong, or its operator had been ended. Never a
reason to refuse: it was recorded in good faith."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from dvc.audit.models import Entry
from dvc.devices.reports import CLOCK_JUMP, time_is_doubtful
from dvc.operations.models import Operation
from dvc.sync.context import Context
from dvc.sync.ops import Op
from intake.checkin import services as checkin
from intake.checkin.models import Visit, VisitFlag
from intake.operators.models import Badge

NEVER_GOOD: Final = datetime.min.replace(tzinfo=UTC)


def flag_visit(op: Op, visit: Visit, operation: Operation, context: Context) -> None:
    """Mark the visit with every doubt about this op. No statement when there is none, except one for each badge in
    the request."""
    for doubt in _of(op, context):
        checkin.flag(visit, doubt, by=context.by(op), at=context.happened(op, operation))


def _of(op: Op, context: Context) -> list[VisitFlag]:
    told = context.told(op)
    happened, noticed = told.at, told.doubtful or _was_set(op, context)
    doubts = []
    if noticed or time_is_doubtful(context.device, context.measured_error, happened=happened):
        doubts.append(VisitFlag.CLOCK_UNCERTAIN)
    ends: list[datetime | None] = []
    if op.actor is not None:
        ends.append(context.once(("account", op.actor), lambda: _account_ended(op, context)))
    if op.badge:
        ends.append(context.once(("badge", op.actor, op.badge), lambda: _badge_ended(op, context)))
    if any(end is not None and end <= happened for end in ends):
        doubts.append(VisitFlag.OPERATOR_ENDED)
    return doubts


def _was_set(op: Op, context: Context) -> bool:
    """Whether the clock was set so much between the recording and the sending that the error of the one is not the
    other's. A person is told, however well it could be put right."""
    if context.measured_error is None:
        return False
    return abs(context.told(op).at - op.t_wall - context.measured_error) > CLOCK_JUMP


def _account_ended(op: Op, context: Context) -> datetime | None:
    """When the account's time was or will be over; NEVER_GOOD for somebody who does not work here."""
    user = context.actor(op.actor)
    if user is None:
        return NEVER_GOOD
    if user.is_active:
        return user.expires_at
    stopped = Entry.objects.about(user).filter(action="user.deactivated").order_by("-id").first()
    return stopped.at if stopped else NEVER_GOOD


def _badge_ended(op: Op, context: Context) -> datetime | None:
    badge = Badge.objects.filter(
        center=context.device.center_id, card_id__startswith=op.badge, user=op.actor
    ).first()
    return NEVER_GOOD if badge is None else badge.ended_at

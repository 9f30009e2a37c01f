"""Calls somebody waits for: by when, each try and what became of it. Nobody is forgotten, nobody is called for ever."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from intake.help_requests.models import CallBack, CallTry, Need, NeedState, TryOutcome

# After so many tries in vain the desk is offered to end the need as 連絡不通 (it is never done by itself).
TRIES_BEFORE_UNREACHABLE: Final = 3
TO_REVIEW: Final = "保留を見直す"
REVIEW_AFTER: Final = timedelta(days=3)
TO_CONFIRM: Final = "電話で確かめる（ウェブの依頼）"
_AND: Final = "、"  # between the reasons of one call
AGAIN_AFTER: Final = timedelta(hours=1)
FIRST_CALL: Final = time(9)
LAST_CALL: Final = time(18)


def to_tell(ending: NeedState) -> str:
    """Why somebody has to be called of a need that ended and whom nobody has told yet."""
    return f"「{ending.label}」になったことを伝える"


def next_call(at: datetime) -> datetime:
    """In an hour, or next morning where that would be too late to ring at somebody's house."""
    again = timezone.localtime(at) + AGAIN_AFTER
    if again.time() > LAST_CALL:
        again = again.replace(hour=FIRST_CALL.hour, minute=0, second=0, microsecond=0) + timedelta(days=1)
    elif again.time() < FIRST_CALL:
        again = again.replace(hour=FIRST_CALL.hour, minute=0, second=0, microsecond=0)
    return again


@transaction.atomic
def promise(need: Need, *, why: str, due_at: datetime, by: By, at: datetime) -> CallBack:
    """Somebody is to be called back. A need has one open call: a further reason joins it, and the earlier time counts."""
    known = CallBack.objects.select_for_update().open().filter(need=need).first()
    if known is None:
        try:
            with transaction.atomic():
                made = CallBack.objects.create(
                    need=need, why=why[:120], due_at=due_at, opened_at=at, opened_by=by.user
                )
        except IntegrityError:  # one_open_call_back_per_need: another desk promised one at this moment
            known = CallBack.objects.select_for_update().open().get(need=need)
        else:
            record("need.call_promised", need, by=by, at=at, operation=need.operation, call=made.pk)
            return made
    if why not in known.why:
        known.why = f"{known.why}{_AND}{why}"[:120]
    known.due_at = min(known.due_at, due_at)
    known.save(update_fields=["why", "due_at"])
    record("need.call_promised", need, by=by, at=at, operation=need.operation, call=known.pk)
    return known


@transaction.atomic
def tried(
    call: CallBack, outcome: TryOutcome, *, note: str, again_at: datetime | None, by: By, at: datetime
) -> CallTry:
    """One try. Somebody reached ends the call unless there is to be another one (`again_at`); otherwise it is due again
    then, or at `next_call`. Refused: need.call_closed, need.call_in_the_past."""
    if again_at is not None and again_at <= at:
        raise Refused("need.call_in_the_past")
    still_open = CallBack.objects.select_for_update().open().filter(pk=call.pk).first()
    if still_open is None:
        raise Refused("need.call_closed")
    made = CallTry.objects.create(call_back=call, outcome=outcome, note=note, by=by.user, at=at)
    if outcome == TryOutcome.REACHED and again_at is None:
        CallBack.objects.filter(pk=call.pk).update(closed_at=at, closed_by=by.user)
    else:
        CallBack.objects.filter(pk=call.pk).update(due_at=again_at or next_call(at))
    call.refresh_from_db()
    Need.objects.filter(pk=call.need_id).update(touched_at=at)
    record(
        "need.call_tried", call.need, by=by, at=at, operation=call.need.operation, call=call.pk,
        outcome=str(outcome),
    )  # fmt: skip
    return made


@transaction.atomic
def settle(need: Need, *, by: By, at: datetime) -> None:
    """The need ended: nobody waits for a call any more."""
    CallBack.objects.open().filter(need=need).update(closed_at=at, closed_by=by.user)


@transaction.atomic
def no_reason(need: Need, why: str, *, by: By, at: datetime) -> None:
    """One reason to call is gone; a call with more to say stays for that."""
    call = CallBack.objects.select_for_update().open().filter(need=need).first()
    if call is None:
        return
    reasons = call.why.split(_AND)
    left = [reason for reason in reasons if reason != why]
    if not left:
        CallBack.objects.filter(pk=call.pk).update(closed_at=at, closed_by=by.user)
    elif left != reasons:
        CallBack.objects.filter(pk=call.pk).update(why=_AND.join(left))


@transaction.atomic
def to_review(need: Need, *, on: date | None, by: By, at: datetime) -> CallBack:
    """A need on hold is looked at again in the morning of that day, or after REVIEW_AFTER: nobody is held and forgotten.

    Refused: need.review_in_the_past.
    """
    day = on or timezone.localdate(at) + REVIEW_AFTER
    if day <= timezone.localdate(at):
        raise Refused("need.review_in_the_past")
    due_at = datetime.combine(day, FIRST_CALL, timezone.get_current_timezone())
    return promise(need, why=TO_REVIEW, due_at=due_at, by=by, at=at)


def in_vain(call: CallBack) -> int:
    """Tries since anybody was reached last. One query."""
    outcomes = list(call.tries.order_by("-at", "-id").values_list("outcome", flat=True))
    return next((n for n, outcome in enumerate(outcomes) if outcome == TryOutcome.REACHED), len(outcomes))

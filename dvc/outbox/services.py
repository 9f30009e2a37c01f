"""Put, claim, finish, fail, sweep. See reliability.md §1.2 for the reasons and the measured losses behind them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.utils.module_loading import import_string

from dvc.core import logs
from dvc.outbox.models import Row, State

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
MAX_ATTEMPTS = 8
REPUBLISH_AFTER = timedelta(seconds=10)
GRACE = timedelta(seconds=2)
SWEPT_AT_ONCE = 500


class LeaseLost(Exception):
    """The row was taken over while we worked: roll everything back, somebody else has it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a row until the lease ends; `epoch` fences the commit."""

    row: Row
    epoch: int


Handler = Callable[[Claim], None]


def put(kind: str, object_id: int | str, *, dedupe_key: str, run_after: datetime | None = None) -> Row:
    """Write a piece of work in the caller's transaction and publish it after the commit, or leave it to the sweeper
    until `run_after` (real time).

    The same (kind, dedupe_key) again returns the row that is there, unchanged.
    Raises `KeyError` for a kind without a handler.
    """
    settings.OUTBOX_HANDLERS[kind]
    row, created = Row.objects.get_or_create(
        kind=kind, dedupe_key=dedupe_key, defaults={"object_id": str(object_id), "run_after": run_after}
    )
    if created and run_after is None:
        transaction.on_commit(lambda: publish(row))
    return row


def publish(row: Row) -> bool:
    """Send the hint. A dead broker is logged and swallowed: the sweeper sends it again. True when it was sent."""
    from kombu.exceptions import OperationalError

    from dvc.outbox.tasks import handle

    queue = settings.OUTBOX_HANDLERS[row.kind][1]
    try:
        handle.apply_async((row.pk,), queue=queue, retry=False, ignore_result=True)
    except OperationalError as error:
        log.warning("broker unreachable, outbox row %s waits for the sweeper: %s", row.pk, error)
        return False
    return True


def claim(row_id: int, *, at: datetime) -> Claim | None:
    """Take the row for LEASE, or None when it is done, parked, not ripe or somebody else's."""
    taken = (
        Row.objects.due(at)
        .filter(pk=row_id)
        .update(
            state=State.RUNNING,
            lease_until=at + LEASE,
            lease_epoch=models.F("lease_epoch") + 1,
            attempts=models.F("attempts") + 1,
        )
    )
    if not taken:
        return None
    row = Row.objects.get(pk=row_id)
    return Claim(row, row.lease_epoch)


def finish(held: Claim, *, at: datetime) -> None:
    """Mark done; call it inside the transaction of the effect. Raises `LeaseLost` when the fence has moved."""
    done = Row.objects.filter(pk=held.row.pk, lease_epoch=held.epoch, state=State.RUNNING).update(
        state=State.DONE, done_at=at, lease_until=None, last_error=""
    )
    if not done:
        raise LeaseLost(f"outbox row {held.row.pk} epoch {held.epoch}")


def renew(held: Claim, *, at: datetime) -> None:
    """A sign of life from long work: the lease ends LEASE after `at`. Raises `LeaseLost` when it is gone already."""
    if not Row.objects.filter(pk=held.row.pk, lease_epoch=held.epoch, state=State.RUNNING).update(
        lease_until=at + LEASE
    ):
        raise LeaseLost(f"outbox row {held.row.pk} epoch {held.epoch}")


def postpone(held: Claim, *, until: datetime) -> None:
    """Give the row back for a try after `until` (real time) that counts as the first: nothing failed, it was too early.
    Raises `LeaseLost` when the lease is gone already."""
    if not Row.objects.filter(pk=held.row.pk, lease_epoch=held.epoch, state=State.RUNNING).update(
        state=State.PENDING,
        run_after=until,
        published_at=None,
        lease_until=None,
        attempts=models.F("attempts") - 1,
    ):
        raise LeaseLost(f"outbox row {held.row.pk} epoch {held.epoch}")


def withdraw(kind: str, dedupe_key: str, *, at: datetime) -> bool:
    """Nobody wants this work any more. Whoever is at it has lost the lease from this commit on. True when it was not
    done yet; one that is being finished right now is waited for."""
    return bool(
        Row.objects.filter(kind=kind, dedupe_key=dedupe_key)
        .exclude(state=State.DONE)
        .update(state=State.DONE, done_at=at, lease_until=None, lease_epoch=models.F("lease_epoch") + 1)
    )


def fail(held: Claim, error: Exception, *, at: datetime) -> None:
    """Give the row back for a later try (2, 4, 8 … 120 s), or park it where a person sees it after MAX_ATTEMPTS."""
    parked = held.row.attempts >= MAX_ATTEMPTS
    wait = timedelta(seconds=min(120, 2**held.row.attempts))
    Row.objects.filter(pk=held.row.pk, lease_epoch=held.epoch, state=State.RUNNING).update(
        state=State.PARKED if parked else State.PENDING,
        run_after=at + wait,
        lease_until=None,
        last_error=logs.brief(error)[:500],
    )


def retry(row: Row, *, at: datetime) -> bool:
    """Let a parked row try again from zero. True when it was parked."""
    return bool(
        Row.objects.filter(pk=row.pk, state=State.PARKED).update(
            state=State.PENDING, attempts=0, run_after=at
        )
    )


def work(row_id: int, *, now: Callable[[], datetime]) -> bool:
    """Run one row to its end: claim, handler, done. True when the handler came to its end here.

    The handler gets the claim, and must call `finish(claim, at=…)` in the transaction of its effect, or `postpone`.
    """
    held = claim(row_id, at=now())
    if held is None:
        return False
    handler: Handler = import_string(settings.OUTBOX_HANDLERS[held.row.kind][0])
    try:
        handler(held)
    except LeaseLost:
        log.warning("outbox row %s: lease lost, nothing committed", row_id)
        return False
    except Exception as error:  # the boundary of the worker: whatever broke is written down and tried again
        log.exception("outbox row %s failed", row_id)
        fail(held, error, at=now())
        return False
    return True


def sweep(*, at: datetime, limit: int = SWEPT_AT_ONCE) -> int:
    """Publish what is due and was never published; and again what was published a while ago, but no more than the broker
    lost: hints that only wait their turn are not doubled. Returns how many were sent."""
    unheard = models.Q(published_at=None) | models.Q(published_at__lt=at - REPUBLISH_AFTER)
    fresh = models.Q(run_after=None, created_at__gt=at - GRACE)  # its own commit publishes it right now
    due = Row.objects.due(at).exclude(fresh)
    lost: dict[str, int] = {}
    tried: list[int] = []
    sent = 0
    for row in due.filter(unheard).order_by(models.F("published_at").asc(nulls_first=True), "id")[:limit]:
        if row.published_at is not None:
            queue = settings.OUTBOX_HANDLERS[row.kind][1]
            if queue not in lost:
                lost[queue] = due.filter(kind__in=_kinds(queue)).exclude(published_at=None).count() - _held(
                    queue
                )
            if lost[queue] <= 0:
                continue
            lost[queue] -= 1
        tried.append(row.pk)
        if not publish(row):
            break
        sent += 1
    Row.objects.filter(pk__in=tried).update(published_at=at)
    return sent


def _kinds(queue: str) -> list[str]:
    return [kind for kind, (_, of) in settings.OUTBOX_HANDLERS.items() if of == queue]


def _held(queue: str) -> int:
    """How many hints wait in the broker; 0 when it does not answer."""
    from celery import current_app
    from kombu.exceptions import OperationalError
    from redis import RedisError

    try:
        with current_app.connection_for_write() as line:
            return int(line.default_channel.client.llen(queue))  # type: ignore[attr-defined]  # Redis has one
    except (OperationalError, RedisError):
        return 0

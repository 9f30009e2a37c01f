"""Put, claim, finish, fail, sweep. See reliability.md §1.2 for the reasons and the measured losses behind them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError, models, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from dvc.core import logs
from dvc.outbox.models import Row, RowQuerySet, State

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
MAX_ATTEMPTS = 8
REPUBLISH_AFTER = timedelta(seconds=10)
SWEPT_AT_ONCE = 1000


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
    # Told from the beginning: its own commit does it, and the sweeper, who may look in between, need not as well.
    told = None if run_after else timezone.now()
    row, created = Row.objects.get_or_create(
        kind=kind,
        dedupe_key=dedupe_key,
        defaults={"object_id": str(object_id), "run_after": run_after, "published_at": told},
    )
    if created and told:
        transaction.on_commit(lambda: _tell(row))
    return row


def _tell(row: Row) -> None:
    """After the commit: nothing that goes wrong here may look to the caller as if the row were not there."""
    if publish(row):
        return
    try:
        Row.objects.filter(pk=row.pk, published_at=row.published_at).update(published_at=None)
    except OperationalError as error:  # the sweeper misses the hint a little later
        log.warning("outbox row %s is not marked as untold: %s", row.pk, error)


def publish(row: Row) -> bool:
    """Send the hint. A dead broker is logged and swallowed: the sweeper sends it again. True when it was sent."""
    return _send([row.pk], settings.OUTBOX_HANDLERS[row.kind][1])


def _send(rows: Sequence[int], queue: str) -> bool:
    """Hints of these rows (ids), all in one go: the broker puts on its disk what comes together at once, and each alone."""
    from kombu.exceptions import BatchPublishError  # type: ignore[attr-defined] # its stubs are older
    from kombu.exceptions import OperationalError as Unreachable

    from dvc.outbox.tasks import handle

    try:
        with handle.app.producer_pool.acquire(block=True) as producer, producer.batch():  # type: ignore[attr-defined]
            for row in rows:
                handle.apply_async((row,), queue=queue, retry=False, ignore_result=True, producer=producer)
    except (Unreachable, BatchPublishError) as error:
        log.warning("broker unreachable, %d outbox rows wait for the sweeper: %s", len(rows), error)
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
        published_at=None,
        lease_until=None,
        last_error=logs.brief(error)[:500],
    )


def retry(row: Row, *, at: datetime) -> bool:
    """Let a parked row try again from zero. True when it was parked."""
    return bool(
        Row.objects.filter(pk=row.pk, state=State.PARKED).update(
            state=State.PENDING, attempts=0, run_after=at, published_at=None
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
    """Tell the broker what is due and no hint of is on its way; and again what it was told a while ago, but no more than it
    lost: hints that only wait their turn are not doubled. Queue by queue, up to `limit` of each, so that a long one hides
    no other's. Returns how many were sent."""
    due = Row.objects.due(at)
    known = set(due.filter(_unheard(at)).order_by().values_list("kind", flat=True).distinct())
    sent = 0
    for queue in sorted({queue for kind, (_, queue) in settings.OUTBOX_HANDLERS.items() if kind in known}):
        rows = _to_send(due.filter(kind__in=_kinds(queue)), queue, at=at, limit=limit)
        if not rows:
            continue
        if not _send(rows, queue):
            break
        due.filter(pk__in=rows).update(published_at=at)  # who has begun already may have put it off
        sent += len(rows)
    return sent


def _unheard(at: datetime) -> models.Q:
    """Nobody has begun although there was time; or it was told while the clock was ahead, who knows when."""
    return models.Q(published_at=None) | _told_long_ago(at)


def _told_long_ago(at: datetime) -> models.Q:
    return models.Q(published_at__lt=at - REPUBLISH_AFTER) | models.Q(published_at__gt=at + REPUBLISH_AFTER)


def _to_send(due: RowQuerySet, queue: str, *, at: datetime, limit: int) -> list[int]:
    """Of one queue's due rows (ids): those without a hint, oldest first, then as many as the broker has lost hints."""
    rows = list(due.filter(published_at=None).order_by("id").values_list("pk", flat=True)[:limit])
    again = due.filter(_told_long_ago(at)).order_by("published_at", "id")
    if len(rows) < limit and again.exists():
        lost = due.exclude(published_at=None).count() - _held(queue)
        rows += again.values_list("pk", flat=True)[: max(0, min(limit - len(rows), lost))]
    return rows


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

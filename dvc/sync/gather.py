"""What nobody tells us in an op: the end of a day, a card bound at the desk, what the apps below have set aside. The
sweeper looks for it every few seconds; looking twice finds nothing new."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final

from django.db import OperationalError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from dvc.audit import places
from dvc.audit.services import SYSTEM, By, newest_of, newest_of_each
from dvc.core.races import look_again
from dvc.core.refused import Refused
from dvc.operations.models import Mode, Operation, OperationState
from dvc.sync import holding, inbox, merging, quarantine, set_aside, taken_back, tools, undo, visits
from dvc.sync.bindings import fold_held
from dvc.sync.conflicts import views_of
from dvc.sync.inbox import Conflict, View
from dvc.sync.models import (
    HeldOp,
    HeldState,
    InboxItem,
    InboxItemQuerySet,
    InboxSweep,
    ItemKind,
    ItemState,
    QuarantinedOp,
    QuarantineState,
    Receipt,
)
from dvc.sync.never_arrived import never_arrived, still_waits
from intake.checkin import services as checkin
from intake.checkin.models import Visit, VisitFlag, VisitQuerySet
from intake.checkin.states import VisitState

log = logging.getLogger(__name__)

EVERY: Final = timedelta(seconds=5)
LOOK_BACK: Final = timedelta(days=30)
AT_ONCE: Final = 5000


def look_through_all(*, at: datetime) -> None:
    """The sweeper's check (settings.SWEEP_CHECKS). `at` is real time; each operation has its own clock. Three queries
    while nothing changes, however many operations there are."""
    recently = Q(state=OperationState.OPEN) | Q(state=OperationState.CLOSED, closed_at__gte=at - LOOK_BACK)
    operations = Operation.objects.filter(recently)
    newest = newest_of_each(operations)
    marks = {mark.operation_id: mark for mark in InboxSweep.objects.filter(operation__in=newest)}
    again = Exists(quarantine.to_try(at=at).filter(operation=OuterRef("pk")))
    for operation in operations.select_related("center").annotate(tries_again=again):
        is_due = _is_due(operation, marks.get(operation.pk), newest.get(operation.pk, 0), at=at)
        if not is_due and not operation.tries_again:  # type: ignore[attr-defined]  # annotated
            continue
        try:
            look_through(operation, at=at)
        except OperationalError:
            raise
        except Exception:  # our own bug about one operation must not leave the others unlooked at
            log.exception("operation %s is not looked through", operation.pk)


def _is_due(operation: Operation, mark: InboxSweep | None, newest: int, *, at: datetime) -> bool:
    if mark is None:
        return True
    if abs(at - mark.at) < EVERY:
        return False
    return mark.day != timezone.localdate(operation.moment(at)) or mark.version != newest


@transaction.atomic
def look_through(operation: Operation, *, at: datetime) -> None:
    """Everything that follows from the state of the tables at the real moment `at`."""
    newest = newest_of(operation.pk)  # first: what comes in between is looked at next time
    mark, _ = InboxSweep.objects.get_or_create(operation=operation, defaults={"at": at})
    mark = InboxSweep.objects.select_for_update().get(pk=mark.pk)
    through = places.older_have_ended()  # or an older entry than the newest is on its way
    moment = operation.moment(at)
    today = timezone.localdate(moment)
    # When the operation is closed its last day is over, whatever the clock says.
    days_end = today if operation.is_open else today + timedelta(days=1)
    _visits_of_days_gone(operation, days_end, at=moment)
    fold_what_waited(operation, at=moment)
    _nobody_came_for(operation, days_end, at=moment)
    quarantine.try_again(operation, at=at)
    through &= _late_facts(operation, mark, at=moment)
    if _asks_for_duplicates(operation):
        through &= merging.suggest(operation, mark, at=moment)
    set_aside.collect(operation, at=moment)
    _settle_what_is_no_more(operation, at=moment)
    mark.day, mark.at, mark.version = today, at, newest if through else 0
    mark.save()


def _asks_for_duplicates(operation: Operation) -> bool:
    """The register belongs to the center: one of its operations asks, the one people most likely have before them."""
    if operation.is_drill:
        return operation.is_open
    real = Operation.objects.filter(center=operation.center_id).exclude(mode=Mode.DRILL)
    return real.live().main_first().first() == operation


def _asked(operation: Operation, kind: ItemKind) -> set[str]:
    items = InboxItem.objects.open().filter(operation=operation, kind=kind)
    return set(items.values_list("key", flat=True))


def _visits_of_days_gone(operation: Operation, days_end: date, *, at: datetime) -> None:
    """未帰着確認: never closed by us, only put where a person sees it. And leavings whose arrival never came."""
    visits = Visit.objects.filter(operation=operation, day__lt=days_end)
    checkin.mark_unreturned(visits, by=SYSTEM, at=at)
    for kind, rows in (
        (ItemKind.UNRETURNED, Visit.objects.filter(operation=operation).not_seen_leaving(days_end)),
        (ItemKind.NO_ARRIVAL, visits.filter(annulled_at__isnull=True, left_at=F("arrived_at"))),
    ):
        look_again(partial(_ask_about, operation, kind, rows, at=at))


def _ask_about(operation: Operation, kind: ItemKind, rows: VisitQuerySet, *, at: datetime) -> None:
    """An item for each of these visits that has none. After a day without a network they are ten thousand, and this looks
    every few seconds: only those are read that nobody was asked about."""
    states = dict(InboxItem.objects.filter(operation=operation, kind=kind).values_list("key", "state"))
    unasked = [pk for pk in rows.values_list("pk", flat=True) if states.get(str(pk)) != ItemState.OPEN]
    for start in range(0, len(unasked), checkin.AT_ONCE):
        some = rows.filter(pk__in=unasked[start : start + checkin.AT_ONCE])
        visits = [visit for visit in some if _still(kind, visit)]
        new = [_conflict(visit) for visit in visits if str(visit.pk) not in states]
        inbox.open_new(operation, kind, new, fix=_FIX[kind], by=SYSTEM, at=at)
        for visit in visits:
            if str(visit.pk) in states:
                visit_item(operation, kind, visit, by=SYSTEM, at=at)


# What is proposed.
_FIX: Final = {ItemKind.UNRETURNED: "phoned_home", ItemKind.NO_ARRIVAL: "came_at"}


def _conflict(visit: Visit) -> Conflict:
    subjects = {"visit": [visit.pk], "volunteer": [visit.volunteer_id]}
    return Conflict(str(visit.pk), subjects, views_of(visit.told))


def visit_item(operation: Operation, kind: ItemKind, visit: Visit, *, by: By, at: datetime) -> InboxItem:
    """The item of a visit whose leaving (UNRETURNED) or arrival (NO_ARRIVAL) nobody recorded. What had answered it may
    have been taken back: then it is asked again."""
    about = _conflict(visit)
    item = inbox.open_item(
        operation, kind, about.key, subjects=about.subjects, views=about.views, fix=_FIX[kind], by=by, at=at
    )
    if not item.is_open and _still(kind, visit):
        inbox.reopen(item, by=by, at=at)
    return item


def _still(kind: str, visit: Visit) -> bool:
    """Whether the visit is (still) what an item of this kind is about."""
    if kind == ItemKind.UNRETURNED:
        return visit.state in (VisitState.UNRETURNED, VisitState.PRESENT)
    return visit.state == VisitState.LEFT and VisitFlag.NO_ARRIVAL in visit.flags


def fold_what_waited(operation: Operation, *, at: datetime) -> None:
    """Fold every held op of which what it waits for has come: a card bound at the desk on the day of the scan, an
    arrival, the op that was taken back. Three queries when nothing waits."""
    waiting = HeldOp.objects.filter(operation=operation, state=HeldState.WAITING).select_related(
        "card", "volunteer", "operation__center", "device__center"
    )
    for held in waiting.filter(card__holder__isnull=False, asked=False):
        assert held.card is not None
        since = held.card.bindings.filter(ended_at__isnull=True).values_list("bound_at", flat=True).first()
        if since and timezone.localdate(since) == timezone.localdate(held.happened_at):
            holding.fold_or_leave(held, fold=fold_held, at=at)
    for held in waiting.filter(volunteer__isnull=False):
        assert held.volunteer is not None
        person, day = held.volunteer.standing, timezone.localdate(held.happened_at)
        if Visit.objects.on_day(day).filter(operation=operation, volunteer=person).exists():
            holding.fold_or_leave(held, fold=partial(visits.fold_for, person), at=at)
    for held in waiting.filter(target__in=Receipt.objects.exclude(kind="").values("op_id")):
        holding.fold_or_leave(held, fold=undo.fold, at=at)


def _nobody_came_for(operation: Operation, days_end: date, *, at: datetime) -> None:
    """What still waits when its day is over goes to a person."""
    over = timezone.make_aware(datetime.combine(days_end, time()))
    waiting = HeldOp.objects.filter(operation=operation, state=HeldState.WAITING, happened_at__lt=over)
    asked = _asked(operation, ItemKind.CARD_NEVER_BOUND)
    for held in waiting.filter(card__isnull=False, asked=False):
        assert held.card_id is not None
        if str(held.pk) not in asked:
            seen = View("scanned", held.happened_at, op=str(held.op_id), device=str(held.device_id))
            item = inbox.open_item(
                operation, ItemKind.CARD_NEVER_BOUND, held.pk, subjects={"held": [held.pk], "card": [held.card_id]},
                views=[seen], fix="drop", by=SYSTEM, at=at,
            )  # fmt: skip
            if not item.is_open:  # the card was taken back from whom it was answered with
                inbox.reopen(item, by=SYSTEM, at=at)
    undecided = QuarantinedOp.objects.filter(operation=operation, state=QuarantineState.WAITING).values(
        "op_id"
    )
    for held in waiting.filter(target__isnull=False).exclude(target__in=undecided):
        # Told on a later day, its op may be on the way behind it.
        if timezone.localdate(operation.moment(held.received_at)) < timezone.localdate(at):
            holding.refuse(held, Refused("visit.undo_nothing"), by=SYSTEM, at=at)
    asked = _asked(operation, ItemKind.NEVER_ARRIVED)
    for never in never_arrived(operation, before=days_end):
        if never.key not in asked:
            inbox.open_item(
                operation, ItemKind.NEVER_ARRIVED, never.key, subjects={"volunteer": [never.volunteer]},
                views=never.views, fix="came_at", by=SYSTEM, at=at, reopen=True,
            )  # fmt: skip


def _late_facts(operation: Operation, mark: InboxSweep, *, at: datetime) -> bool:
    """Facts of a day that was over when they came: they count for their day, and one item for each day and day of
    coming lists them. Moves the mark on; False when there are more than AT_ONCE."""
    nothing_older_comes = places.ids_in_order() or _have_ended(mark)  # asked before reading
    receipts = Receipt.objects.filter(operation=operation, pk__gt=mark.receipt)
    late = defaultdict(list)
    some = list(receipts.exclude(kind="").order_by("pk")[:AT_ONCE])
    newest = some[-1].pk if some else mark.receipt
    if nothing_older_comes:
        mark.receipt = newest if places.ids_in_order() else min(mark.ahead, newest)
    if newest > mark.receipt >= mark.ahead:
        mark.ahead, mark.ahead_place = newest, 0
    for receipt in some:
        came = timezone.localdate(operation.moment(receipt.received_at))
        day = timezone.localdate(receipt.happened_at)
        if day < came and receipt.result.get("status") not in ("refused", "mismatch"):
            late[day, came].append(receipt)
    for (day, came), rows in late.items():
        _late_item(operation, day, came, rows, at=at)
    return len(some) < AT_ONCE


def _have_ended(mark: InboxSweep) -> bool:
    """A transaction that commits late has older numbers than what was read before it. Whoever took a number below
    `mark.ahead` had begun to write before the look after that reading; whether all of those have ended. Until then the
    same receipts are read again."""
    if mark.ahead <= mark.receipt:
        return False
    if mark.ahead_place == 0:
        mark.ahead_place = places.ours()
        return False
    return places.place() >= mark.ahead_place


def _late_item(operation: Operation, day: date, came: date, rows: list[Receipt], *, at: datetime) -> None:
    start = timezone.make_aware(datetime.combine(day, time()))
    devices = sorted({str(row.device_id) for row in rows})
    item = inbox.open_item(
        operation, ItemKind.LATE_FACTS, f"{day}:{came}", subjects={},
        views=[View("late", start, device=device) for device in devices], fix="seen", by=SYSTEM, at=at,
    )  # fmt: skip
    if item.resolved_at is not None and any(
        operation.moment(row.received_at) > item.resolved_at for row in rows
    ):
        inbox.reopen(item, by=SYSTEM, at=at)
    visits = [row.result["data"]["visit"] for row in rows if row.result.get("data", {}).get("visit")]
    checkin.flag_late(Visit.objects.filter(operation=operation, pk__in=visits), by=SYSTEM, at=at)


def _settle_what_is_no_more(operation: Operation, *, at: datetime) -> None:
    """A later record has answered the question."""
    asked = InboxItem.objects.open().filter(operation=operation)
    about_visits = [*_answered(asked, operation), *asked.filter(kind=ItemKind.NO_ARRIVAL)]
    visits = Visit.objects.in_bulk([int(item.key) for item in about_visits])
    for item in about_visits:
        visit = visits.get(int(item.key))
        if visit is None or not _still(item.kind, visit):
            inbox.settle(item, by=SYSTEM, at=at)
    for item in asked.filter(kind=ItemKind.NEVER_ARRIVED):
        if not still_waits(item):
            inbox.settle(item, by=SYSTEM, at=at)
    for item in asked.filter(kind=ItemKind.BROKEN_OP):
        if not quarantine.broken_one(item):
            inbox.settle(item, by=SYSTEM, at=at)
    for item in asked.filter(kind=ItemKind.CARD_TAKEN_BACK):
        if not taken_back.waiting(item).exists():
            inbox.settle(item, by=SYSTEM, at=at)
    for item in asked.filter(kind=ItemKind.TOOL_TWICE):
        if not tools.still_disputed(item):
            inbox.settle(item, by=SYSTEM, at=at)
    about_held = list(asked.filter(kind=ItemKind.CARD_NEVER_BOUND))
    held = HeldOp.objects.in_bulk([int(item.key) for item in about_held])
    for item in about_held:
        if int(item.key) not in held or held[int(item.key)].state != HeldState.WAITING:
            inbox.settle(item, by=SYSTEM, at=at)


def _answered(asked: InboxItemQuerySet, operation: Operation) -> list[InboxItem]:
    """Of the visits whose end nobody recorded: the items of those that are open no more. The others may be ten thousand,
    and are not read."""
    visits = Visit.objects.filter(operation=operation, left_at__isnull=True, annulled_at__isnull=True)
    still_open = {str(pk) for pk in visits.values_list("pk", flat=True)}
    keys = asked.filter(kind=ItemKind.UNRETURNED).values_list("key", flat=True)
    ended = [key for key in keys if key not in still_open]
    return [
        item
        for start in range(0, len(ended), checkin.AT_ONCE)
        for item in asked.filter(kind=ItemKind.UNRETURNED, key__in=ended[start : start + checkin.AT_ONCE])
    ]

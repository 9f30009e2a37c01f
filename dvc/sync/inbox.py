"""The conflict inbox: open an item once, resolve it once, with who, when, how and why.

What makes an item is decided in conflicts.py; what the choices do, in resolutions.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import transaction

from dvc.audit.models import Entry
from dvc.audit.services import By, entry, record, record_all
from dvc.core.inserting import insert_all
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.sync.models import InboxItem, ItemKind, ItemState

TOLD_FOR: Final = timedelta(days=2)
# What a tablet was answered `review` or `held` for, which its operator sees until somebody has looked.
_A_TABLET_WAITS: Final = (
    ItemKind.TWO_GATES, ItemKind.OLD_CARD, ItemKind.UNCLEAR_NAME, ItemKind.CARD_NEVER_BOUND, ItemKind.CARD_TAKEN_BACK,
    ItemKind.TWO_SURVEYS, ItemKind.TOOL_TWICE,
)  # fmt: skip
BY_ITSELF: Final = "settled"  # the choice of an item that a later record has answered


@dataclass(frozen=True, slots=True)
class View:
    """One of the tellings that do not agree: ids, codes and times, never a name. `what`: a key of
    situations.VIEW_WORDS; `row`: the id of what holds the rest."""

    what: str
    at: datetime
    op: str = ""
    device: str = ""
    user: int | None = None
    site: int | None = None
    row: int | None = None

    def as_json(self) -> dict[str, Any]:
        said = {"op": self.op, "device": self.device, "user": self.user, "site": self.site, "row": self.row}
        return {
            "what": self.what,
            "at": self.at.astimezone(UTC).isoformat(),
            **{k: v for k, v in said.items() if v},
        }


@dataclass(frozen=True, slots=True)
class Conflict:
    """What an item is opened about: its key among its kind, whom it is about, and what was told."""

    key: str
    subjects: Mapping[str, Sequence[int]]
    views: Sequence[View]


@transaction.atomic
def open_item(
    operation: Operation,
    kind: ItemKind,
    key: object,
    *,
    subjects: Mapping[str, Sequence[int]],
    views: Sequence[View],
    fix: str,
    by: By,
    at: datetime,
    reopen: bool = False,
) -> InboxItem:
    """The item of this conflict, made when there is none. Views it does not hold yet are added; what somebody has
    resolved stays so unless `reopen` and something is new."""
    told = _in_order([view.as_json() for view in views])
    item, created = InboxItem.objects.get_or_create(
        operation=operation,
        kind=kind,
        key=str(key)[:80],
        defaults=_told(Conflict(str(key), subjects, views), fix=fix, at=at),
    )
    if created:
        record_all([_opened(item, operation, by=by, at=at)])
        return item
    item = InboxItem.objects.select_for_update().get(pk=item.pk)
    new = [view for view in told if view not in item.views]
    if not new:
        return item
    item.views = _in_order([*item.views, *new])
    item.happened_at = min(item.happened_at, *(view.at for view in views))
    item.subjects = {
        name: sorted({*item.subjects.get(name, ()), *subjects.get(name, ())})
        for name in {**item.subjects, **subjects}
    }
    if reopen and not item.is_open:
        item.state, item.resolved_at, item.resolved_by = ItemState.OPEN, None, None
    item.save()
    record("inbox.more_told", item, by=by, at=at, operation=operation, kind=str(kind), views=len(item.views))
    return item


@transaction.atomic
def open_new(
    operation: Operation, kind: ItemKind, conflicts: Sequence[Conflict], *, fix: str, by: By, at: datetime
) -> None:
    """`open_item` of conflicts that nobody was asked about yet, a hundred or ten thousand in the same few statements.
    Raises `IntegrityError` when somebody opens one of them at this very moment."""
    items = [
        InboxItem(
            operation=operation, kind=kind, key=one.key[:80], state=ItemState.OPEN, **_told(one, fix=fix, at=at)
        )
        for one in conflicts
    ]  # fmt: skip
    insert_all(items)
    record_all([_opened(item, operation, by=by, at=at) for item in items])


def _told(conflict: Conflict, *, fix: str, at: datetime) -> dict[str, Any]:
    """What a new item says."""
    return {
        "subjects": {name: sorted(set(ids)) for name, ids in conflict.subjects.items()},
        "views": _in_order([view.as_json() for view in conflict.views]),
        "fix": fix,
        "happened_at": min(view.at for view in conflict.views),
        "opened_at": at,
    }


def _opened(item: InboxItem, operation: Operation, *, by: By, at: datetime) -> Entry:
    return entry("inbox.opened", item, by=by, at=at, operation=operation, kind=str(item.kind), key=item.key)


@transaction.atomic
def resolve(item: InboxItem, *, choice: str, reason: str, by: By, at: datetime) -> None:
    """Close the item. Refused inbox.resolved when somebody was faster."""
    done = InboxItem.objects.filter(pk=item.pk, state=ItemState.OPEN).update(
        state=ItemState.RESOLVED, resolved_at=at, resolved_by=by.user, choice=choice, reason=reason[:200]
    )
    if not done:
        raise Refused("inbox.resolved")
    item.refresh_from_db()
    record("inbox.resolved", item, by=by, at=at, operation=item.operation, kind=item.kind, choice=choice)


@transaction.atomic
def settle(item: InboxItem, *, by: By, at: datetime) -> bool:
    """A later record removed the conflict by itself. False when it was resolved already."""
    if not InboxItem.objects.filter(pk=item.pk, state=ItemState.OPEN).update(
        state=ItemState.RESOLVED, resolved_at=at, choice=BY_ITSELF
    ):
        return False
    record("inbox.settled", item, by=by, at=at, operation=item.operation, kind=item.kind)
    return True


@transaction.atomic
def choose_again(item: InboxItem, *, choice: str, by: By, at: datetime) -> None:
    """A settled matter was settled wrongly and is settled anew."""
    InboxItem.objects.filter(pk=item.pk).update(choice=choice, resolved_at=at, resolved_by=by.user)
    record("inbox.resolved", item, by=by, at=at, operation=item.operation, kind=item.kind, choice=choice)


@transaction.atomic
def reopen(item: InboxItem, *, by: By, at: datetime) -> None:
    """Something new has come to a matter that was done."""
    if InboxItem.objects.filter(pk=item.pk, state=ItemState.RESOLVED).update(
        state=ItemState.OPEN, resolved_at=None, resolved_by=None
    ):
        record("inbox.reopened", item, by=by, at=at, operation=item.operation, kind=item.kind)


def settled_ops(operation: Operation, *, at: datetime) -> list[str]:
    """The ops (ids) that a person was asked about and that were settled in the last days: their tablets need not ask
    anybody to look any more. One query."""
    settled = InboxItem.objects.filter(
        operation=operation, kind__in=_A_TABLET_WAITS, resolved_at__gte=at - TOLD_FOR
    )
    told = settled.values_list("views", flat=True)
    return sorted({view["op"] for views in told for view in views if view.get("op")})


def _in_order(views: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(views, key=lambda view: (view["at"], view["what"], view.get("op", "")))

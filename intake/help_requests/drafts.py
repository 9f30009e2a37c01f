"""What is typed while somebody speaks: saved as it is typed, gone on with on another machine, thrown away only with a
reason. A draft knows nothing of a need's rules; `services.receive` makes one of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import F

from dvc.audit.services import SYSTEM, By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.help_requests.models import DRAFT_KEPT_FOR, CallDraft, Need

MOST_FIELDS: Final = 300
LONGEST: Final = 6000  # of one field: more than any field of the sheet takes

Fields = Mapping[str, Sequence[str]]


# How a form is sent, and nothing that somebody said.
_NOT_TYPED: Final = ("csrfmiddlewaretoken", "form_token", "version", "draft_version", "by_script", "reason")


def typed(sent: Fields) -> Fields:
    """What somebody said, of everything a sheet sends."""
    return {name: values for name, values in sent.items() if name not in _NOT_TYPED}


def version_with(operation: Operation, form_token: UUID, fields: Fields) -> int | None:
    """The version of the draft where it holds these very words: a saving that was on its way when the sheet was sent."""
    draft = CallDraft.objects.waiting().filter(operation=operation, form_token=form_token).first()
    return draft.version if draft is not None and draft.fields == _storable(fields) else None


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one saving. `split`: another machine had gone on with the draft, so this is one of its own."""

    draft: CallDraft
    split: bool = False


@transaction.atomic
def keep(
    operation: Operation, form_token: UUID, fields: Fields, *, version: int, by: By, at: datetime
) -> Kept:
    """Save what stands on the sheet now. `version`: 0 for the first time, else that of the last saving seen.

    What cannot be stored is left out, letter by letter; nothing else is judged. The same text again changes nothing.
    Refused: draft.over (it is a need already, or was thrown away).
    """
    clean = _storable(fields)
    draft = CallDraft.objects.select_for_update().filter(operation=operation, form_token=form_token).first()
    if draft is None:
        if Need.objects.filter(operation=operation, form_token=form_token).exists():
            raise Refused("draft.over")
        return Kept(_start(operation, form_token, clean, copy_of=None, by=by, at=at))
    if draft.need_id is not None or draft.dropped_at is not None:
        raise Refused("draft.over")
    if draft.fields == clean:
        return Kept(draft)
    if draft.version != version:
        return Kept(_start(operation, uuid4(), clean, copy_of=draft, by=by, at=at), split=True)
    CallDraft.objects.filter(pk=draft.pk).update(
        fields=clean, version=F("version") + 1, saved_at=at, saved_by=by.user
    )
    draft.refresh_from_db()
    return Kept(draft)


def _start(
    operation: Operation,
    form_token: UUID,
    fields: dict[str, list[str]],
    *,
    copy_of: CallDraft | None,
    by: By,
    at: datetime,
) -> CallDraft:
    try:
        with transaction.atomic():
            draft = CallDraft.objects.create(
                operation=operation, form_token=form_token, fields=fields, copy_of=copy_of, started_at=at,
                started_by=by.user, saved_at=at, saved_by=by.user,
            )  # fmt: skip
    except IntegrityError:  # the first saving came twice at once: the other one was first
        return CallDraft.objects.get(operation=operation, form_token=form_token)
    action = "call_draft.copied" if copy_of else "call_draft.started"
    record(action, draft, by=by, at=at, operation=operation)
    return draft


def _storable(fields: Fields) -> dict[str, list[str]]:
    """Text as typed, without what no database stores (NUL, half a character), and no longer than a sheet could be."""
    kept = {}
    for name in list(fields)[:MOST_FIELDS]:
        values = [storable(value) for value in fields[name][:50]]
        if any(values):
            kept[name[:60]] = values
    return kept


def storable(value: str) -> str:
    """Text without what no database stores: NUL, and half a character."""
    return value[:LONGEST].replace("\0", "").encode("utf-8", "ignore").decode()


@transaction.atomic
def received(operation: Operation, form_token: UUID | None, need: Need) -> None:
    """The draft has become `need`, which keeps its words: the draft is emptied. In the transaction of `receive`."""
    if form_token is not None:
        waiting = CallDraft.objects.waiting().filter(operation=operation, form_token=form_token)
        waiting.update(need=need, fields={}, version=F("version") + 1)


@transaction.atomic
def added_to(operation: Operation, form_token: UUID, need: Need, *, by: By, at: datetime) -> bool:
    """The sheet turned out to be a further call about `need`, which keeps its words: the draft is emptied, also one whose
    first saving is still on its way. False when the same sheet was added to that need before."""
    ended = {"need": need, "fields": {}, "saved_at": at, "saved_by": by.user}
    try:
        with transaction.atomic():
            CallDraft.objects.create(
                operation=operation, form_token=form_token, started_at=at, started_by=by.user, **ended
            )
    except IntegrityError:
        rows = CallDraft.objects.filter(operation=operation, form_token=form_token).exclude(need=need)
        return bool(rows.update(**ended, version=F("version") + 1, dropped_at=None))
    return True


@transaction.atomic
def drop(draft: CallDraft, *, reason: str, by: By, at: datetime) -> None:
    """Throw a draft away; its words stay DRAFT_KEPT_FOR, in case somebody brings it back. Refused: draft.reason_needed, draft.over."""
    if not reason:
        raise Refused("draft.reason_needed")
    dropped = CallDraft.objects.waiting().filter(pk=draft.pk)
    if not dropped.update(dropped_at=at, dropped_by=by.user, dropped_reason=reason[:80]):
        raise Refused("draft.over")
    record("call_draft.dropped", draft, by=by, at=at, operation=draft.operation)


@transaction.atomic
def bring_back(draft: CallDraft, *, by: By, at: datetime) -> None:
    """It was a slip: the draft waits again. Refused: draft.over (it is a need, or its words were erased)."""
    dropped = CallDraft.objects.filter(pk=draft.pk, dropped_at__isnull=False, need__isnull=True).exclude(
        fields={}
    )
    if not dropped.update(dropped_at=None, dropped_by=None, dropped_reason=""):
        raise Refused("draft.over")
    record("call_draft.brought_back", draft, by=by, at=at, operation=draft.operation)


@transaction.atomic
def forget(*, at: datetime) -> int:
    """Erase the words of what was thrown away long ago; who threw it away, when and why stays. Returns how many."""
    old = CallDraft.objects.filter(dropped_at__lt=at - DRAFT_KEPT_FOR).exclude(fields={})
    forgotten = list(old.select_related("operation"))
    for draft in forgotten:
        record("call_draft.forgotten", draft, by=SYSTEM, at=at, operation=draft.operation)
    return CallDraft.objects.filter(pk__in=[draft.pk for draft in forgotten]).update(fields={})

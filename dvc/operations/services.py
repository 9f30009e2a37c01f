"""Set a center up, open and close operations."""

from __future__ import annotations

import secrets
from datetime import datetime, time

from django.db import transaction

from dvc.audit.models import Entry
from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations.models import Center, Mode, Operation, OperationChange, OperationState, Site

EDITABLE = (
    "name", "insurance_required", "insurance_special_rule", "orientation_required", "auto_match", "posting",
    "max_visits", "recruiting", "notice", "day_start", "work_end", "capacity",
)  # fmt: skip

_RENEWED, _TAKEN_BACK = "operation.consent_renewed", "operation.consent_taken_back"


@transaction.atomic
def create_center(
    *, name: str, city: str, phone: str, site_name: str, lat: float, lng: float, by: By, at: datetime
) -> Center:
    """A new center with one site and its ordinary operation, open at once. Keys and roles are given beside it."""
    center = Center.objects.create(
        name=name, city=city, phone=phone, issuer=_free_issuer(), lat=lat, lng=lng, created_at=at
    )
    record("center.created", center, by=by, at=at, center_id=center.pk)
    add_site(center, name=site_name, lat=lat, lng=lng, by=by, at=at)
    ordinary = create_operation(center, mode=Mode.ORDINARY, name="ふだんの活動", by=by, at=at)
    open_operation(ordinary, by=by, at=at)
    return center


def _free_issuer() -> int:
    while True:
        issuer = 1 + secrets.randbelow(2**24 - 1)
        if not Center.objects.filter(issuer=issuer).exists():
            return issuer


@transaction.atomic
def add_site(
    center: Center, *, name: str, lat: float, lng: float, by: By, at: datetime, address: str = ""
) -> Site:
    """Add a place people report to."""
    site = Site.objects.create(center=center, name=name, lat=lat, lng=lng, address=address)
    record("site.added", site, by=by, at=at, center_id=center.pk)
    return site


@transaction.atomic
def allow_plain_reception(center: Center, allowed: bool, *, by: By, at: datetime) -> None:
    """Open or shut the reception on island mode's unencrypted line. Asking for what is already so changes nothing."""
    if Center.objects.filter(pk=center.pk, plain_reception=not allowed).update(plain_reception=allowed):
        action = "center.plain_reception_allowed" if allowed else "center.plain_reception_ended"
        record(action, center, by=by, at=at, center_id=center.pk)
    center.plain_reception = allowed


@transaction.atomic
def create_operation(
    center: Center,
    *,
    mode: Mode,
    name: str,
    by: By,
    at: datetime,
    insurance_special_rule: bool = False,
    work_end: time = time(15, 30),
) -> Operation:
    """A prepared operation, not open yet. Ordinary days ask for no orientation, and a team does one need."""
    operation = Operation.objects.create(
        center=center,
        mode=mode,
        name=name,
        insurance_special_rule=insurance_special_rule,
        orientation_required=mode != Mode.ORDINARY,
        max_visits=1 if mode == Mode.ORDINARY else 3,
        work_end=work_end,
        created_at=at,
    )
    record("operation.created", operation, by=by, at=at, operation=operation, mode=str(mode))
    return operation


@transaction.atomic
def open_operation(operation: Operation, *, by: By, at: datetime, reason: str = "") -> Operation:
    """Open it, or open it again. Opening what is open changes nothing."""
    return _move(operation, OperationState.OPEN, by=by, at=at, reason=reason)


@transaction.atomic
def close_operation(
    operation: Operation, *, teams_out: int, by: By, at: datetime, reason: str = ""
) -> Operation:
    """Close it. Refused with operation.teams_out while a team is in the field (the caller, above us, counts them)."""
    if teams_out:
        raise Refused("operation.teams_out", count=teams_out)
    return _move(operation, OperationState.CLOSED, by=by, at=at, reason=reason)


def _move(operation: Operation, state: OperationState, *, by: By, at: datetime, reason: str) -> Operation:
    before = operation.state
    stamps: dict[str, object] = {}
    if state == OperationState.OPEN:
        stamps = {"opened_at": operation.opened_at or at, "closed_at": None}
    elif state == OperationState.CLOSED:
        stamps = {"closed_at": at}
    changed = (
        Operation.objects.filter(pk=operation.pk, state=before)
        .exclude(state=state)
        .update(state=state, **stamps)
    )
    operation.refresh_from_db()
    if changed:
        OperationChange.objects.create(
            operation=operation, from_state=before, to_state=state, reason=reason, by=by.user, at=at
        )
        record("operation.moved", operation, by=by, at=at, operation=operation, to=str(state), before=before)
    return operation


@transaction.atomic
def edit_operation(operation: Operation, *, by: By, at: datetime, **changes: object) -> Operation:
    """Change the settings named in EDITABLE. Raises `KeyError` for another field."""
    for field in changes:
        if field not in EDITABLE:
            raise KeyError(field)
    Operation.objects.filter(pk=operation.pk).update(**changes)
    operation.refresh_from_db()
    record("operation.edited", operation, by=by, at=at, operation=operation, fields=sorted(changes))
    return operation


@transaction.atomic
def renew_consent(operation: Operation, *, note: str, by: By, at: datetime) -> None:
    """The notes people agree to (注意事項) changed: who agreed before is asked again."""
    if operation.consent_since == at:
        return
    _ask_since(operation, at)
    record(_RENEWED, operation, by=by, at=at, operation=operation, note=note.strip()[:200])


@transaction.atomic
def take_back_consent(operation: Operation, *, since: datetime, by: By, at: datetime) -> bool:
    """The notes did not change at `since`: whoever was asked before that is asked, nobody else. False when that is not
    what stands any more."""
    standing = Operation.objects.select_for_update(of=("self",)).get(pk=operation.pk)
    if standing.consent_since != since:
        return False
    before = consent_before(operation)
    _ask_since(operation, before)
    restored = before.isoformat() if before else None
    record(_TAKEN_BACK, operation, by=by, at=at, operation=operation, restored=restored)
    return True


def consent_before(operation: Operation) -> datetime | None:
    """Since when people were asked before the notes changed last (None: they were not), from the log. One query."""
    since: list[datetime] = []
    entries = Entry.objects.about(operation).filter(action__in=[_RENEWED, _TAKEN_BACK]).order_by("id")
    for entry in entries:
        if entry.action == _RENEWED:
            since.append(entry.at)
        elif "restored" in entry.details:
            del since[-1:]  # the log may begin with it
        else:  # an earlier release took back everything
            since.clear()
    return since[-2] if len(since) > 1 else None


def _ask_since(operation: Operation, since: datetime | None) -> None:
    Operation.objects.filter(pk=operation.pk).update(consent_since=since)
    operation.consent_since = since


def require_open(operation: Operation) -> None:
    """Raises Refused("operation.closed") unless the operation is open. For decisions, never for facts."""
    if not operation.is_open:
        raise Refused("operation.closed", name=operation.name)


@transaction.atomic
def set_clock(operation: Operation, *, reading: datetime, speed: float, by: By, at: datetime) -> Operation:
    """Set a drill's clock: at the real moment `at` it reads `reading` and runs `speed` times as fast (0 stops it).

    Raises Refused("operation.not_drill") for anything but a drill: a real center has one clock, everybody's.
    """
    if not operation.is_drill:
        raise Refused("operation.not_drill", name=operation.name)
    Operation.objects.filter(pk=operation.pk).update(
        clock_reading=reading, clock_set_at=at, clock_speed=speed
    )
    operation.refresh_from_db()
    record("operation.clock_set", operation, by=by, at=at, operation=operation, speed=speed)
    return operation


@transaction.atomic
def set_clock_speed(operation: Operation, speed: float, *, by: By, at: datetime) -> Operation:
    """From the real moment `at` a drill's clock runs `speed` times as fast, from what it reads then. Refused as `set_clock`."""
    locked = _clock_locked(operation)
    set_clock(locked, reading=locked.moment(at), speed=speed, by=by, at=at)
    operation.refresh_from_db()
    return operation


@transaction.atomic
def limit_clock(operation: Operation, limit: datetime | None, *, at: datetime) -> None:
    """A drill's clock goes as far as `limit` and stands still there; None: it goes on for ever. One that stood goes on at
    the real moment `at` from where it stood: it never jumps. `operation` is brought up to date.

    Nobody's decision, so the audit has no entry: the script says step by step how far it has come.
    """
    locked = _clock_locked(operation)
    Operation.objects.filter(pk=operation.pk).update(
        clock_reading=locked.moment(at), clock_set_at=at, clock_limit=limit
    )
    operation.refresh_from_db()


def _clock_locked(operation: Operation) -> Operation:
    """Its row, which nobody else changes now. Not the key: a desk that writes anything of this operation holds that, and
    may wait for what a step of the script wrote."""
    return Operation.objects.select_for_update(no_key=True).get(pk=operation.pk)

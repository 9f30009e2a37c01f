"""Name an exception, close a day, open it again."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from matching.evening.calls import still_open
from matching.evening.ledger import Ledger, Missing, ledger
from matching.evening.models import DayClosing, NamedException

_NAMED: Final = 12  # of what is missing, in one sentence


@transaction.atomic
def name_exception(
    operation: Operation, key: str, *, told_by: str, reason: str, day: date, by: By, at: datetime
) -> NamedException:
    """Somebody answers for what is missing. Said again, the newer words stand (the older ones are kept as taken back).

    Raises `Refused`: evening.words_needed, evening.there_by_now.
    """
    told_by, reason = told_by.strip()[:60], reason.strip()[:200]
    if not told_by or not reason:
        raise Refused("evening.words_needed")
    _hold(operation)
    missing = ledger(operation, day=day, at=at).find(key)
    if missing is None:
        raise Refused("evening.there_by_now")
    if missing.excused is not None and (missing.excused.told_by, missing.excused.reason) == (told_by, reason):
        return missing.excused
    for older in NamedException.objects.standing().filter(operation=operation, key=key):
        _end(older, taken_back=True, by=by, at=at)
    made = NamedException.objects.create(
        operation=operation, kind=missing.kind, key=key, visit=missing.visit, what=missing.plain[:120], count=missing.count,
        stage=missing.stage, told_by=told_by, reason=reason, day=day, said_by=by.user, said_at=at,
    )  # fmt: skip
    record(
        "evening.exception_named", made, by=by, at=at, operation=operation, kind=str(missing.kind), key=key,
        day=day.isoformat(),
    )  # fmt: skip
    return made


@transaction.atomic
def take_back(exception: NamedException, *, by: By, at: datetime) -> None:
    """It was a mistake: the thing is missing again, without an explanation. Twice changes nothing."""
    _end(exception, taken_back=True, by=by, at=at)


@transaction.atomic
def close_day(operation: Operation, *, day: date, by: By, at: datetime) -> DayClosing:
    """Everybody and everything is back, or a person has said of each exception why not. Closed already: nothing changes.

    Raises `Refused`: evening.missing (each by name), evening.calls_wait (a call for help or an injury nobody has
    answered), evening.recall_runs, evening.in_the_future.
    """
    if day > timezone.localdate(at):
        raise Refused("evening.in_the_future")
    _hold(operation)
    known = DayClosing.objects.standing().filter(operation=operation, day=day).first()
    if known is not None:
        return known
    open_ = still_open(operation, day=day)
    if open_.recall:
        raise Refused("evening.recall_runs")
    if open_.pressing:
        raise Refused("evening.calls_wait", count=open_.pressing)
    found = ledger(operation, day=day, at=at)
    if found.unexplained:
        raise Refused("evening.missing", what=_said(found.unexplained))
    _settle(operation, found, by=by, at=at)
    made = DayClosing.objects.create(
        operation=operation, day=day, figures=found.figures(), closed_at=at, closed_by=by.user
    )
    _tell_departures(operation)
    record(
        "evening.closed", made, by=by, at=at, operation=operation, day=day.isoformat(), figures=found.figures(),
        exceptions=[one.excused.pk for one in found.excused if one.excused],
    )  # fmt: skip
    return made


@transaction.atomic
def reopen_day(closing: DayClosing, *, reason: str, by: By, at: datetime) -> bool:
    """The day was not over after all. Twice changes nothing: False. Raises `Refused`: evening.reason_needed."""
    reason = reason.strip()[:120]
    if not reason:
        raise Refused("evening.reason_needed")
    _hold(closing.operation)
    standing = DayClosing.objects.standing().filter(pk=closing.pk)
    changed = bool(standing.update(reopened_at=at, reopened_by=by.user, reopen_reason=reason))
    if changed:
        record(
            "evening.reopened", closing, by=by, at=at, operation=closing.operation, day=closing.day.isoformat()
        )  # fmt: skip
        _tell_departures(closing.operation)
    closing.refresh_from_db()
    return changed


def _hold(operation: Operation) -> None:
    """Two desks that close or explain at the same moment do so one after the other."""
    Operation.objects.select_for_update(of=("self",)).get(pk=operation.pk)


def _tell_departures(operation: Operation) -> None:
    """Of the closings that stand the newest, where the departure gate sees it."""
    newest = DayClosing.objects.standing().filter(operation=operation).aggregate(day=Max("day"))["day"]
    Operation.objects.filter(pk=operation.pk).update(closed_day=newest)


def _settle(operation: Operation, found: Ledger, *, by: By, at: datetime) -> None:
    """Exceptions about what is back by now have served."""
    missing = {one.key for one in found.missing}
    for exception in NamedException.objects.standing().filter(operation=operation, day__lte=found.day):
        if exception.key not in missing:
            _end(exception, taken_back=False, by=by, at=at)


def _end(exception: NamedException, *, taken_back: bool, by: By, at: datetime) -> None:
    standing = NamedException.objects.standing().filter(pk=exception.pk)
    if standing.update(settled_at=at, taken_back=taken_back):
        action = "evening.exception_taken_back" if taken_back else "evening.exception_settled"
        record(action, exception, by=by, at=at, operation=exception.operation, key=exception.key)


def _said(missing: list[Missing]) -> str:
    words = "、".join(one.what for one in missing[:_NAMED])
    return words + (f"、ほか{len(missing) - _NAMED}件" if len(missing) > _NAMED else "")

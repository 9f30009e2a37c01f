"""Periods on paper, numbered sheets, and keying them in with the true times. Each line is a fact with `via="paper"`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dvc.audit.services import By, record
from dvc.core.counting import count_up
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.checkin import services as checkin
from intake.checkin.models import Visit
from intake.help_requests.models import Need
from intake.paper import reading
from intake.paper.models import PaperLine, PaperPeriod, PaperSheet, SheetKind, SheetState
from intake.volunteers.models import Volunteer

MOST_SHEETS: Final = 50
OLDEST: Final = timedelta(days=366)  # of what is typed from paper: another year is a slip
_SAME_MINUTE: Final = 60.0

# Why a typed line is no visit yet, and what to do.
WORDS: Final[Mapping[str, str]] = {
    "who": "だれか分かりません。番号か、ふりがなを入れてください。",
    "nobody": "登録が見つかりません。ふりがなの一部で探すか、新しく登録してください。",
    "several": "同じ読みの人がいます。下から選んでください。",
    "arrive": "到着の時刻を 940 のように入れてください。",
    "leave": "帰りの時刻が読めません。1110 のように入れてください。",
    "order": "帰りが到着より前になっています。",
    "future": "いまより先の時刻です。日付と時刻を確かめてください。",
}
PRINTED_BEFORE: Final = (
    "前に押したときに番号を付けた用紙です。まだ印刷していなければ、この画面を印刷してください。"
    "もっと要るときは、前の画面を開き直してから枚数を選んでください。"
)


@transaction.atomic
def record_period(
    operation: Operation,
    *,
    started_at: datetime,
    ended_at: datetime | None,
    reason: str,
    by: By,
    at: datetime,
) -> PaperPeriod:
    """The desk worked (or works) on paper from then to then. Told twice, recorded once. Refused paper.order | paper.future |
    paper.long_ago | paper.lasts_already where it works on paper as somebody else has recorded."""
    _check_period(started_at, ended_at, at=at)
    Operation.objects.select_for_update(no_key=True).get(pk=operation.pk)  # two desks: one after the other
    told = PaperPeriod.objects.filter(
        operation=operation, started_at=started_at, ended_at=ended_at, reason=reason
    )
    if again := told.first():
        return again
    if ended_at is None and (lasting := current(operation)) is not None:
        raise Refused("paper.lasts_already", since=_clock(lasting.started_at))
    period = PaperPeriod.objects.create(
        operation=operation, started_at=started_at, ended_at=ended_at, reason=reason, recorded_by=by.user, recorded_at=at
    )  # fmt: skip
    record("paper.period_recorded", period, by=by, at=at, operation=operation)
    return period


@transaction.atomic
def end_period(period: PaperPeriod, *, ended_at: datetime, by: By, at: datetime) -> None:
    """Back at the tablets since `ended_at`; told twice, ended once. Refused paper.order | paper.future | paper.long_ago |
    paper.ended_already when somebody has said another time."""
    _check_period(period.started_at, ended_at, at=at)
    if not PaperPeriod.objects.filter(pk=period.pk, ended_at__isnull=True).update(ended_at=ended_at):
        period.refresh_from_db(fields=["ended_at"])
        if period.ended_at is not None and period.ended_at != ended_at:
            raise Refused("paper.ended_already", until=_clock(period.ended_at))
        return
    period.ended_at = ended_at
    record("paper.period_ended", period, by=by, at=at, operation=period.operation)


def _clock(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local:%-H:%M}"


def _check_period(started_at: datetime, ended_at: datetime | None, *, at: datetime) -> None:
    if ended_at is not None and ended_at < started_at:
        raise Refused("paper.order")
    if started_at > at or (ended_at is not None and ended_at > at):
        raise Refused("paper.future")
    if started_at < at - OLDEST:
        raise Refused("paper.long_ago")


@transaction.atomic
def print_sheets(
    operation: Operation,
    *,
    kind: SheetKind,
    count: int,
    by: By,
    at: datetime,
    title: str = "",
    token: UUID | None = None,
) -> list[PaperSheet]:
    """The next serials, counted out. `token`: the form this came from; sent again, the same sheets. Refused paper.count."""
    if not 1 <= count <= MOST_SHEETS:
        raise Refused("paper.count", most=MOST_SHEETS)
    # Another number of sheets from the same page is another printing.
    token = uuid5(token, f"{kind} {count}") if token else None

    def create(first: int) -> tuple[list[PaperSheet], bool]:
        # Looked at each time a serial was taken: perhaps by this very form, sent twice in the same moment.
        if before := _printed_before(operation, token, count):
            return before, False
        sheets = PaperSheet.objects.bulk_create(
            PaperSheet(
                operation=operation, serial=serial, kind=kind, title=title, printed_at=at, printed_by=by.user,
                form_token=token if serial == first else None,
            )
            for serial in range(first, first + count)
        )  # fmt: skip
        return sheets, True

    sheets, new = count_up(PaperSheet.objects.filter(operation=operation), "serial", create)
    if new:
        record(
            "paper.printed", sheets[0], by=by, at=at, operation=operation, kind=str(kind),
            first=sheets[0].serial, last=sheets[-1].serial, title=title,
        )  # fmt: skip
    return sheets


def _printed_before(operation: Operation, token: UUID | None, count: int) -> list[PaperSheet]:
    sheets = PaperSheet.objects.filter(operation=operation)
    first = sheets.filter(form_token=token).first() if token else None
    return list(sheets.filter(serial__range=(first.serial, first.serial + count - 1))) if first else []


@dataclass(frozen=True, slots=True)
class Typed:
    """One line as it was typed; `volunteer` is an id when somebody chose among people of the same reading."""

    who: str = ""
    arrive: str = ""
    leave: str = ""
    volunteer: int | None = None


@dataclass(frozen=True, slots=True)
class Keyed:
    """What became of a line; `choices` when several people fit."""

    line: PaperLine
    choices: list[Volunteer] = field(default_factory=list)


@transaction.atomic
def key_line(
    sheet: PaperSheet,
    number: int,
    typed: Typed,
    *,
    period: PaperPeriod,
    by: By,
    at: datetime,
    seen: str | None = None,
) -> Keyed:
    """Keep what was typed, and record the visit as soon as person and times are clear. The same again changes nothing.

    A line that says something else than before takes back what it said first. `number` counts from 1; an empty
    line is forgotten. `seen`: the mark (`mark_of`) of the line that was looked at; Refused paper.line_changed when somebody
    else has recorded another visit from it since.
    """
    PaperSheet.objects.select_for_update().get(pk=sheet.pk)  # Enter pressed twice: one after the other
    line = PaperLine.objects.filter(sheet=sheet, line=number).first() or PaperLine(sheet=sheet, line=number)
    before = (line.volunteer, line.arrived_at, line.left_at) if line.is_applied else None
    # Whoever types on before the answer to their own last word is here has seen what they said.
    unseen = seen is not None and mark_of(line) != seen and line.keyed_by_id != (by.user and by.user.pk)
    was_open = _open(line)
    line.who, line.arrive, line.leave = (
        reading.clean(text, longest)
        for text, longest in ((typed.who, 60), (typed.arrive, 20), (typed.leave, 20))
    )
    line.keyed_by, line.keyed_at = by.user, at
    choices = _understand(line, sheet.operation, typed.volunteer, period=period, at=at)
    now = (line.volunteer, line.arrived_at, line.left_at) if not line.problem else None
    if before != now:
        if before is not None:
            if unseen:
                said = "・".join(text for text in (line.who, line.arrive, line.leave) if text)
                raise Refused("paper.line_changed", typed=said or "空の行")
            _take_back(line, before, sheet.operation, by=by, at=at)
        if now is not None:
            _apply(line, sheet.operation, by=by)
    if line.who or line.arrive or line.leave:
        line.save()
    elif line.pk:
        line.delete()
    if _open(line) != was_open:  # what became a visit stands in the log as one
        problem = line.problem if _open(line) else ""
        record(
            "paper.line_keyed", sheet, by=by, at=at, operation=sheet.operation, line=number, problem=problem
        )
    PaperSheet.objects.filter(pk=sheet.pk).update(period=period)
    return Keyed(line, choices)


def mark_of(line: PaperLine | None) -> str:
    """What the line says, in short: whoever types it anew says by it what they have seen."""
    said = [line.who, line.arrive, line.leave, line.volunteer_id] if line is not None else ["", "", "", None]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _open(line: PaperLine) -> tuple[str, ...] | None:
    """What was typed and is no visit yet, and why; None of an empty line."""
    typed = (line.who, line.arrive, line.leave)
    return (*typed, line.problem) if line.problem and any(typed) else None


def _understand(
    line: PaperLine, operation: Operation, chosen: int | None, *, period: PaperPeriod, at: datetime
) -> list[Volunteer]:
    """Set person, times and problem of the line. The people to choose from when several fit."""
    fitting = reading.people(operation, line.who) if line.who else []
    known = {one.pk: one for one in fitting}
    # Whoever was chosen before stays chosen while the same name stands in the line.
    person = known.get(chosen or line.volunteer_id or 0) or (fitting[0] if len(fitting) == 1 else None)
    arrived, left = (_moment(text, period) for text in (line.arrive, line.leave))
    line.volunteer, line.arrived_at, line.left_at = person, arrived, left
    line.problem = ""
    if person is None:
        line.problem = "several" if fitting else "nobody" if line.who else "who"
    elif arrived is None:
        line.problem = "arrive"
    elif line.leave and left is None:
        line.problem = "leave"
    elif left is not None and left < arrived:
        line.problem = "order"
    elif max(arrived, left or arrived) > at:
        line.problem = "future"
    return fitting if line.problem == "several" else []


def _moment(text: str, period: PaperPeriod) -> datetime | None:
    """That local time of the period's day, or after midnight where the period lasted so long."""
    day = timezone.localdate(period.started_at)
    moment = reading.moment(text, day)
    if moment is None or moment >= period.started_at or period.ended_at is None:
        return moment
    after_midnight = reading.moment(text, day + timedelta(days=1))
    return after_midnight if after_midnight and after_midnight <= period.ended_at else moment


def _op(line: PaperLine) -> str:
    """What the facts of a line are known by: the same line typed twice is one fact."""
    return f"paper:{line.sheet_id}:{line.line}"


def _apply(line: PaperLine, operation: Operation, *, by: By) -> None:
    assert line.volunteer is not None
    assert line.arrived_at is not None
    writer = By(user=by.user, via="paper", op=_op(line))
    came = checkin.arrive(operation, line.volunteer, site=None, by=writer, at=line.arrived_at)
    if line.left_at is not None:
        checkin.leave(operation, line.volunteer, by=writer, at=line.left_at)
    line.known_at = _known_at(came.visit, line) if came.visit else None


def _known_at(visit: Visit, line: PaperLine) -> datetime | None:
    """When somebody else had received the person, if that was at another minute: the earlier of both stands."""
    visit.refresh_from_db()
    others = [fact.at for fact in visit.told if fact.kind == "in" and fact.op != _op(line)]
    assert line.arrived_at is not None
    first = min(others, default=None)
    if first is None or abs((first - line.arrived_at).total_seconds()) < _SAME_MINUTE:
        return None
    return first


def _take_back(
    line: PaperLine,
    said: tuple[Volunteer | None, datetime | None, datetime | None],
    operation: Operation,
    *,
    by: By,
    at: datetime,
) -> None:
    volunteer, arrived_at, _ = said
    assert volunteer is not None
    assert arrived_at is not None
    line.known_at = None
    writer = By(user=by.user, via="paper", op=_op(line))
    # The registration may have been merged since the line was typed: its visits went along.
    checkin.take_back(operation, volunteer.standing, op=_op(line), near=arrived_at, by=writer, at=at)


@transaction.atomic
def became(sheet: PaperSheet, need: Need, *, by: By, at: datetime) -> None:
    """A request sheet has been typed: which need it is, and the sheet is in. Refused: paper.typed_already."""
    typed = PaperSheet.objects.requests().filter(pk=sheet.pk, need__isnull=True).update(need=need)
    sheet.refresh_from_db()
    if not typed and sheet.need_id != need.pk:
        raise Refused("paper.typed_already", serial=sheet.serial)
    _settle(sheet, SheetState.IN, reason="", by=by, at=at)


@transaction.atomic
def finish(sheet: PaperSheet, *, by: By, at: datetime) -> None:
    """The sheet is back on the desk and all of it is typed."""
    _settle(sheet, SheetState.IN, reason="", by=by, at=at)


@transaction.atomic
def explain(sheet: PaperSheet, *, state: SheetState, reason: str, by: By, at: datetime) -> None:
    """What became of a sheet that did not come back. Refused paper.reason_needed for a lost one without a reason."""
    if state == SheetState.LOST and not reason.strip():
        raise Refused("paper.reason_needed")
    _settle(sheet, state, reason=reading.clean(reason, 120), by=by, at=at)


@transaction.atomic
def out_again(sheet: PaperSheet, *, by: By, at: datetime) -> None:
    """It was a slip: the sheet counts as out again."""
    _settle(sheet, SheetState.OUT, reason="", by=by, at=at)


def _settle(sheet: PaperSheet, state: SheetState, *, reason: str, by: By, at: datetime) -> None:
    changed = (
        PaperSheet.objects.filter(pk=sheet.pk)
        .exclude(state=state)
        .update(state=state, reason=reason, settled_by=by.user, settled_at=at)
    )
    if changed:
        record(
            "paper.sheet_settled",
            sheet,
            by=by,
            at=at,
            operation=sheet.operation,
            serial=sheet.serial,
            state=str(state),
        )


def current(operation: Operation) -> PaperPeriod | None:
    """The period that lasts, if the desk works on paper now. One query."""
    return PaperPeriod.objects.filter(operation=operation, ended_at__isnull=True).first()


@dataclass(frozen=True, slots=True)
class Standing:
    """What everybody should know of paper now: the latest period of the day, and how many sheets are unexplained."""

    period: PaperPeriod
    missing: int


def standing(operation: Operation, *, at: datetime) -> Standing | None:
    """None when the desk does not work on paper and did not today. Two queries at most."""
    today = timezone.make_aware(datetime.combine(timezone.localdate(at), time()))
    periods = PaperPeriod.objects.filter(operation=operation)
    period = periods.filter(Q(ended_at__isnull=True) | Q(ended_at__gte=today)).first()
    if period is None:
        return None
    sheets = PaperSheet.objects.of_reception().filter(operation=operation)
    return Standing(period, sheets.missing().count())

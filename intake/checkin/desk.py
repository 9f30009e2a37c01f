"""What a fact does to a visit: somebody came, was briefed, showed insurance, left. Many people's visits are read at
once, changed in memory and written at once; one person's visit goes the same way."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, Self

from django.db.models import Q, QuerySet

from dvc.audit import services as audit
from dvc.audit.models import Entry
from dvc.audit.services import By
from dvc.core.compiled import compiled
from dvc.core.days import local_day
from dvc.core.inserting import insert_all, new
from dvc.operations.models import Operation, Site
from intake.checkin.models import Visit, VisitFlag
from intake.checkin.states import BEGINNINGS, STEPS, VisitState
from intake.checkin.stays import UNDO_FOR, Fact, Kind, Stay, fold, two_gates
from intake.volunteers.models import Volunteer

Evidence = Literal["seen_card", "online", "joined_here"]
MOST_FACTS: Final = 100  # entries kept of one person around one day
A_DAY: Final = timedelta(days=1)
WRITTEN_BACK: Final = [
    "facts", "flags", "site", "day", "arrived_at", "left_at", "unreturned_at", "oriented_at", "insurance_seen_at",
    "annulled_at", "closed_reason",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Happened:
    """What a fact came to. `code` is a key of VERDICTS; `changed` is False when it was known already."""

    code: str
    visit: Visit | None
    changed: bool


@dataclass(frozen=True, slots=True)
class _Before:
    """What a visit was when a fact came in."""

    arrived_at: datetime
    left_at: datetime | None
    state: VisitState
    arrival_unknown: bool

    @classmethod
    def of(cls, visit: Visit) -> _Before:
        return cls(visit.arrived_at, visit.left_at, visit.state, VisitFlag.NO_ARRIVAL in visit.flags)


class Desk:
    """The visits of some people at one operation. Open it inside a transaction, tell it facts, `save()` once.

    A new visit has no id before `save()`, which may raise `IntegrityError` when the same arrival is being written by
    someone else at this moment: the caller rolls back, opens a new desk and then sees the first one.
    """

    def __init__(self, operation: Operation, visits: Collection[Visit]) -> None:
        self.operation = operation
        self._visits: dict[int, list[Visit]] = defaultdict(list)
        for visit in visits:
            self._visits[visit.volunteer_id].append(visit)
        self._new: list[Visit] = []
        self._came: dict[date, int] = {}
        self._changed: list[Visit] = []
        self._log: list[tuple[str, Visit, By, datetime, dict[str, Any]]] = []

    @classmethod
    def open(
        cls, operation: Operation, volunteers: Collection[int], *, moments: Collection[datetime]
    ) -> Self:
        """Read the visits of these people (ids) that facts of these moments may touch: the days around them, and the
        open visit whenever it began. One query; the rows stay locked until the transaction ends (SQLite has one
        writer anyway). Where the day has a capacity, one query more: gates count one after the other, or two would
        give away the same last place. Before any visit is locked, as whoever accepts a proposal does it."""
        if operation.capacity is not None:
            list(Operation.objects.select_for_update(no_key=True).filter(pk=operation.pk).values_list("pk"))
        first, last = local_day(min(moments)), local_day(max(moments))
        return cls(operation, _locked(operation.pk, set(volunteers), first - A_DAY, last + A_DAY))

    # ── facts ──────────────────────────────────────────────────────────────────────────────────
    def arrive(self, volunteer: Volunteer, *, site: Site | None, by: By, at: datetime) -> Happened:
        """Somebody came. A second arrival changes nothing, except that the earlier of two times is kept; whoever is here
        at another site is not "here already".

        An arrival after closing is kept and flagged.
        """
        visit, before = self._fold_in(volunteer, _seen("in", by, at, site), by=by)
        if before is None or before.arrival_unknown:
            self._note("visit.arrived", visit, by, at)
            if visit.left_at is not None:
                return Happened("already_left", visit, changed=True)
            return Happened(self._welcome(visit), visit, changed=True)
        if visit.arrived_at < before.arrived_at:
            self._note("visit.earlier_arrival", visit, by, at)
        if visit.left_at is not None:
            return Happened("already_left", visit, changed=False)
        elsewhere = site is not None and visit.site_id not in (None, site.pk)
        return Happened("wrong_site" if elsewhere else "already_present", visit, changed=False)

    def _welcome(self, visit: Visit) -> str:
        """What a new arrival hears. Beyond the day's capacity people wait: they are here, and that is recorded."""
        if not self.operation.is_open:
            return "closed_operation"
        others = [other for other in self._visits[visit.volunteer_id] if other is not visit]
        if any(other.day == visit.day and other.left_at for other in others):
            return "ok_again"
        if self.operation.capacity is None or self._came_on(visit.day) <= self.operation.capacity:
            return "ok"
        visit.flags = [*visit.flags, VisitFlag.STANDBY.value]
        return "full"

    def leave(self, volunteer: Volunteer, *, by: By, at: datetime) -> Happened:
        """Somebody went home. Told before the arrival is, it is kept as a visit without one until that comes."""
        visit, before = self._fold_in(volunteer, _seen("out", by, at, None), by=by)
        if VisitFlag.NO_ARRIVAL in visit.flags or visit.left_at is None:
            if before is None:
                self._note("visit.left_unseen", visit, by, at)
            return Happened("not_present", None, changed=False)
        if before is not None and (before.left_at, before.state) == (visit.left_at, visit.state):
            return Happened("already_left", visit, changed=False)
        self._note("visit.left", visit, by, at)
        return Happened("ok_left", visit, changed=True)

    def close(self, volunteer: Volunteer, *, by: By, at: datetime) -> Visit:
        """A person on the staff made sure that somebody went home at `at`. The caller writes down why."""
        return self._fold_in(volunteer, _seen("closed", by, at, None), by=by)[0]

    def tell(self, volunteer: Volunteer, fact: Fact, *, by: By) -> None:
        """What was seen of this person under another name."""
        visit, before = self._fold_in(volunteer, fact, by=by)
        if before is None or before != _Before.of(visit):
            self._note("visit.refolded", visit, by, fact.at, to=str(visit.state))

    def orient(self, volunteer: Volunteer, *, by: By, at: datetime) -> Happened:
        """The person heard the briefing. Told after the leaving, it still belongs to that day's visit."""
        visit = self._visit_of(volunteer, at)
        if visit is None:
            return Happened("not_present", None, changed=False)
        if visit.oriented_at is not None:
            return Happened("ok_oriented", visit, changed=False)
        visit.oriented_at = at
        self._change(visit)
        self._note("visit.oriented", visit, by, at)
        return Happened("ok_oriented", visit, changed=True)

    def see_insurance(self, volunteer: Volunteer, *, evidence: Evidence, by: By, at: datetime) -> Happened:
        """The desk saw proof of insurance. Joining here and now covers from tomorrow 0:00, or at once under the
        large-disaster special rule (domain.md §3.5). Told after the leaving, it still belongs to that day's visit."""
        visit = self._visit_of(volunteer, at)
        if visit is None:
            return Happened("not_present", None, changed=False)
        if evidence == "joined_here" and not self.operation.insurance_special_rule:
            self._note("visit.insurance_from_tomorrow", visit, by, at)
            return Happened("insurance_not_yet", visit, changed=False)
        if visit.insurance_seen_at is not None:
            return Happened("ok_insured", visit, changed=False)
        visit.insurance_seen_at = at
        self._change(visit)
        self._note("visit.insurance_seen", visit, by, at, evidence=evidence)
        return Happened("ok_insured", visit, changed=True)

    def take_back(
        self, volunteer: Volunteer, *, op: str, near: datetime, by: By, at: datetime, alone: bool = False
    ) -> bool:
        """Forget what the tablet's operation `op` saw of this person around the moment `near`; what other gates saw
        stands, also what could be taken back no more, and with `alone` all that other operations saw. A visit of which
        nothing is left is annulled. False when there was nothing to forget."""
        known = self._near(volunteer, local_day(near))
        told = [
            [fact for fact in visit.told if fact.op != op]
            if alone
            else _without(visit.told, op, since=at - undo_for(self.operation), until=at)
            for visit in known
        ]
        return self._keep_only(volunteer, known, told, by=by, at=at, reason="端末で取り消し", taken_back=op)

    def forget(
        self, volunteer: Volunteer, gone: Collection[Fact], *, near: datetime, by: By, at: datetime
    ) -> bool:
        """These facts around the moment `near` were about somebody else. What was seen of this person stands; a visit of
        which nothing is left is annulled. False when there was nothing to forget."""
        known = self._near(volunteer, local_day(near))
        told = [[fact for fact in visit.told if fact not in gone] for visit in known]
        return self._keep_only(volunteer, known, told, by=by, at=at, reason="ほかの人の記録だった")

    def _keep_only(
        self,
        volunteer: Volunteer,
        known: Sequence[Visit],
        told: Sequence[Sequence[Fact]],
        *,
        by: By,
        at: datetime,
        reason: str,
        **details: str,
    ) -> bool:
        """Fold anew what is left of the facts of each of these visits."""
        if all(len(kept) == len(visit.told) for visit, kept in zip(known, told, strict=True)):
            return False
        stays = fold(itertools.chain.from_iterable(told))
        rows: dict[int, Visit] = {}
        for visit, kept in zip(known, told, strict=True):
            number = _number_of(stays, kept) if kept else None
            if number is None or number in rows:
                self._annul(visit, reason=reason, by=by, at=at)
            else:
                rows[number] = visit
        for i, stay in enumerate(stays):
            if i in rows:
                self._go_on(rows[i], stay, stay.facts[-1], by=by)
                self._note("visit.taken_back", rows[i], by, at, **details)
            else:
                self._begin(volunteer, stay, stay.facts[-1], by=by)
        return True

    # ── folding ────────────────────────────────────────────────────────────────────────────────
    def _fold_in(self, volunteer: Volunteer, seen: Fact, *, by: By) -> tuple[Visit, _Before | None]:
        """Fold one more fact in. The visit it belongs to, and what that was before (None: it is new)."""
        known = self._near(volunteer, local_day(seen.at))
        told = list(itertools.chain.from_iterable(visit.told for visit in known))
        if len(told) > MOST_FACTS and seen.kind == "in":  # a stuck reader: the receipts have it all
            seen = next(fact for fact in told if fact.kind == "in")
        stays = fold([*told, seen])
        rows = self._rows_of(stays, known, by=by, at=seen.at)
        mine = next(i for i, stay in enumerate(stays) if seen in stay.facts)
        was = _Before.of(rows[mine]) if mine in rows else None
        for i, stay in enumerate(stays):
            row = rows.get(i)
            if row is None:
                rows[i] = self._begin(volunteer, stay, seen, by=by)
                continue
            before = _Before.of(row)
            self._go_on(row, stay, seen, by=by)
            if i != mine and before != (after := _Before.of(row)):
                self._note("visit.refolded", row, by, seen.at, before=str(before.state), to=str(after.state))
        return rows[mine], was

    def _rows_of(
        self, stays: Sequence[Stay], known: Sequence[Visit], *, by: By, at: datetime
    ) -> dict[int, Visit]:
        """Which visit goes on as which stay (by its number): the one with its first entry. A visit that was a leaving
        only and has found the stay it ended is taken back; that stay has its fact now."""
        rows: dict[int, Visit] = {}
        for visit in sorted(known, key=lambda visit: VisitFlag.NO_ARRIVAL in visit.flags):
            number = _number_of(stays, visit.told)
            if number in rows:
                self._annul(visit, reason="到着の記録が見つかった", by=by, at=at)
            else:
                rows[number] = visit
        return rows

    def _annul(self, visit: Visit, *, reason: str, by: By, at: datetime) -> None:
        visit.annulled_at, visit.closed_reason = at, reason
        self._visits[visit.volunteer_id].remove(visit)
        self._change(visit)
        self._note("visit.annulled", visit, by, at)

    def _begin(self, volunteer: Volunteer, stay: Stay, seen: Fact, *, by: By) -> Visit:
        visit = new(Visit, operation_id=self.operation.pk, volunteer_id=volunteer.pk)
        visit.operation, visit.volunteer = self.operation, volunteer
        if not self.operation.is_open:
            visit.flags = [VisitFlag.AFTER_CLOSING.value]
        _fill(visit, stay, seen)
        _check_step(None, visit)
        self._new.append(visit)
        self._visits[volunteer.pk].append(visit)
        if visit.state == VisitState.UNRETURNED:
            self._note_unreturned(visit, by, seen.at)
        return visit

    def _go_on(self, visit: Visit, stay: Stay, seen: Fact, *, by: By) -> None:
        before = visit.state
        same_facts = visit.facts == [fact.as_json() for fact in stay.facts]
        if same_facts and (not stay.unreturned or before == VisitState.UNRETURNED):
            return
        _fill(visit, stay, seen)
        _check_step(before, visit)
        self._change(visit)
        if visit.state == VisitState.UNRETURNED != before:
            self._note_unreturned(visit, by, seen.at)

    # ── looking ────────────────────────────────────────────────────────────────────────────────
    def _present(self, volunteer: Volunteer) -> Visit | None:
        return next(
            (visit for visit in self._visits[volunteer.pk] if visit.state == VisitState.PRESENT), None
        )

    def _visit_of(self, volunteer: Volunteer, at: datetime) -> Visit | None:
        """The visit that something seen at that moment belongs to: of that day, begun before it if there is one; after
        midnight the one of the evening, where it lasted so long."""
        day, present = local_day(at), self._present(volunteer)
        for visit in self._near(volunteer, day):
            if visit.day < day and visit.left_at is not None and visit.arrived_at <= at <= visit.left_at:
                return visit
        if present is not None and (present.day == day or present.arrived_at <= at):
            return present
        of_day = [
            visit for visit in self._near(volunteer, day)
            if visit.day == day and VisitFlag.NO_ARRIVAL not in visit.flags
        ]  # fmt: skip
        begun = [visit for visit in of_day if visit.arrived_at <= at]
        return begun[-1] if begun else next(iter(of_day), None)

    def _near(self, volunteer: Volunteer, day: date) -> list[Visit]:
        """What a fact of that day may touch (as `open`), in the order of arrival."""
        near = [
            visit
            for visit in self._visits[volunteer.pk]
            if abs(visit.day - day) <= A_DAY or visit.state == VisitState.PRESENT
        ]
        return sorted(near, key=lambda visit: visit.arrived_at)

    def _came_on(self, day: date) -> int:
        """Visits of that day, those not yet written too. One query a day of the run."""
        if day not in self._came:
            self._came[day] = Visit.objects.on_day(day).filter(operation=self.operation).count()
        return self._came[day] + sum(visit.day == day for visit in self._new)

    # ── writing ────────────────────────────────────────────────────────────────────────────────
    def save(self) -> None:
        """Write new and changed visits and one audit entry for each fact that changed something."""
        changed = [visit for visit in self._changed if visit.pk is not None]
        # The database allows one open visit at a time: whatever ends is written before what begins or opens again.
        ended = [visit for visit in changed if visit.state != VisitState.PRESENT]
        opened = [visit for visit in changed if visit.state == VisitState.PRESENT]
        _write_back(ended)
        if self._new:
            insert_all(self._new)
        _write_back(opened)
        if self._log:
            audit.record_all([self._entry(*line) for line in self._log])
        self._new, self._changed, self._log, self._came = [], [], [], {}

    def _entry(self, action: str, visit: Visit, by: By, at: datetime, details: dict[str, Any]) -> Entry:
        return audit.entry(
            action, visit, by=by, at=at, operation=self.operation, volunteer=visit.volunteer_id, **details
        )

    def _change(self, visit: Visit) -> None:
        if all(visit is not other for other in self._changed):
            self._changed.append(visit)

    def _note(self, action: str, visit: Visit, by: By, at: datetime, **details: Any) -> None:
        self._log.append((action, visit, by, at, details))

    def _note_unreturned(self, visit: Visit, by: By, at: datetime) -> None:
        self._note("visit.unreturned", visit, by, at, day=visit.day.isoformat())


@compiled
def _locked(operation: int, volunteers: set[int], first: date, last: date) -> QuerySet[Visit]:
    around = Q(day__range=(first, last))
    is_open = Q(left_at__isnull=True, unreturned_at__isnull=True)
    return (
        Visit.objects.select_for_update()
        .filter(around | is_open, operation=operation, volunteer__in=volunteers, annulled_at__isnull=True)
        .order_by("arrived_at", "id")  # two tablets' batches take their locks in the same order
    )


def unreturned_entry(visit: Visit, *, by: By, at: datetime) -> Entry:
    """The audit entry of a visit that nobody saw the end of."""
    return audit.entry(
        "visit.unreturned", visit, by=by, at=at, operation=visit.operation, volunteer=visit.volunteer_id,
        day=visit.day.isoformat(),
    )  # fmt: skip


def _write_back(visits: Sequence[Visit]) -> None:
    if len(visits) == 1:
        visits[0].save(update_fields=WRITTEN_BACK)
    elif visits:
        Visit.objects.bulk_update(visits, WRITTEN_BACK)


def _seen(kind: Kind, by: By, at: datetime, site: Site | None) -> Fact:
    # A line on paper is a gate of its own: what another line or the desk said stands when it is corrected.
    gate = str(by.device.pk) if by.device else by.op
    return Fact(kind, at, site.pk if site else None, gate, by.op)


def _fill(visit: Visit, stay: Stay, seen: Fact) -> None:
    """Make the visit say what the stay says."""
    visit.facts, visit.flags = [fact.as_json() for fact in stay.facts], _flags(visit, stay)
    visit.site_id, visit.day = stay.site, stay.day
    visit.arrived_at, visit.left_at = stay.arrived_at, stay.left_at
    if stay.left_at is not None:
        visit.unreturned_at = None
    elif stay.unreturned:
        visit.unreturned_at = visit.unreturned_at or seen.at


def _check_step(before: VisitState | None, visit: Visit) -> None:
    """An edge that is not in the table is a bug."""
    if visit.state not in (STEPS[before] | {before} if before else BEGINNINGS):
        raise RuntimeError(f"no step from {before} to {visit.state}")


def _number_of(stays: Sequence[Stay], told: Sequence[Fact]) -> int:
    """The stay (its number) that a visit with these facts goes on as: the one with its first entry."""
    first = next((fact for fact in told if fact.kind == "in"), told[0])
    return next(i for i, stay in enumerate(stays) if first in stay.facts)


def undo_for(operation: Operation) -> timedelta:
    """How long what was recorded may be taken back. A drill's fast clock leaves no less time."""
    return UNDO_FOR * max(1.0, operation.clock_speed)


def _without(told: Sequence[Fact], op: str, *, since: datetime, until: datetime) -> list[Fact]:
    """`told` without what `op` saw, and without the same said by the same gate in the time that may be taken back: a card
    held up twice. What it saw in the morning stands, whatever was read by mistake at noon. What it saw afterwards is
    somebody who came again; the taking back may be told later."""
    gone = {(fact.kind, fact.gate) for fact in told if fact.op == op}
    return [
        fact
        for fact in told
        if fact.op != op and ((fact.kind, fact.gate) not in gone or not since <= fact.at <= until)
    ]


def _flags(visit: Visit, stay: Stay) -> list[str]:
    closed = stay.end is not None and stay.end.kind == "closed"
    folded = {
        VisitFlag.NO_ARRIVAL: stay.arrival is None,
        VisitFlag.TWO_GATES: bool(two_gates(stay.facts)),
        VisitFlag.CLOSED_BY_DESK: closed,
        VisitFlag.CAPPED: VisitFlag.CAPPED in visit.flags and closed,
    }
    kept = [flag for flag in visit.flags if flag not in folded]
    return [str(flag) for flag in (*kept, *(flag for flag, is_so in folded.items() if is_so))]

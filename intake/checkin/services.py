"""Arrive, be briefed, show insurance, leave. Facts are recorded; what is missing blocks departure, not arrival."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dvc.accounts.models import Device
from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation, Site
from intake.checkin.models import FailedScan, Visit, VisitFlag
from intake.checkin.states import BEGINNINGS, STEPS, VisitState
from intake.checkin.stays import Fact, Kind, Stay, fold, two_gates
from intake.volunteers.models import InsurancePolicy, Volunteer

Evidence = Literal["seen_card", "online", "joined_here"]
RAW_KEPT = 200
MOST_FACTS: Final = 100  # entries kept of one person around one day
_FOLDED: Final = ["facts", "flags", "site", "day", "arrived_at", "left_at", "unreturned_at"]

# A fact raises no refusal, so it needs no savepoint of its own inside the caller's transaction: two statements
# less for each of a thousand scans before nine.
fact = transaction.atomic(savepoint=False)


@dataclass(frozen=True, slots=True)
class Block:
    """Something that keeps a person from going out, and what to do about it."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Happened:
    """What a fact came to. `code` is a key of VERDICTS; `changed` is False when it was known already."""

    code: str
    visit: Visit | None
    changed: bool


@fact
def arrive(
    operation: Operation, volunteer: Volunteer, *, site: Site | None, by: By, at: datetime
) -> Happened:
    """Somebody came. A second arrival changes nothing, except that the earlier of two times is kept.

    An arrival after closing is kept and flagged. May raise `IntegrityError` when the same arrival is being written
    by someone else at this moment; the caller tries once more and then sees the first one.
    """
    seen = _seen("in", by, at, site)
    known = _visits_near(operation, volunteer, at)
    visit, before = _fold_in(operation, volunteer, known, seen, by=by)
    if before is None or before.arrival_unknown:
        record("visit.arrived", visit, by=by, at=at, operation=operation, volunteer=volunteer.pk)
        if visit.left_at is not None:
            return Happened("already_left", visit, changed=True)
        return Happened("ok" if operation.is_open else "closed_operation", visit, changed=True)
    if visit.arrived_at < before.arrived_at:
        record("visit.earlier_arrival", visit, by=by, at=at, operation=operation, volunteer=volunteer.pk)
    return Happened("already_present" if visit.left_at is None else "already_left", visit, changed=False)


@fact
def leave(operation: Operation, volunteer: Volunteer, *, by: By, at: datetime) -> Happened:
    """Somebody went home. Told before the arrival is, it is kept as a visit without one until that comes."""
    seen = _seen("out", by, at, None)
    known = _visits_near(operation, volunteer, at)
    visit, before = _fold_in(operation, volunteer, known, seen, by=by)
    if VisitFlag.NO_ARRIVAL in visit.flags or visit.left_at is None:
        if before is None:
            record("visit.left_unseen", visit, by=by, at=at, operation=operation, volunteer=volunteer.pk)
        return Happened("not_present", None, changed=False)
    if before is not None and (before.left_at, before.state) == (visit.left_at, visit.state):
        return Happened("already_left", visit, changed=False)
    record("visit.left", visit, by=by, at=at, operation=operation, volunteer=volunteer.pk)
    return Happened("ok_left", visit, changed=True)


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


def _seen(kind: Kind, by: By, at: datetime, site: Site | None) -> Fact:
    gate = str(by.device.pk) if by.device else ""
    return Fact(kind, at, site.pk if site else None, gate, by.op)


def _visits_near(operation: Operation, volunteer: Volunteer, at: datetime) -> list[Visit]:
    """What a fact of that moment may touch: the days around it, and the open visit whenever it began. One query."""
    day = timezone.localdate(at)
    around = Q(day__range=(day - timedelta(days=1), day + timedelta(days=1)))
    is_open = Q(left_at__isnull=True, unreturned_at__isnull=True)
    rows = Visit.objects.filter(operation=operation, volunteer=volunteer, annulled_at__isnull=True)
    return list(rows.filter(around | is_open).order_by("arrived_at", "id"))


def _fold_in(
    operation: Operation, volunteer: Volunteer, known: Sequence[Visit], seen: Fact, *, by: By
) -> tuple[Visit, _Before | None]:
    """Fold one more fact in and store what that changes. The visit it belongs to, and what that was before (None:
    it is new). One statement for a first arrival."""
    told = {visit.pk: visit.told for visit in known}
    if (
        sum(map(len, told.values())) > MOST_FACTS and seen.kind == "in"
    ):  # a stuck reader: the receipts have it all
        seen = next(fact for fact in itertools.chain.from_iterable(told.values()) if fact.kind == "in")
    stays = fold([*itertools.chain.from_iterable(told.values()), seen])
    rows = _rows_of(stays, known, by=by, at=seen.at)
    mine = next(i for i, stay in enumerate(stays) if seen in stay.facts)
    before = rows.get(mine)
    was = _Before.of(before) if before else None
    # The database allows one open visit at a time: whatever ends is written before what begins.
    for i in sorted(range(len(stays)), key=lambda i: stays[i].is_open and not stays[i].unreturned):
        row = rows.setdefault(i, Visit(operation=operation, volunteer=volunteer))
        old = _Before.of(row) if row.pk and i != mine else None
        _store(row, stays[i], seen, by=by)
        if old and old != _Before.of(row):
            record(
                "visit.refolded", row, by=by, at=seen.at, operation=operation, volunteer=volunteer.pk,
                before=str(old.state), to=str(row.state),
            )  # fmt: skip
    return rows[mine], was


def _rows_of(stays: Sequence[Stay], known: Sequence[Visit], *, by: By, at: datetime) -> dict[int, Visit]:
    """Which visit goes on as which stay (by its number): the one with its first entry. A visit that was a leaving
    only and has found the stay it ended is taken back; that stay has its fact now."""
    rows: dict[int, Visit] = {}
    for visit in sorted(known, key=lambda visit: VisitFlag.NO_ARRIVAL in visit.flags):
        told = visit.told
        first = next((fact for fact in told if fact.kind == "in"), told[0])
        number = next(i for i, stay in enumerate(stays) if first in stay.facts)
        if number in rows:
            annul(visit, reason="到着の記録が見つかった", by=by, at=at)
        else:
            rows[number] = visit
    return rows


def _store(visit: Visit, stay: Stay, seen: Fact, *, by: By) -> None:
    """Write the visit as the stay says, if that is anything new. An edge that is not in the table is a bug."""
    facts = [fact.as_json() for fact in stay.facts]
    before = visit.state if visit.pk else None
    if before and visit.facts == facts and (not stay.unreturned or before == VisitState.UNRETURNED):
        return
    visit.facts, visit.flags = facts, _flags(visit, stay)
    visit.site_id, visit.day = stay.site, stay.day
    visit.arrived_at, visit.left_at = stay.arrived_at, stay.left_at
    if stay.left_at is not None:
        visit.unreturned_at = None
    elif stay.unreturned:
        visit.unreturned_at = visit.unreturned_at or seen.at
    if visit.state not in (STEPS[before] | {before} if before else BEGINNINGS):
        raise RuntimeError(f"no step from {before} to {visit.state}")
    if before is None:
        visit.save(force_insert=True)
    else:
        visit.save(update_fields=_FOLDED)
    if visit.state == VisitState.UNRETURNED != before:
        _note_unreturned(visit, by=by, at=seen.at)


def _flags(visit: Visit, stay: Stay) -> list[str]:
    folded = {
        VisitFlag.NO_ARRIVAL: stay.arrival is None,
        VisitFlag.TWO_GATES: bool(two_gates(stay.facts)),
        VisitFlag.CLOSED_BY_DESK: stay.end is not None and stay.end.kind == "closed",
        VisitFlag.CAPPED: VisitFlag.CAPPED in visit.flags
        and stay.end is not None
        and stay.end.kind == "closed",
    }
    kept = [flag for flag in visit.flags if flag not in folded]
    if not visit.pk and not visit.operation.is_open:
        kept.append(VisitFlag.AFTER_CLOSING)
    return [str(flag) for flag in (*kept, *(flag for flag, is_so in folded.items() if is_so))]


def _note_unreturned(visit: Visit, *, by: By, at: datetime) -> None:
    record(
        "visit.unreturned", visit, by=by, at=at, operation=visit.operation, volunteer=visit.volunteer_id,
        day=visit.day.isoformat(),
    )  # fmt: skip


@fact
def mark_unreturned(visit: Visit, *, by: By, at: datetime) -> bool:
    """The day is over and nobody recorded the leaving: the visit waits for a person and is not "here" any more.
    Never closes anything. False when somebody was faster."""
    still_open = Visit.objects.present().filter(pk=visit.pk)
    if not still_open.update(unreturned_at=at):
        return False
    visit.unreturned_at = at
    _note_unreturned(visit, by=by, at=at)
    return True


@transaction.atomic
def close_visit(visit: Visit, *, reason: str, by: By, at: datetime, left_at: datetime | None = None) -> Visit:
    """A person made sure that somebody got home (電話で帰宅を確認). `left_at` as they were told; without it the hours
    end with the operation's work and are flagged as capped. Closed or left already: nothing changes.

    Refused visit.reason_needed | visit.left_before_arriving | visit.left_in_future.
    """
    if not reason.strip():
        raise Refused("visit.reason_needed")
    visit = Visit.objects.select_related("operation", "volunteer").get(pk=visit.pk)
    if visit.left_at is not None or visit.annulled_at is not None:
        return visit
    if left_at is not None and left_at < visit.arrived_at:
        raise Refused("visit.left_before_arriving")
    if left_at is not None and left_at > at:
        raise Refused("visit.left_in_future")
    known = _visits_near(visit.operation, visit.volunteer, visit.arrived_at)
    ended = _seen("closed", by, left_at or min(at, _end_of_work(visit)), None)
    closed, _ = _fold_in(visit.operation, visit.volunteer, known, ended, by=by)
    closed.closed_reason = reason.strip()[:120]
    if left_at is None and VisitFlag.CAPPED not in closed.flags:
        closed.flags = [*closed.flags, VisitFlag.CAPPED.value]
    closed.save(update_fields=["closed_reason", "flags"])
    record(
        "visit.closed_by_desk", closed, by=by, at=at, operation=visit.operation, volunteer=visit.volunteer_id,
        capped=left_at is None,
    )  # fmt: skip
    return closed


def _end_of_work(visit: Visit) -> datetime:
    """When that day's work was over, or an hour after somebody who came later than that."""
    local = timezone.localtime(visit.arrived_at)
    end = timezone.make_aware(datetime.combine(local.date(), visit.operation.work_end))
    return end if end > visit.arrived_at else visit.arrived_at + timedelta(hours=1)


@transaction.atomic
def handle_failed_scan(scan: FailedScan, *, by: By, at: datetime) -> None:
    """Somebody has looked after it. Twice changes nothing."""
    if FailedScan.objects.filter(pk=scan.pk, handled_at__isnull=True).update(
        handled_at=at, handled_by=by.user
    ):
        record("scan.handled", scan, by=by, at=at, operation=scan.operation)


@fact
def orient(operation: Operation, volunteer: Volunteer, *, by: By, at: datetime) -> Happened:
    """The person heard the briefing."""
    visit = Visit.objects.present().filter(operation=operation, volunteer=volunteer).first()
    if visit is None:
        return Happened("not_present", None, changed=False)
    if visit.oriented_at is not None:
        return Happened("ok_oriented", visit, changed=False)
    visit.oriented_at = at
    Visit.objects.filter(pk=visit.pk).update(oriented_at=at)
    record("visit.oriented", visit, by=by, at=at, operation=operation, volunteer=volunteer.pk)
    return Happened("ok_oriented", visit, changed=True)


@fact
def orient_visit(visit: Visit, *, by: By, at: datetime) -> bool:
    """The person of this visit, open or over, heard the briefing. False when that was known already."""
    if not Visit.objects.filter(pk=visit.pk, oriented_at__isnull=True).update(oriented_at=at):
        return False
    record("visit.oriented", visit, by=by, at=at, operation=visit.operation, volunteer=visit.volunteer_id)
    return True


@fact
def take_back_orientation(visit: Visit, *, by: By, at: datetime) -> None:
    """It was marked by mistake that the person of this visit heard the briefing."""
    if Visit.objects.filter(pk=visit.pk, oriented_at__isnull=False).update(oriented_at=None):
        record(
            "visit.orientation_taken_back",
            visit,
            by=by,
            at=at,
            operation=visit.operation,
            volunteer=visit.volunteer_id,
        )


@fact
def see_insurance(
    operation: Operation, volunteer: Volunteer, *, evidence: Evidence, by: By, at: datetime
) -> Happened:
    """The desk saw proof of insurance. Joining here and now covers from tomorrow 0:00, or at once under the
    large-disaster special rule (domain.md §3.5)."""
    visit = Visit.objects.present().filter(operation=operation, volunteer=volunteer).first()
    if visit is None:
        return Happened("not_present", None, changed=False)
    if evidence == "joined_here" and not operation.insurance_special_rule:
        record(
            "visit.insurance_from_tomorrow", visit, by=by, at=at, operation=operation, volunteer=volunteer.pk
        )
        return Happened("insurance_not_yet", visit, changed=False)
    if visit.insurance_seen_at is not None:
        return Happened("ok_insured", visit, changed=False)
    visit.insurance_seen_at = at
    Visit.objects.filter(pk=visit.pk).update(insurance_seen_at=at)
    record(
        "visit.insurance_seen",
        visit,
        by=by,
        at=at,
        operation=operation,
        volunteer=volunteer.pk,
        evidence=evidence,
    )
    return Happened("ok_insured", visit, changed=True)


@transaction.atomic
def annul(visit: Visit, *, reason: str, by: By, at: datetime) -> None:
    """Take back a visit that was recorded by mistake. The row stays, and who did it and why."""
    if Visit.objects.filter(pk=visit.pk, annulled_at__isnull=True).update(
        annulled_at=at, closed_reason=reason[:120]
    ):
        record("visit.annulled", visit, by=by, at=at, operation=visit.operation, volunteer=visit.volunteer_id)


@fact
def keep_failed_scan(
    operation: Operation, *, raw: str, code: str, device: Device | None, by: By, at: datetime
) -> None:
    """A scan that led nowhere is kept, so that a person can see what was tried."""
    scan = FailedScan.objects.create(
        operation=operation, device=device, raw=raw.replace("\x00", "")[:RAW_KEPT], code=code, at=at
    )
    record("scan.failed", scan, by=by, at=at, operation=operation, code=code)


def departure_blocks(visit: Visit, *, at: datetime, insured: bool | None = None) -> list[Block]:
    """What keeps this person from going out at the moment `at`; empty when nothing does.

    Pass `insured` when it is known for many people at once; otherwise one query is made. The guardian's presence
    is the team's business; here only the consent is asked.
    """
    volunteer, operation = visit.volunteer, visit.operation
    blocks: list[Block] = []
    if operation.orientation_required and visit.oriented_at is None:
        blocks.append(
            Block(
                "orientation",
                "説明（オリエンテーション）をまだ受けていません。受けてもらい「説明を受けた」を押してください。",
            )
        )
    if operation.insurance_required and visit.insurance_seen_at is None:
        if insured is None:
            insured = InsurancePolicy.objects.covering(at).filter(volunteer=volunteer).exists()
        if not insured:
            blocks.append(
                Block(
                    "insurance",
                    "ボランティア保険が確認できていません。加入証を見て「保険を確認した」を押してください。",
                )
            )
    if volunteer.is_minor_on(timezone.localdate(at)) and not volunteer.guardian_consent:
        blocks.append(Block("guardian", "未成年の方です。保護者の同意書を確かめてください。"))
    if not volunteer.emergency_phone:
        blocks.append(Block("emergency_contact", "緊急連絡先がありません。聞いて登録してください。"))
    return blocks

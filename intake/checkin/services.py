"""Arrive, be briefed, show insurance, leave. Facts are recorded; what is missing blocks departure, not arrival."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from django.db import transaction
from django.utils import timezone

from dvc.accounts.models import Device
from dvc.audit.services import By, entry, record, record_all
from dvc.core.days import local_day
from dvc.core.races import look_again
from dvc.core.refused import Refused
from dvc.operations.models import Operation, Site
from intake.checkin.desk import Desk, Evidence, Happened, undo_for, unreturned_entry
from intake.checkin.models import FailedScan, Visit, VisitFlag, VisitQuerySet
from intake.volunteers.models import InsurancePolicy, Volunteer

Seen = Literal["oriented_at", "insurance_seen_at"]
RAW_KEPT = 200
AT_ONCE: Final = 500  # rows named in one statement

# A fact raises no refusal, so it needs no savepoint of its own inside the caller's transaction: two statements
# less for each of a thousand scans before nine.
fact = transaction.atomic(savepoint=False)


@dataclass(frozen=True, slots=True)
class Block:
    """Something that keeps a person from going out, and what to do about it."""

    code: str
    text: str


def may_undo(operation: Operation, told_at: datetime, *, at: datetime) -> bool:
    """Whether what was recorded at `told_at` may still be taken back."""
    return at - told_at <= undo_for(operation)


def arrive(
    operation: Operation, volunteer: Volunteer, *, site: Site | None, by: By, at: datetime
) -> Happened:
    """`Desk.arrive` for one person. When another gate writes the same arrival at this very moment, theirs is found."""

    def tell() -> Happened:
        desk = Desk.open(operation, [volunteer.pk], moments=[at])
        happened = desk.arrive(volunteer, site=site, by=by, at=at)
        desk.save()
        return happened

    return look_again(tell)


@fact
def leave(operation: Operation, volunteer: Volunteer, *, by: By, at: datetime) -> Happened:
    """`Desk.leave` for one person."""
    desk = Desk.open(operation, [volunteer.pk], moments=[at])
    happened = desk.leave(volunteer, by=by, at=at)
    desk.save()
    return happened


@fact
def orient(operation: Operation, volunteer: Volunteer, *, by: By, at: datetime) -> Happened:
    """`Desk.orient` for one person."""
    desk = Desk.open(operation, [volunteer.pk], moments=[at])
    happened = desk.orient(volunteer, by=by, at=at)
    desk.save()
    return happened


@fact
def see_insurance(
    operation: Operation, volunteer: Volunteer, *, evidence: Evidence, by: By, at: datetime
) -> Happened:
    """`Desk.see_insurance` for one person."""
    desk = Desk.open(operation, [volunteer.pk], moments=[at])
    happened = desk.see_insurance(volunteer, evidence=evidence, by=by, at=at)
    desk.save()
    return happened


@fact
def orient_visit(visit: Visit, *, by: By, at: datetime) -> bool:
    """The person of this visit, open or over, heard the briefing. False when that was known already."""
    if not Visit.objects.filter(pk=visit.pk, oriented_at__isnull=True).update(oriented_at=at):
        return False
    record("visit.oriented", visit, by=by, at=at, operation=visit.operation, volunteer=visit.volunteer_id)
    return True


@fact
def mark_unreturned(visits: VisitQuerySet, *, by: By, at: datetime) -> int:
    """The day is over and nobody recorded the leaving: those of these visits that are open wait for a person and are not
    "here" any more. Never closes anything. Returns how many there were; who was faster with one has settled it."""
    rows = visits.present().select_related("operation").select_for_update(of=("self",))
    still_open = list(rows.order_by("arrived_at", "id"))  # in the order in which tablets' batches lock them
    for start in range(0, len(still_open), AT_ONCE):
        some = [visit.pk for visit in still_open[start : start + AT_ONCE]]
        Visit.objects.filter(pk__in=some).update(unreturned_at=at)
    record_all([unreturned_entry(visit, by=by, at=at) for visit in still_open])
    return len(still_open)


@transaction.atomic
def close_visit(visit: Visit, *, reason: str, by: By, at: datetime, left_at: datetime | None = None) -> Visit:
    """A person made sure that somebody got home (電話で帰宅を確認). `left_at` as they were told; without it the hours
    end with the operation's work and are flagged as capped. Closed or left already: nothing changes.

    Refused visit.reason_needed | visit.left_before_arriving | visit.left_in_future.
    """
    if not reason.strip():
        raise Refused("visit.reason_needed")
    visits = Visit.objects.select_related("operation", "volunteer")
    visit = visits.get(pk=visit.pk)
    desk = Desk.open(visit.operation, [visit.volunteer_id], moments=[visit.arrived_at, at])
    visit = visits.get(pk=visit.pk)  # a tablet may have told of the leaving while we waited for its lock
    if visit.left_at is not None or visit.annulled_at is not None:
        return visit
    if left_at is not None and left_at < visit.arrived_at:
        raise Refused("visit.left_before_arriving")
    if left_at is not None and left_at > at:
        raise Refused("visit.left_in_future")
    closed = desk.close(visit.volunteer, by=by, at=left_at or min(at, _end_of_work(visit)))
    desk.save()
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


@fact
def flag(visit: Visit, flag: VisitFlag, *, by: By, at: datetime) -> None:
    """Mark what a person should know about the visit. Marked already: nothing changes."""
    if flag not in visit.flags:
        visit.flags = [*visit.flags, flag.value]
        Visit.objects.filter(pk=visit.pk).update(flags=visit.flags)
        record("visit.flagged", visit, by=by, at=at, operation=visit.operation, flag=flag.value)


@fact
def flag_late(visits: VisitQuerySet, *, by: By, at: datetime) -> None:
    """Mark visits that a fact of theirs came when their day was over. Locked before they are read: a tablet may be
    flagging one of them at this moment."""
    rows = visits.select_related("operation").select_for_update(of=("self",)).order_by("arrived_at", "id")
    late = [visit for visit in rows if VisitFlag.LATE not in visit.flags]
    for visit in late:
        visit.flags = [*visit.flags, VisitFlag.LATE.value]
    if late:
        Visit.objects.bulk_update(late, ["flags"], batch_size=500)
    record_all(
        [
            entry("visit.flagged", visit, by=by, at=at, operation=visit.operation, flag=VisitFlag.LATE.value)
            for visit in late
        ]
    )


@transaction.atomic
def handle_failed_scan(scan: FailedScan, *, by: By, at: datetime) -> None:
    """Somebody has looked after it. Twice changes nothing."""
    if FailedScan.objects.filter(pk=scan.pk, handled_at__isnull=True).update(
        handled_at=at, handled_by=by.user
    ):
        record("scan.handled", scan, by=by, at=at, operation=scan.operation)


@fact
def take_back(
    operation: Operation,
    volunteer: Volunteer,
    *,
    op: str,
    near: datetime,
    by: By,
    at: datetime,
    alone: bool = False,
) -> bool:
    """`Desk.take_back` for one person."""
    desk = Desk.open(operation, [volunteer.pk], moments=[near])
    changed = desk.take_back(volunteer, op=op, near=near, by=by, at=at, alone=alone)
    desk.save()
    return changed


@fact
def unsee(visit: Visit, *, what: Seen, seen_at: datetime, by: By, at: datetime) -> bool:
    """Forget that the visit's briefing or insurance was recorded at `seen_at`. False when that was not what stands."""
    if not Visit.objects.filter(pk=visit.pk, **{what: seen_at}).update(**{what: None}):
        return False
    setattr(visit, what, None)
    record(
        "visit.unseen",
        visit,
        by=by,
        at=at,
        operation=visit.operation,
        volunteer=visit.volunteer_id,
        what=what,
    )
    return True


@transaction.atomic
def annul(visit: Visit, *, reason: str, by: By, at: datetime) -> None:
    """Take back a visit that was recorded by mistake. The row stays, and who did it and why."""
    if Visit.objects.filter(pk=visit.pk, annulled_at__isnull=True).update(
        annulled_at=at, closed_reason=reason[:120]
    ):
        record("visit.annulled", visit, by=by, at=at, operation=visit.operation, volunteer=visit.volunteer_id)


@fact
def keep_failed_scan(
    operation: Operation, *, raw: str, code: str, device: Device | None, by: By, at: datetime, input: str = ""
) -> None:
    """A scan that led nowhere is kept, so that a person can see what was tried."""
    scan = FailedScan.objects.create(
        operation=operation,
        device=device,
        raw=raw.replace("\x00", "")[:RAW_KEPT],
        code=code,
        input=input,
        at=at,
    )
    record("scan.failed", scan, by=by, at=at, operation=operation, code=code)


# What the desk has to settle at once, the gravest first; the briefing comes later for everybody.
_FIRST_THINGS: Final = {
    "guardian": "guardian_required",
    "insurance": "insurance_missing",
    "consent": "consent_outdated",
    "emergency_contact": "incomplete",
}


def welcome_code(code: str, blocks: Sequence[str]) -> str:
    """The verdict on an arrival whose departure `blocks` are known: green only when the desk has nothing to settle."""
    if code not in ("ok", "ok_again"):
        return code
    return next((verdict for block, verdict in _FIRST_THINGS.items() if block in blocks), code)


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
    if volunteer.is_minor_on(local_day(at)) and not volunteer.guardian_consent:
        blocks.append(Block("guardian", "未成年の方です。保護者の同意書を確かめてください。"))
    if volunteer.consent_is_outdated(operation.consent_since):
        text = "注意事項が新しくなりました。新しいものを読んでもらい「同意した」を押してください。"
        blocks.append(Block("consent", text))
    if not volunteer.emergency_phone:
        blocks.append(Block("emergency_contact", "緊急連絡先がありません。聞いて登録してください。"))
    return blocks

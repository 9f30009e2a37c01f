"""Arrive, be briefed, show insurance, leave. Facts are recorded; what is missing blocks departure, not arrival."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dvc.accounts.models import Device
from dvc.audit.services import By, record
from dvc.operations.models import Operation, Site
from intake.checkin.models import FailedScan, Visit
from intake.volunteers.models import InsurancePolicy, Volunteer

Evidence = Literal["seen_card", "online", "joined_here"]
RAW_KEPT = 200

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
    day = timezone.localdate(at)
    known = _visit_at(operation, volunteer, at)
    if known is not None:
        if at < known.arrived_at and known.day == day:
            Visit.objects.filter(pk=known.pk).update(arrived_at=at)
            known.arrived_at = at
            record("visit.earlier_arrival", known, by=by, at=at, operation=operation, volunteer=volunteer.pk)
        return Happened("already_present" if known.left_at is None else "already_left", known, changed=False)
    visit = Visit.objects.create(
        operation=operation,
        volunteer=volunteer,
        site=site,
        day=day,
        arrived_at=at,
        flags=[] if operation.is_open else ["after_closing"],
    )
    record("visit.arrived", visit, by=by, at=at, operation=operation, volunteer=volunteer.pk)
    return Happened("ok" if operation.is_open else "closed_operation", visit, changed=True)


def _visit_at(operation: Operation, volunteer: Volunteer, at: datetime) -> Visit | None:
    """The visit this moment belongs to: the open one, or a closed one whose stay contains it. One query."""
    return (
        Visit.objects.filter(operation=operation, volunteer=volunteer, annulled_at__isnull=True)
        .filter(Q(left_at__isnull=True) | Q(arrived_at__lte=at, left_at__gte=at))
        .order_by("left_at")
        .first()
    )


@fact
def leave(operation: Operation, volunteer: Volunteer, *, by: By, at: datetime) -> Happened:
    """Somebody went home. Without an open visit nothing changes and the code says so."""
    visit = Visit.objects.present().filter(operation=operation, volunteer=volunteer).first()
    if visit is None:
        last = (
            Visit.objects.on_day(timezone.localdate(at))
            .filter(operation=operation, volunteer=volunteer)
            .last()
        )
        return Happened("already_left" if last else "not_present", last, changed=False)
    # Two tablets' clocks may disagree by seconds: nobody leaves before arriving.
    visit.left_at = max(at, visit.arrived_at)
    Visit.objects.filter(pk=visit.pk, left_at__isnull=True).update(left_at=visit.left_at)
    record("visit.left", visit, by=by, at=at, operation=operation, volunteer=volunteer.pk)
    return Happened("ok_left", visit, changed=True)


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

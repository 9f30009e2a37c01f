"""Ops about one person's visit: arrive, be briefed, show insurance, leave."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from dvc.operations.models import Operation
from dvc.sync.context import Context
from dvc.sync.ops import Op, Result, verdict
from intake.checkin import identify
from intake.checkin import services as checkin
from intake.checkin.identify import Finding
from intake.checkin.models import Visit
from intake.orientation import services as orientation
from intake.orientation.models import Way
from intake.volunteers.models import InsurancePolicy, Volunteer


def fold(op: Op, operation: Operation, context: Context) -> Result:
    """Record the fact about whoever the card, code or id stands for; a scan that leads nowhere is kept as well."""
    by, happened = context.by(op), context.happened(op, operation)
    finding = find(op, operation, context, on=happened)
    if finding.volunteer is None:
        raw = str(op.payload.get("card") or op.payload.get("short_code") or op.payload.get("volunteer") or "")
        checkin.keep_failed_scan(
            operation, raw=raw, code=finding.code, device=context.device, by=by, at=happened
        )
        data = {"short_code": finding.card.short_code} if finding.card else {}
        return verdict(op.op_id, op.seq, "merged", finding.code, data)
    came = _tell(op, operation, finding.volunteer, context, happened)
    data = _person(finding, came.visit, context, happened)
    return verdict(op.op_id, op.seq, "applied" if came.changed else "merged", came.code, data)


def find(op: Op, operation: Operation, context: Context, *, on: datetime) -> Finding:
    """Whoever the op's card, short code or volunteer id stands for. One query."""
    payload, day = op.payload, timezone.localdate(on)
    if "card" in payload:
        return identify.by_card(operation, str(payload["card"]), keys=context.keys, on=day)
    if "short_code" in payload:
        return identify.by_short_code(operation, str(payload["short_code"]), on=day)
    return identify.by_id(operation, payload["volunteer"])


def _tell(
    op: Op, operation: Operation, volunteer: Volunteer, context: Context, happened: datetime
) -> checkin.Happened:
    by = context.by(op)
    if op.kind == "visit.arrive":
        site = context.site(op.payload.get("site"))
        return checkin.arrive(operation, volunteer, site=site, by=by, at=happened)
    if op.kind == "visit.leave":
        return checkin.leave(operation, volunteer, by=by, at=happened)
    if op.kind == "visit.orient":
        return orientation.attend(operation, volunteer, session=None, way=Way.TABLET, by=by, at=happened)
    evidence = op.payload["evidence"]
    return checkin.see_insurance(operation, volunteer, evidence=evidence, by=by, at=happened)


def _person(finding: Finding, visit: Visit | None, context: Context, happened: datetime) -> dict[str, Any]:
    volunteer = finding.volunteer
    assert volunteer is not None
    data: dict[str, Any] = {"volunteer": volunteer.pk, "name": volunteer.name, "kana": volunteer.kana}
    if finding.card is not None:
        data["short_code"] = finding.card.short_code
    if visit is not None:
        visit.volunteer = volunteer
        visit.operation = context.operation(visit.operation_id) or visit.operation
        data["visit"] = visit.pk
        data["arrived_at"] = visit.arrived_at.isoformat()
        data["left_at"] = visit.left_at.isoformat() if visit.left_at else None
        insured = (
            visit.insurance_seen_at is not None
            or not visit.operation.insurance_required
            or InsurancePolicy.objects.covering(happened).filter(volunteer=volunteer).exists()
        )
        data["todo"] = [
            {"code": block.code, "text": block.text}
            for block in checkin.departure_blocks(visit, at=happened, insured=insured)
        ]
    return data

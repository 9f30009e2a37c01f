"""Apply what tablets recorded: each operation at most once, the replay check before any rule (source: sync.md §4)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from dvc.accounts.models import Device, User
from dvc.audit.services import By
from dvc.core.refused import Refused
from dvc.operations.models import Operation, Site
from dvc.sync.models import Receipt
from dvc.sync.ops import Op, Result, verdict
from intake.checkin import identify
from intake.checkin import services as checkin
from intake.checkin.identify import Finding
from intake.checkin.models import Visit
from intake.volunteers import cards
from intake.volunteers.models import InsurancePolicy, Volunteer

log = logging.getLogger(__name__)

MAX_OPS = 200
# A tablet's clock that is off by less than this is taken as it is: the network's delay is of that size.
CLOCK_TOLERANCE = timedelta(seconds=3)


def apply_ops(
    device: Device, ops: Sequence[Op], *, epoch: int, sent_wall: datetime | None, at: datetime
) -> list[Result]:
    """Apply up to MAX_OPS operations and answer each one that got a durable result.

    An op that our own code breaks on gets no answer: the tablet keeps it and tries again, the others go through.
    All ops share one commit; when the database cannot do that (a deadlock with another tablet's batch), each op
    gets a transaction of its own.
    """
    batch = _Batch(device, epoch, sent_wall, at)
    if len(ops) == 1:
        return batch.apply_all(ops)
    try:
        with transaction.atomic():
            return batch.apply_all(ops)
    except OperationalError:
        log.warning("a batch of %d ops is applied one by one", len(ops))
        one_by_one = (_Batch(device, epoch, sent_wall, at).apply_all([op]) for op in ops)
        return [result for results in one_by_one for result in results]


class _Batch:
    """What the ops of one request share, so that it is read once."""

    def __init__(self, device: Device, epoch: int, sent_wall: datetime | None, at: datetime) -> None:
        self.device = device
        self.epoch = epoch
        self.at = at
        self.clock_error = at - sent_wall if sent_wall else timedelta()
        self.keys = cards.public_keys(device.center)
        self.operations: dict[int, Operation | None] = {}
        self.actors: dict[int, User | None] = {}

    def apply_all(self, ops: Sequence[Op]) -> list[Result]:
        seen = {
            receipt.op_id: receipt for receipt in Receipt.objects.filter(op_id__in=[op.op_id for op in ops])
        }
        results = []
        for op in ops:
            result = self._answer(seen[op.op_id], op) if op.op_id in seen else self._apply(op)
            if result is not None:
                results.append(result)
        return results

    def _answer(self, receipt: Receipt, op: Op) -> Result:
        if receipt.digest != op.digest or receipt.device_id != self.device.pk:
            return verdict(op.op_id, op.seq, "mismatch", "op_id_reused")
        return Result(**{**receipt.result, "seq": op.seq, "status": "replayed"})

    def _apply(self, op: Op) -> Result | None:
        """Apply in a savepoint. A constraint that says "somebody was here first" is settled by looking again once."""
        for last_try in (False, True):
            try:
                with transaction.atomic():
                    result = self._fold(op)
                    self._keep_receipt(op, result)
                    return result
            except IntegrityError:
                receipt = Receipt.objects.filter(op_id=op.op_id).first()
                if receipt is not None:
                    return self._answer(receipt, op)
                if last_try:
                    log.exception("op %s of device %s breaks a constraint", op.op_id, self.device.pk)
            except OperationalError:
                raise
            except Exception:  # our own bug must not block the other ops; the tablet keeps this one
                log.exception("op %s of device %s failed", op.op_id, self.device.pk)
                return None
        return None

    def _keep_receipt(self, op: Op, result: Result) -> None:
        operation = self._operation(op.operation)
        if operation is None:
            return
        Receipt.objects.create(
            op_id=op.op_id, device=self.device, epoch=self.epoch, seq=op.seq, operation=operation,
            actor=self._actor(op.actor), kind=op.kind, lane=op.lane, mode=op.mode, payload=dict(op.payload),
            digest=op.digest, happened_at=self._happened(op, operation),
            clock_error_ms=max(-(2**31), min(2**31 - 1, int(self.clock_error.total_seconds() * 1000))),
            received_at=self.at, result=result.as_json(),
        )  # fmt: skip

    def _operation(self, operation_id: int) -> Operation | None:
        if operation_id not in self.operations:
            self.operations[operation_id] = (
                Operation.objects.select_related("center")
                .filter(center=self.device.center_id, pk=operation_id)
                .first()
            )
        return self.operations[operation_id]

    def _actor(self, user_id: int | None) -> User | None:
        """The operator the tablet names, if that is a member of the device's center."""
        if user_id is None:
            return None
        if user_id not in self.actors:
            self.actors[user_id] = (
                User.objects.filter(pk=user_id, memberships__center=self.device.center_id).distinct().first()
            )
        return self.actors[user_id]

    def _happened(self, op: Op, operation: Operation) -> datetime:
        """The tablet's time, corrected by its measured clock error, never later than now, on the operation's clock."""
        corrected = op.t_wall + self.clock_error if abs(self.clock_error) > CLOCK_TOLERANCE else op.t_wall
        return operation.moment(min(corrected, self.at))

    def _fold(self, op: Op) -> Result:
        operation = self._operation(op.operation)
        if operation is None:
            return verdict(op.op_id, op.seq, "refused", "invalid")
        by = By(user=self._actor(op.actor), device=self.device, via="tablet")
        happened = self._happened(op, operation)
        try:
            if op.kind == "card.bind":
                return self._bind(op, operation, by, happened)
            return self._visit_fact(op, operation, by, happened)
        except Refused as refusal:
            return Result(
                str(op.op_id), op.seq, "refused", refusal.code, "stop", "できませんでした", refusal.text
            )

    def _find(self, op: Op, operation: Operation, on: datetime) -> Finding:
        payload, day = op.payload, timezone.localdate(on)
        if "card" in payload:
            return identify.by_card(operation, str(payload["card"]), keys=self.keys, on=day)
        if "short_code" in payload:
            return identify.by_short_code(operation, str(payload["short_code"]), on=day)
        return identify.by_id(operation, payload["volunteer"])

    def _visit_fact(self, op: Op, operation: Operation, by: By, happened: datetime) -> Result:
        finding = self._find(op, operation, happened)
        if finding.volunteer is None:
            raw = str(
                op.payload.get("card") or op.payload.get("short_code") or op.payload.get("volunteer") or ""
            )
            checkin.keep_failed_scan(
                operation, raw=raw, code=finding.code, device=self.device, by=by, at=happened
            )
            data = {"short_code": finding.card.short_code} if finding.card else {}
            return verdict(op.op_id, op.seq, "merged", finding.code, data)
        came = self._tell(op, operation, finding.volunteer, by, happened)
        data = self._person(finding, came.visit, happened)
        return verdict(op.op_id, op.seq, "applied" if came.changed else "merged", came.code, data)

    def _tell(
        self, op: Op, operation: Operation, volunteer: Volunteer, by: By, happened: datetime
    ) -> checkin.Happened:
        if op.kind == "visit.arrive":
            return checkin.arrive(
                operation, volunteer, site=self._site(op.payload.get("site")), by=by, at=happened
            )
        if op.kind == "visit.leave":
            return checkin.leave(operation, volunteer, by=by, at=happened)
        if op.kind == "visit.orient":
            return checkin.orient(operation, volunteer, by=by, at=happened)
        return checkin.see_insurance(
            operation, volunteer, evidence=op.payload["evidence"], by=by, at=happened
        )

    def _site(self, site_id: int | None) -> Site | None:
        if site_id is None:
            return None
        return Site.objects.filter(center=self.device.center_id, pk=site_id).first()

    def _person(self, finding: Finding, visit: Visit | None, happened: datetime) -> dict[str, Any]:
        volunteer = finding.volunteer
        assert volunteer is not None
        data: dict[str, Any] = {"volunteer": volunteer.pk, "name": volunteer.name, "kana": volunteer.kana}
        if finding.card is not None:
            data["short_code"] = finding.card.short_code
        if visit is not None:
            visit.volunteer = volunteer
            visit.operation = self._operation(visit.operation_id) or visit.operation
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

    def _bind(self, op: Op, operation: Operation, by: By, happened: datetime) -> Result:
        finding = identify.by_card(
            operation, str(op.payload["card"]), keys=self.keys, on=timezone.localdate(happened)
        )
        person = identify.by_id(operation, op.payload["volunteer"])
        if finding.card is None or person.volunteer is None:
            code = finding.code if finding.card is None else person.code
            return verdict(op.op_id, op.seq, "refused", code)
        cards.bind(finding.card, person.volunteer, by=by, at=happened)
        data = {
            "volunteer": person.volunteer.pk,
            "name": person.volunteer.name,
            "kana": person.volunteer.kana,
        }
        return verdict(op.op_id, op.seq, "applied", "ok_bound", data)

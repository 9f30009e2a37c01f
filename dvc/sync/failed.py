"""Ops about scans that led nowhere, judged by the tablet alone: kept as well, so that a person can see them."""

from __future__ import annotations

from dvc.operations.models import Operation
from dvc.sync.context import Context
from dvc.sync.ops import Op, Result, verdict
from intake.checkin import services as checkin
from intake.checkin.verdicts import VERDICTS


def fold(op: Op, operation: Operation, context: Context) -> Result:
    """Keep what was read. A code this release does not know is kept as unreadable."""
    payload = op.payload
    code = payload["code"] if payload["code"] in VERDICTS else "unreadable"
    checkin.keep_failed_scan(
        operation, raw=payload["raw"], code=code, input=payload.get("input", ""), device=context.device,
        by=context.by(op), at=context.happened(op, operation),
    )  # fmt: skip
    return verdict(op.op_id, op.seq, "applied", code)

"""Ops of a survey tablet: what was found at a house, or that nobody was there."""

from __future__ import annotations

from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.sync import set_aside
from dvc.sync.context import Context
from dvc.sync.ops import Op, Result, verdict
from intake.help_requests.models import Need
from intake.survey import reports
from intake.survey.forms import filled
from intake.survey.models import Appointment
from intake.survey.reports import Findings


def fold_done(op: Op, operation: Operation, context: Context) -> Result:
    """Keep the survey. One that is late or the second of its visit is answered `review`: a person compares. Refused
    survey.unknown_visit for a need of nowhere."""
    payload = op.payload
    need = Need.objects.filter(operation=operation, pk=payload["need"]).select_related("operation").first()
    if need is None:
        raise Refused("survey.unknown_visit")
    visit = _visit(operation, payload.get("appointment"))
    if visit is not None and visit.need_id != need.pk:
        visit = None
    form = filled(payload["form"])
    found = Findings(form.answers(), form.unread(), payload.get("photos", ()), payload.get("signature", ()))
    by, at = context.by(op), context.happened(op, operation)
    told = reports.report(need, found, appointment=visit, key=op.op_id, by=by, at=at)
    data = {"need": need.pk, "survey": told.survey.pk}
    if told.survey.counts:
        return verdict(op.op_id, op.seq, "applied" if told.new else "merged", "ok_surveyed", data)
    item = set_aside.survey_item(told.survey, by=by, at=operation.moment(context.at))
    return verdict(op.op_id, op.seq, "review", "survey_review", {**data, "inbox": item.pk})


def fold_absent(op: Op, operation: Operation, context: Context) -> Result:
    """Nobody there: the need waits for another visit. Refused survey.unknown_visit."""
    visit = _visit(operation, op.payload["appointment"])
    if visit is None:
        raise Refused("survey.unknown_visit")
    by, at = context.by(op), context.happened(op, operation)
    changed = reports.nobody_there(visit, note=op.payload["note"].strip(), by=by, at=at)
    data = {"need": visit.need_id}
    if changed:
        return verdict(op.op_id, op.seq, "applied", "ok_absent", data)
    return verdict(op.op_id, op.seq, "merged", "survey_over", data)


def _visit(operation: Operation, pk: int | None) -> Appointment | None:
    if pk is None:
        return None
    return Appointment.objects.filter(operation=operation, pk=pk).select_related("operation").first()

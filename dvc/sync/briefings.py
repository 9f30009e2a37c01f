"""Ops about the briefing: somebody heard it."""

from __future__ import annotations

from dvc.operations.models import Operation
from dvc.sync import unclear_names
from dvc.sync.context import Context
from dvc.sync.ops import Op, Result, verdict
from dvc.sync.visits import Cover, about_person, find, keep_failed
from intake.orientation import services as orientation
from intake.orientation.models import Way


def fold(op: Op, operation: Operation, context: Context) -> Result:
    """Record that whoever the card, code or id stands for heard the briefing of that moment."""
    typed = unclear_names.typed_for([op], operation).get(op.op_id)
    at = typed.told.happened_at if typed else context.happened(op, operation)
    [finding] = find([op], operation, context, moments=[at])
    if finding.volunteer is None:
        return keep_failed(op, finding, operation, context, at)
    person = finding.volunteer
    happened = orientation.attend(operation, person, session=None, way=Way.TABLET, by=context.by(op), at=at)
    if typed:
        unclear_names.meant(typed, person, op, operation, context)
    data = about_person(finding, happened.visit, operation, Cover(operation, {person.pk}, [at]), at)
    if happened.visit is not None:
        data["visit"] = happened.visit.pk
    return verdict(op.op_id, op.seq, "applied" if happened.changed else "merged", happened.code, data)

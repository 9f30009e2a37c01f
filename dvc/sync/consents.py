"""Ops about the notes (注意事項): somebody read the new ones and agreed."""

from __future__ import annotations

from django.utils import timezone

from dvc.operations.models import Operation
from dvc.sync.context import Context
from dvc.sync.ops import Op, Result, verdict
from dvc.sync.visits import Cover, about_person, find, keep_failed
from intake.checkin.models import Visit
from intake.volunteers import services as volunteers


def fold(op: Op, operation: Operation, context: Context) -> Result:
    """Keep that whoever the card, code or id stands for agreed at that moment; no arrival is needed."""
    at = context.happened(op, operation)
    [finding] = find([op], operation, context, moments=[at])
    if finding.volunteer is None:
        return keep_failed(op, finding, operation, context, at)
    person = finding.volunteer
    agreed = person.moment(operation, context.told(op).at)
    changed = volunteers.agree(person, by=context.by(op), at=agreed)
    visits = Visit.objects.on_day(timezone.localdate(at)).filter(operation=operation, volunteer=person)
    visit = visits.order_by("arrived_at").last()
    data = about_person(finding, visit, operation, Cover(operation, {person.pk}, [at]), at)
    return verdict(op.op_id, op.seq, "applied" if changed else "merged", "ok_agreed", data)

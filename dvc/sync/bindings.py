"""Ops about cards: binding one to a person."""

from __future__ import annotations

from dvc.operations.models import Operation
from dvc.sync import answers, briefings, consents, holding, visits
from dvc.sync.context import Context
from dvc.sync.ops import Op, Result, verdict
from intake.checkin import identify
from intake.volunteers import cards
from intake.volunteers.models import Volunteer


def fold(op: Op, operation: Operation, context: Context) -> Result:
    """Give the card to the person. Refuses with the codes of `identify` and of `cards.bind`."""
    happened = context.happened(op, operation)
    day = context.day(op)
    finding = identify.by_card(operation, str(op.payload["card"]), keys=context.keys, on=day)
    person = identify.by_id(operation, op.payload["volunteer"])
    if finding.card is None or person.volunteer is None:
        code = finding.code if finding.card is None else person.code
        return verdict(op.op_id, op.seq, "refused", code)
    if op.payload.get("lost"):
        cards.reissue(person.volunteer, finding.card, lost=True, by=context.by(op), at=happened, on=day)
    else:
        cards.bind(finding.card, person.volunteer, by=context.by(op), at=happened, on=day)
    holding.fold_waiting(finding.card, bound_at=happened, fold=fold_held)
    data = {
        "volunteer": person.volunteer.pk,
        "name": person.volunteer.name,
        "kana": person.volunteer.kana,
        "card": finding.card.pk,
    }
    return verdict(op.op_id, op.seq, "applied", "ok_bound", data)


def fold_held(op: Op, operation: Operation, context: Context) -> Result:
    """What waited for the card, now that somebody holds it."""
    if op.kind == "visit.orient":
        return briefings.fold(op, operation, context)
    if op.kind == "visit.consent":
        return consents.fold(op, operation, context)
    if op.kind == answers.KIND:
        return answers.fold(op, operation, context)
    return visits.fold([op], operation, context)[0]


def fold_held_for(volunteer: Volunteer, op: Op, operation: Operation, context: Context) -> Result:
    """`fold_held` where a person has said who it was."""
    return fold_held(visits.about(volunteer, op), operation, context)

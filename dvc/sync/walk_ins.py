"""Ops about somebody without a registration: written down, given a card, arrived."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from typing import Any
from uuid import UUID

from dvc.operations.models import Operation
from dvc.sync import holding, unclear_names
from dvc.sync.bindings import fold_held
from dvc.sync.context import Context
from dvc.sync.ops import Op, Result, verdict
from dvc.sync.visits import Cover, about_person, todo_codes
from intake.checkin import walk_in
from intake.checkin.identify import Finding
from intake.checkin.services import welcome_code
from intake.volunteers.models import CardState, Volunteer
from intake.volunteers.services import VolunteerFields


def fold(op: Op, operation: Operation, context: Context) -> Result:
    """Never refused: what could not be stored, or a card that is somebody else's, is said in the answer."""
    payload, happened = op.payload, context.happened(op, operation)
    typed = unclear_names.typed_for([op], operation).get(op.op_id)
    came_at = typed.told.happened_at if typed else happened
    came = walk_in.walk_in(
        operation,
        _fields(op, happened),
        guest=UUID(payload["guest"]),
        card=payload.get("card", ""),
        insured=payload.get("insured"),
        proxy=payload["proxy"],
        site=context.site(payload.get("site")),
        by=context.by(op),
        at=happened,
        came_at=came_at,
    )
    if typed:
        unclear_names.meant(typed, came.volunteer, op, operation, context)
    for card in came.volunteer.cards.filter(state=CardState.BOUND):
        # The card may have been scanned before it was given: that was this person.
        holding.fold_waiting(card, bound_at=happened, fold=fold_held)
    if came.happened.visit is not None:
        came.happened.visit.refresh_from_db()
    cover = Cover(operation, {came.volunteer.pk}, [happened])
    data = about_person(Finding("ok", came.volunteer), came.happened.visit, operation, cover, happened)
    if came.happened.visit is not None:
        data["visit"] = came.happened.visit.pk
    data["guest"] = payload["guest"]
    data["alike"] = [_alike(person, came.volunteer) for person in came.alike]
    code = welcome_code(came.happened.code, todo_codes(data))
    if came.dropped:
        code = "incomplete"
    if came.card_refusal:
        code = "walked_in_without_card"
    result = verdict(op.op_id, op.seq, "applied" if came.happened.changed else "merged", code, data)
    if came.card_refusal:
        result = dataclasses.replace(result, text=came.card_refusal)
    return result


def _fields(op: Op, happened: datetime) -> VolunteerFields:
    payload = op.payload
    fields: VolunteerFields = {
        "family_name": payload["family_name"],
        "given_name": payload["given_name"],
        "family_kana": payload["family_kana"],
        "given_kana": payload["given_kana"],
        "phone": payload["phone"],
        "emergency_phone": payload["emergency_phone"],
        "said_minor": payload["minor"],
        "guardian_consent": payload["guardian_consent"],
        "experience": payload["experience"],
        "consented_at": happened if payload["consent"] else None,
    }
    if payload.get("birth_date"):
        fields["birth_date"] = date.fromisoformat(payload["birth_date"])
    return fields


def _alike(person: Volunteer, newcomer: Volunteer) -> dict[str, Any]:
    same = ["phone"] if person.phone_digits and person.phone_digits == newcomer.phone_digits else []
    if person.name_key == newcomer.name_key or (person.kana_key and person.kana_key == newcomer.kana_key):
        same.append("name")
    return {"volunteer": person.pk, "name": person.name, "kana": person.kana, "same": same}

"""What is told by a card while a wrong person has it is nobody's until a person says whose it was, whenever it comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dvc.audit.services import By
from dvc.operations.models import Operation
from dvc.sync import holding, inbox
from dvc.sync.context import Context
from dvc.sync.inbox import View
from dvc.sync.models import HeldOp, InboxItem, ItemKind
from dvc.sync.ops import Op, Result, verdict
from intake.checkin.identify import Finding
from intake.volunteers.models import Card, CardBinding, Volunteer

IN_DOUBT: Final = "card_in_doubt"
_WHAT: Final = {
    "visit.arrive": "in",
    "visit.leave": "out",
    "visit.orient": "briefed",
    "visit.insure": "insured",
    "visit.consent": "agreed",
    "visit.answer": "answered",
}


def doubted(finding: Finding, *, happened: datetime) -> Finding:
    """The finding, unless its card was with a wrong person at that moment, and is with somebody else by now. No query for
    a card that was never taken back since."""
    binding = _mistaken(finding.card, happened) if finding.card else None
    if binding is None or binding.volunteer.standing == finding.volunteer:
        return finding
    return Finding(IN_DOUBT, card=finding.card)


def _mistaken(card: Card, happened: datetime) -> CardBinding | None:
    if card.mistaken_until is None or card.mistaken_until <= happened:
        return None
    return card.bindings.mistaken(happened).select_related("volunteer__merged_into").first()


def hold(op: Op, operation: Operation, card: Card, context: Context, *, happened: datetime) -> Result:
    """Keep what was told by the card then, and ask a person with what else was told by it."""
    binding = _mistaken(card, happened)
    assert binding is not None
    held = holding.hold_for_person(op, operation, card, context, happened=happened)
    item = ask(operation, binding, [held], by=context.by(op), at=operation.moment(context.at))
    return verdict(op.op_id, op.seq, "review", IN_DOUBT, {"short_code": card.short_code, "inbox": item.pk})


@dataclass(frozen=True, slots=True)
class Standing:
    """The card of such an item as it is now: whose it is (None: nobody's) and since when; until when the first one had it."""

    card: Card
    holder: Volunteer | None
    since: datetime | None
    first: CardBinding


def standing(item: InboxItem) -> Standing:
    """Two queries."""
    first = CardBinding.objects.select_related("card__holder__merged_into", "volunteer").get(pk=item.key)
    card = first.card
    now = card.bindings.filter(ended_at=None).first() if card.holder else None
    return Standing(card, card.holder.standing if card.holder else None, now.bound_at if now else None, first)


def ask(
    operation: Operation, binding: CardBinding, told: Sequence[HeldOp], *, by: By, at: datetime
) -> InboxItem:
    """The item of a giving that was a mistake: these ops wait."""
    views = [
        View(_WHAT[held.op["kind"]], held.happened_at, op=str(held.op_id), device=str(held.device_id))
        for held in told
    ]
    subjects = {
        "card": [binding.card_id], "volunteer": [binding.volunteer_id], "held": [held.pk for held in told],
    }  # fmt: skip
    return inbox.open_item(
        operation, ItemKind.CARD_TAKEN_BACK, binding.pk, subjects=subjects, views=views, fix="holder", by=by, at=at,
        reopen=True,
    )  # fmt: skip

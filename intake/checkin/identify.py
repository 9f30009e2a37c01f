"""From what was scanned, typed or picked to a volunteer, or to the reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from dvc.core import card_token, short_code
from dvc.operations.models import Operation
from intake.volunteers.models import Card, CardState, Volunteer

_CARD_ERRORS = {
    "unreadable": "unreadable",
    "foreign": "foreign_card",
    "forged": "forged_card",
    "wrong_purpose": "wrong_purpose",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is "ok" exactly when `volunteer` is set; otherwise a key of VERDICTS."""

    code: str
    volunteer: Volunteer | None = None
    card: Card | None = None


def by_card(operation: Operation, raw: str, *, keys: Mapping[int, bytes], on: date) -> Finding:
    """Read a card's text. One query."""
    try:
        token = card_token.parse(
            raw, issuer=operation.center.issuer, keys=keys, purpose=card_token.Purpose.VOLUNTEER
        )
    except card_token.CardError as error:
        return Finding(_CARD_ERRORS[error.code])
    card = Card.objects.select_related("holder__guardian").filter(card_id=token.card_id.hex()).first()
    if card is None:
        return Finding("unknown_card")
    return _of_card(operation, card, expired=token.expired(on))


def by_short_code(operation: Operation, text: str, *, on: date) -> Finding:
    """The eight letters under the symbol, typed in any width or case. One query."""
    try:
        code = short_code.parse(text)
    except card_token.CardError:
        return Finding("no_such_code")
    card = (
        Card.objects.select_related("holder__guardian")
        .filter(center=operation.center_id, short_code=code)
        .first()
    )
    if card is None:
        return Finding("no_such_code")
    return _of_card(operation, card, expired=card.expires_on is not None and card.expires_on < on)


def by_id(operation: Operation, volunteer_id: int) -> Finding:
    """A person picked from a list. One query."""
    volunteer = (
        Volunteer.objects.select_related("guardian")
        .living()
        .filter(center=operation.center_id, pk=volunteer_id)
        .first()
    )
    return _of_volunteer(operation, volunteer) if volunteer else Finding("no_such_volunteer")


def _of_card(operation: Operation, card: Card, *, expired: bool) -> Finding:
    if card.state in (CardState.LOST, CardState.REPLACED):
        return Finding("revoked", card=card)
    if expired:
        return Finding("expired_card", card=card)
    if card.holder is None:
        return Finding("unbound_card", card=card)
    return _of_volunteer(operation, card.holder, card)


def _of_volunteer(operation: Operation, volunteer: Volunteer, card: Card | None = None) -> Finding:
    # Real people may take part in a drill; a drill's invented people never in anything else.
    if volunteer.drill_id not in (None, operation.pk):
        return Finding("drill_card", card=card)
    if volunteer.blocked_reason:
        return Finding("blocked", card=card)
    return Finding("ok", volunteer, card)

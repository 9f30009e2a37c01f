"""From what was scanned, typed or picked to a volunteer, or to the reason why not."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Q, QuerySet

from dvc.core import card_token, short_code
from dvc.core.card_token import CardToken
from dvc.core.compiled import compiled
from dvc.core.japanese import search_key
from dvc.operations.models import Operation
from intake.volunteers.models import Card, CardState, Volunteer

MOST_NAMED: Final = 8
_CARD_ERRORS = {
    "unreadable": "unreadable",
    "foreign": "foreign_card",
    "unknown_key": "unknown_key",
    "forged": "forged_card",
    "wrong_purpose": "wrong_purpose",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked for, on which local date outside (`Card.expired`): by exactly one of card text, short code as typed,
    volunteer id, the id a tablet gave somebody it wrote down (a UUID), or a name."""

    on: date
    card: str | None = None
    short_code: str | None = None
    volunteer: int | None = None
    guest: str | None = None
    name: str | None = None  # typed: name or reading, in any spelling


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is "ok" exactly when `volunteer` is set; otherwise a key of VERDICTS."""

    code: str
    volunteer: Volunteer | None = None
    card: Card | None = None
    several: tuple[Volunteer, ...] = ()  # code "ambiguous": whom the name may mean, the first of them


def find(operation: Operation, asked: Sequence[Asked], *, keys: Mapping[int, bytes]) -> list[Finding]:
    """One finding for each, in order. One query for each way of asking that occurs, however many are asked for."""
    texts = {one.card for one in asked if one.card is not None}
    spellings = _spellings(texts)
    issued = {card.token: card for card in _by_token(spellings)} if spellings else {}
    tokens = {text: _read_token(operation, text, issued, keys) for text in texts}
    codes = {one.short_code: _read_code(one.short_code) for one in asked if one.short_code is not None}
    typed = [code for code in codes.values() if code]
    cards = {card.card_id: card for card in issued.values()}
    coded = {card.short_code: card for card in _by_code(operation.center_id, typed)} if typed else {}
    guests = _guests(operation, [one.guest for one in asked if one.guest is not None])
    people = _people(operation, [one.volunteer for one in asked if one.volunteer is not None])

    named = {one.name: _named(operation, one.name) for one in asked if one.name is not None}

    def answer(one: Asked) -> Finding:
        if one.name is not None:
            return named[one.name]
        if one.card is not None:
            return _of_token(operation, tokens[one.card], cards, on=one.on)
        if one.short_code is not None:
            return _of_code(operation, coded.get(codes[one.short_code] or ""), on=one.on)
        person = guests.get(one.guest) if one.guest is not None else people.get(one.volunteer or 0)
        return of_volunteer(operation, person) if person else Finding("no_such_volunteer")

    return [answer(one) for one in asked]


def by_card(operation: Operation, raw: str, *, keys: Mapping[int, bytes], on: date) -> Finding:
    """Read a card's text. One query."""
    return find(operation, [Asked(on, card=raw)], keys=keys)[0]


def by_id(operation: Operation, volunteer_id: int) -> Finding:
    """A person picked from a list. One query."""
    person = _people(operation, [volunteer_id]).get(volunteer_id)
    return of_volunteer(operation, person) if person else Finding("no_such_volunteer")


def _spellings(texts: Iterable[str]) -> list[str]:
    spellings = []
    for text in texts:
        with suppress(card_token.CardError):  # `_read_token` says what is wrong with it
            spellings.append(card_token.spell(text))
    return spellings


def _read_token(
    operation: Operation, raw: str, issued: Container[str], keys: Mapping[int, bytes]
) -> CardToken | str:
    """What the card says, or the code of what is wrong with it."""
    try:
        return card_token.parse(
            raw, issuer=operation.center.issuer, keys=keys, purpose=card_token.Purpose.VOLUNTEER, ours=issued
        )
    except card_token.CardError as error:
        return _CARD_ERRORS[error.code]


def _read_code(text: str) -> str | None:
    """The eight letters under the symbol, typed in any width or case; None when the check letter is wrong."""
    try:
        return short_code.parse(text)
    except card_token.CardError:
        return None


@compiled
def _by_token(tokens: list[str]) -> QuerySet[Card]:
    return Card.objects.select_related("holder__merged_into").filter(token__in=tokens)


@compiled
def _by_code(center: int, codes: list[str]) -> QuerySet[Card]:
    return Card.objects.select_related("holder__merged_into").filter(center=center, short_code__in=codes)


# Neither they nor whoever stands for them has withdrawn.
_REGISTERED: Final = {"withdrawn_at__isnull": True, "merged_into__withdrawn_at__isnull": True}


def _people(operation: Operation, ids: Sequence[int]) -> dict[int, Volunteer]:
    if not ids:
        return {}
    found = Volunteer.objects.filter(**_REGISTERED, center=operation.center_id, pk__in=ids)
    return {person.pk: person for person in found.select_related("merged_into")}


def _guests(operation: Operation, guests: Sequence[str]) -> dict[str, Volunteer]:
    if not guests:
        return {}
    found = Volunteer.objects.filter(**_REGISTERED, center=operation.center_id, form_token__in=guests)
    return {str(person.form_token): person for person in found.select_related("merged_into")}


def _named(operation: Operation, name: str) -> Finding:
    """Who is called so: the one person whose whole name (or whole reading) that is. A part of a name means nobody, not
    even where it fits one person only: 「森」 said by somebody unregistered fits 大森. Whom it may mean is chosen from."""
    whole, found = _called(operation, name)
    if whole and len(found) == 1:
        return of_volunteer(operation, found[0])
    return Finding("ambiguous", several=tuple(found)) if found else Finding("no_such_volunteer")


def _called(operation: Operation, name: str) -> tuple[bool, list[Volunteer]]:
    """Whether people have this whole name (or whole reading), and who they are; else those who have it in part."""
    key = search_key(name)
    if not key:
        return False, []
    known = Volunteer.objects.known_in(operation).living().order_by("kana_key", "pk")
    found = list(known.filter(Q(name_key=key) | Q(kana_key=key))[:MOST_NAMED])
    return (True, found) if found else (False, list(known.matching(name)[:MOST_NAMED]))


def _of_token(
    operation: Operation, token: CardToken | str, cards: Mapping[str, Card], *, on: date
) -> Finding:
    if isinstance(token, str):
        return Finding(token)
    card = cards.get(token.card_id.hex())
    if card is None:
        return Finding("unknown_card")
    return _of_card(operation, card, on=on)


def _of_code(operation: Operation, card: Card | None, *, on: date) -> Finding:
    if card is None:
        return Finding("no_such_code")
    return _of_card(operation, card, on=on)


def _of_card(operation: Operation, card: Card, *, on: date) -> Finding:
    if card.state in (CardState.LOST, CardState.REPLACED):
        return Finding("revoked", card=card)
    if card.expired(on):
        return Finding("expired_card", card=card)
    if card.holder is None:
        return Finding("unbound_card", card=card)
    return of_volunteer(operation, card.holder, card)


def of_volunteer(operation: Operation, volunteer: Volunteer, card: Card | None = None) -> Finding:
    """The person, unless this operation or the desk must not let them in."""
    volunteer = volunteer.standing
    # Real people may take part in a drill; a drill's invented people never in anything else.
    if volunteer.drill_id not in (None, operation.pk):
        return Finding("drill_card", card=card)
    if volunteer.blocked_reason:
        return Finding("blocked", card=card)
    return Finding("ok", volunteer, card)

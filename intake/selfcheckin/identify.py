"""Who stands there with a phone: a card's code or a telephone number, and something only that person would say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from dvc.core import short_code
from dvc.core.card_token import CardError
from dvc.core.japanese import kana_key, phone_digits, search_key
from dvc.operations.models import Operation
from intake.checkin import identify
from intake.checkin.identify import Asked
from intake.volunteers.models import Volunteer

LONGEST: Final = 100
_SHORTEST_PHONE: Final = 10
_LAST_DIGITS: Final = 4
_MOST_OF_ONE_PHONE: Final = 30


def who(operation: Operation, *, ident: str, proof: str, on: date) -> Volunteer | None:
    """The one registered person that both answers fit, or None.

    `ident`: a card's short code or a whole telephone number. `proof`: the family name (or whole name) as kana or as
    written; with a short code the last four digits of the phone do as well. Nobody who is stopped, withdrawn or
    another drill's. None says nothing about which of the two was wrong. Two queries at most.
    """
    if len(ident) > LONGEST or len(proof) > LONGEST:
        return None
    try:
        code = short_code.parse(ident)
    except CardError:
        people = [one for one in _by_phone(operation, phone_digits(ident)) if _is_named(one, proof)]
    else:
        holder = identify.find(operation, [Asked(on, short_code=code)], keys={})[0].volunteer
        people = [holder] if holder and (_is_named(holder, proof) or _ends_with(holder, proof)) else []
    return people[0] if len(people) == 1 else None


def _by_phone(operation: Operation, digits: str) -> Iterable[Volunteer]:
    if len(digits) < _SHORTEST_PHONE:
        return []
    people = Volunteer.objects.known_in(operation).living().filter(phone_digits=digits, blocked_reason="")
    return people.order_by("pk")[:_MOST_OF_ONE_PHONE]


def _is_named(person: Volunteer, proof: str) -> bool:
    names = {
        kana_key(person.family_kana), kana_key(person.kana), search_key(person.family_name), search_key(person.name),
    }  # fmt: skip
    return search_key(proof) in names - {""}


def _ends_with(person: Volunteer, proof: str) -> bool:
    digits = phone_digits(proof)
    return (
        len(digits) == _LAST_DIGITS
        and len(person.phone_digits) >= _SHORTEST_PHONE
        and person.phone_digits.endswith(digits)
    )

"""Search before create: needs and people that may be the ones on the phone, each with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from dvc.core.japanese import kana_key, phone_digits, search_key
from dvc.operations.models import Operation
from intake.help_requests.models import Need
from intake.people import towns
from intake.people.models import Person, Town

MOST: Final = 6
SAME_PHONE: Final = "同じ電話番号"
SAME_HOUSE: Final = "同じ家"
SAME_FAMILY: Final = "同じ町丁目で同じ姓"
SAME_NAME: Final = "同じ名前"
_CANDIDATES: Final = 40
_SHORTEST_PHONE: Final = 9  # digits; less is still being typed


@dataclass(frozen=True, slots=True)
class Asked:
    """What the desk has typed so far, as it is compared. Empty parts match nothing."""

    names: frozenset[str]
    kanas: frozenset[str]
    families: frozenset[str]
    phones: frozenset[str]
    town: Town | None
    address: str

    @property
    def says_anything(self) -> bool:
        return bool(self.names or self.kanas or self.phones or self.address)


@dataclass(frozen=True, slots=True)
class Likely:
    """A need, or a person without a need here, that looks the same, and why."""

    reasons: tuple[str, ...]
    need: Need | None = None
    person: Person | None = None


def asked(
    operation: Operation, *, people: list[tuple[str, str, str]], town: Town | None, address: str
) -> Asked:
    """From what was typed: `people` are (name, reading, phone) of caller and resident."""
    names = frozenset(key for name, _, _ in people if len(key := search_key(name)) >= 2)
    kanas = frozenset(key for _, kana, _ in people if len(key := kana_key(kana)) >= 2)
    families = frozenset(key for name, kana, _ in people for key in _families(name, kana))
    phones = frozenset(key for _, _, phone in people if len(key := phone_digits(phone)) >= _SHORTEST_PHONE)
    house = towns.address_key(address, city=operation.center.city)
    # A house needs its number; a town's name alone is everybody's.
    house = house if any(c.isdecimal() for c in house) else ""
    return Asked(names, kanas, families, phones, town, house)


def _families(name: str, kana: str) -> list[str]:
    """Keys of the family name: the first word, or the first two characters of a name without a space."""
    words = [
        part.split()[0] if len(part.split()) > 1 else part[:2]
        for part in (name.strip(), kana.strip())
        if part
    ]
    return [key for word in words if (key := search_key(word))]


def likely(operation: Operation, asked: Asked) -> list[Likely]:
    """The likeliest first: needs of this operation, then people of the register without one. Two queries."""
    if not asked.says_anything:
        return []
    needs = [found for need in _needs(operation, asked) if (found := _judge_need(need, asked))]
    needs.sort(key=lambda found: (-len(found.reasons), -_id(found)))
    shown = {person.pk for found in needs if found.need for person in _people_of(found.need)}
    people = [found for person in _people(operation, asked, shown) if (found := _judge_person(person, asked))]
    return needs[:MOST] + people[: max(0, MOST - len(needs))]


def _id(found: Likely) -> int:
    return found.need.pk if found.need else 0


def _needs(operation: Operation, asked: Asked) -> list[Need]:
    condition = Q()
    for role in ("requester", "resident"):
        condition |= _person_condition(asked, f"{role}__")
        if asked.town is not None:
            for family in asked.families:
                in_town = Q(household__town=asked.town)
                condition |= in_town & Q(**{f"{role}__name_key__startswith": family})
                condition |= in_town & Q(**{f"{role}__kana_key__startswith": family})
    condition |= Q(callers__person__phone_digits__in=asked.phones) if asked.phones else Q()
    condition |= Q(household__address_key=asked.address) if asked.address else Q()
    if not condition:
        return []
    found = Need.objects.filter(condition, operation=operation).select_related(
        "requester", "resident", "household__town"
    )
    return list(found.prefetch_related("callers__person").distinct().order_by("-id")[:_CANDIDATES])


def _person_condition(asked: Asked, prefix: str) -> Q:
    condition = Q()
    if asked.phones:
        condition |= Q(**{f"{prefix}phone_digits__in": asked.phones})
    if asked.names:
        condition |= Q(**{f"{prefix}name_key__in": asked.names})
    if asked.kanas:
        condition |= Q(**{f"{prefix}kana_key__in": asked.kanas})
    return condition


def _people_of(need: Need) -> list[Person]:
    """Resident, requester and whoever called later."""
    return [*(p for p in (need.requester, need.resident) if p), *(note.person for note in need.callers.all())]


def _judge_need(need: Need, asked: Asked) -> Likely | None:
    people = [person for person in (need.requester, need.resident) if person is not None]
    reasons = []
    if any(person.phone_digits in asked.phones for person in _people_of(need) if person.phone_digits):
        reasons.append(SAME_PHONE)
    house = need.household
    if house is not None and asked.address and house.address_key == asked.address:
        reasons.append(SAME_HOUSE)
    if any(_same_name(person, asked) for person in people):
        reasons.append(SAME_NAME)
    if house is not None and asked.town is not None and house.town_id == asked.town.pk:
        keys = [key for person in people for key in (person.name_key, person.kana_key) if key]
        if any(key.startswith(family) for key in keys for family in asked.families):
            reasons.append(SAME_FAMILY)
    return Likely(tuple(reasons), need=need) if reasons else None


def _same_name(person: Person, asked: Asked) -> bool:
    return person.name_key in asked.names or person.kana_key in asked.kanas


def _people(operation: Operation, asked: Asked, shown: set[int]) -> list[Person]:
    condition = _person_condition(asked, "")
    if not condition:
        return []
    known = Person.objects.known_in(operation).filter(condition).exclude(pk__in=shown)
    return list(known.select_related("household__town").order_by("-id")[:MOST])


def _judge_person(person: Person, asked: Asked) -> Likely | None:
    reasons = []
    if person.phone_digits and person.phone_digits in asked.phones:
        reasons.append(SAME_PHONE)
    if _same_name(person, asked):
        reasons.append(SAME_NAME)
    return Likely(tuple(reasons), person=person) if reasons else None

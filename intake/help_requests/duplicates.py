"""Search before create: needs and people that may be the ones on the phone, each with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef, Q

from dvc.operations.models import Operation
from intake.help_requests.models import CallerNote, Need, NeedState
from intake.people import searching
from intake.people.likeness import Call, Likeness, call, compare
from intake.people.models import Household, Person, Town
from intake.people.naming import Human, human

MOST: Final = 6
_NEEDS: Final = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a call so far, as it is compared: who calls, for whom, where."""

    call: Call
    town: Town | None = None

    @property
    def says_anything(self) -> bool:
        return bool(self.call.people) or self.call.house.is_a_house


@dataclass(frozen=True, slots=True)
class Likely:
    """A need, or a person without a need here, that looks the same, and why (the strongest reason first).

    `points` grow with the evidence; from `is_likely` on it is probably the same household, below it is worth a look.
    """

    reasons: tuple[str, ...]
    points: float
    is_likely: bool
    need: Need | None = None
    person: Person | None = None


def asked(
    operation: Operation,
    *,
    people: Sequence[tuple[str, str, str]],
    town: Town | None,
    address: str,
    birth_year: int | None = None,
) -> Asked:
    """From what was typed: `people` are (name, reading, phone) of caller and resident, `birth_year` the last one's."""
    humans = [human(name, kana, phone) for name, kana, phone in people[:-1]]
    humans += [human(*people[-1], birth_year)] if people else []
    return _asked(operation, humans, town, address)


def asked_of(need: Need) -> Asked:
    """The same for a need that is stored."""
    house = need.household
    humans = [person.human for person in people_of(need)]
    return _asked(need.operation, humans, house.town if house else None, house.address if house else "")


def _asked(operation: Operation, humans: Sequence[Human], town: Town | None, address: str) -> Asked:
    made = call(
        humans,
        town_name=str(town) if town else "",
        address=address,
        city=operation.center.city,
        town=town.pk if town else None,
    )
    return Asked(made, town)


def likely(operation: Operation, asked: Asked, *, needs: bool = True) -> list[Likely]:
    """The likeliest first: needs of this operation (unless only people are wanted), then people of the register without
    one. At most seven queries."""
    if not asked.says_anything:
        return []
    people, houses = searching.candidates(operation, asked.call, asked.town)
    found = _alike(_needs(operation, people, houses), asked) if needs else []
    shown = {person.pk for one in found if one.need for person in people_of(one.need)}
    register = [
        Likely(alike.reasons, alike.points, alike.is_likely, person=person)
        for person in people
        if person.pk not in shown and not person.merged_into_id
        if (alike := _compare_person(operation, asked, person)).is_said
    ]
    register.sort(key=lambda one: (-one.points, -_id(one)))
    return found + register[: max(0, MOST - len(found))]


def likely_needs(operation: Operation, asked: Asked) -> list[Likely]:
    """The needs among `likely` alone: nobody in the register is read for it who has none. At most six queries."""
    if not asked.says_anything:
        return []
    return _alike(_needs(operation, *searching.candidates(operation, asked.call, asked.town)), asked)


def _alike(needs: list[Need], asked: Asked) -> list[Likely]:
    found = [
        Likely(alike.reasons, alike.points, alike.is_likely, need=need)
        for need in needs
        if (alike := compare(asked.call, asked_of(need).call)).is_said
    ]
    found.sort(key=lambda one: (-one.points, -_id(one)))
    return found[:MOST]


def _id(one: Likely) -> int:
    return (one.need or one.person).pk  # type: ignore[union-attr]  # one of the two is always there


def people_of(need: Need) -> list[Person]:
    """Whoever called first or later, then the resident; everybody once."""
    named = [need.requester, *(note.person for note in need.callers.all()), need.resident]
    resident = need.resident_id
    others = {person.pk: person for person in named if person is not None and person.pk != resident}
    return [*others.values(), *([need.resident] if need.resident else [])]


def _needs(operation: Operation, people: list[Person], houses: list[Household]) -> list[Need]:
    """Needs of these people, callers included, or of these houses. A duplicate is found by the one that stands."""
    ids = [person.merged_into_id or person.pk for person in people]
    homes = {house.merged_into_id or house.pk for house in houses}
    called = CallerNote.objects.filter(need=OuterRef("pk"), person__in=ids)
    found = (
        Need.objects.filter(operation=operation)
        .filter(Q(requester__in=ids) | Q(resident__in=ids) | Q(household__in=homes) | Exists(called))
        .exclude(state=NeedState.DUPLICATE)
        .select_related("requester", "resident", "household__town", "household__center", "operation__center")
        .prefetch_related("callers__person")
    )
    return list(found.order_by("-id")[:_NEEDS])


def _compare_person(operation: Operation, asked: Asked, person: Person) -> Likeness:
    house = person.household
    town = house.town if house else None
    theirs = _asked(operation, [person.human], town, house.address if house else "")
    return compare(asked.call, theirs.call)

"""Keep the register: houses, the people in them, and the towns they stand in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from dvc.audit.services import By, record
from dvc.core.inserting import append_all
from dvc.core.japanese import bare_name, kana_key, phone_key, search_key, split_name
from dvc.core.refused import Refused
from dvc.operations.models import Center, Operation
from intake.people import towns
from intake.people.models import Household, Person, PostalCode, Precision, Town
from intake.people.places import km, outside
from intake.people.postal_file import PostalRow
from intake.people.towns import ADDRESS_KEY_LENGTH

FARTHEST_KM: Final = 100  # a house farther from the center is a slip of the finger on the map


@dataclass(frozen=True, slots=True)
class PersonAnswers:
    """What is said about a person. Anything may be missing: the call-back list asks for it later."""

    name: str = ""
    kana: str = ""
    phone: str = ""
    birth_year: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class HouseholdAnswers:
    """What is said about a house. `lat`/`lng`: the pin on the map, degrees WGS84, both or neither."""

    town: Town | None = None
    address: str = ""
    landmark: str = ""
    lat: float | None = None
    lng: float | None = None
    lives_alone: bool = False
    members: str = ""


@dataclass(frozen=True, slots=True)
class TownRow:
    """One line of a town file. `lat`/`lng`: the centroid, degrees WGS84."""

    name: str
    koaza: str
    kana: str
    lat: float
    lng: float


@transaction.atomic
def add_household(operation: Operation, answers: HouseholdAnswers, *, by: By, at: datetime) -> Household:
    """A house in the center's register; in a drill it belongs to the drill. Refused: place.too_far."""
    household = Household(center=operation.center, drill=_drill(operation), created_at=at)
    fill_household(household, answers)
    household.save()
    record("household.added", household, by=by, at=at, operation=operation)
    return household


@transaction.atomic
def edit_household(
    operation: Operation,
    household: Household,
    answers: HouseholdAnswers,
    *,
    by: By,
    at: datetime,
    seen: str | None = None,
) -> Household:
    """Write the house anew from the answers. `seen`: the mark of what was looked at. Refused: place.too_far,
    register.changed."""
    _require_seen(Household, household, seen)
    fill_household(household, answers)
    household.save()
    record("household.edited", household, by=by, at=at, operation=operation, precision=household.precision)
    return household


def mark_of(row: Person | Household) -> str:
    """What stands in the row, in short: whoever writes it anew says by it what they have seen."""
    if isinstance(row, Person):
        said: list[object] = [row.name, row.kana, row.phone, row.birth_year, row.note, row.merged_into_id]
    else:
        said = [
            row.town_id, row.address, row.landmark, row.lat, row.lng, row.lives_alone, row.members, row.merged_into_id,
        ]  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _require_seen(model: type[Person] | type[Household], row: Person | Household, seen: str | None) -> None:
    """Lock the row, and see that it still is what was looked at."""
    if seen is not None and mark_of(model._default_manager.select_for_update().get(pk=row.pk)) != seen:
        raise Refused("register.changed")


@transaction.atomic
def add_person(
    operation: Operation, answers: PersonAnswers, *, household: Household | None, by: By, at: datetime
) -> Person:
    """A person in the center's register; in a drill they belong to the drill."""
    person = Person(center=operation.center, drill=_drill(operation), household=household, created_at=at)
    fill_person(person, answers)
    person.save()
    record("person.added", person, by=by, at=at, operation=operation)
    return person


@transaction.atomic
def edit_person(
    operation: Operation,
    person: Person,
    answers: PersonAnswers,
    *,
    by: By,
    at: datetime,
    seen: str | None = None,
) -> Person:
    """Write the person anew from the answers. `seen`: the mark of what was looked at. Refused: register.changed."""
    _require_seen(Person, person, seen)
    fill_person(person, answers)
    person.save()
    record("person.edited", person, by=by, at=at, operation=operation)
    return person


def known_person(operation: Operation, answers: PersonAnswers) -> Person | None:
    """The newest person of the register with both this name and this phone; None when either is missing."""
    name, phone = search_key(bare_name(answers.name))[:100], phone_key(answers.phone)[:20]
    if not name or not phone:
        return None
    known = Person.objects.known_in(operation).filter(name_key=name, phone_digits=phone)
    found = known.select_related("merged_into").order_by("-id").first()
    return found.merged_into or found if found else None


@transaction.atomic
def keep_towns(center: Center, rows: Sequence[TownRow], *, by: By, at: datetime) -> tuple[int, int]:
    """Take over a town file: (new, changed). A town that is not in the file stays; the same file changes nothing."""
    known = {(town.name, town.koaza): town for town in center.towns.all()}
    new, changed = [], []
    for row in rows:
        town = known.get((row.name, row.koaza))
        if town is None:
            town = Town(
                center=center, name=row.name, koaza=row.koaza, kana=row.kana, lat=row.lat, lng=row.lng
            )
            known[row.name, row.koaza] = town
            new.append(town)
        elif (town.kana, town.lat, town.lng) != (row.kana, row.lat, row.lng):
            town.kana, town.lat, town.lng = row.kana, row.lat, row.lng
            if town.pk:
                changed.append(town)
    Town.objects.bulk_create(new, batch_size=500)
    Town.objects.bulk_update(changed, ["kana", "lat", "lng"], batch_size=500)
    record("towns.kept", center, by=by, at=at, center_id=center.pk, new=len(new), changed=len(changed))
    return len(new), len(changed)


@transaction.atomic
def keep_postal(center: Center, rows: Sequence[PostalRow], *, by: By, at: datetime) -> None:
    """The postal codes of a file instead of those of the file before."""
    PostalCode.objects.filter(center=center).delete()
    append_all([PostalCode(center=center, code=row.code, city=row.city, town=row.town) for row in rows])
    record("postal.kept", center, by=by, at=at, center_id=center.pk, rows=len(rows))


def _drill(operation: Operation) -> Operation | None:
    return operation if operation.is_drill else None


def fill_household(
    household: Household, answers: HouseholdAnswers, *, known: towns.Known | None = None
) -> None:
    """Write the answers and the place they tell into the row, which is not saved. `known`: the center's towns, where many
    houses are written at once."""
    center = household.center
    known = known or towns.Known(center)
    household.town = answers.town or known.of_address(answers.address)
    household.address = answers.address
    fill_house_keys(household)
    household.landmark = answers.landmark
    household.lives_alone = answers.lives_alone
    household.members = answers.members
    household.lat, household.lng, household.precision = _place(center, household.town, answers)


def _place(
    center: Center, town: Town | None, answers: HouseholdAnswers
) -> tuple[float | None, float | None, Precision]:
    """The pin wins over the town's centroid."""
    if answers.lat is not None and answers.lng is not None:
        _check_pin(center, answers.lat, answers.lng)
        return answers.lat, answers.lng, Precision.PIN
    if town is not None:
        return town.lat, town.lng, Precision.TOWN
    return None, None, Precision.NONE


def _check_pin(center: Center, lat: float, lng: float) -> None:
    """Refused place.too_far, place.outside: a slip of the finger, not a house of this city. One query."""
    if km(center.lat, center.lng, lat, lng) > FARTHEST_KM:
        raise Refused("place.too_far", km=FARTHEST_KM)
    found = outside(list(center.towns.all()), lat, lng)
    if found is not None:
        town, far = found
        raise Refused("place.outside", town=str(town), km=f"{far:.1f}")


def fill_person(person: Person, answers: PersonAnswers) -> None:
    """Write the answers and the keys they are found by into the row, which is not saved."""
    person.name, person.kana, person.phone = answers.name, answers.kana, answers.phone
    person.birth_year, person.note = answers.birth_year, answers.note
    fill_person_keys(person)


def fill_person_keys(person: Person) -> None:
    """What the search and the duplicates compare, from name, reading and phone. Whoever writes people in bulk calls it."""
    # Cut to the columns: one typed character may fold into many (㍿ becomes 株式会社).
    person.name_key = search_key(bare_name(person.name))[:100]
    person.kana_key = kana_key(bare_name(person.kana))[:140]
    person.given_key = search_key(split_name(person.name)[1])[:100] or person.name_key[2:]
    person.given_kana_key = kana_key(split_name(person.kana)[1])[:140]
    person.phone_digits = phone_key(person.phone)[:20]
    person.phone_reversed = person.phone_digits[::-1]


def fill_house_keys(household: Household) -> None:
    """What the search and the duplicates compare, from town and address. Whoever writes houses in bulk calls it."""
    place = household.place
    household.address_key, household.unit_key = place.house[:ADDRESS_KEY_LENGTH], place.unit[:80]

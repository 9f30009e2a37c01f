"""Keep the register: houses, the people in them, and the towns they stand in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from dvc.audit.services import By, record
from dvc.core.japanese import kana_key, phone_digits, search_key
from dvc.core.refused import Refused
from dvc.operations.models import Center, Operation
from intake.people.models import Household, Person, Precision, Town
from intake.people.towns import address_key, of_address

FARTHEST_KM: Final = 100  # a house farther from the center is a slip of the finger on the map
EARTH_KM: Final = 6371.0


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
    _fill_household(household, answers)
    household.save()
    record("household.added", household, by=by, at=at, operation=operation)
    return household


@transaction.atomic
def edit_household(
    operation: Operation, household: Household, answers: HouseholdAnswers, *, by: By, at: datetime
) -> Household:
    """Write the house anew from the answers. Refused: place.too_far."""
    _fill_household(household, answers)
    household.save()
    record("household.edited", household, by=by, at=at, operation=operation, precision=household.precision)
    return household


@transaction.atomic
def add_person(
    operation: Operation, answers: PersonAnswers, *, household: Household | None, by: By, at: datetime
) -> Person:
    """A person in the center's register; in a drill they belong to the drill."""
    person = Person(center=operation.center, drill=_drill(operation), household=household, created_at=at)
    _fill_person(person, answers)
    person.save()
    record("person.added", person, by=by, at=at, operation=operation)
    return person


@transaction.atomic
def edit_person(
    operation: Operation, person: Person, answers: PersonAnswers, *, by: By, at: datetime
) -> Person:
    """Write the person anew from the answers."""
    _fill_person(person, answers)
    person.save()
    record("person.edited", person, by=by, at=at, operation=operation)
    return person


@transaction.atomic
def fill_gaps(
    operation: Operation, person: Person, answers: PersonAnswers, *, by: By, at: datetime
) -> Person:
    """Add what the register did not know about a person yet; what it knows stays."""
    known = PersonAnswers(
        name=person.name or answers.name,
        kana=person.kana or answers.kana,
        phone=person.phone or answers.phone,
        birth_year=person.birth_year or answers.birth_year,
        note=person.note or answers.note,
    )
    return edit_person(operation, person, known, by=by, at=at)


def known_person(operation: Operation, answers: PersonAnswers) -> Person | None:
    """The newest person of the register with both this name and this phone; None when either is missing."""
    name, phone = search_key(answers.name)[:100], phone_digits(answers.phone)[:20]
    if not name or not phone:
        return None
    known = Person.objects.known_in(operation).filter(name_key=name, phone_digits=phone)
    return known.order_by("-id").first()


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


def _drill(operation: Operation) -> Operation | None:
    return operation if operation.is_drill else None


def _fill_household(household: Household, answers: HouseholdAnswers) -> None:
    center = household.center
    household.town = answers.town or of_address(center, answers.address)
    household.address = answers.address
    household.address_key = address_key(answers.address, city=center.city)
    household.landmark = answers.landmark
    household.lives_alone = answers.lives_alone
    household.members = answers.members
    household.lat, household.lng, household.precision = _place(center, household.town, answers)


def _place(
    center: Center, town: Town | None, answers: HouseholdAnswers
) -> tuple[float | None, float | None, Precision]:
    """The pin wins over the town's centroid."""
    if answers.lat is not None and answers.lng is not None:
        if _km(center.lat, center.lng, answers.lat, answers.lng) > FARTHEST_KM:
            raise Refused("place.too_far", km=FARTHEST_KM)
        return answers.lat, answers.lng, Precision.PIN
    if town is not None:
        return town.lat, town.lng, Precision.TOWN
    return None, None, Precision.NONE


def _km(lat1: float, lng1: float, lat2: float, lng2: float) -> float:
    """Great-circle distance (haversine)."""
    a, b = math.radians(lat1), math.radians(lat2)
    h = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(lng2 - lng1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(h))


def _fill_person(person: Person, answers: PersonAnswers) -> None:
    person.name, person.kana, person.phone = answers.name, answers.kana, answers.phone
    person.birth_year, person.note = answers.birth_year, answers.note
    # Cut to the columns: one typed character may fold into many (㍿ becomes 株式会社).
    person.name_key = search_key(answers.name)[:100]
    person.kana_key = kana_key(answers.kana)[:140]
    person.phone_digits = phone_digits(answers.phone)[:20]

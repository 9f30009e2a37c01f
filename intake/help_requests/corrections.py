"""Correct the register where requests stand on it: whoever has one of them open must not write the old words back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from dvc.audit.services import By
from dvc.operations.models import Operation
from intake.help_requests.models import Need
from intake.people import services as people
from intake.people.models import Household, Person
from intake.people.services import HouseholdAnswers, PersonAnswers, mark_of


@transaction.atomic
def correct_person(
    operation: Operation,
    person: Person,
    answers: PersonAnswers,
    *,
    by: By,
    at: datetime,
    seen: str | None = None,
) -> Person:
    """Write the person anew. `seen`: the mark (`people.mark_of`) of what was looked at. Refused: register.changed."""
    of_them = Q(requester=person) | Q(resident=person)
    hold(of_them)
    before = mark_of(person)
    people.edit_person(operation, person, answers, seen=seen, by=by, at=at)
    if mark_of(person) != before:
        next_version(of_them)
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
    return correct_person(operation, person, known, by=by, at=at)


@transaction.atomic
def correct_household(
    operation: Operation,
    house: Household,
    answers: HouseholdAnswers,
    *,
    by: By,
    at: datetime,
    seen: str | None = None,
) -> Household:
    """Write the house anew. Refused: register.changed, place.too_far."""
    hold(Q(household=house))
    before = mark_of(house)
    people.edit_household(operation, house, answers, seen=seen, by=by, at=at)
    if mark_of(house) != before:
        next_version(Q(household=house))
    return house


def hold(of_them: Q) -> None:
    """These needs before the register's row, always in one order: two desks, or a desk and a team that is sent to several
    of them, would each wait for what the other has."""
    list(Need.objects.filter(of_them).select_for_update(no_key=True).order_by("pk").values_list("pk"))


def next_version(of_them: Q) -> None:
    """Whoever has one of these needs open is told that it is another one now."""
    Need.objects.filter(of_them).update(version=F("version") + 1)

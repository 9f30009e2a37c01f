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
from intake.people.services import HouseholdAnswers, PersonAnswers


@transaction.atomic
def correct_person(
    operation: Operation, person: Person, answers: PersonAnswers, *, seen: str, by: By, at: datetime
) -> Person:
    """Write the person anew. `seen`: the mark (`people.mark_of`) of what was looked at. Refused: register.changed."""
    people.edit_person(operation, person, answers, seen=seen, by=by, at=at)
    _next_version(Q(requester=person) | Q(resident=person))
    return person


@transaction.atomic
def correct_household(
    operation: Operation, house: Household, answers: HouseholdAnswers, *, seen: str, by: By, at: datetime
) -> Household:
    """Write the house anew. Refused: register.changed, place.too_far."""
    people.edit_household(operation, house, answers, seen=seen, by=by, at=at)
    _next_version(Q(household=house))
    return house


def _next_version(of_them: Q) -> None:
    Need.objects.filter(of_them).update(version=F("version") + 1)

"""Correct the register away from any request; the requests that stand on it follow."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from dvc.audit.services import By
from dvc.operations.models import Operation
from intake.help_requests import corrections
from intake.help_requests import services as needs
from intake.people.models import Household, Person
from intake.people.services import HouseholdAnswers, PersonAnswers


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
    corrections.correct_person(operation, person, answers, seen=seen, by=by, at=at)
    needs.recheck_ready_of(Q(requester=person) | Q(resident=person), by=by, at=at)
    return person


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
    corrections.correct_household(operation, house, answers, seen=seen, by=by, at=at)
    needs.recheck_ready_of(Q(household=house), by=by, at=at)
    return house

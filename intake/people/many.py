"""Houses and people by the hundred, as an import brings them: the same rows as `services` makes, in few statements.

The audit is the caller's: an import writes one entry for each line, not one for each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dvc.core.inserting import insert_all
from dvc.operations.models import Operation
from intake.people import towns
from intake.people.models import Household, Person
from intake.people.services import HouseholdAnswers, PersonAnswers, fill_household, fill_person


def households(
    operation: Operation, answers: Sequence[HouseholdAnswers], *, known: towns.Known, at: datetime
) -> list[Household]:
    """New houses in the order of the answers. `known`: the center's towns, read once. Refused: place.too_far."""
    drill = operation if operation.is_drill else None
    made = []
    for said in answers:
        house = Household(center=operation.center, drill=drill, created_at=at)
        fill_household(house, said, known=known)
        made.append(house)
    insert_all(made)
    return made


def people(
    operation: Operation, answers: Sequence[tuple[PersonAnswers, Household | None]], *, at: datetime
) -> list[Person]:
    """New people in the order of the answers, each with the house they live in."""
    drill = operation if operation.is_drill else None
    made = []
    for said, house in answers:
        person = Person(center=operation.center, drill=drill, household=house, created_at=at)
        fill_person(person, said)
        made.append(person)
    insert_all(made)
    return made

"""Children and those who go along with them, when two registrations become one and two again."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Center
from intake.volunteers import merge as registrations
from intake.volunteers.models import Volunteer
from tests import make

pytestmark = pytest.mark.django_db
BORN = date(2012, 5, 4)


@pytest.fixture
def center() -> Center:
    return make.center()


def said(person: Volunteer) -> tuple[Any, ...]:
    person = Volunteer.objects.get(pk=person.pk)
    return person.birth_date, person.said_minor, person.guardian, person.guardian_consent


def test_a_child_registered_twice_stays_a_child_with_the_guardian_and_the_consent(center: Center) -> None:
    mother, into = make.volunteer(center), make.volunteer(center)
    twin = make.volunteer(center, birth_date=BORN, said_minor=True, guardian=mother, guardian_consent=True)
    made = registrations.merge(twin, into, by=SYSTEM, at=make.at(9))
    assert said(into) == (BORN, True, mother, True)
    registrations.undo(made, by=SYSTEM, at=make.at(10))
    assert said(into) == (None, False, None, False)
    assert said(twin) == (BORN, True, mother, True)


def test_a_guardian_the_other_registration_names_already_stands(center: Center) -> None:
    mother, father = make.volunteer(center), make.volunteer(center)
    into = make.volunteer(center, birth_date=BORN, guardian=father)
    twin = make.volunteer(center, birth_date=BORN, guardian=mother)
    made = registrations.merge(twin, into, by=SYSTEM, at=make.at(9))
    assert said(into)[2] == father
    registrations.undo(made, by=SYSTEM, at=make.at(10))
    assert (said(into)[2], said(twin)[2]) == (father, mother)


@pytest.mark.parametrize("kept", ["child", "mother"])
def test_a_child_and_its_guardian_are_two_people(center: Center, kept: str) -> None:
    mother = make.volunteer(center, "佐藤", "母")
    child = make.volunteer(center, birth_date=BORN, guardian=mother)
    twin, into = (mother, child) if kept == "child" else (child, mother)
    with pytest.raises(Refused, match="佐藤 母さんは、もう1つの登録の人に付き添う保護者です"):
        registrations.merge(twin, into, by=SYSTEM, at=make.at(9))
    assert (said(child)[2], said(mother)[2]) == (mother, None)

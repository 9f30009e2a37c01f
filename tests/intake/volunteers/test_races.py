"""Two desks at one registration, or at one new group, at the same moment."""

from __future__ import annotations

import pytest

from dvc.audit.services import SYSTEM
from dvc.operations.models import Center
from intake.volunteers import services
from intake.volunteers.models import Group, Volunteer
from tests import make
from tests.infra.late import meanwhile

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def center() -> Center:
    return make.center()


def test_two_desks_that_write_the_same_new_group_make_one(center: Center) -> None:
    def again() -> None:
        services.register_group(center, name="多賀城高校", by=SYSTEM, at=make.at(9))

    with meanwhile(again):
        services.register_group(center, name="多賀城高校", by=SYSTEM, at=make.at(9))
    assert Group.objects.count() == 1


def test_who_gets_another_name_while_their_number_is_corrected_is_found_by_it(center: Center) -> None:
    person = make.volunteer(center, "佐藤")
    seen_before = Volunteer.objects.get(pk=person.pk)
    with meanwhile(lambda: services.correct(seen_before, by=SYSTEM, at=make.at(9), phone="090-1111-2222")):
        services.correct(person, by=SYSTEM, at=make.at(9), family_name="鈴木")
    assert Volunteer.objects.matching("鈴木").get().phone == "090-1111-2222"

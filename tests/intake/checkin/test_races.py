"""Two who are at one visit at the same moment: what the one wrote, the other has seen before it writes."""

from __future__ import annotations

import pytest

from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from dvc.sync import merging
from intake.checkin import services as checkin
from intake.checkin.models import Visit, VisitFlag
from intake.volunteers.models import Volunteer
from tests import make
from tests.infra.late import meanwhile

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def person(operation: Operation) -> Volunteer:
    return make.volunteer(operation.center)


@pytest.fixture
def visit(operation: Operation, person: Volunteer) -> Visit:
    happened = checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    assert happened.visit is not None
    return happened.visit


def test_what_is_flagged_while_late_records_are_marked_stays(visit: Visit) -> None:
    late = Visit.objects.filter(pk=visit.pk)
    with meanwhile(lambda: checkin.flag_late(late, by=SYSTEM, at=make.at(33))):
        Visit.objects.filter(pk=visit.pk).update(flags=[VisitFlag.TWO_GATES.value])
    visit.refresh_from_db()
    assert set(visit.flags) == {VisitFlag.TWO_GATES, VisitFlag.LATE}


def test_who_is_seen_leaving_while_somebody_phones_has_left_as_they_were_seen(
    operation: Operation, person: Volunteer, visit: Visit
) -> None:
    def phone() -> None:
        checkin.close_visit(visit, reason="電話した", by=SYSTEM, at=make.at(18))

    with meanwhile(phone):
        checkin.leave(operation, person, by=SYSTEM, at=make.at(15))
    visit.refresh_from_db()
    assert (visit.left_at, visit.flags, visit.closed_reason) == (make.at(15), [], "")


def test_who_is_seen_leaving_while_two_registrations_become_one_has_left(
    operation: Operation, person: Volunteer, visit: Visit
) -> None:
    twin = make.volunteer(operation.center)
    checkin.arrive(operation, twin, site=None, by=SYSTEM, at=make.at(9, 5))
    with meanwhile(lambda: merging.merge(person, twin, by=SYSTEM, at=make.at(16))):
        checkin.leave(operation, twin, by=SYSTEM, at=make.at(15))
    visit.refresh_from_db()
    assert (visit.arrived_at, visit.left_at) == (make.at(9), make.at(15))

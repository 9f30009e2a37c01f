"""Arriving, being briefed, showing insurance, leaving."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Mode
from intake.checkin import services
from intake.checkin.models import Visit
from tests import make

pytestmark = pytest.mark.django_db


def codes(visit: Visit, hour: int = 10) -> list[str]:
    return [block.code for block in services.departure_blocks(visit, at=make.at(hour))]


def test_a_second_scan_changes_nothing() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    first = services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    entries = Entry.objects.count()
    again = services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9, 5))
    assert (first.code, again.code) == ("ok", "already_present")
    assert Visit.objects.count() == 1
    assert Entry.objects.count() == entries


def test_of_two_arrivals_the_earlier_time_stands() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9, 5))
    services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(8, 50))
    assert Visit.objects.get().arrived_at == make.at(8, 50)


def test_an_arrival_told_late_belongs_to_the_stay_it_happened_in() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    services.leave(operation, person, by=SYSTEM, at=make.at(15))
    late = services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9, 1))
    assert (late.code, late.changed) == ("already_left", False)
    assert Visit.objects.count() == 1


def test_somebody_may_leave_and_come_again() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    services.leave(operation, person, by=SYSTEM, at=make.at(11))
    assert services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(13)).code == "ok"
    assert Visit.objects.count() == 2


def test_the_database_allows_one_open_visit_per_person() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    with pytest.raises(IntegrityError), transaction.atomic():
        Visit.objects.create(
            operation=operation, volunteer=person, day=date(2026, 7, 18), arrived_at=make.at(10)
        )


def test_leaving_without_having_come_is_said_and_changes_nothing() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    assert services.leave(operation, person, by=SYSTEM, at=make.at(15)).code == "not_present"
    assert not Visit.objects.exists()


def test_nobody_leaves_before_arriving_even_when_clocks_disagree() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    services.leave(operation, person, by=SYSTEM, at=make.at(8, 59))
    assert Visit.objects.get().left_at == make.at(9)


def test_what_is_missing_blocks_departure_and_not_arrival() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center, insured=False, emergency_phone="", birth_date=date(2010, 5, 1))
    came = services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    assert came.code == "ok"
    assert came.visit is not None
    assert codes(came.visit) == ["orientation", "insurance", "guardian", "emergency_contact"]


def test_briefing_and_insurance_open_the_way() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center, insured=False)
    services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    services.orient(operation, person, by=SYSTEM, at=make.at(9, 10))
    services.see_insurance(operation, person, evidence="seen_card", by=SYSTEM, at=make.at(9, 11))
    assert codes(Visit.objects.get()) == []


def test_joining_the_insurance_here_covers_from_tomorrow_unless_the_special_rule_is_on() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center, insured=False)
    services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    told = services.see_insurance(operation, person, evidence="joined_here", by=SYSTEM, at=make.at(9))
    assert told.code == "insurance_not_yet"
    assert "insurance" in codes(Visit.objects.get())
    operation = operations.edit_operation(operation, by=SYSTEM, at=make.at(9), insurance_special_rule=True)
    told = services.see_insurance(operation, person, evidence="joined_here", by=SYSTEM, at=make.at(9))
    assert told.code == "ok_insured"


def test_ordinary_days_ask_for_no_briefing() -> None:
    operation = make.operation(mode=Mode.DRILL)
    ordinary = operation.center.operations.get(mode=Mode.ORDINARY)
    person = make.volunteer(operation.center)
    came = services.arrive(ordinary, person, site=None, by=SYSTEM, at=make.at(9))
    assert came.visit is not None
    assert codes(came.visit) == []


def test_an_arrival_after_closing_is_kept_and_flagged() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    operations.close_operation(operation, teams_out=0, by=SYSTEM, at=make.at(16))
    operation.refresh_from_db()
    assert services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9)).code == "closed_operation"
    assert Visit.objects.get().flags == ["after_closing"]


def test_a_visit_taken_back_leaves_its_trace() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    came = services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    assert came.visit is not None
    services.annul(came.visit, reason="人違い", by=SYSTEM, at=make.at(9, 1))
    assert not Visit.objects.present().exists()
    assert Entry.objects.filter(action="visit.annulled").count() == 1
    assert services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9, 2)).code == "ok"

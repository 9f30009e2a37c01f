"""Arriving, being briefed, showing insurance, leaving."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations import services as operations
from dvc.operations.models import Mode
from intake.checkin import services
from intake.checkin.desk import MOST_FACTS
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
    assert services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(13)).code == "ok_again"
    assert Visit.objects.count() == 2


def test_the_database_allows_one_open_visit_per_person() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    with pytest.raises(IntegrityError), transaction.atomic():
        Visit.objects.create(
            operation=operation, volunteer=person, day=date(2026, 7, 18), arrived_at=make.at(10)
        )


def test_leaving_without_having_come_is_said_and_kept() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    assert services.leave(operation, person, by=SYSTEM, at=make.at(15)).code == "not_present"
    kept = Visit.objects.get()
    assert (kept.flags, kept.arrived_at, kept.left_at) == (["no_arrival"], make.at(15), make.at(15))
    assert not Visit.objects.present().exists()


def test_nobody_leaves_before_arriving_even_when_clocks_disagree() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    services.leave(operation, person, by=SYSTEM, at=make.at(8, 59))
    visit = Visit.objects.get()
    assert (visit.arrived_at, visit.left_at) == (make.at(9), None)
    assert [row[0] for row in visit.facts] == ["out", "in"]


def test_a_scan_with_the_wrong_switch_and_then_the_right_one_is_one_arrival() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    services.leave(operation, person, by=SYSTEM, at=make.at(9))
    assert services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9, 1)).code == "ok"
    visit = Visit.objects.present().get()
    assert (visit.arrived_at, visit.flags) == (make.at(9, 1), [])


def test_somebody_who_comes_again_the_next_day_is_let_in_and_yesterday_waits_for_a_person() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    assert services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(33)).code == "ok"
    yesterday, today = Visit.objects.all()
    assert (yesterday.state, today.state) == ("unreturned", "present")
    services.leave(operation, person, by=SYSTEM, at=make.at(15))
    yesterday.refresh_from_db()
    assert (yesterday.state, yesterday.left_at) == ("left", make.at(15))
    assert Visit.objects.present().get() == today


def test_somebody_not_seen_leaving_is_closed_by_a_person_with_a_reason_and_capped_hours() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    visit = Visit.objects.get()
    assert services.mark_unreturned(Visit.objects.all(), by=SYSTEM, at=make.at(24)) == 1
    assert services.mark_unreturned(Visit.objects.all(), by=SYSTEM, at=make.at(24)) == 0
    with pytest.raises(Refused, match=r"visit\.reason_needed"):
        services.close_visit(visit, reason=" ", by=SYSTEM, at=make.at(25))
    closed = services.close_visit(visit, reason="本人に電話した", by=SYSTEM, at=make.at(25))
    assert (closed.state, closed.left_at, closed.closed_reason) == (
        "closed",
        make.at(15, 30),
        "本人に電話した",
    )
    assert sorted(closed.flags) == ["capped", "closed_by_desk"]


def test_the_time_a_person_was_told_is_not_capped_and_must_be_possible() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    visit = Visit.objects.get()
    for hour, code in ((8, "left_before_arriving"), (20, "left_in_future")):
        with pytest.raises(Refused, match=code):
            services.close_visit(visit, reason="電話", left_at=make.at(hour), by=SYSTEM, at=make.at(18))
    closed = services.close_visit(visit, reason="電話", left_at=make.at(14), by=SYSTEM, at=make.at(18))
    assert (closed.left_at, closed.flags) == (make.at(14), ["closed_by_desk"])
    services.leave(operation, person, by=SYSTEM, at=make.at(14, 20))
    closed.refresh_from_db()
    assert (closed.state, closed.left_at) == ("left", make.at(14, 20))


def test_a_stuck_reader_does_not_fill_the_row() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    for second in range(120):
        at = make.at(9) + timedelta(seconds=second)
        services.arrive(operation, person, site=None, by=SYSTEM, at=at)
    assert len(Visit.objects.get().facts) == MOST_FACTS + 1


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


def test_insurance_seen_after_midnight_belongs_to_the_evenings_visit_also_when_told_late() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(23, 20))
    services.leave(operation, person, by=SYSTEM, at=make.at(24, 30))
    services.arrive(operation, person, site=None, by=SYSTEM, at=make.at(24 + 9))
    services.see_insurance(operation, person, evidence="seen_card", by=SYSTEM, at=make.at(24, 10))
    evening, morning = Visit.objects.order_by("arrived_at")
    assert (evening.insurance_seen_at, morning.insurance_seen_at) == (make.at(24, 10), None)


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

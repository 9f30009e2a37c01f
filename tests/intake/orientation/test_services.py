"""The briefing: who heard it is never lost, whatever came to the server first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.sync import merging
from intake.checkin import services as checkin
from intake.checkin.models import Visit
from intake.orientation import codes, services
from intake.orientation.models import Attendance, OrientationSession, Way
from intake.volunteers.models import Volunteer
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def opened(operation: Operation, hour: int = 9, minute: int = 20) -> OrientationSession:
    return services.open_session(
        operation,
        starts_at=make.at(hour, minute),
        place="2階の会議室",
        speaker="菅原",
        by=SYSTEM,
        at=make.at(9),
    )


def arrived(operation: Operation, family: str = "佐藤", minute: int = 0) -> Volunteer:
    person = make.volunteer(operation.center, family)
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9, minute))
    return person


def heard(
    operation: Operation, person: Volunteer, minute: int, session: OrientationSession | None = None
) -> str:
    return services.attend(
        operation, person, session=session, way=Way.TABLET, by=SYSTEM, at=make.at(9, minute)
    ).code


def test_a_scan_at_the_exit_counts_for_the_session_that_runs_and_for_half_an_hour_after_it(
    operation: Operation,
) -> None:
    session = opened(operation)
    first, second, third = arrived(operation), arrived(operation, "鈴木"), arrived(operation, "高橋")
    assert heard(operation, first, 30) == "ok_oriented"
    services.tick(session, said=range(9), by=SYSTEM, at=make.at(9, 35))
    services.end(session, by=SYSTEM, at=make.at(9, 40))
    assert heard(operation, second, 55) == "ok_oriented"
    assert services.attend(
        operation, third, session=None, way=Way.TABLET, by=SYSTEM, at=make.at(10, 11)
    ).changed
    assert {row.volunteer for row in session.attendances.all()} == {first, second}
    assert Visit.objects.filter(oriented_at__isnull=False).count() == 3


def test_a_briefing_recorded_before_the_arrival_is_joined_to_it_later(operation: Operation) -> None:
    session = opened(operation)
    person = make.volunteer(operation.center)
    assert heard(operation, person, 35) == "oriented_before_arrival"
    assert heard(operation, person, 36) == "oriented_before_arrival"
    services.catch_up(at=make.at(9, 40))
    assert Attendance.objects.waiting().get().session == session
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9, 5))
    services.catch_up(at=make.at(9, 41))
    assert Visit.objects.get().oriented_at == make.at(9, 35)
    assert not Attendance.objects.waiting().exists()
    entries = Entry.objects.count()
    services.catch_up(at=make.at(9, 42))
    assert Entry.objects.count() == entries


def test_a_briefing_heard_under_a_registration_merged_since_counts_and_is_taken_back(
    operation: Operation,
) -> None:
    opened(operation)
    person, twin = (
        make.volunteer(operation.center),
        make.volunteer(operation.center, registered_at=make.at(8)),
    )
    assert heard(operation, twin, 35) == "oriented_before_arrival"
    merging.merge(person, twin, by=SYSTEM, at=make.at(9, 37))
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9, 5))
    services.catch_up(at=make.at(9, 40))
    assert Visit.objects.get().oriented_at == make.at(9, 35)
    assert services.take_back(operation, person, heard_at=make.at(9, 35), by=SYSTEM, at=make.at(9, 42))
    assert Visit.objects.get().oriented_at is None
    assert not Attendance.objects.valid().exists()


def test_however_many_wait_for_an_arrival_the_sweeper_asks_once(
    operation: Operation, django_assert_num_queries: Any
) -> None:
    for minute in (35, 36, 37):
        heard(operation, make.volunteer(operation.center), minute)
    assert Attendance.objects.waiting().count() == 3
    with django_assert_num_queries(1):
        services.catch_up(at=make.at(9, 40))


def test_who_has_gone_home_before_the_exit_tablet_was_on_line_still_heard_it(operation: Operation) -> None:
    person = arrived(operation)
    checkin.leave(operation, person, by=SYSTEM, at=make.at(12))
    assert heard(operation, person, 35) == "ok_oriented"
    assert Visit.objects.get().oriented_at == make.at(9, 35)


def test_the_whole_room_is_marked_with_exceptions_by_name_and_can_be_taken_back(operation: Operation) -> None:
    session = opened(operation)
    early, asleep, by_card = arrived(operation), arrived(operation, "鈴木"), arrived(operation, "高橋")
    late = arrived(operation, "田中", minute=25)
    heard(operation, by_card, 30)
    assert [visit.volunteer for visit in services.of_the_room(session)] == [early, asleep]
    assert services.attend_room(session, without=[asleep.pk], by=SYSTEM, at=make.at(9, 40)) == 1
    briefed = set(Visit.objects.filter(oriented_at__isnull=False).values_list("volunteer", flat=True))
    assert briefed == {early.pk, by_card.pk}
    assert services.undo_room(session, by=SYSTEM, at=make.at(9, 41)) == 1
    briefed = set(Visit.objects.filter(oriented_at__isnull=False).values_list("volunteer", flat=True))
    assert briefed == {by_card.pk}
    assert late.pk not in briefed
    services.attend_room(session, without=[], by=SYSTEM, at=make.at(9, 42))
    assert session.attendances.valid().count() == 3


def test_a_session_nobody_ended_is_not_todays(operation: Operation) -> None:
    yesterdays, person = opened(operation), arrived(operation)
    assert heard(operation, person, 40) == "ok_oriented"
    checkin.leave(operation, person, by=SYSTEM, at=make.at(15))
    tomorrow = make.at(24 + 9, 30)
    told = services.attend(operation, person, session=None, way=Way.TABLET, by=SYSTEM, at=tomorrow)
    assert told.code == "oriented_before_arrival"  # the exit's tablet was on-line before the door's
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(24 + 9))
    services.catch_up(at=make.at(24 + 10))
    assert Visit.objects.get(day=make.day(tomorrow)).oriented_at == tomorrow
    assert yesterdays.attendances.valid().count() == 1


def test_a_briefing_that_began_before_midnight_goes_on_after_it(operation: Operation) -> None:
    morning, evening = opened(operation), opened(operation, 23, 30)
    late = make.volunteer(operation.center)
    checkin.arrive(operation, late, site=None, by=SYSTEM, at=make.at(23, 20))
    after = make.at(24, 10)
    told = services.attend(operation, late, session=None, way=Way.TABLET, by=SYSTEM, at=after)
    assert told.code == "ok_oriented"
    assert evening.attendances.valid().get().volunteer == late
    assert codes.opens(evening, codes.code(evening, at=after), at=after)
    assert not codes.opens(morning, codes.code(morning, at=after), at=after)
    assert services.of_the_day(operation, at=after) == [evening]
    night = make.at(24 + 2, 31)
    assert not codes.opens(evening, codes.code(evening, at=night), at=night)
    assert services.of_the_day(operation, at=night) == []
    services.tick(evening, said=range(len(evening.checklist)), by=SYSTEM, at=make.at(24, 15))
    services.end(evening, by=SYSTEM, at=make.at(24, 20))
    assert services.of_the_day(operation, at=make.at(24, 30)) == []


def in_the_night(operation: Operation, person: Volunteer) -> str:
    """What the exit's tablet hears that scanned the card at ten past twelve."""
    at = make.at(24, 10)
    return services.attend(operation, person, session=None, way=Way.TABLET, by=SYSTEM, at=at).code


def briefed(operation: Operation) -> list[bool]:
    """Whether each visit counts as briefed, in the order of arrival."""
    visits = Visit.objects.filter(operation=operation).order_by("arrived_at")
    return [visit.oriented_at is not None for visit in visits]


@pytest.mark.parametrize("has_session", [False, True])
@pytest.mark.parametrize("again", [False, True])
def test_what_was_heard_after_midnight_belongs_to_the_evenings_visit_also_when_told_late(
    operation: Operation, *, has_session: bool, again: bool
) -> None:
    """`again`: they have come again on the next day before the exit's tablet was on-line."""
    if has_session:
        opened(operation, 23, 30)
    person = make.volunteer(operation.center)
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(23, 20))
    checkin.leave(operation, person, by=SYSTEM, at=make.at(24, 30))
    if again:
        checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(24 + 9))
    assert in_the_night(operation, person) == "ok_oriented"
    assert briefed(operation) == [True, False][: 1 + again]


@pytest.mark.parametrize("left", [None, make.at(24, 30)])
def test_what_was_heard_after_midnight_is_joined_to_an_arrival_before_it_that_is_told_later(
    operation: Operation, left: datetime | None
) -> None:
    opened(operation, 23, 30)
    person = make.volunteer(operation.center)
    assert in_the_night(operation, person) == "oriented_before_arrival"
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(23, 20))
    if left:
        checkin.leave(operation, person, by=SYSTEM, at=left)
    services.catch_up(at=make.at(24, 40))
    assert briefed(operation) == [True]
    assert not Attendance.objects.waiting().exists()


def test_who_went_home_before_midnight_did_not_hear_in_that_visit_what_was_heard_after_it(
    operation: Operation,
) -> None:
    person = make.volunteer(operation.center)
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(20))
    checkin.leave(operation, person, by=SYSTEM, at=make.at(23))
    assert in_the_night(operation, person) == "oriented_before_arrival"
    services.catch_up(at=make.at(24, 40))
    assert briefed(operation) == [False]
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(24, 5))
    services.catch_up(at=make.at(24, 50))
    assert briefed(operation) == [False, True]


def test_yesterdays_briefing_told_today_does_not_stand_for_todays(operation: Operation) -> None:
    person = arrived(operation)
    checkin.leave(operation, person, by=SYSTEM, at=make.at(15))
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(24 + 9))
    assert heard(operation, person, 35) == "ok_oriented"
    assert briefed(operation) == [True, False]


def test_who_scanned_the_code_as_well_stays_marked_when_the_room_is_taken_back(operation: Operation) -> None:
    session, phoned, other = opened(operation), arrived(operation), arrived(operation, "鈴木")
    assert services.attend_room(session, without=(), by=SYSTEM, at=make.at(9, 45)) == 2
    services.attend(operation, phoned, session=session, way=Way.PHONE, by=SYSTEM, at=make.at(9, 50))
    assert services.undo_room(session, by=SYSTEM, at=make.at(9, 55)) == 1
    oriented = Visit.objects.filter(oriented_at__isnull=False)
    assert [visit.volunteer for visit in oriented] == [phoned]
    assert [row.volunteer for row in session.attendances.valid()] == [phoned]
    assert other.visits.get().oriented_at is None


def test_a_session_cannot_end_before_the_four_things_were_said(operation: Operation) -> None:
    session = opened(operation)
    services.set_checklist(
        session, others=["長靴の洗い方", "長靴の洗い方", services.MUST[0]], by=SYSTEM, at=make.at(9)
    )
    assert [item["text"] for item in session.checklist] == [*services.MUST, "長靴の洗い方"]
    services.tick(session, said=[0, 1, 2], by=SYSTEM, at=make.at(9, 30))
    with pytest.raises(Refused) as refused:
        services.end(session, by=SYSTEM, at=make.at(9, 40))
    assert "センターに電話" in refused.value.text
    services.tick(session, said=[0, 1, 2, 3], by=SYSTEM, at=make.at(9, 41))
    services.set_checklist(session, others=["駐車場"], by=SYSTEM, at=make.at(9, 42))
    services.end(session, by=SYSTEM, at=make.at(9, 43))
    following = opened(operation, 10)
    assert [item["text"] for item in following.checklist] == [*services.MUST, "駐車場"]
    assert not any(item["done"] for item in following.checklist)


def test_the_code_on_the_screen_is_good_for_two_steps_and_for_its_own_session(operation: Operation) -> None:
    session, other = opened(operation), opened(operation, 10)
    shown = codes.code(session, at=make.at(9, 40))
    assert codes.opens(session, shown, at=make.at(9, 40) + timedelta(seconds=59))
    assert not codes.opens(session, shown, at=make.at(9, 40) + timedelta(seconds=60))
    assert not codes.opens(session, shown, at=make.at(9, 40) - timedelta(seconds=1))
    assert not codes.opens(session, shown, at=make.at(9, 40) + timedelta(days=1))
    assert not codes.opens(other, shown, at=make.at(9, 40))
    assert not codes.opens(session, "𠮷" * 10, at=make.at(9, 40))
    session.ended_at = make.at(9, 40)
    assert not codes.opens(session, shown, at=make.at(9, 40))


def test_two_attendances_at_one_session_are_impossible(operation: Operation) -> None:
    session, person = opened(operation), arrived(operation)
    heard(operation, person, 30)
    with pytest.raises(IntegrityError, match=r"one_attendance_per_session|session_id"), transaction.atomic():
        Attendance.objects.create(
            operation=operation,
            session=session,
            volunteer=person,
            day=make.at(9).date(),
            at=make.at(9),
            way=Way.ROOM,
        )

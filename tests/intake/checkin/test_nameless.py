"""People without names: counted, seen, and never twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dvc.audit.services import SYSTEM, By
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.checkin import groups, nameless
from intake.checkin import services as checkin
from intake.checkin.models import GroupArrival
from intake.volunteers import services as volunteers
from intake.volunteers.models import Group
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def group(operation: Operation) -> Group:
    return volunteers.register_group(operation.center, name="町内会", by=SYSTEM, at=make.at(8))


def _bus(operation: Operation, group: Group, extra: int, *, minute: int = 0, op: str = "a") -> None:
    groups.tell(
        operation, group, "arrive", members=[], extra=extra, site=None, by=By(op=op), at=make.at(9, minute)
    )


def test_nobody_was_counted_and_nothing_is_asked_twice(
    operation: Operation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert nameless.figures(operation, at=make.at(9)) == (0, 0)


def test_two_gates_that_tell_of_the_same_people_count_them_once(operation: Operation, group: Group) -> None:
    _bus(operation, group, 10)
    _bus(operation, group, 10, minute=6, op="b")
    assert nameless.figures(operation, at=make.at(9)) == (10, 10)
    _bus(operation, group, 10, minute=40, op="c")  # another bus
    assert nameless.figures(operation, at=make.at(10)) == (20, 20)


def test_whoever_gets_a_name_later_is_not_counted_again(operation: Operation, group: Group) -> None:
    known = make.volunteer(operation.center, group=group)  # was on the list and came late: none of the ten
    _bus(operation, group, 10)
    newcomer = make.volunteer(operation.center, group=group, registered_at=make.at(9, 20))
    for person in (known, newcomer):
        checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9, 30))
    assert nameless.figures(operation, at=make.at(10)) == (9, 9)
    checkin.leave(operation, newcomer, by=SYSTEM, at=make.at(12))
    checkin.arrive(operation, newcomer, site=None, by=SYSTEM, at=make.at(13))
    assert nameless.figures(operation, at=make.at(13)) == (9, 9)


def test_a_name_is_found_in_any_order_of_telling(operation: Operation, group: Group) -> None:
    newcomer = make.volunteer(operation.center, group=group, registered_at=make.at(9, 20))
    checkin.arrive(operation, newcomer, site=None, by=SYSTEM, at=make.at(9, 30))
    _bus(operation, group, 2)  # the tablet that counted was off-line
    assert nameless.figures(operation, at=make.at(10)) == (1, 1)


def test_who_went_home_with_the_group_is_not_here_any_more(operation: Operation, group: Group) -> None:
    _bus(operation, group, 3)
    groups.tell(operation, group, "leave", members=[], extra=0, site=None, by=SYSTEM, at=make.at(15))
    assert nameless.figures(operation, at=make.at(15)) == (3, 0)
    assert nameless.figures(operation, at=make.at(9) + timedelta(days=1)) == (0, 0)


def test_a_leaving_told_in_any_order_takes_home_who_came_before_it(
    operation: Operation, group: Group
) -> None:
    def leave(hour: int, op: str) -> None:
        groups.tell(operation, group, "leave", members=[], extra=0, site=None, by=By(op=op), at=make.at(hour))

    told: list[Callable[[], None]] = [
        lambda: _bus(operation, group, 3, op="came"),
        lambda: leave(12, "went"),
        lambda: _bus(operation, group, 4, minute=300, op="again"),
        lambda: leave(16, "home"),
    ]
    for order in itertools.permutations(told):
        GroupArrival.objects.all().delete()
        for tell in order:
            tell()
        assert nameless.figures(operation, at=make.at(16)) == (7, 0)
        [counted] = nameless.of_the_day(operation, day=timezone.localdate(make.at(9)))
        assert [row.left_at for row in counted.arrivals] == [make.at(12), make.at(16)]
        for op, here in (("went", 0), ("home", 7)):
            groups.take_back(operation, group, [], op=op, near=make.at(16), by=SYSTEM, at=make.at(16))
            assert nameless.figures(operation, at=make.at(16)) == (7, here)


def test_a_leaving_takes_home_nobody_of_another_group_and_counts_for_nobody(
    operation: Operation, group: Group
) -> None:
    other = volunteers.register_group(operation.center, name="生徒会", by=SYSTEM, at=make.at(8))
    groups.tell(operation, other, "leave", members=[], extra=0, site=None, by=By(op="x"), at=make.at(16))
    _bus(operation, group, 3)
    nameless.count(operation, heads=2, by=SYSTEM, at=make.at(17), came_at=make.at(9))
    assert nameless.figures(operation, at=make.at(17)) == (5, 5)
    assert {each.group for each in nameless.of_the_day(operation, day=make.at(9).date())} == {group, None}
    late = nameless.count(operation, heads=4, group=other, by=SYSTEM, at=make.at(17), came_at=make.at(10))
    assert late.extra == 4  # counted on paper before the group went home
    assert nameless.figures(operation, at=make.at(17)) == (9, 5)


def test_people_of_no_group_are_counted_corrected_and_go_home(operation: Operation) -> None:
    row = nameless.count(operation, heads=7, by=SYSTEM, at=make.at(11), came_at=make.at(9, 40))
    assert (row.day, row.arrived_at) == (timezone.localdate(make.at(9)), make.at(9, 40))
    nameless.correct(row, heads=5, by=SYSTEM, at=make.at(11))
    assert nameless.figures(operation, at=make.at(11)) == (5, 5)
    nameless.went_home(row, by=SYSTEM, at=make.at(15))
    nameless.went_home(row, by=SYSTEM, at=make.at(16))
    assert GroupArrival.objects.get().left_at == make.at(15)
    row.refresh_from_db()
    nameless.correct(row, heads=0, by=SYSTEM, at=make.at(16))
    assert nameless.figures(operation, at=make.at(16)) == (0, 0)


def test_impossible_counts_are_refused(operation: Operation) -> None:
    for heads, came, code in (
        (0, 9, "nameless.count"),
        (1000, 9, "nameless.count"),
        (5, 12, "nameless.future"),
    ):
        with pytest.raises(Refused) as refusal:
            nameless.count(operation, heads=heads, by=SYSTEM, at=make.at(11), came_at=make.at(came))
        assert refusal.value.code == code

"""People without names: counted, seen, and never twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, By
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.checkin import groups, headcounts, nameless
from intake.checkin import services as checkin
from intake.checkin.models import GroupArrival
from intake.checkin.stays import LONGEST_STAY
from intake.volunteers import groups as lists
from intake.volunteers import services as volunteers
from intake.volunteers.models import Group, Volunteer
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def group(operation: Operation) -> Group:
    return volunteers.register_group(operation.center, name="町内会", by=SYSTEM, at=make.at(8))


def _figures(operation: Operation, *, at: datetime) -> tuple[int, int]:
    """(came today, here)"""
    found = nameless.figures(operation, at=at)
    return found.came, found.here


def _bus(operation: Operation, group: Group, extra: int, *, minute: int = 0, op: str = "a") -> None:
    groups.tell(
        operation, group, "arrive", members=[], extra=extra, site=None, by=By(op=op), at=make.at(9, minute)
    )


def test_nobody_was_counted_and_nothing_is_asked_twice(
    operation: Operation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert _figures(operation, at=make.at(9)) == (0, 0)


def test_two_gates_that_tell_of_the_same_people_count_them_once(operation: Operation, group: Group) -> None:
    _bus(operation, group, 10)
    _bus(operation, group, 10, minute=6, op="b")
    assert _figures(operation, at=make.at(9)) == (10, 10)
    _bus(operation, group, 10, minute=40, op="c")  # another bus
    assert _figures(operation, at=make.at(10)) == (20, 20)


def test_whoever_gets_a_name_later_is_not_counted_again(operation: Operation, group: Group) -> None:
    known = make.volunteer(operation.center, group=group)  # was on the list and came late: none of the ten
    _bus(operation, group, 10)
    newcomer = make.volunteer(operation.center, group=group, registered_at=make.at(9, 20))
    for person in (known, newcomer):
        checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9, 30))
    assert _figures(operation, at=make.at(10)) == (9, 9)
    checkin.leave(operation, newcomer, by=SYSTEM, at=make.at(12))
    checkin.arrive(operation, newcomer, site=None, by=SYSTEM, at=make.at(13))
    assert _figures(operation, at=make.at(13)) == (9, 9)


def test_a_name_is_found_in_any_order_of_telling(operation: Operation, group: Group) -> None:
    newcomer = make.volunteer(operation.center, group=group, registered_at=make.at(9, 20))
    checkin.arrive(operation, newcomer, site=None, by=SYSTEM, at=make.at(9, 30))
    _bus(operation, group, 2)  # the tablet that counted was off-line
    assert _figures(operation, at=make.at(10)) == (1, 1)


def test_who_went_home_with_the_group_is_not_here_any_more(operation: Operation, group: Group) -> None:
    _bus(operation, group, 3)
    groups.tell(operation, group, "leave", members=[], extra=0, site=None, by=SYSTEM, at=make.at(15))
    assert _figures(operation, at=make.at(15)) == (3, 0)
    assert _figures(operation, at=make.at(9) + timedelta(days=1)) == (0, 0)


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
        assert _figures(operation, at=make.at(16)) == (7, 0)
        [counted] = nameless.counted(operation, at=make.at(16))
        assert [count.left_at for count in counted.counts] == [make.at(12), make.at(16)]
        for op, here in (("went", 0), ("home", 7)):
            groups.take_back(operation, group, [], op=op, near=make.at(16), by=SYSTEM, at=make.at(16))
            assert _figures(operation, at=make.at(16)) == (7, here)


def test_a_leaving_takes_home_nobody_of_another_group_and_counts_for_nobody(
    operation: Operation, group: Group
) -> None:
    other = volunteers.register_group(operation.center, name="生徒会", by=SYSTEM, at=make.at(8))
    groups.tell(operation, other, "leave", members=[], extra=0, site=None, by=By(op="x"), at=make.at(16))
    _bus(operation, group, 3)
    headcounts.count(operation, heads=2, by=SYSTEM, at=make.at(17), came_at=make.at(9))
    assert _figures(operation, at=make.at(17)) == (5, 5)
    assert {each.group for each in nameless.counted(operation, at=make.at(17))} == {group, None}
    late = headcounts.count(operation, heads=4, group=other, by=SYSTEM, at=make.at(17), came_at=make.at(10))
    assert late.extra == 4  # counted on paper before the group went home
    assert _figures(operation, at=make.at(17)) == (9, 5)


def test_people_of_no_group_are_counted_corrected_and_go_home(operation: Operation) -> None:
    row = headcounts.count(operation, heads=7, by=SYSTEM, at=make.at(11), came_at=make.at(9, 40))
    assert (row.day, row.arrived_at) == (timezone.localdate(make.at(9)), make.at(9, 40))
    headcounts.correct(row, heads=5, by=SYSTEM, at=make.at(11))
    assert _figures(operation, at=make.at(11)) == (5, 5)
    headcounts.went_home(row, by=SYSTEM, at=make.at(15))
    headcounts.went_home(row, by=SYSTEM, at=make.at(16))
    [counted] = nameless.counted(operation, at=make.at(16))
    assert [count.left_at for count in counted.counts] == [make.at(15)]
    headcounts.correct(row, heads=0, by=SYSTEM, at=make.at(16))
    assert _figures(operation, at=make.at(16)) == (0, 0)


def test_impossible_counts_are_refused(operation: Operation) -> None:
    for heads, came, code in (
        (0, 9, "nameless.count"),
        (1000, 9, "nameless.count"),
        (5, 12, "nameless.future"),
    ):
        with pytest.raises(Refused) as refusal:
            headcounts.count(operation, heads=heads, by=SYSTEM, at=make.at(11), came_at=make.at(came))
        assert refusal.value.code == code


def _leave(operation: Operation, group: Group, at: datetime, op: str = "home") -> None:
    groups.tell(operation, group, "leave", members=[], extra=0, site=None, by=By(op=op), at=at)


NIGHT = timedelta(hours=16)  # from nine in the morning to one at night


def test_whoever_came_before_midnight_is_here_until_somebody_says_that_they_went(
    operation: Operation, group: Group
) -> None:
    _bus(operation, group, 10)
    alone = headcounts.count(operation, heads=2, by=SYSTEM, at=make.at(9), came_at=make.at(9))
    for days in (1, 2, 30):
        found = nameless.figures(operation, at=make.at(9) + timedelta(days=days))
        assert (found.came, found.here, found.earlier) == (0, 12, 12)
    tomorrow = make.at(9) + timedelta(days=1)
    groups.tell(operation, group, "arrive", members=[], extra=3, site=None, by=By(op="b"), at=tomorrow)
    assert _figures(operation, at=tomorrow) == (3, 15)
    headcounts.went_home(alone, by=SYSTEM, at=tomorrow)
    assert _figures(operation, at=tomorrow) == (3, 13)
    yesterday, _, today = nameless.counted(operation, at=tomorrow)
    headcounts.went_home(yesterday.counts[0].row, by=SYSTEM, at=tomorrow)
    assert _figures(operation, at=tomorrow) == (3, 3)
    # A leaving that was recorded by mistake is in sight for as long as the day lasts.
    *gone, still = nameless.counted(operation, at=tomorrow)
    assert ([each.here for each in gone], still) == ([0, 0], today)
    assert nameless.counted(operation, at=tomorrow + timedelta(days=1))[:-1] == []
    for each in gone:
        assert headcounts.come_back(each.counts[0].row, by=SYSTEM, at=tomorrow) == each.told
    assert _figures(operation, at=tomorrow) == (3, 15)


def test_two_gates_that_saw_the_same_people_are_asked_about_once_after_midnight(
    operation: Operation, group: Group
) -> None:
    late = make.at(23, 57)
    for minutes, op in ((0, "a"), (6, "b")):
        groups.tell(
            operation, group, "arrive", members=[], extra=10, site=None, by=By(op=op),
            at=late + timedelta(minutes=minutes),
        )  # fmt: skip
    for at in (late + timedelta(hours=1), late + timedelta(days=2)):
        assert nameless.figures(operation, at=at).here == 10
    [counted] = nameless.counted(operation, at=late + timedelta(days=2))
    headcounts.went_home(counted.counts[0].row, by=SYSTEM, at=late + timedelta(days=2))
    for at in (late + timedelta(hours=1), late + timedelta(days=2)):
        assert nameless.figures(operation, at=at).here == 0


def test_a_group_that_leaves_after_midnight_takes_its_people_home(operation: Operation, group: Group) -> None:
    _bus(operation, group, 3)
    _leave(operation, group, make.at(9) + NIGHT)
    assert _figures(operation, at=make.at(9) + NIGHT) == (0, 0)
    headcounts.take_back(operation, op="home", at=make.at(9) + NIGHT)
    assert _figures(operation, at=make.at(9) + NIGHT) == (0, 3)
    _leave(operation, group, make.at(9) + LONGEST_STAY)
    assert _figures(operation, at=make.at(9) + LONGEST_STAY) == (0, 0)


def test_a_leaving_long_afterwards_is_that_of_others(operation: Operation, group: Group) -> None:
    _bus(operation, group, 3)
    too_late = make.at(9, 1) + LONGEST_STAY
    _leave(operation, group, too_late)
    assert _figures(operation, at=too_late) == (0, 3)


def test_members_who_came_before_midnight_are_here_when_the_group_leaves(
    operation: Operation, group: Group
) -> None:
    early, late = (make.volunteer(operation.center, group=group) for _ in range(2))
    checkin.arrive(operation, early, site=None, by=SYSTEM, at=make.at(22))
    checkin.arrive(operation, late, site=None, by=SYSTEM, at=make.at(24, 10))
    known = groups.today(operation, [early.pk, late.pk], at=make.at(25))
    assert known == {early.pk: "here", late.pk: "here"}
    assert groups.today(operation, [early.pk, late.pk], at=make.at(22) + timedelta(days=2)) == {}


def test_somebody_who_gets_a_name_after_midnight_is_not_counted_again(
    operation: Operation, group: Group
) -> None:
    groups.tell(operation, group, "arrive", members=[], extra=5, site=None, by=By(op="a"), at=make.at(22))
    newcomer = make.volunteer(operation.center, group=group, registered_at=make.at(24, 20))
    checkin.arrive(operation, newcomer, site=None, by=SYSTEM, at=make.at(24, 30))
    assert nameless.figures(operation, at=make.at(25)).here == 4
    _leave(operation, group, make.at(26))
    again = make.at(32)
    groups.tell(operation, group, "arrive", members=[], extra=5, site=None, by=By(op="b"), at=again)
    other = make.volunteer(operation.center, group=group, registered_at=again)
    checkin.arrive(operation, other, site=None, by=SYSTEM, at=make.at(33))
    assert _figures(operation, at=make.at(33)) == (4, 4)


def test_what_the_gate_told_is_never_rewritten(operation: Operation, group: Group) -> None:
    _bus(operation, group, 10)
    _bus(operation, group, 10, minute=6, op="b")  # saw the same people
    _bus(operation, group, 4, minute=40, op="c")
    rows = GroupArrival.objects.order_by("pk")
    before = list(rows.values())
    first, other, bus = rows
    headcounts.correct(first, heads=8, by=SYSTEM, at=make.at(11))
    headcounts.correct(other, heads=9, by=SYSTEM, at=make.at(12))
    headcounts.went_home(bus, by=SYSTEM, at=make.at(13))
    headcounts.come_back(bus, by=SYSTEM, at=make.at(13, 5))
    assert list(rows.values()[:3]) == before
    assert _figures(operation, at=make.at(13, 5)) == (13, 13)
    headcounts.correct(first, heads=0, by=SYSTEM, at=make.at(14))
    assert _figures(operation, at=make.at(14)) == (4, 4)
    assert _figures(operation, at=make.at(14) + timedelta(days=1)) == (0, 4)
    headcounts.correct(first, heads=10, by=SYSTEM, at=make.at(14))  # that was a mistake
    assert _figures(operation, at=make.at(14) + timedelta(days=1)) == (0, 14)
    assert list(rows.values()[:3]) == before
    entries = Entry.objects.filter(action="nameless.corrected").order_by("pk")
    told = [(entry.details["before"], entry.details["heads"]) for entry in entries]
    assert told == [(10, 8), (8, 9), (9, 0), (0, 10)]


def test_a_leaving_is_taken_back_whenever_it_is_noticed_and_whoever_told_it(
    operation: Operation, group: Group
) -> None:
    row = headcounts.count(operation, heads=7, by=SYSTEM, at=make.at(9), came_at=make.at(9))
    assert headcounts.went_home(row, by=SYSTEM, at=make.at(15)) == 7
    assert headcounts.come_back(row, by=SYSTEM, at=make.at(15, 20)) == 7
    assert headcounts.come_back(row, by=SYSTEM, at=make.at(15, 20)) == 0
    assert _figures(operation, at=make.at(15, 20)) == (7, 7)  # nobody is told to count them again
    _bus(operation, group, 3)
    _leave(operation, group, make.at(15, 40), op="tablet")
    bus = GroupArrival.objects.get(extra=3)
    assert _figures(operation, at=make.at(16)) == (10, 7)
    assert headcounts.come_back(bus, by=SYSTEM, at=make.at(16)) == 3
    assert _figures(operation, at=make.at(16)) == (10, 10)
    assert not groups.take_back(
        operation, group, [], op="tablet", near=make.at(15, 40), by=SYSTEM, at=make.at(16)
    )
    assert Entry.objects.filter(action="nameless.came_back").count() == 2


def test_what_the_desk_decided_stands_when_the_gate_it_was_said_of_takes_its_count_back(
    operation: Operation, group: Group
) -> None:
    _bus(operation, group, 12)
    _bus(operation, group, 12, minute=6, op="b")  # saw the same people
    first = GroupArrival.objects.order_by("pk")[0]
    headcounts.correct(first, heads=9, by=SYSTEM, at=make.at(11))
    headcounts.went_home(first, by=SYSTEM, at=make.at(15))
    assert headcounts.take_back(operation, op="a", at=make.at(15, 10))
    assert _figures(operation, at=make.at(16)) == (9, 0)
    assert _figures(operation, at=make.at(16) + timedelta(days=1)) == (0, 0)
    [counted] = nameless.counted(operation, at=make.at(16))
    [count] = counted.counts
    assert (count.row.op, count.heads, count.left_at) == ("b", 9, make.at(15))
    assert headcounts.come_back(count.row, by=SYSTEM, at=make.at(17)) == 9
    assert _figures(operation, at=make.at(17)) == (9, 9)
    assert _figures(operation, at=make.at(17) + timedelta(days=1)) == (0, 9)
    assert headcounts.take_back(operation, op="b", at=make.at(17, 10))
    assert _figures(operation, at=make.at(18)) == (0, 0)


def test_who_is_put_on_the_list_after_the_count_is_not_counted_again(
    operation: Operation, group: Group
) -> None:
    known, late, alone = (make.volunteer(operation.center) for _ in range(3))  # registered long ago
    lists.add(group, late, by=SYSTEM, at=make.at(8))  # on the list: none of the ten
    checkin.arrive(operation, alone, site=None, by=SYSTEM, at=make.at(8, 30))  # was here before they came
    _bus(operation, group, 10)
    for person in (known, alone):
        lists.add(group, person, by=SYSTEM, at=make.at(9, 30))
    assert _figures(operation, at=make.at(9, 40)) == (10, 10)  # named, and nobody has received them yet
    for person in (known, late):
        checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9, 50))
    assert _figures(operation, at=make.at(10)) == (9, 9)
    lists.take_off(group, known, by=SYSTEM, at=make.at(11))
    assert _figures(operation, at=make.at(11)) == (10, 10)


def test_a_corrected_name_leaves_alone_when_somebody_was_put_on_the_list(
    operation: Operation, group: Group
) -> None:
    person = make.volunteer(operation.center)
    read_before = Volunteer.objects.get(pk=person.pk)
    _bus(operation, group, 10)
    lists.add(group, person, by=SYSTEM, at=make.at(9, 30))
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9, 40))
    assert _figures(operation, at=make.at(10)) == (9, 9)
    volunteers.correct(read_before, phone="090-1111-2222", by=SYSTEM, at=make.at(10))
    assert _figures(operation, at=make.at(10)) == (9, 9)


def test_whoever_came_with_the_count_is_none_of_the_nameless_however_the_list_changes(
    operation: Operation, group: Group
) -> None:
    member = make.volunteer(operation.center, group=group)
    groups.tell(
        operation, group, "arrive", members=[member.pk], extra=10, site=None, by=By(op="a"), at=make.at(9)
    )
    lists.take_off(group, member, by=SYSTEM, at=make.at(10))
    lists.add(group, member, by=SYSTEM, at=make.at(10))
    assert _figures(operation, at=make.at(11)) == (10, 10)


def test_a_groups_leaving_told_at_the_desk_is_taken_back_for_everybody_it_took_home(
    operation: Operation, group: Group
) -> None:
    _bus(operation, group, 10)
    _bus(operation, group, 4, minute=40, op="b")
    told = groups.tell(operation, group, "leave", members=[], extra=0, site=None, by=SYSTEM, at=make.at(15))
    assert (told.nameless, _figures(operation, at=make.at(15))) == (14, (14, 0))
    bus = GroupArrival.objects.get(extra=4)
    assert headcounts.come_back(bus, by=SYSTEM, at=make.at(15, 10)) == 14
    assert _figures(operation, at=make.at(15, 10)) == (14, 14)

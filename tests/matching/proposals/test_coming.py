"""明日も来られる人: who said so finds a place in tomorrow's plan, and the chief reads how many will come."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from intake.checkin import services as checkin
from intake.help_requests.models import Need, WorkState
from intake.volunteers.models import Group, Volunteer
from matching.dispatch import coming
from matching.dispatch import services as dispatching
from matching.queue import services as queue
from matching.queue.models import Lock
from matching.queue.queries import waiting
from matching.teams import services as teams
from tests import make
from tests.matching.dispatch import scene
from tests.matching.proposals.morning import answer, people
from tests.matching.proposals.test_decided import offers
from tests.matching.proposals.test_pages import NOW, signed_in, text, url

pytestmark = pytest.mark.django_db
TOMORROW = make.day(NOW) + timedelta(days=1)


@pytest.fixture
def operation() -> Operation:
    drill = make.operation(mode=Mode.DRILL, name="訓練")
    operations.edit_operation(drill, max_visits=1, by=SYSTEM, at=NOW)
    return operations.set_clock(drill, reading=NOW, speed=0, by=SYSTEM, at=NOW)


@pytest.fixture
def client(operation: Operation) -> Client:
    return signed_in(operation, Role.MATCHING)


def back(operation: Operation, *, heads: int = 3, goes_on: bool = True) -> tuple[Need, list[Volunteer]]:
    """A team that was at a need, all of whom say that they come tomorrow."""
    crew = [scene.present(operation, make.volunteer(operation.center, f"人{one}")) for one in range(heads)]
    dispatch = scene.assigned(operation, *crew)
    dispatching.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=make.at(10), due_back_at=make.at(12))
    teams.say_coming(dispatch.team, crew, day=TOMORROW, by=SYSTEM, at=make.at(12))
    outcome, rest = ("continuing", "床下の泥") if goes_on else ("completed", "")
    dispatching.report(dispatch, outcome=outcome, remaining=rest, people=heads, by=SYSTEM, at=make.at(12))
    dispatching.come_back(dispatch, by=SYSTEM, at=make.at(12))
    for person in crew:
        checkin.leave(operation, person, by=SYSTEM, at=make.at(13))
    return Need.objects.get(pk=dispatch.need_id), crew


@pytest.mark.database
def test_who_comes_again_goes_on_where_work_is_left(operation: Operation, client: Client) -> None:
    need, crew = back(operation)
    page = text(client, url("day_before", operation))
    assert f"来る見込みは{len(crew)}人です" in page
    assert "まだ作業が残っています" in page
    assert (
        f'name="number" list="needs" inputmode="numeric" maxlength="8" required value="{need.number}"' in page
    )
    sent = {
        "coming": "1",
        "day": str(TOMORROW),
        "number": need.number,
        "m": [person.pk for person in crew[:2]],
    }
    done = client.post(url("day_before", operation), sent, follow=True).content.decode()
    assert f"2人の行き先をN{need.number}に決めました。" in done
    assert set(Lock.objects.values_list("volunteer", "day")) == {(one.pk, TOMORROW) for one in crew[:2]}
    assert done.count(f"N{need.number}に決定") == 2
    assert f'name="m" value="{crew[2].pk}"' in done, "who has no destination yet can still be given one"
    printed = text(client, f"{url('day_before_list', operation)}?day={TOMORROW}")
    assert all(person.name in printed for person in crew[:2])
    # The next morning it is no trouble that they are not there yet; they come, and are proposed for it with whoever else it takes.
    morning = make.at(9) + timedelta(days=1)
    early = answer(operation, at=morning)
    assert early.plan is not None
    assert early.plan["notes"] == []
    assert text(client, url("matching_hand", operation)).count("まだ受付していません。") == 0, (
        "that is for tomorrow"
    )
    for person in crew[:2]:
        scene.present(operation, person, at=morning)
    answer(operation, at=morning)
    assert offers(operation)[need.pk] >= {person.pk for person in crew[:2]}


def test_nobody_is_placed_who_did_not_say_so_or_not_at_all(operation: Operation, client: Client) -> None:
    need, _ = back(operation)
    (stranger,) = people(operation, 1)
    for ticked, number, said in (
        ([stranger.pk], need.number, "1人以上"),
        ([], need.number, "1人以上"),
        ([stranger.pk], 99999, "N99999は"),
    ):
        sent = {"coming": "1", "day": str(TOMORROW), "number": number, "m": ticked}
        refused = client.post(url("day_before", operation), sent)
        assert refused.status_code == 409
        assert said in refused.content.decode()
    assert not Lock.objects.exists()


def test_a_house_that_is_done_is_not_filled_in(operation: Operation, client: Client) -> None:
    need, _ = back(operation, goes_on=False)
    page = text(client, url("day_before", operation))
    assert f"さいごに行ったお宅：N{need.number}" in page
    assert f'value="{need.number}"' not in page
    assert "まだ作業が残っています" not in page


def test_each_person_is_counted_once(operation: Operation) -> None:
    need, crew = back(operation)
    club = Group.objects.create(center=operation.center, name="青年部", created_at=NOW)
    for _ in range(4):
        make.volunteer(operation.center, "部員", group=club)
    Volunteer.objects.filter(pk=crew[0].pk).update(group=club)
    queue.lock(need, club, reason="バス", by=SYSTEM, at=NOW, day=TOMORROW)
    queue.lock(need, crew[1], reason="続き", by=SYSTEM, at=NOW, day=TOMORROW)
    gone = crew[2]
    Volunteer.objects.filter(pk=gone.pk).update(withdrawn_at=NOW)
    found = coming.expected(operation, waiting(operation, at=NOW), day=TOMORROW)
    # Two of the crew are left; one of them is of the club, the other has a destination of their own.
    assert (found.said, found.others, found.people) == (2, 4, 6)
    assert (found.needs, found.wanted) == (1, need.items.get(state=WorkState.OPEN).people_ideal)
    (team,) = coming.coming_teams(operation, day=TOMORROW)
    assert {one.person.pk: one.lock.group if one.lock else None for one in team.people} == {
        crew[0].pk: club, crew[1].pk: None,
    }  # fmt: skip
    assert not team.open


def test_two_registrations_of_one_person_are_one(operation: Operation) -> None:
    _, crew = back(operation)
    Volunteer.objects.filter(pk=crew[2].pk).update(merged_into=crew[1])
    assert coming.expected(operation, waiting(operation, at=NOW), day=TOMORROW).said == 2
    (team,) = coming.coming_teams(operation, day=TOMORROW)
    assert [one.person.pk for one in team.people] == [crew[0].pk, crew[1].pk]


def test_the_chief_reads_in_the_evening_how_many_will_come(operation: Operation) -> None:
    chief = signed_in(operation, Role.CHIEF)
    address = reverse("evening", args=[operation.pk])
    assert "「明日も来られる」と聞いた人は、まだいません" in chief.get(address).content.decode()
    _, crew = back(operation)
    page = chief.get(address).content.decode()
    assert f"来る見込みは{len(crew)}人です" in page
    assert all(person.name in page for person in crew)
    assert f"{reverse('day_before', args=[operation.pk])}?day={TOMORROW}" in page


@pytest.mark.parametrize("many", [1, 6])
def test_it_costs_the_same_for_many_teams(
    operation: Operation, many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(many):
        back(operation)
    with django_assert_num_queries(3):
        assert len(coming.coming_teams(operation, day=TOMORROW)) == many
    queue_now = waiting(operation, at=NOW)
    with django_assert_num_queries(3):
        assert coming.expected(operation, queue_now, day=TOMORROW).said == 3 * many

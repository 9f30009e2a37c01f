"""Teams: who may be in one, and who gets a person two coordinators want."""

from __future__ import annotations

from datetime import date

import pytest

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.checkin import services as checkin
from intake.volunteers.models import VehicleKind, Volunteer
from matching.dispatch import services as dispatches
from matching.equipment import services as equipment
from matching.equipment.models import Vehicle
from matching.teams import services as teams
from matching.teams.models import Member, Ride, Team, TeamState
from matching.teams.queries import vehicles_here
from matching.teams.rides import Drive
from matching.trips import services as trips
from tests import make
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def present(operation: Operation, family: str, **fields: object) -> Volunteer:
    person = make.volunteer(operation.center, family, **fields)  # type: ignore[arg-type]
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    return person


def form(operation: Operation, *people: Volunteer, **more: object) -> Team:
    values: dict[str, object] = {
        "leader": people[0],
        "mode": "walk",
        "by": SYSTEM,
        "at": make.at(9, 30),
        **more,
    }
    return teams.form(operation, volunteers=people, **values)  # type: ignore[arg-type]


def refusal(error: pytest.ExceptionInfo[Refused]) -> str:
    return error.value.code


def test_teams_are_counted_up_inside_their_operation(operation: Operation) -> None:
    other = make.operation(operation.center, name="8月豪雨")
    first = form(operation, present(operation, "一"))
    second = form(operation, present(operation, "二"))
    elsewhere = form(other, present(other, "三"))
    assert [first.number, second.number, elsewhere.number] == [1, 2, 1]
    assert Entry.objects.of_operation(operation.pk).filter(action="team.formed").count() == 2


def test_a_person_in_a_live_team_is_taken_and_the_sentence_says_who(operation: Operation) -> None:
    wanted = present(operation, "髙﨑")
    form(operation, wanted)
    with pytest.raises(Refused) as error:
        form(operation, present(operation, "二"), wanted)
    assert refusal(error) == "team.person_taken"
    assert "髙﨑 花子さん" in error.value.text
    assert Team.objects.count() == 1


def test_the_database_itself_keeps_a_person_out_of_a_second_team(operation: Operation) -> None:
    from django.db import IntegrityError, transaction

    wanted = present(operation, "一")
    form(operation, wanted)
    second = form(operation, present(operation, "二"))
    visit = Member.objects.get(volunteer=wanted).visit
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.create(team=second, volunteer=wanted, visit=visit, joined_at=make.at(10))


def test_who_has_left_or_never_came_joins_no_team(operation: Operation) -> None:
    here, gone = present(operation, "一"), present(operation, "二")
    checkin.leave(operation, gone, by=SYSTEM, at=make.at(9, 20))
    for absent in (gone, make.volunteer(operation.center, "三")):
        with pytest.raises(Refused) as error:
            form(operation, here, absent)
        assert refusal(error) == "team.person_left"


def test_who_did_not_come_back_with_a_team_or_drives_a_run_joins_no_other(operation: Operation) -> None:
    dispatch = scene.out(operation)
    missing, here = teams.people_of(dispatch.team)
    dispatches.come_back(
        dispatch, not_here=[missing.pk], not_here_said="先に家に帰った", by=SYSTEM, at=scene.ONE
    )
    driver = present(operation, "佐々木", skills=["driver"])
    wagon = equipment.add_vehicle(
        operation, site=operation.center.sites.get(), name="ワゴン", kind=VehicleKind.CAR, seats=8, by=SYSTEM,
        at=scene.ONE,
    )  # fmt: skip
    run = trips.plan_run(
        wagon, stops=["町前"], planned_at=make.at(14), driver=driver, by=SYSTEM, at=scene.ONE
    )
    trips.leave(run, by=SYSTEM, at=make.at(14))
    for person, code in ((missing, "team.person_away"), (driver, "team.person_on_run")):
        with pytest.raises(Refused) as refused:
            form(operation, here, person, at=make.at(14))
        assert refused.value.code == code
        assert person.name in refused.value.text
    teams.is_here_after_all(Member.objects.get(volunteer=missing), by=SYSTEM, at=make.at(14))
    trips.come_back(run, by=SYSTEM, at=make.at(14))
    assert len(teams.people_of(form(operation, here, missing, driver, at=make.at(14)))) == 3


def test_a_minor_leads_nobody_and_goes_only_with_the_guardian(operation: Operation) -> None:
    mother = present(operation, "母")
    child = present(operation, "子", birth_date=date(2012, 5, 4), guardian=mother, guardian_consent=True)
    stranger = present(operation, "他人")
    with pytest.raises(Refused) as alone:
        form(operation, stranger, child)
    with pytest.raises(Refused) as leading:
        form(operation, child, mother)
    assert (refusal(alone), refusal(leading)) == ("team.minor_without_guardian", "team.leader_minor")
    team = form(operation, mother, child)
    with pytest.raises(Refused) as left_behind:
        teams.remove_member(team, mother, by=SYSTEM, at=make.at(10))
    assert refusal(left_behind) == "team.leader_leaving"


def test_a_guardian_does_not_leave_the_child_alone_in_the_team(operation: Operation) -> None:
    leader, mother = present(operation, "長"), present(operation, "母")
    child = present(operation, "子", birth_date=date(2012, 5, 4), guardian=mother)
    team = form(operation, leader, mother, child)
    with pytest.raises(Refused) as error:
        teams.remove_member(team, mother, by=SYSTEM, at=make.at(10))
    assert refusal(error) == "team.minor_without_guardian"


def test_a_vehicle_of_the_center_needs_a_driver_and_serves_one_team(operation: Operation) -> None:
    site = operation.center.sites.get()
    truck = Vehicle.objects.create(
        operation=operation, site=site, name="軽トラ1号", kind="kei_truck", seats=2
    )
    driver, walker = present(operation, "一", skills=["driver"]), present(operation, "二")
    with pytest.raises(Refused) as nobody:
        form(operation, driver, walker, rides=[Drive(truck, None)])
    with pytest.raises(Refused) as unlicensed:
        form(operation, driver, walker, rides=[Drive(truck, walker)])
    assert (refusal(nobody), refusal(unlicensed)) == ("team.driver_needed", "team.driver_not_allowed")
    form(operation, driver, walker, rides=[Drive(truck, driver)])
    other = present(operation, "三", skills=["driver"])
    with pytest.raises(Refused) as taken:
        form(operation, other, rides=[Drive(truck, other)])
    assert refusal(taken) == "team.vehicle_taken"
    assert "軽トラ1号" in taken.value.text


def vans(operation: Operation, count: int) -> list[Vehicle]:
    site = operation.center.sites.get()
    return [
        Vehicle.objects.create(operation=operation, site=site, name=f"ワゴン{number}号", kind="van", seats=8)
        for number in range(1, count + 1)
    ]


def test_a_team_goes_in_several_cars_and_says_who_drives_which(operation: Operation) -> None:
    first, second = vans(operation, 2)
    one, two = present(operation, "佐藤", skills=["driver"]), present(operation, "鈴木", skills=["driver"])
    owner = present(operation, "高橋", vehicle="kei_truck")
    rides = [Drive(first, one), Drive(second, two), Drive(None, owner)]
    team = form(operation, one, two, owner, rides=rides)
    assert team.drives == rides
    assert team.cars == "ワゴン1号（運転 佐藤 花子）、ワゴン2号（運転 鈴木 花子）、高橋 花子さんの軽トラック"
    assert not vehicles_here(operation).exists()
    teams.release(team, by=SYSTEM, at=make.at(14))
    assert list(vehicles_here(operation)) == [first, second]
    assert team.cars, "the day's record still says what they went in"


def test_nobody_drives_two_cars_and_no_car_goes_twice(operation: Operation) -> None:
    first, second = vans(operation, 2)
    one, two = (
        present(operation, "一", skills=["driver"], vehicle="car"),
        present(operation, "二", skills=["driver"]),
    )
    for rides, code in (
        ([Drive(first, one), Drive(second, one)], "team.driver_of_two"),
        ([Drive(first, one), Drive(None, one)], "team.driver_of_two"),
        ([Drive(first, one), Drive(first, two)], "team.vehicle_twice"),
        ([Drive(None, two)], "team.driver_not_allowed"),
    ):
        with pytest.raises(Refused) as error:
            form(operation, one, two, rides=rides)
        assert refusal(error) == code
    assert not Team.objects.exists()


def test_a_team_that_wants_one_taken_vehicle_of_two_gets_neither(operation: Operation) -> None:
    first, second = vans(operation, 2)
    people = [present(operation, name, skills=["driver"]) for name in "一二三"]
    form(operation, people[0], rides=[Drive(second, people[0])])
    with pytest.raises(Refused) as error:
        form(operation, *people[1:], rides=[Drive(first, people[1]), Drive(second, people[2])])
    assert refusal(error) == "team.vehicle_taken"
    assert "ワゴン2号" in error.value.text
    assert list(vehicles_here(operation)) == [first]
    assert Ride.objects.count() == 1


def test_whoever_drives_stays_in_the_team(operation: Operation) -> None:
    leader, owner = present(operation, "一"), present(operation, "二", vehicle="car")
    team = form(operation, leader, owner, rides=[Drive(None, owner)])
    with pytest.raises(Refused) as error:
        teams.remove_member(team, owner, by=SYSTEM, at=make.at(10))
    assert refusal(error) == "team.driver_leaving"


def test_a_team_can_be_changed_until_it_is_out_and_is_free_after_its_return(operation: Operation) -> None:
    leader, second, third = (present(operation, name) for name in "一二三")
    team = form(operation, leader, second)
    teams.add_member(team, third, by=SYSTEM, at=make.at(9, 40))
    teams.set_leader(team, second, by=SYSTEM, at=make.at(9, 41))
    teams.remove_member(team, leader, by=SYSTEM, at=make.at(9, 42))
    assert teams.people_of(team) == [second, third]
    teams.go_out(team, by=SYSTEM, at=make.at(10))
    with pytest.raises(Refused) as late:
        teams.add_member(team, leader, by=SYSTEM, at=make.at(10, 1))
    assert refusal(late) == "team.is_out"
    teams.release(team, by=SYSTEM, at=make.at(14))
    assert team.state == TeamState.BACK
    assert form(operation, second, third).number == 2


def test_dissolving_twice_is_the_same_as_once(operation: Operation) -> None:
    leader = present(operation, "一")
    team = form(operation, leader)
    for minute in (1, 2):
        teams.dissolve(team, by=SYSTEM, at=make.at(10, minute))
    assert team.state == TeamState.DISSOLVED
    assert Entry.objects.filter(action="team.dissolved").count() == 1
    assert form(operation, leader).number == 2


def test_nobody_is_sent_by_a_closed_operation(operation: Operation) -> None:
    from dvc.operations.services import close_operation

    leader = present(operation, "一")
    closed = close_operation(operation, teams_out=0, by=SYSTEM, at=make.at(16))
    with pytest.raises(Refused) as error:
        form(closed, leader)
    assert refusal(error) == "operation.closed"

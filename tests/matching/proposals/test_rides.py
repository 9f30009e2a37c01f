"""Plans that take several cars are offered, decided, fixed and taken back like any other."""

from __future__ import annotations

import threading
from random import Random
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.volunteers.models import Volunteer
from matching.equipment.models import Vehicle
from matching.proposals import decisions, hands
from matching.proposals.board import board
from matching.proposals.check import crew
from matching.proposals.models import Proposal, ProposalState
from matching.solver import model, rules
from matching.teams import services as teams
from matching.teams.models import Ride, Team
from matching.teams.queries import vehicles_here
from matching.teams.rides import Drive
from tests import make
from tests.matching.proposals.morning import answer, offer, people, present

pytestmark = pytest.mark.django_db
NOW = make.at(9, 31)
FAR: dict[str, Any] = {"lat": 38.33, "lng": 141.05}


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def van(operation: Operation, name: str, *, seats: int = 3) -> Vehicle:
    return Vehicle.objects.create(
        operation=operation, site=operation.center.sites.get(), name=name, kind="van", seats=seats
    )


@pytest.fixture
def two_vans(operation: Operation) -> Proposal:
    """Five people who are needed far away, where only two vans of three seats can take them."""
    make.need(operation, **FAR, people_min=5, people_ideal=5, people_max=5)
    for name in ("佐藤", "鈴木"):
        present(operation, name, skills=["driver"])
        van(operation, f"{name}のワゴン")
    people(operation, 3)
    return offer(operation, at=make.at(9, 30))


def test_a_plan_with_two_vehicles_of_the_center_is_offered_and_decided(two_vans: Proposal) -> None:
    operation = two_vans.operation
    (card,) = board(operation, at=NOW, real=NOW).offers
    assert {drive.vehicle for drive in card.drives} == set(Vehicle.objects.all())
    assert card.cars.count("（運転 ") == 2
    assert not board(operation, at=NOW, real=NOW).waits.object_list
    dispatch = decisions.accept(two_vans, by=SYSTEM, at=NOW)
    assert dispatch.team.drives == list(card.drives)
    assert len({drive.driver for drive in dispatch.team.drives}) == 2
    assert not vehicles_here(operation).exists()
    decisions.undo(dispatch, by=SYSTEM, at=NOW)
    assert vehicles_here(operation).count() == 2


def test_every_own_car_of_a_plan_is_named(operation: Operation) -> None:
    make.need(operation, **FAR, people_min=4, people_ideal=4, people_max=4)
    owners = {present(operation, name, vehicle="car", vehicle_seats=2).pk for name in "一二"}
    people(operation, 2)
    proposal = offer(operation, at=make.at(9, 30))
    assert {(car["vehicle"], car["driver"]) for car in proposal.rides} == {(None, owner) for owner in owners}
    (card,) = board(operation, at=NOW, real=NOW).offers
    assert card.cars in ("一 花子さんの車、二 花子さんの車", "二 花子さんの車、一 花子さんの車")
    dispatch = decisions.accept(proposal, by=SYSTEM, at=NOW)
    assert {drive.driver.pk for drive in dispatch.team.drives if drive.driver} == owners


def test_the_same_plan_again_is_the_same_offer(two_vans: Proposal) -> None:
    answer(two_vans.operation, at=make.at(9, 32))
    assert Proposal.objects.on_offer(make.at(9, 33)).get().pk == two_vans.pk


def test_a_fixed_team_keeps_both_vehicles(two_vans: Proposal) -> None:
    operation, wanted = two_vans.operation, two_vans.rides
    hands.pin_proposal(two_vans, reason="よい班", by=SYSTEM, at=NOW)
    (fixed,) = hands.by_hand(operation, at=NOW).pins
    assert fixed.cars.count("（運転 ") == 2
    make.need(operation, **FAR, people_min=2, people_ideal=3, people_max=3)
    present(operation, "高橋", skills=["driver"])
    people(operation, 2)
    answer(operation, at=make.at(9, 33))
    (again,) = Proposal.objects.on_offer(make.at(9, 34))
    assert again.need_id == two_vans.need_id
    assert sorted(again.rides, key=str) == sorted(wanted, key=str)


def test_an_offer_whose_vehicle_was_just_taken_is_offered_no_more(two_vans: Proposal) -> None:
    operation = two_vans.operation
    driver, need = present(operation, "高橋", skills=["driver"]), make.need(operation, people_min=1)
    decisions.send(
        need, volunteers=[driver], leader=driver, rides=[Drive(Vehicle.objects.all()[1], driver)], by=SYSTEM, at=NOW
    )  # fmt: skip
    two_vans.refresh_from_db()
    assert two_vans.state == ProposalState.SUPERSEDED


def test_a_vehicle_that_was_taken_without_any_decision_is_refused_by_name(two_vans: Proposal) -> None:
    operation = two_vans.operation
    taken, driver = Vehicle.objects.all()[1], present(operation, "高橋", skills=["driver"])
    teams.form(
        operation, volunteers=[driver], leader=driver, mode="car", rides=[Drive(taken, driver)], by=SYSTEM, at=NOW
    )  # fmt: skip
    with pytest.raises(Refused) as error:
        decisions.accept(two_vans, by=SYSTEM, at=NOW)
    assert (error.value.code, taken.name in error.value.text) == ("team.vehicle_taken", True)
    assert list(vehicles_here(operation)) == [Vehicle.objects.all()[0]]


PEOPLE = st.lists(st.sampled_from((0, 0, 1, 2, 4, 5)), min_size=1, max_size=9)


@pytest.mark.once
@given(seats=PEOPLE, vans=st.lists(st.integers(1, 8), max_size=3), dice=st.randoms(use_true_random=False))
def test_cars_are_filled_up_to_the_last_seat_and_never_driven_twice(
    seats: list[int], vans: list[int], dice: Random
) -> None:
    people = tuple(
        model.Volunteer(
            id=f"V{number}", start=0, end=model.DAY, sites=("S1",), skills=frozenset({"driver"}),
            vehicle=model.OwnVehicle("car", own) if own else None,
        )
        for number, own in enumerate(seats)
    )  # fmt: skip
    need = model.Need(
        id="N1", site="S1", lat=38.5, lng=141.3, type="mud_removal", min=1, ideal=1, max=9, dur=60, open=0,
        close=model.DAY, weight=1,
    )  # fmt: skip
    problem = model.Problem(
        now=540, params=model.Params(work_end=960), sites=(model.Site("S1", 38.29, 141.0),), volunteers=people,
        needs=(need,), fleet=tuple(model.FleetVehicle(f"K{n}", "S1", "car", size) for n, size in enumerate(vans)),
    )  # fmt: skip
    drivers = dice.sample(people, min(len(vans), len(people)))
    named = [model.Ride(f"K{number}", one.id) for number, one in enumerate(drivers)]
    stay = {one.id for one in people if dice.random() < 0.2}
    members = tuple(one.id for one in people)
    team = crew(problem, ("N1",), members, members[0], named, stay)
    codes = {one.code for one in rules.review(problem, model.Plan(teams=(team,))).violations}
    assert list(team.vehicles[: len(named)]) == named
    assert not codes & {"driver_unknown", "unknown_vehicle", "driver_unfit", "vehicle_taken_twice"}
    assert stay.isdisjoint(ride.id for ride in team.vehicles)
    could = {one.id: one.vehicle.seats for one in people if one.vehicle and one not in drivers}
    most = sum(vans[: len(named)]) + sum(size for owner, size in could.items() if owner not in stay)
    assert ("seats_short" in codes or team.mode == model.Mode.WALK) == (most < len(people))
    taken = [could[ride.id] for ride in team.vehicles[len(named) :]]
    if taken and most >= len(people):  # without the last of them somebody would have to stay behind
        assert sum(vans[: len(named)]) + sum(taken[:-1]) < len(people)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_want_the_same_vans_in_the_same_second_one_gets_them_and_one_a_sentence() -> None:
    operation = make.operation()
    vans = [van(operation, f"ワゴン{number}号") for number in (1, 2)]
    crews = [[present(operation, name, skills=["driver"]) for name in names] for names in ("一二", "三四")]
    start, said = threading.Barrier(2), list[str]()

    def form(which: int) -> None:
        crew: list[Volunteer] = crews[which]
        # Each names the vans in another order.
        rides = [Drive(one, person) for one, person in zip(vans[:: 1 - 2 * which], crew, strict=True)]
        try:
            start.wait(timeout=10)
            teams.form(operation, volunteers=crew, leader=crew[0], mode="car", rides=rides, by=SYSTEM, at=NOW)
        except Refused as refused:
            said.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=form, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert said == ["team.vehicle_taken"]
    assert (Team.objects.count(), Ride.objects.filter(over_at__isnull=True).count()) == (1, 2)

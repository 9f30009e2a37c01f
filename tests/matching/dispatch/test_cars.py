"""Cars, drivers and licences before a team leaves: what is wrong by name, and changed on the spot."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.volunteers.models import Skill, VehicleKind, Volunteer
from matching.dispatch import services
from matching.dispatch.models import Dispatch
from matching.equipment import services as equipment
from matching.equipment.models import Licence, LicenceSeen, Vehicle
from matching.teams import services as teams
from matching.teams.models import Team
from matching.teams.rides import Drive
from tests import make
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db
DAY, NEXT = date(2026, 7, 18), date(2026, 7, 19)


def car(operation: Operation, name: str = "軽トラ1号", seats: int = 4, **about: object) -> Vehicle:
    made = equipment.add_vehicle(
        operation,
        site=operation.center.sites.get(),
        name=name,
        kind=VehicleKind.CAR,
        seats=seats,
        by=SYSTEM,
        at=make.at(8),
    )
    said: dict[str, object] = {
        "licence": "",
        "inspection_until": None,
        "owner": "",
        "return_by": None,
        **about,
    }
    equipment.describe_vehicle(made, **said, by=SYSTEM, at=make.at(8))  # type: ignore[arg-type]
    return made


def driver(operation: Operation, family: str = "髙﨑", **about: Any) -> Volunteer:
    return scene.present(
        operation, make.volunteer(operation.center, family, "一郎", skills=[Skill.DRIVER], **about)
    )


def team(operation: Operation, people: list[Volunteer], *rides: Drive) -> Team:
    return teams.form(
        operation, volunteers=people, leader=people[0], mode="car", rides=rides, by=SYSTEM, at=make.at(9)
    )


def blocks(team: Team) -> list[tuple[str, bool]]:
    dispatch = Dispatch.objects.filter(team=team).first() or services.assign(
        team, make.need(team.operation), by=SYSTEM, at=make.at(9, 30)
    )
    dispatch = Dispatch.objects.get(pk=dispatch.pk)
    return [(block.code, block.firm) for block in services.departure_blocks(dispatch, at=make.at(10))]


@pytest.mark.parametrize(
    ("asks", "holds", "until", "expected"),
    [
        ("", None, None, []),
        ("ordinary", None, None, [("licence", False)]),
        ("ordinary", "ordinary", DAY, []),
        ("ordinary", "at", NEXT, [("licence_class", True)]),
        ("at", "ordinary", NEXT, []),
        ("semi", "ordinary", NEXT, [("licence_class", True)]),
        ("semi", "large", NEXT, []),
        ("at", "large", DAY - timedelta(days=1), [("licence_over", True)]),
    ],
)
def test_who_drives_a_car_of_the_center_has_shown_a_licence_that_is_good_for_it(
    asks: str, holds: str | None, until: date | None, expected: list[tuple[str, bool]]
) -> None:
    operation = make.operation()
    person = driver(operation)
    if holds and until:
        LicenceSeen.objects.create(volunteer=person, licence=holds, until=until, seen_at=make.at(8))
    assert blocks(team(operation, [person], Drive(car(operation, licence=asks), person))) == expected


@pytest.mark.parametrize(
    ("looks", "until", "expected"),
    [
        (False, None, []),
        (True, None, [("licence", False)]),
        (True, DAY, []),
        (False, DAY - timedelta(days=1), [("licence_over", True)]),
    ],
)
def test_who_drives_their_own_car_has_shown_a_licence_where_the_center_looks_at_them(
    looks: bool, until: date | None, expected: list[tuple[str, bool]]
) -> None:
    operation = make.operation()
    owner = driver(operation, "𠮷田", vehicle=VehicleKind.CAR, vehicle_seats=4)
    if looks:
        see = {"licence": "ordinary", "until": NEXT, "seen_at": make.at(8)}
        LicenceSeen.objects.create(volunteer=make.volunteer(operation.center, "佐藤", "二郎"), **see)
    if until:
        LicenceSeen.objects.create(volunteer=owner, licence="at", until=until, seen_at=make.at(8))
    made = team(operation, [owner], Drive(None, owner))
    assert blocks(made) == expected
    client = Client()
    client.force_login(make.user(operation.center, Role.TRANSPORT))
    page = client.get(reverse("dispatch_cars", args=[operation.pk, Dispatch.objects.get(team=made).pk]))
    assert "免許証を見て記録する" in page.content.decode()


def test_who_drives_their_own_car_is_asked_where_a_vehicle_asks() -> None:
    operation = make.operation()
    car(operation, licence="ordinary")
    owner = driver(operation, "𠮷田", vehicle=VehicleKind.CAR, vehicle_seats=4)
    assert blocks(team(operation, [owner], Drive(None, owner))) == [("licence", False)]


def test_a_car_that_was_found_broken_after_the_team_was_formed_is_named() -> None:
    operation = make.operation()
    person, vehicle = driver(operation), car(operation)
    crew = team(operation, [person], Drive(vehicle, person))
    assert blocks(crew) == []
    equipment.set_available(vehicle, available=False, by=SYSTEM, at=make.at(9, 50))
    assert blocks(crew) == [("car_unusable", False)]


def test_a_car_without_insurance_stays_and_more_people_than_seats_are_named() -> None:
    operation = make.operation()
    person, other = driver(operation), driver(operation, "𠮷田", vehicle=VehicleKind.CAR, vehicle_seats=4)
    small = car(operation, seats=1, insured_until=DAY - timedelta(days=1))
    made = team(operation, [person, other], Drive(small, person))
    assert blocks(made) == [("car_insurance", True), ("seats", False)]
    teams.set_rides(made, [Drive(None, other)], by=SYSTEM, at=make.at(9, 40))
    assert blocks(made) == []


def test_a_formed_team_changes_its_cars_until_it_leaves() -> None:
    operation = make.operation()
    person, other = driver(operation), driver(operation, "𠮷田")
    first, second = car(operation), car(operation, "軽トラ2号")
    made = team(operation, [person, other], Drive(first, person))
    teams.set_rides(made, [Drive(second, other)], by=SYSTEM, at=make.at(9, 40))
    teams.set_rides(made, [Drive(second, other)], by=SYSTEM, at=make.at(9, 41))
    assert [(ride.vehicle, ride.driver) for ride in made.rides.all()] == [(second, other)]
    assert Entry.objects.filter(action="team.cars_set").count() == 1
    rival = team(operation, [driver(operation, "佐々木")])
    for rides, code in (
        ([Drive(second, rival.leader)], "team.vehicle_taken"),
        ([Drive(first, person)], "team.driver_not_allowed"),
        ([Drive(first, rival.leader), Drive(None, rival.leader)], "team.driver_not_allowed"),
    ):
        with pytest.raises(Refused) as refusal:
            teams.set_rides(rival, rides, by=SYSTEM, at=make.at(9, 50))
        assert refusal.value.code == code
    assert not rival.rides.exists()
    assert blocks(made) == []
    services.depart(Dispatch.objects.get(team=made), checks=scene.ALL, by=SYSTEM, at=scene.TEN)
    with pytest.raises(Refused) as refusal:
        teams.set_rides(made, [], by=SYSTEM, at=make.at(10, 30))
    assert refusal.value.code == "team.is_out"


def test_licences_and_cars_are_set_on_the_page_before_leaving() -> None:
    operation = make.operation()
    person = driver(operation)
    truck = car(operation, licence="ordinary")
    dispatch = services.assign(team(operation, [person]), make.need(operation), by=SYSTEM, at=timezone.now())
    client = Client()
    client.force_login(make.user(operation.center, Role.TRANSPORT))
    cars, licence = (
        reverse(name, args=[operation.pk, dispatch.pk]) for name in ("dispatch_cars", "dispatch_licence")
    )
    assert "軽トラ1号" in client.get(cars).content.decode()
    client.post(cars, {f"vehicle_{truck.pk}": str(person.pk)})
    assert dispatch.team.rides.get().vehicle == truck
    depart = reverse("dispatch_depart", args=[operation.pk, dispatch.pk])
    assert "運転する免許証を、まだ見ていません" in client.get(depart).content.decode()
    said = {"person": str(person.pk), "licence": "ordinary", "until": "2020-01-01"}
    assert "有効期限を見て" in client.post(licence, said, follow=True).content.decode()
    client.post(licence, {**said, "until": str(timezone.localdate() + timedelta(days=365))})
    assert LicenceSeen.objects.get().licence == Licence.ORDINARY
    assert "運転する免許証を" not in client.get(depart).content.decode()

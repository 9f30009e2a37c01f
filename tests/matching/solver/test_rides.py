"""Who drives what: a way is found whenever there is one, and it is one the rules allow."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import permutations, product

from matching.solver.crews import rides_for
from matching.solver.model import FleetVehicle, OwnVehicle, Ride, Volunteer
from matching.solver.units import Unit


def person(
    name: str, *, car: tuple[str, int] | None = None, driver: bool = False, age: int = 30
) -> Volunteer:
    return Volunteer(
        name, 540, 930, ("C",), age=age, skills=frozenset({"driver"} if driver else ()),
        vehicle=OwnVehicle(*car) if car else None,
    )  # fmt: skip


def units(*members: tuple[Volunteer, ...]) -> list[Unit]:
    return [Unit(i, people) for i, people in enumerate(members)]


def test_who_has_a_small_car_leaves_it_to_drive_the_van() -> None:
    people = units((person("a", car=("car", 4), driver=True),), *((person(f"p{i}"),) for i in range(7)))
    van = FleetVehicle("K", "C", "van", 10)
    assert rides_for(people, 8, False, [van]) == (Ride("K", "a"),)


def test_no_more_vehicles_of_the_center_are_taken_than_it_takes() -> None:
    people = units((person("a", car=("car", 5)),), (person("b", driver=True),), (person("c"),))
    van = FleetVehicle("K", "C", "van", 10)
    assert rides_for(people, 3, False, [van]) == (Ride("a", "a"),)


def test_of_two_vans_the_smaller_one_that_will_do_is_taken() -> None:
    people = units((person("b", driver=True),), *((person(f"p{i}"),) for i in range(4)))
    fleet = [
        FleetVehicle("big", "C", "van", 10),
        FleetVehicle("small", "C", "van", 5),
        FleetVehicle("k", "C", "truck", 2),
    ]
    assert rides_for(people, 5, False, fleet) == (Ride("small", "b"),)


def test_a_way_is_found_whenever_there_is_one() -> None:
    dice, found, none = random.Random(4), 0, 0
    for _ in range(3000):
        crowd, fleet, truck = _crowd(dice), _fleet(dice), dice.random() < 0.4
        size = sum(unit.size for unit in crowd)
        rides = rides_for(crowd, size, truck, fleet)
        possible = any(_will_do(ways, size, truck, crowd, fleet) for ways in _all_ways(crowd, fleet))
        assert (rides is not None) == possible, (crowd, fleet, truck)
        if rides is None:
            none += 1
        else:
            found += 1
            assert _will_do(rides, size, truck, crowd, fleet)
    assert found > 500
    assert none > 500


def _crowd(dice: random.Random) -> list[Unit]:
    names = iter("abcdef")
    cars = [None, None, ("car", 2), ("car", 4), ("car", 5), ("truck", 2)]
    return units(
        *(
            tuple(
                person(
                    next(names),
                    car=dice.choice(cars),
                    driver=dice.random() < 0.4,
                    age=dice.choice((17, 30, 30)),
                )
                for _ in range(dice.choice((1, 1, 2)))
            )
            for _ in range(dice.randint(1, 3))
        ),
        # Passengers, so that seats are short now and then.
        *((person(f"p{i}"),) for i in range(dice.randint(0, 8))),
    )


def _fleet(dice: random.Random) -> list[FleetVehicle]:
    kinds = (("van", 7), ("van", 10), ("truck", 2), ("truck", 3), ("car", 4))
    return [FleetVehicle(f"K{i}", "C", *dice.choice(kinds)) for i in range(dice.randint(0, 3))]


def _all_ways(crowd: Sequence[Unit], fleet: Sequence[FleetVehicle]) -> Iterator[tuple[Ride, ...]]:
    """Every way there is: who drives each vehicle of the center, if anybody; all others take their own cars."""
    drivers = [m.id for unit in crowd for m in unit.drivers]
    owners = [m.id for unit in crowd for m in unit.cars]
    for used in product((False, True), repeat=len(fleet)):
        vehicles = [vehicle for vehicle, use in zip(fleet, used, strict=True) if use]
        for at_wheel in permutations(drivers, len(vehicles)):
            rides = [Ride(vehicle.id, who) for vehicle, who in zip(vehicles, at_wheel, strict=True)]
            yield (*rides, *(Ride(who, who) for who in owners if who not in at_wheel))


def _will_do(
    rides: Sequence[Ride], size: int, truck: bool, crowd: Sequence[Unit], fleet: Sequence[FleetVehicle]
) -> bool:
    members = {m.id: m for unit in crowd for m in unit.members}
    of_center = {vehicle.id: vehicle for vehicle in fleet}
    cars: list[tuple[str, int]] = []
    for ride in rides:
        own = members[ride.driver].vehicle
        if ride.id == ride.driver and own is not None:
            cars.append((own.kind, own.seats))
        else:
            assert members[ride.driver] in {m for unit in crowd for m in unit.drivers}
            cars.append((of_center[ride.id].kind, of_center[ride.id].seats))
    assert len({ride.driver for ride in rides}) == len({ride.id for ride in rides}) == len(rides)
    return sum(seats for _, seats in cars) >= size and (not truck or "truck" in {kind for kind, _ in cars})

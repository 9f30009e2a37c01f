"""The cars of a proposal or of a fixed team, kept as JSON with ids only: `[{"vehicle": 3, "driver": 12}, …]`, where
`vehicle` is the center's, or null: the driver's own car. From the solver, to the solver, and with names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypedDict

from intake.volunteers.models import Volunteer
from matching.equipment.models import Vehicle
from matching.solver import model
from matching.teams.rides import Drive


class Car(TypedDict):
    vehicle: int | None
    driver: int


def from_solver(ride: model.Ride) -> Car:
    """Of a ride in a plan made from our rows: "K3" is a vehicle of the center, "V12" somebody's own."""
    return {"vehicle": int(ride.id[1:]) if ride.id.startswith("K") else None, "driver": int(ride.driver[1:])}


def to_solver(car: Car) -> model.Ride:
    driver = f"V{car['driver']}"
    return model.Ride(f"K{car['vehicle']}" if car["vehicle"] else driver, driver)


def vehicles_of(cars: Iterable[Car]) -> dict[int, Vehicle]:
    """The center's vehicles among them. One query."""
    return Vehicle.objects.in_bulk({car["vehicle"] for car in cars if car["vehicle"]})


def drives(
    cars: Iterable[Car], people: Mapping[int, Volunteer], vehicles: Mapping[int, Vehicle]
) -> list[Drive]:
    """With names; without a vehicle or a person that is not among these any more."""
    return [
        Drive(vehicles[car["vehicle"]] if car["vehicle"] else None, people[car["driver"]])
        for car in cars
        if car["driver"] in people and (not car["vehicle"] or car["vehicle"] in vehicles)
    ]

"""What the search found, as crews: who leads, who drives what, and once more the test that every rule is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from matching.solver.crews import State, fit
from matching.solver.model import MODES, FleetVehicle, Mode, Ride, Team, Volunteer
from matching.solver.search.arrays import (
    C_UNITS,
    MODE,
    NF,
    NU,
    NV,
    RIDE,
    SHORT,
    SIZE,
    VISIT,
    fleet_ids,
)  # fmt: skip
from matching.solver.search.run import Search
from matching.solver.units import Unit


def put_crews(search: Search, state: State) -> None:
    """Every team of the search goes into `state`. Last those that seem to lack something: the search counts a little too
    strictly who can drive what. One that breaks a rule, or that asks for what the state has taken already, is left out:
    its people and needs wait."""
    b, at, fleet = search.book, int(search.world.c[C_UNITS]), fleet_ids(search.state)
    ground = state.ground
    rows = b.rows[b.rows[:, NV] > 0]
    for row in rows[np.argsort(rows[:, SHORT] > 0, kind="stable")]:
        task = ground.task(tuple(int(n) for n in row[VISIT : VISIT + row[NV]]))
        units = sorted(int(u) for u in row[at : at + row[NU]])
        if any(state.crew_of[n] >= 0 for n in task.visits) or not all(state.free[u] for u in units):
            continue
        mode, rides = MODES[row[MODE]], tuple[Ride, ...]()
        if mode == Mode.CAR:
            people = [ground.units[u] for u in units]
            given = [ground.problem.fleet_by[fleet[f]] for f in row[RIDE : RIDE + row[NF]]]
            rides = rides_of(people, int(row[SIZE]), task.truck, given)
        team = Team("", tuple(m.id for u in units for m in ground.units[u].members), "", (), mode, rides)
        crew = fit(state, task, units, like=team) or fit(state, task, units)
        if crew is not None:
            state.put(crew)


def rides_of(
    people: Sequence[Unit], size: int, truck: bool, given: Iterable[FleetVehicle]
) -> tuple[Ride, ...]:
    """Who drives what: the center's vehicles by those who lose least by it, own cars by the rest; none that is not needed."""
    drivers = sorted((m for u in people for m in u.drivers), key=_own_seats)
    cars: list[tuple[int, bool, Ride]] = []
    for vehicle, driver in zip(given, drivers, strict=False):
        cars.append((vehicle.seats, vehicle.kind == "truck", Ride(vehicle.id, driver.id)))
    busy = {ride.driver for _, _, ride in cars}
    cars += [
        (_own_seats(m), m.vehicle is not None and m.vehicle.kind == "truck", Ride(m.id, m.id))
        for u in people for m in u.cars if m.id not in busy
    ]  # fmt: skip
    # The center's first, then the smallest: whatever can stay behind does.
    for car in sorted(cars, key=lambda car: (car[2].id == car[2].driver, car[0])):
        rest = [other for other in cars if other is not car]
        if sum(seats for seats, _, _ in rest) >= size and (
            not truck or any(is_truck for _, is_truck, _ in rest)
        ):
            cars = rest
    return tuple(ride for _, _, ride in cars)


def _own_seats(person: Volunteer) -> int:
    return person.vehicle.seats if person.vehicle is not None else 0

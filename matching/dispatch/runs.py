"""A vehicle goes on a run or with a team, never both: trips knows nothing of teams, so here the two are asked together, with
the vehicle's row held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from dvc.audit.services import By
from dvc.core.refused import Refused
from intake.volunteers.models import Volunteer
from matching.equipment.models import Vehicle
from matching.equipment.services import hold_vehicles
from matching.teams.models import Member, Ride, TeamState
from matching.trips import services as trips
from matching.trips.models import Run


@transaction.atomic
def plan(
    vehicle: Vehicle,
    *,
    stops: Sequence[str],
    planned_at: datetime,
    by: By,
    at: datetime,
    driver: Volunteer | None = None,
    driver_name: str = "",
) -> Run:
    """`trips.plan_run` of a vehicle that is here. Raises `Refused`: trip.with_team, and those of `plan_run`."""
    hold_vehicles([vehicle.pk])
    _require_no_team(vehicle)
    return trips.plan_run(
        vehicle, stops=stops, planned_at=planned_at, driver=driver, driver_name=driver_name, by=by, at=at
    )


@transaction.atomic
def leave(run: Run, *, by: By, at: datetime) -> None:
    """`trips.leave` with a vehicle that no team has and a driver who is out with none. Raises `Refused`: trip.with_team,
    trip.driver_out, and those of `trips.leave`."""
    # People before vehicles, as whoever forms a team: the two never wait for one another.
    trips.hold_driver(run)
    hold_vehicles([run.vehicle_id])
    _require_no_team(run.vehicle)
    trips.leave(run, by=by, at=at)
    out = Member.objects.filter(volunteer=run.driver_id, left_at__isnull=True, team__state=TeamState.OUT)
    if run.driver and (member := out.select_related("team").first()):
        raise Refused("trip.driver_out", name=run.driver.name, where=str(member.team))


def _require_no_team(vehicle: Vehicle) -> None:
    ride = Ride.objects.select_related("team").filter(vehicle=vehicle, over_at__isnull=True).first()
    if ride is not None:
        raise Refused("trip.with_team", vehicle=vehicle.name, team=str(ride.team))

"""Plan a run, seat teams, let it leave and come back; keep dump sites and their queues."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.operations.services import require_open
from intake.volunteers.models import Skill, Volunteer
from matching.equipment.models import Vehicle
from matching.trips.models import Boarding, DumpQueue, DumpSite, Run, RunState, Stop

if TYPE_CHECKING:
    from matching.teams.models import Team

CENTER: Final = "センター"
MOST_STOPS: Final = 12
LONGEST_QUEUE: Final = 480  # minutes


@transaction.atomic
def plan_run(
    vehicle: Vehicle,
    *,
    stops: Sequence[str],
    planned_at: datetime,
    by: By,
    at: datetime,
    driver: Volunteer | None = None,
    driver_name: str = "",
) -> Run:
    """A round from the center along `stops` and back to it.

    Raises `Refused`: trip.driver, trip.stops, trip.vehicle, operation.closed.
    """
    operation = vehicle.operation
    require_open(operation)
    day = timezone.localdate(planned_at)
    _require_usable(vehicle, day)
    if driver is not None and (Skill.DRIVER not in driver.skills or driver.is_minor_on(day)):
        raise Refused("trip.driver")
    if driver is None and not driver_name.strip():
        raise Refused("trip.driver")
    names = [name.strip()[:60] for name in stops if name.strip()]
    if not 1 <= len(names) <= MOST_STOPS:
        raise Refused("trip.stops", most=MOST_STOPS)
    run = Run.objects.create(
        operation=operation, vehicle=vehicle, day=day, driver=driver,
        driver_name="" if driver else driver_name.strip()[:40], planned_at=planned_at,
    )  # fmt: skip
    around = [CENTER, *names, CENTER]
    Stop.objects.bulk_create([Stop(run=run, position=n, name=name) for n, name in enumerate(around)])
    record("trip.planned", run, by=by, at=at, operation=operation, vehicle=vehicle.pk, stops=len(names))
    return run


def _require_usable(vehicle: Vehicle, day: date) -> None:
    if not vehicle.available or vehicle.inspection_over(day) or vehicle.insurance_over(day):
        raise Refused("trip.vehicle", vehicle=vehicle.name)


@transaction.atomic
def board(run: Run, team: Team, *, on: int, off: int, heads: int, by: By, at: datetime) -> Boarding:
    """Seats for a team from one stop to a later one. The driver has one of the vehicle's.

    Raises `Refused`: trip.over, trip.stops_order, trip.no_seats (how many are left), trip.other_operation.
    """
    fresh = _lock(run)
    if team.operation_id != fresh.operation_id:
        raise Refused("dispatch.other_operation")
    if fresh.state not in (RunState.PLANNED, RunState.LEFT):
        raise Refused("trip.over")
    if not 0 <= on < off < fresh.stops.count() or heads < 1:
        raise Refused("trip.stops_order")
    others = [one for one in fresh.boardings.all() if (one.team_id, one.on) != (team.pk, on)]
    left = min(fresh.vehicle.seats - 1 - taken(others, leg) for leg in range(on, off))
    if heads > left:
        raise Refused("trip.no_seats", left=max(0, left), heads=heads)
    seat, _ = Boarding.objects.update_or_create(
        run=fresh, team=team, on=on, defaults={"off": off, "heads": heads}
    )
    record(
        "trip.boarded",
        fresh,
        by=by,
        at=at,
        operation=fresh.operation,
        team=team.pk,
        on=on,
        off=off,
        heads=heads,
    )
    return seat


def taken(boardings: Sequence[Boarding], leg: int) -> int:
    """How many sit in the vehicle after the stop at `leg`."""
    return sum(one.heads for one in boardings if one.on <= leg < one.off)


@transaction.atomic
def get_off(seat: Boarding, *, by: By, at: datetime) -> None:
    """The team does not ride after all. Twice changes nothing."""
    if Boarding.objects.filter(pk=seat.pk).delete()[0]:
        record("trip.unboarded", seat.run, by=by, at=at, operation=seat.run.operation, team=seat.team_id)


@transaction.atomic
def leave(run: Run, *, by: By, at: datetime) -> None:
    """It sets off; a second time changes nothing. Raises `Refused`: trip.over, trip.still_out, trip.vehicle (found broken
    since it was planned)."""
    fresh = _lock(run)
    if fresh.state == RunState.LEFT:
        return
    if fresh.state != RunState.PLANNED:
        raise Refused("trip.over")
    _require_usable(fresh.vehicle, timezone.localdate(at))
    try:
        with transaction.atomic():
            Run.objects.filter(pk=run.pk).update(state=RunState.LEFT, left_at=at)
    except IntegrityError:
        raise Refused("trip.still_out", vehicle=fresh.vehicle.name) from None
    fresh.stops.filter(position=0).update(passed_at=at)
    record("trip.left", fresh, by=by, at=at, operation=fresh.operation, vehicle=fresh.vehicle_id)


@transaction.atomic
def passed(stop: Stop, *, by: By, at: datetime) -> None:
    """The run was at this stop, and at those before it. Said again, nothing changes."""
    before = Stop.objects.filter(run=stop.run_id, position__lte=stop.position, passed_at__isnull=True)
    if before.update(passed_at=at):
        record("trip.passed", stop.run, by=by, at=at, operation=stop.run.operation, stop=stop.position)


@transaction.atomic
def come_back(run: Run, *, by: By, at: datetime) -> None:
    """The vehicle and its key are here. A fact, also of a run nobody saw leaving. Twice changes nothing."""
    changed = Run.objects.open().filter(pk=run.pk).update(state=RunState.BACK, back_at=at)
    if changed:
        record("trip.back", run, by=by, at=at, operation=run.operation, vehicle=run.vehicle_id)


@transaction.atomic
def cancel(run: Run, *, reason: str, by: By, at: datetime) -> None:
    """It does not go. Raises `Refused`: trip.reason, trip.is_out."""
    fresh = _lock(run)
    if fresh.state in (RunState.CANCELLED, RunState.BACK):
        return
    if fresh.state == RunState.LEFT:
        raise Refused("trip.is_out", vehicle=fresh.vehicle.name)
    if not reason.strip():
        raise Refused("trip.reason")
    Run.objects.filter(pk=run.pk).update(state=RunState.CANCELLED, reason=reason.strip()[:120])
    record("trip.cancelled", fresh, by=by, at=at, operation=fresh.operation)


def _lock(run: Run) -> Run:
    return Run.objects.select_for_update(of=("self",)).select_related("operation", "vehicle").get(pk=run.pk)


@transaction.atomic
def keep_dump_site(
    operation: Operation,
    *,
    name: str,
    address: str,
    hours: str,
    takes: str,
    closed: bool,
    by: By,
    at: datetime,
) -> DumpSite:
    """A dump site by its name, new or as it is now. Raises `Refused`: trip.dump_name."""
    name = name.strip()[:60]
    if not name:
        raise Refused("trip.dump_name")
    site, _ = DumpSite.objects.update_or_create(
        operation=operation, name=name,
        defaults={
            "address": address.strip()[:120], "hours": hours.strip()[:60], "takes": takes.strip()[:120],
            "closed": closed,
        },
    )  # fmt: skip
    record("dump.kept", site, by=by, at=at, operation=operation, closed=closed)
    return site


@transaction.atomic
def waited(site: DumpSite, *, minutes: int, by: By, at: datetime, op: UUID | None = None) -> DumpQueue:
    """Somebody stood there so long. `op`: what a driver's own phone calls it; the same again changes nothing. Raises
    `Refused`: trip.minutes."""
    if not 0 <= minutes <= LONGEST_QUEUE:
        raise Refused("trip.minutes", most=LONGEST_QUEUE)
    said = {"site": site, "minutes": minutes, "at": at, "by": by.user, "by_driver": op is not None}
    if op is None:
        queue, made = DumpQueue.objects.create(**said), True
    else:
        queue, made = DumpQueue.objects.get_or_create(op=op, defaults=said)
    if made:
        record("dump.waited", site, by=by, at=at, operation=site.operation, minutes=minutes)
    return queue

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
from intake.checkin.models import Visit
from intake.volunteers.models import Skill, Volunteer
from matching.equipment.models import Licence, LicenceSeen, Vehicle
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
    _require_driver(driver, driver_name, day)
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


def _require_driver(driver: Volunteer | None, driver_name: str, day: date) -> None:
    if driver is None and not driver_name.strip():
        raise Refused("trip.driver")
    if driver is not None and (Skill.DRIVER not in driver.skills or driver.is_minor_on(day)):
        raise Refused("trip.driver")


@transaction.atomic
def set_driver(run: Run, *, driver: Volunteer | None, driver_name: str, by: By, at: datetime) -> None:
    """Somebody else drives it. Raises `Refused`: trip.over, trip.is_out, trip.driver."""
    fresh = _lock(run)
    if fresh.state == RunState.LEFT:
        raise Refused("trip.is_out", vehicle=fresh.vehicle.name)
    if fresh.state != RunState.PLANNED:
        raise Refused("trip.over")
    _require_driver(driver, driver_name, fresh.day)
    name = "" if driver else driver_name.strip()[:40]
    if (
        Run.objects.filter(pk=run.pk)
        .exclude(driver=driver, driver_name=name)
        .update(driver=driver, driver_name=name)
    ):
        record(
            "trip.driver_set",
            fresh,
            by=by,
            at=at,
            operation=fresh.operation,
            volunteer=driver.pk if driver else None,
        )


def _require_fit(run: Run, at: datetime) -> None:
    """Who drives is here and drives nothing else, and holds what the vehicle asks for: hours may lie between the planning
    and this moment. Of a member of staff only the name is known."""
    driver, day = run.driver, timezone.localdate(at)
    if driver is None:
        return
    _require_driver(driver, "", day)
    if not hold_driver(run):
        raise Refused("trip.driver_gone", name=driver.name)
    other = (
        Run.objects.on_the_way().filter(driver=driver).exclude(pk=run.pk).select_related("vehicle").first()
    )
    if other is not None:
        raise Refused("trip.driver_out", name=driver.name, where=f"「{other.vehicle.name}」の便")
    if why := licence_lacks(run.vehicle, driver, LicenceSeen.objects.filter(volunteer=driver).first(), day):
        raise Refused(
            why, name=driver.name, vehicle=run.vehicle.name, licence=run.vehicle.get_licence_display()
        )


def hold_driver(run: Run) -> bool:
    """Whether who drives is here. Held until the end of the transaction, so that nobody sees them leaving meanwhile, and of
    two runs, or of a run and a team, with this driver the second hears of the first."""
    here = Visit.objects.present().filter(operation=run.operation_id, volunteer=run.driver_id)
    return bool(here.select_for_update().values_list("pk")) if run.driver_id else False


def licence_lacks(vehicle: Vehicle, driver: Volunteer, seen: LicenceSeen | None, day: date) -> str:
    """The code of what is wrong with the driver's licence for a vehicle that asks for one; empty for nothing."""
    if not vehicle.licence:
        return ""
    if seen is None:
        return "trip.licence_unseen"
    if seen.until < day:
        return "trip.licence_over"
    return "" if Licence(seen.licence).covers(vehicle.licence) else "trip.licence_class"


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
    """It sets off; a second time changes nothing. Raises `Refused`: trip.over, trip.still_out, and what has changed since it
    was planned: trip.vehicle, trip.driver, trip.driver_gone, trip.driver_out, trip.licence_unseen, trip.licence_over,
    trip.licence_class."""
    fresh = _lock(run)
    if fresh.state == RunState.LEFT:
        return
    if fresh.state != RunState.PLANNED:
        raise Refused("trip.over")
    _require_usable(fresh.vehicle, timezone.localdate(at))
    _require_fit(fresh, at)
    try:
        with transaction.atomic():
            Run.objects.filter(pk=run.pk).update(state=RunState.LEFT, left_at=at)
    except IntegrityError:
        raise Refused("trip.still_out", vehicle=fresh.vehicle.name) from None
    fresh.stops.filter(position=0).update(passed_at=at)
    record("trip.left", fresh, by=by, at=at, operation=fresh.operation, vehicle=fresh.vehicle_id)


@transaction.atomic
def passed(stop: Stop, *, by: By, at: datetime) -> bool:
    """The run was at this stop, and at those before it; told after its return, it was there by then at the latest. Said
    again, nothing changes. False when the run is back already. Raises `Refused`: trip.not_left, trip.over."""
    fresh = _lock(stop.run)
    if fresh.state == RunState.PLANNED:
        raise Refused("trip.not_left", vehicle=fresh.vehicle.name)
    if fresh.state == RunState.CANCELLED:
        raise Refused("trip.over")
    before = Stop.objects.filter(run=stop.run_id, position__lte=stop.position, passed_at__isnull=True)
    if before.update(passed_at=fresh.back_at or at):
        # In the log, what was heard late is no news of a vehicle on its way.
        action = "trip.passed" if fresh.back_at is None else "trip.passed_told_late"
        record(action, stop.run, by=by, at=at, operation=stop.run.operation, stop=stop.position)
    return fresh.back_at is None


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
    return (
        Run.objects.select_for_update(of=("self",))
        .select_related("operation", "vehicle", "driver")
        .get(pk=run.pk)
    )


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

"""Form a team, change it before it leaves, dissolve it, release its people.

Two coordinators may want the same person in the same second. The constraints `one_live_team_per_volunteer`
and `one_live_ride_per_vehicle` decide; the one who comes second gets a sentence with the name.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from dvc.audit.services import By, record
from dvc.core.compiled import compiled
from dvc.core.counting import NoFreeNumber, count_up_in_place
from dvc.core.inserting import insert_next, insert_unless_taken, new
from dvc.core.refused import Refused
from dvc.core.whole import whole
from dvc.operations.models import Operation
from dvc.operations.services import require_open
from intake.checkin.models import Visit
from intake.volunteers.models import Skill, Volunteer
from matching.equipment.services import hold_vehicles
from matching.teams.models import LIVE, Clash, ComingAgain, Member, Ride, Team, TeamState
from matching.teams.rides import Drive
from matching.trips.models import Run, RunState

BEFORE_LEAVING = (TeamState.FORMING, TeamState.READY)


@whole
def form(
    operation: Operation,
    *,
    volunteers: Sequence[Volunteer],
    leader: Volunteer,
    mode: str,
    by: By,
    at: datetime,
    rides: Sequence[Drive] = (),
) -> Team:
    """A new team of people who are present and free, ready to be given a need. `rides`: the cars it goes in.

    Raises `Refused`: team.empty, team.leader_not_member, team.leader_minor, team.minor_without_guardian,
    team.driver_needed, team.driver_not_allowed, team.driver_of_two, team.vehicle_twice, team.person_left,
    team.person_taken, team.person_away, team.person_on_run, team.vehicle_taken, team.vehicle_on_run, team.vehicle_planned, operation.closed.
    """
    require_open(operation)
    _check_people(volunteers, leader=leader, at=at)
    _check_drivers(volunteers, rides, at=at)
    visits = _visits(operation, volunteers)
    team = _create(operation, leader=leader, mode=mode, at=at)
    _join(team, volunteers, visits, at=at)
    _take_cars(team, rides, at=at)
    record(
        "team.formed", team, by=by, at=at, operation=operation, number=team.number, leader=leader.pk,
        members=sorted(person.pk for person in volunteers),
        vehicles=[ride.vehicle.pk for ride in rides if ride.vehicle],
        drivers=[ride.driver.pk for ride in rides if ride.driver],
    )  # fmt: skip
    return team


def _check_people(volunteers: Sequence[Volunteer], *, leader: Volunteer | None, at: datetime) -> None:
    if not volunteers:
        raise Refused("team.empty")
    day = timezone.localdate(at)
    members = {person.pk for person in volunteers}
    if leader is None or leader.pk not in members:
        raise Refused("team.leader_not_member")
    if leader.is_minor_on(day):
        raise Refused("team.leader_minor", name=leader.name)
    for person in volunteers:
        # Who came with a guardian goes with the guardian; others with consent and an adult leader.
        if person.is_minor_on(day) and person.guardian_id and person.guardian_id not in members:
            raise Refused("team.minor_without_guardian", name=person.name)


def _check_drivers(volunteers: Sequence[Volunteer], rides: Sequence[Drive], *, at: datetime) -> None:
    members, day = {person.pk for person in volunteers}, timezone.localdate(at)
    driving: set[int] = set()
    taken: set[int] = set()
    for ride in rides:
        vehicle, driver = ride.vehicle, ride.driver
        if vehicle is not None and vehicle.pk in taken:
            raise Refused("team.vehicle_twice", vehicle=vehicle.name)
        if driver is None:
            raise Refused("team.driver_needed", vehicle=vehicle.name if vehicle else "車")
        able = driver.vehicle if vehicle is None else Skill.DRIVER in driver.skills
        if driver.pk not in members or not able or driver.is_minor_on(day):
            raise Refused("team.driver_not_allowed", name=driver.name)
        if driver.pk in driving:
            raise Refused("team.driver_of_two", name=driver.name)
        driving.add(driver.pk)
        taken.update([vehicle.pk] if vehicle else [])


def _visits(operation: Operation, volunteers: Sequence[Volunteer]) -> dict[int, int]:
    """Their open visits (pk of the person → pk of the visit), locked so that nobody leaves between this check and the
    joining.

    SQLite ignores the lock; there a writing transaction is alone anyway.
    """
    visits = dict(_present(operation.pk, [person.pk for person in volunteers]))
    for person in volunteers:
        if person.pk not in visits:
            raise Refused("team.person_left", name=person.name)
    return visits


@compiled
def _present(operation: int, volunteers: Collection[int]) -> QuerySet[Visit, tuple[int, int]]:
    rows = Visit.objects.present().filter(operation=operation, volunteer__in=volunteers)
    return rows.order_by("pk").select_for_update().values_list("volunteer_id", "pk")


def _create(operation: Operation, *, leader: Volunteer, mode: str, at: datetime) -> Team:
    team = new(
        Team, operation_id=operation.pk, number=0, leader_id=leader.pk, state=TeamState.READY, mode=mode, formed_at=at
    )  # fmt: skip
    try:
        count_up_in_place(lambda: insert_next(team, "number", among="operation_id"))
    except NoFreeNumber:
        raise Refused("team.busy") from None
    team.operation, team.leader = operation, leader
    return team


def _take_cars(team: Team, rides: Sequence[Drive], *, at: datetime, had: Collection[int] = ()) -> None:
    """After its people have joined: whoever drives is in no other team then, so only vehicles can be in dispute. `had`:
    vehicles (pks) that were the team's before."""
    wanted = {ride.vehicle.pk for ride in rides if ride.vehicle} - set(had)
    hold_vehicles(wanted)
    _require_on_no_run(wanted, at=at)
    rows = [
        Ride(team=team, position=position, vehicle=ride.vehicle, driver=ride.driver)
        for position, ride in enumerate(rides, start=1)
        if ride.driver
    ]
    if not rows:
        return
    # In the order of the ids: two teams that want the same vehicles then wait for one another and never dead-lock.
    rows.sort(key=lambda row: row.vehicle_id or 0)
    try:
        with transaction.atomic():
            Ride.objects.bulk_create(rows)
    except IntegrityError:
        live = Ride.objects.filter(vehicle__in=[row.vehicle_id for row in rows], over_at__isnull=True)
        taken = live.select_related("vehicle").first()
        name = taken.vehicle.name if taken and taken.vehicle else "選んだ車"
        raise Refused("team.vehicle_taken", vehicle=name) from None


def _require_on_no_run(vehicles: Collection[int], *, at: datetime) -> None:
    """For vehicles that are held: what a run needs goes with no team."""
    if not vehicles:
        return
    run = Run.objects.keeping(at).filter(vehicle__in=vehicles).select_related("vehicle").first()
    if run is None:
        return
    if run.state == RunState.LEFT:
        raise Refused("team.vehicle_on_run", vehicle=run.vehicle.name)
    leaves = f"{timezone.localtime(run.planned_at):%-H:%M}"
    raise Refused("team.vehicle_planned", vehicle=run.vehicle.name, time=leaves)


def _join(team: Team, volunteers: Sequence[Volunteer], visits: dict[int, int], *, at: datetime) -> None:
    # In the order of the ids: two overlapping teams then wait for one another and never dead-lock.
    people = sorted(volunteers, key=lambda person: person.pk)
    rows = [
        new(Member, team_id=team.pk, volunteer_id=person.pk, visit_id=visits[person.pk], joined_at=at)
        for person in people
    ]
    if not insert_unless_taken(rows):
        live = Member.objects.filter(volunteer__in=people, left_at__isnull=True)
        taken = live.select_related("volunteer").first()
        raise _taken(taken)
    # After the joining: a return and a run that were written down until then are seen, and later ones hear of the team.
    if outside := _outside([row.visit_id for row in rows]):
        raise _not_here(outside[0])


@compiled
def _outside(visits: Collection[int]) -> QuerySet[Visit, tuple[int]]:
    """Who is here for reception alone: did not come back with a team, or is driving a run."""
    away = Member.objects.away().filter(visit=OuterRef("pk"))
    driving = Run.objects.on_the_way().filter(driver=OuterRef("volunteer_id"))
    rows = Visit.objects.filter(Exists(away) | Exists(driving), pk__in=visits)
    return rows.order_by("pk").values_list("pk")


def _not_here(visit: tuple[int]) -> Refused:
    person = Volunteer.objects.get(visits=visit[0])
    away = Member.objects.away().filter(visit=visit[0]).select_related("team").first()
    if away is not None:
        return Refused("team.person_away", name=person.name, team=str(away.team))
    return Refused("team.person_on_run", name=person.name)


def _taken(member: Member | None) -> Refused:
    if member is None:
        return Refused("team.person_taken", name="選んだ人")
    return Refused(
        "team.person_taken", name=member.volunteer.name, volunteer=member.volunteer_id, team=member.team_id
    )


@transaction.atomic
def keep_clash(operation: Operation, refused: Refused, *, by: By, at: datetime) -> None:
    """After a decision was rolled back because a person is in another live team: leave a trace that somebody sees.

    `refused` is what was said; anything but team.person_taken with its ids changes nothing.
    """
    volunteer, team = refused.params.get("volunteer"), refused.params.get("team")
    if refused.code != "team.person_taken" or not isinstance(volunteer, int) or not isinstance(team, int):
        return
    clash = Clash.objects.create(
        operation=operation, volunteer_id=volunteer, team_id=team, wanted_by=by.user, at=at
    )
    record("team.clash", clash.team, by=by, at=at, operation=operation, volunteer=volunteer)


def _editable(team: Team) -> Team:
    """The row as it is now, or a refusal once the team is out or over."""
    fresh = Team.objects.select_for_update(of=("self",)).select_related("operation", "leader").get(pk=team.pk)
    if fresh.state == TeamState.OUT:
        raise Refused("team.is_out", number=fresh.number)
    if fresh.state not in BEFORE_LEAVING:
        raise Refused("team.is_over", number=fresh.number)
    return fresh


def hold(team: Team) -> Team:
    """The row as it is now, held until the end of the transaction: nobody joins it, leaves it, leads it or gets another
    car meanwhile. (SQLite has one writer anyway.)"""
    rows = Team.objects.select_for_update(of=("self",)).select_related("operation", "leader")
    return rows.get(pk=team.pk)


def hold_drivers(team: Team) -> None:
    """Whoever of it drives for the center leaves with no run until the end of the transaction: a run that leaves holds its
    driver's visit as well (trips.services). One query, two where somebody drives."""
    rows = Member.objects.filter(team=team, left_at__isnull=True).values_list("visit_id", "volunteer__skills")
    visits = [visit for visit, skills in rows if Skill.DRIVER in skills]
    if visits:
        list(Visit.objects.filter(pk__in=visits).order_by("pk").select_for_update().values_list("pk"))


def people_of(team: Team) -> list[Volunteer]:
    """Who is in the team now, in the order of joining. One query."""
    rows = Member.objects.filter(team=team, left_at__isnull=True).select_related("volunteer").order_by("id")
    return [row.volunteer for row in rows]


@transaction.atomic
def add_member(team: Team, volunteer: Volunteer, *, by: By, at: datetime) -> None:
    """One more person, before the team leaves. Over-fill is allowed: the head count is an estimate."""
    fresh = _editable(team)
    _check_people([*people_of(fresh), volunteer], leader=fresh.leader, at=at)
    _join(fresh, [volunteer], _visits(fresh.operation, [volunteer]), at=at)
    record("team.member_added", fresh, by=by, at=at, operation=fresh.operation, volunteer=volunteer.pk)


@transaction.atomic
def remove_member(team: Team, volunteer: Volunteer, *, by: By, at: datetime) -> None:
    """One person less, before the team leaves. The leader and the drivers are named anew first; taking out
    somebody who is not in the team changes nothing."""
    fresh = _editable(team)
    rest = [person for person in people_of(fresh) if person.pk != volunteer.pk]
    if not rest:
        raise Refused("team.empty")
    if volunteer.pk == fresh.leader_id:
        raise Refused("team.leader_leaving", name=volunteer.name)
    if Ride.objects.filter(team=fresh, driver=volunteer).exists():
        raise Refused("team.driver_leaving", name=volunteer.name)
    _check_people(rest, leader=fresh.leader, at=at)
    if Member.objects.filter(team=fresh, volunteer=volunteer, left_at__isnull=True).update(left_at=at):
        record("team.member_removed", fresh, by=by, at=at, operation=fresh.operation, volunteer=volunteer.pk)


@transaction.atomic
def set_rides(team: Team, rides: Sequence[Drive], *, by: By, at: datetime) -> None:
    """Other cars or drivers for a team that has not left. The same ones change nothing.

    Raises `Refused`: team.is_out, team.is_over, team.driver_needed, team.driver_not_allowed, team.driver_of_two,
    team.vehicle_twice, team.vehicle_taken, team.vehicle_on_run, team.vehicle_planned.
    """
    fresh = _editable(team)
    _check_drivers(people_of(fresh), rides, at=at)
    before = [(ride.vehicle_id, ride.driver_id) for ride in fresh.rides.all()]
    after = [(ride.vehicle.pk if ride.vehicle else None, ride.driver.pk) for ride in rides if ride.driver]
    if sorted(before, key=str) == sorted(after, key=str):
        return
    fresh.rides.all().delete()
    _take_cars(fresh, rides, at=at, had=[vehicle for vehicle, _ in before if vehicle])
    record(
        "team.cars_set", fresh, by=by, at=at, operation=fresh.operation,
        vehicles=[vehicle for vehicle, _ in after if vehicle], drivers=[driver for _, driver in after],
    )  # fmt: skip


@transaction.atomic
def set_leader(team: Team, leader: Volunteer, *, by: By, at: datetime) -> None:
    """Name another member leader: before the team leaves, or out there, when the leader has gone home. Refused:
    team.is_over, team.leader_not_member, team.leader_minor, team.leader_gone."""
    fresh = Team.objects.select_for_update(of=("self",)).select_related("operation", "leader").get(pk=team.pk)
    if fresh.state not in LIVE:
        raise Refused("team.is_over", number=fresh.number)
    _check_people(people_of(fresh), leader=leader, at=at)
    if Member.objects.filter(
        team=fresh, volunteer=leader, left_at=None, visit__left_at__isnull=False
    ).exists():
        raise Refused("team.leader_gone", name=leader.name)
    if Team.objects.filter(pk=fresh.pk).exclude(leader=leader).update(leader=leader):
        record("team.leader_set", fresh, by=by, at=at, operation=fresh.operation, leader=leader.pk)
    team.leader = leader


@transaction.atomic
def dissolve(team: Team, *, by: By, at: datetime) -> None:
    """Set everybody free again before the team has left. Dissolving a dissolved team changes nothing."""
    if Team.objects.filter(pk=team.pk, state=TeamState.DISSOLVED).exists():
        return
    _end(_editable(team), TeamState.DISSOLVED, "team.dissolved", by=by, at=at)
    team.refresh_from_db()


@transaction.atomic
def go_out(team: Team, *, by: By, at: datetime) -> None:
    """The team leaves the center (called by the dispatch that checked its departure)."""
    if Team.objects.filter(pk=team.pk, state__in=BEFORE_LEAVING).update(state=TeamState.OUT):
        record("team.left", team, by=by, at=at, operation=team.operation)
    team.refresh_from_db()


@transaction.atomic
def stay_here(team: Team, *, by: By, at: datetime) -> None:
    """The team has not left after all (called by the dispatch whose departure was a mistake)."""
    if Team.objects.filter(pk=team.pk, state=TeamState.OUT).update(state=TeamState.READY):
        record("team.stayed", team, by=by, at=at, operation=team.operation)
    team.refresh_from_db()


@transaction.atomic
def take_return_back(team: Team, *, ended_at: datetime | None, by: By, at: datetime) -> None:
    """The team is out still: whoever was set free at `ended_at` is in it again, with its cars. Refused:
    dispatch.undo_people_gone (somebody or a car has gone on since)."""
    cars = list(
        Ride.objects.filter(team=team, over_at=ended_at, vehicle__isnull=False).values_list(
            "vehicle", flat=True
        )
    )
    freed = Member.objects.filter(team=team, left_at=ended_at)
    # Held as by whoever joins a team or leaves with a run.
    list(Visit.objects.filter(memberships__in=freed).order_by("pk").select_for_update().values_list("pk"))
    driving = Run.objects.on_the_way().filter(driver__in=freed.order_by().values("volunteer"))
    if freed.exclude(visit__left_at__isnull=True).exists() or driving.exists():
        raise Refused("dispatch.undo_people_gone", number=team.number)
    hold_vehicles(cars)
    if Run.objects.on_the_way().filter(vehicle__in=cars).exists():
        raise Refused("dispatch.undo_people_gone", number=team.number)
    try:
        with transaction.atomic():
            freed.update(left_at=None, not_here_said="", came_after_at=None)
            Ride.objects.filter(team=team, over_at=ended_at).update(over_at=None, key_missing=False)
    except IntegrityError:
        raise Refused("dispatch.undo_people_gone", number=team.number) from None
    Team.objects.filter(pk=team.pk, state=TeamState.BACK).update(state=TeamState.OUT, ended_at=None)
    record("team.return_taken_back", team, by=by, at=at, operation=team.operation)
    team.refresh_from_db()


@transaction.atomic
def release(
    team: Team, *, by: By, at: datetime, keys_missing: Collection[int] = (), not_here: Collection[int] = (),
    not_here_said: str = "",
) -> None:  # fmt: skip
    """The team is back: its people and its vehicles are free, but for those (pks) whose key nobody has brought. What is
    known of who has not come with it (`not_here`, pks) is kept. A fact, so it never says no."""
    fresh = Team.objects.select_for_update(of=("self",)).select_related("operation").get(pk=team.pk)
    if fresh.state in LIVE:
        Ride.objects.filter(team=fresh, vehicle__in=keys_missing).update(key_missing=True)
        away = Member.objects.filter(team=fresh, volunteer__in=not_here, left_at__isnull=True)
        away.update(not_here_said=not_here_said)
        _end(fresh, TeamState.BACK, "team.released", by=by, at=at)
    team.refresh_from_db()


@transaction.atomic
def say_also_away(team: Team, people: Collection[int], said: str) -> list[int]:
    """A second desk, at a return that was written down already, names who has not come with it (pks). What it knows of
    whom the first has named stands behind what was told. Returns whose words have changed."""
    freed = Member.objects.filter(team=team, left_at=hold(team).ended_at, visit__left_at__isnull=True)
    rows = freed.filter(volunteer__in=people).order_by("volunteer")
    changed = [row for row in rows if said not in row.not_here_said]
    for row in changed:
        row.not_here_said = "　".join(filter(None, [row.not_here_said, said]))
    Member.objects.bulk_update(changed, ["not_here_said"])
    return [row.volunteer_id for row in changed]


@transaction.atomic
def is_here_after_all(member: Member, *, by: By, at: datetime) -> None:
    """Somebody has seen here who did not come back with the team. Twice changes nothing."""
    if Member.objects.away().filter(pk=member.pk).update(came_after_at=at):
        team = member.team
        record(
            "team.came_after_all", team, by=by, at=at, operation=team.operation, volunteer=member.volunteer_id
        )  # fmt: skip


@transaction.atomic
def bring_key(ride: Ride, *, by: By, at: datetime) -> None:
    """The key that was missing is here. Twice changes nothing."""
    if Ride.objects.filter(pk=ride.pk, key_missing=True).update(key_missing=False):
        record(
            "team.key_back", ride.team, by=by, at=at, operation=ride.team.operation, vehicle=ride.vehicle_id
        )


def _end(team: Team, state: TeamState, action: str, *, by: By, at: datetime) -> None:
    Team.objects.filter(pk=team.pk).update(state=state, ended_at=at)
    Member.objects.filter(team=team, left_at__isnull=True).update(left_at=at)
    Ride.objects.filter(team=team, over_at__isnull=True).update(over_at=at)
    record(action, team, by=by, at=at, operation=team.operation, number=team.number)


@transaction.atomic
def say_coming(team: Team, people: Sequence[Volunteer], *, day: date, by: By, at: datetime) -> int:
    """These of the team come on that day as well (明日も来られますか). Said again, nothing changes. Returns how many
    are new."""
    known = ComingAgain.objects.filter(operation=team.operation_id, day=day, volunteer__in=people)
    already = set(known.values_list("volunteer_id", flat=True))
    new = [person for person in people if person.pk not in already]
    ComingAgain.objects.bulk_create(
        [ComingAgain(operation=team.operation, volunteer=one, day=day, team=team, said_at=at) for one in new]
    )
    if new:
        record(
            "team.coming_again",
            team,
            by=by,
            at=at,
            operation=team.operation,
            day=day.isoformat(),
            people=len(new),
        )
    return len(new)

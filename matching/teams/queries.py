"""Who and what is free to join a team."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet

from dvc.operations.models import Operation
from intake.checkin.models import Visit
from intake.volunteers.models import Volunteer
from matching.equipment.models import Vehicle
from matching.teams.models import Member, Ride
from matching.trips.models import Run


def free_visits(operation: Operation | int) -> QuerySet[Visit]:
    """Open visits of people who are in no live team, out with no run, and not away: who did not come back with their team
    is here for reception still, and nobody has seen them here."""
    in_team = Member.objects.filter(volunteer=OuterRef("volunteer_id"), left_at__isnull=True)
    away = Member.objects.away().filter(visit=OuterRef("pk"))
    driving = Run.objects.on_the_way().filter(driver=OuterRef("volunteer_id"))
    return Visit.objects.present().filter(
        ~Exists(in_team), ~Exists(away), ~Exists(driving), operation=operation
    )


@dataclass(frozen=True, slots=True)
class Gone:
    """The leader of a team has gone home without it: when, and who of it is still there and can be telephoned."""

    at: datetime
    others: tuple[Volunteer, ...]


def gone_leaders(teams: Iterable[int]) -> dict[int, Gone]:
    """Team pk → its leader as reception saw them leave, of live teams whose leader did. One query, two when there is one."""
    in_team = Member.objects.filter(team__in=list(teams), left_at__isnull=True)
    gone = in_team.filter(volunteer=F("team__leader"), visit__left_at__isnull=False)
    left = {team: at for team, at in gone.values_list("team", "visit__left_at") if at is not None}
    if not left:
        return {}
    others: dict[int, list[Volunteer]] = {team: [] for team in left}
    for member in in_team.filter(team__in=left, visit__left_at__isnull=True).select_related("volunteer"):
        if member.volunteer.phone:
            others[member.team_id].append(member.volunteer)
    return {team: Gone(at, tuple(others[team])) for team, at in left.items()}


def vehicles_here(operation: Operation) -> QuerySet[Vehicle]:
    """Usable vehicles of the center that no live team has, that are on no run, and whose key is here."""
    used = Ride.objects.filter(Q(over_at__isnull=True) | Q(key_missing=True), vehicle=OuterRef("pk"))
    driving = Run.objects.on_the_way().filter(vehicle=OuterRef("pk"))
    return Vehicle.objects.filter(~Exists(used), ~Exists(driving), operation=operation, available=True)


def free_vehicles(operation: Operation, *, at: datetime) -> QuerySet[Vehicle]:
    """Those of `vehicles_here` that a team may take at `at`: no run needs them before it would be back."""
    kept = Run.objects.keeping(at).filter(vehicle=OuterRef("pk"))
    return vehicles_here(operation).filter(~Exists(kept))


def with_rides(path: str = "team__rides") -> Prefetch[str, QuerySet[Ride], str]:
    """To prefetch the cars and drivers of many teams in one query."""
    return Prefetch(path, queryset=Ride.objects.select_related("vehicle", "driver"))

"""Who and what is free to join a team."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from dvc.operations.models import Operation
from intake.checkin.models import Visit
from matching.equipment.models import Vehicle
from matching.teams.models import LIVE, Member, Team


def free_visits(operation: Operation) -> QuerySet[Visit]:
    """Open visits of people who are in no live team."""
    in_team = Member.objects.filter(volunteer=OuterRef("volunteer_id"), left_at__isnull=True)
    return Visit.objects.present().filter(~Exists(in_team), operation=operation)


def free_vehicles(operation: Operation) -> QuerySet[Vehicle]:
    """Usable vehicles of the center that no live team has."""
    used = Team.objects.filter(vehicle=OuterRef("pk"), state__in=LIVE)
    return Vehicle.objects.filter(~Exists(used), operation=operation, available=True)

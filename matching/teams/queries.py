"""Who is free to join a team."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from dvc.operations.models import Operation
from intake.checkin.models import Visit
from matching.teams.models import Member


def free_visits(operation: Operation) -> QuerySet[Visit]:
    """Open visits of people who are in no live team."""
    in_team = Member.objects.filter(volunteer=OuterRef("volunteer_id"), left_at__isnull=True)
    return Visit.objects.present().filter(~Exists(in_team), operation=operation)

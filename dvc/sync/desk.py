"""What a reception desk shows beside the cards: how many came today, and who went home again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from dvc.operations.models import Operation
from intake.checkin.models import Visit


def of_today(operation: Operation, *, at: datetime) -> dict[str, Any]:
    """`day` (ISO) is the day on which the figures hold, by the tablet's calendar; they are of the operation's own day,
    which in a drill may be another. `arrived` counts visits, `left` names who is not here any more; `sites` where those
    are who arrived at a site that was named. One query."""
    day = timezone.localdate(operation.moment(at))
    visits = (
        Visit.objects.on_day(day)
        .filter(operation=operation)
        .values_list("volunteer_id", "left_at", "site_id")
    )
    here = {volunteer for volunteer, left_at, _ in visits if left_at is None}
    return {
        "day": timezone.localdate(at).isoformat(),
        "arrived": len(visits),
        "left": sorted({volunteer for volunteer, _, _ in visits} - here),
        "sites": {str(volunteer): site for volunteer, left_at, site in visits if site and left_at is None},
    }

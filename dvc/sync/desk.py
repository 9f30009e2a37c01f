"""What a reception desk shows beside the cards: who is here, how many came today, and who went home again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper
from django.utils import timezone

from dvc.operations.models import Operation
from intake.checkin.models import IS_PRESENT, Visit


@dataclass(frozen=True, slots=True)
class Reception:
    """`present`: volunteer → time of arrival, of whoever is here, also since yesterday. `today`: `day` (ISO) is the day on
    which its figures hold, by the tablet's calendar; they are of the operation's own day, which in a drill may be another;
    `arrived` counts visits, `left` names who is not here any more, `sites` where those are who arrived at a site that was
    named."""

    present: dict[str, str]
    today: dict[str, Any]


def look(operation: Operation, *, at: datetime) -> Reception:
    """One query, because the two must tell of the same moment: a tablet counts whoever it recorded and does not find among
    the present on top of `arrived`, and somebody who came in between would be counted twice."""
    day = timezone.localdate(operation.moment(at))
    visits = list(
        (Visit.objects.on_day(day) | Visit.objects.present())
        .filter(operation=operation)
        .annotate(is_present=ExpressionWrapper(IS_PRESENT, BooleanField()))
        .order_by("pk")
        .values_list("volunteer_id", "day", "arrived_at", "left_at", "site_id", "is_present")
    )
    of_today = [(volunteer, left, site) for volunteer, on, _, left, site, _ in visits if on == day]
    here = {volunteer for volunteer, left, _ in of_today if left is None}
    return Reception(
        present={
            str(volunteer): arrived.isoformat() for volunteer, _, arrived, _, _, present in visits if present
        },
        today={
            "day": timezone.localdate(at).isoformat(),
            "arrived": len(of_today),
            "left": sorted({volunteer for volunteer, _, _ in of_today} - here),
            "sites": {str(volunteer): site for volunteer, left, site in of_today if site and left is None},
        },
    )

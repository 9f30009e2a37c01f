"""What a played drill came to, ready for JSON, without ids. Asked inside a center's environment (tests.infra.shell).

Two plays of one script must give the same digest, whatever was killed while they ran.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any


def _minute(moment: datetime | None) -> str:
    from django.utils import timezone

    return timezone.localtime(moment).strftime("%H:%M:%S") if moment else ""


def digest() -> dict[str, Any]:
    """Everything that happened in the newest drill, by names and numbers people know."""
    from dvc.drills.models import Drill
    from intake.checkin.models import Visit
    from intake.help_requests.models import Need
    from matching.dispatch.models import Dispatch

    drill = Drill.objects.select_related("operation").latest("id")
    operation = drill.operation
    return {
        "state": drill.state,
        "steps": list(drill.steps.order_by("index").values_list("index", "kind")),
        "visits": sorted(
            [v.volunteer.name, v.volunteer.phone, _minute(v.arrived_at), _minute(v.oriented_at), _minute(v.left_at)]
            for v in Visit.objects.filter(operation=operation).select_related("volunteer")
        ),
        "needs": [
            [n.number, n.state, [[i.category, i.state, i.detail] for i in n.items.order_by("id")],
             [[c.from_state, c.to_state, _minute(c.at)] for c in n.changes.order_by("id")]]
            for n in Need.objects.filter(operation=operation).order_by("number").prefetch_related("items", "changes")
        ],
        "teams": [
            [d.serial, d.need.number, d.state, d.team.leader.name if d.team.leader else "",
             sorted(m.volunteer.phone for m in d.team.members.select_related("volunteer")),
             _minute(d.departed_at), _minute(d.returned_at)]
            for d in Dispatch.objects.filter(operation=operation).select_related("need", "team__leader").order_by("serial")
        ],
    }  # fmt: skip

"""Who worked how long, from what happened and not from what anybody typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dvc.audit.models import Entry
from matching.dispatch.models import Dispatch, DispatchState
from matching.teams.models import Member


@dataclass(frozen=True, slots=True)
class Hours:
    """A team's day: away from the center, at work in all its houses (None: nobody told), and by how many people."""

    away: timedelta
    at_work: timedelta | None
    people: int

    @property
    def worked(self) -> timedelta | None:
        """The hours of all its people together."""
        return self.at_work * self.people if self.at_work is not None else None


def hours_of(visits: Sequence[Dispatch]) -> Hours | None:
    """Of a team that is back; None before. From the arrival at each house until it was left, or reported, or the return;
    of whoever was in the team when it left. Two queries."""
    left = min((visit.departed_at for visit in visits if visit.departed_at), default=None)
    back = max((visit.returned_at for visit in visits if visit.returned_at), default=None)
    if left is None or back is None:
        return None
    ends = _ends(visits)
    spans = [
        min(ends.get(visit.pk, back), back) - visit.on_site_at
        for visit in visits
        if visit.on_site_at is not None
    ]
    worked = sum((max(span, timedelta()) for span in spans), timedelta()) if spans else None
    return Hours(back - left, worked, Member.objects.filter(team=visits[0].team_id, left_at__gt=left).count())


def _ends(visits: Sequence[Dispatch]) -> dict[int, datetime]:
    """Dispatch pk → when the team left the house. What was told by mistake and taken back is no leaving."""
    rows = Entry.objects.filter(
        subject_type="dispatch.dispatch", subject_id__in=[str(visit.pk) for visit in visits],
        action__in=["dispatch.leaving", "dispatch.visited", "dispatch.undone"],
    )  # fmt: skip
    ends: dict[int, datetime] = {}
    for pk, action, to, at in rows.order_by("id").values_list("subject_id", "action", "details__to", "at"):
        if action == "dispatch.undone":
            if to not in (DispatchState.LEAVING, DispatchState.VISITED):  # there it was again
                ends.pop(int(pk), None)
        else:
            ends.setdefault(int(pk), at)
    return ends

"""Work orders carry names and addresses: printed sheets are counted out (services.count_sheet) and in."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F, Sum

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from matching.dispatch.models import Dispatch


def all_in(team_id: int, count: int) -> None:
    """`count` sheets of a team came back with it; whichever of its visits they were printed for. More than were printed
    are no more than all."""
    rows = Dispatch.objects.select_for_update().filter(team=team_id, sheets_printed__gt=0).order_by("pk")
    for row in rows:
        taken = min(count, row.sheets_out)
        if taken:
            Dispatch.objects.filter(pk=row.pk).update(sheets_back=F("sheets_back") + taken)
            count -= taken


def not_counted(team_id: int, count: int) -> int:
    """Of `count` sheets that are here as a second desk says, how many the first has not counted: the same sheet may have
    been in both heaps."""
    back = Dispatch.objects.filter(team=team_id).aggregate(sum=Sum("sheets_back"))["sum"] or 0
    return max(0, count - back)


@transaction.atomic
def count_in(
    dispatch: Dispatch, *, back: int, lost: int = 0, reason: str = "", by: By, at: datetime
) -> Dispatch:
    """`back` sheets of this order are here now; `lost` will not come, for a reason.

    Raises `Refused`: dispatch.sheets_count (none, or more than are out), dispatch.sheets_lost_reason.
    """
    fresh = Dispatch.objects.select_for_update(of=("self",)).select_related("operation").get(pk=dispatch.pk)
    if not 1 <= back + lost <= fresh.sheets_out or min(back, lost) < 0:
        raise Refused("dispatch.sheets_count", serial=fresh.serial, count=fresh.sheets_out)
    if lost and not reason.strip():
        raise Refused("dispatch.sheets_lost_reason")
    Dispatch.objects.filter(pk=fresh.pk).update(
        sheets_back=F("sheets_back") + back, sheets_lost=F("sheets_lost") + lost
    )
    record(
        "dispatch.sheets_in", fresh, by=by, at=at, operation=fresh.operation, back=back, lost=lost,
        reason=reason.strip()[:120],
    )  # fmt: skip
    dispatch.refresh_from_db(fields=["sheets_back", "sheets_lost"])
    return dispatch

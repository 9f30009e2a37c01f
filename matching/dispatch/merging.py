"""Two leaders of one team both reported: one report of both."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from intake.help_requests.models import Need
from matching.dispatch.models import ActivityReport, Dispatch, LaterReport, ReportedWork

WORDS: Final = ("text", "remaining", "injury", "near_miss")


def proposed(first: ActivityReport, later: Iterable[LaterReport]) -> dict[str, Any]:
    """What both say together: every word once, the larger numbers, and 見守り if anybody saw a reason for it."""
    reports: list[ReportedWork] = [first, *later]
    said: dict[str, Any] = {}
    for name in WORDS:
        words = dict.fromkeys(text for report in reports if (text := getattr(report, name).strip()))
        said[name] = ("\n" if name in ("text", "remaining") else "　").join(words)
    said["people"] = max(report.people for report in reports)
    said["people_next"] = max((report.people_next or 0 for report in reports), default=0) or None
    said["watch"] = any(report.watch for report in reports)
    return said


@transaction.atomic
def merge(
    dispatch: Dispatch, *, people: int, text: str, remaining: str, injury: str, near_miss: str,
    people_next: int | None, watch: bool, by: By, at: datetime,
) -> ActivityReport:  # fmt: skip
    """The report that counts says this from now on. The outcome stays, because the need has gone on from it; the later
    reports stay as they were told. The same again changes nothing. Raises `Refused`: dispatch.nothing_to_merge."""
    first = (
        ActivityReport.objects.select_for_update(of=("self",))
        .select_related("dispatch__operation")
        .filter(dispatch=dispatch)
        .first()
    )
    if first is None or not LaterReport.objects.filter(dispatch=dispatch).exists():
        raise Refused("dispatch.nothing_to_merge")
    said = {
        "people": people, "text": text[:4000], "remaining": remaining[:2000], "injury": injury[:500],
        "near_miss": near_miss[:500], "people_next": people_next, "watch": watch,
    }  # fmt: skip
    changed = sorted(name for name, value in said.items() if getattr(first, name) != value)
    if not changed:
        return first
    ActivityReport.objects.filter(pk=first.pk).update(**said)
    if watch:
        Need.objects.filter(pk=dispatch.need_id).update(needs_watch=True)
    record(
        "dispatch.reports_merged", dispatch, by=by, at=at, operation=first.dispatch.operation, changed=changed,
        people=people, injury=bool(injury), near_miss=bool(near_miss),
    )  # fmt: skip
    first.refresh_from_db()
    return first


@transaction.atomic
def add_injury(dispatch: Dispatch, text: str, *, by: By, at: datetime) -> None:
    """Somebody was found hurt or unwell after the report had come: it says so from now on. Said already, nothing
    changes."""
    first = ActivityReport.objects.select_for_update(of=("self",)).filter(dispatch=dispatch).first()
    if first is None or text in first.injury:
        return
    ActivityReport.objects.filter(pk=first.pk).update(
        injury="　".join(filter(None, [first.injury, text]))[:500]
    )
    record("dispatch.injury_added", dispatch, by=by, at=at, operation=dispatch.operation)

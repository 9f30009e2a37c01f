"""Two leaders of one team both reported: one report of both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from dvc.audit.models import Entry
from dvc.audit.services import By, record
from dvc.core.refused import Refused
from intake.help_requests.models import Need
from matching.dispatch import outcomes
from matching.dispatch.models import ActivityReport, Dispatch, LaterReport, Outcome, ReportedWork

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


def told_outcomes(first: ActivityReport, later: Iterable[LaterReport]) -> list[Outcome]:
    """Each outcome that was told, once, in the order of telling."""
    return list(dict.fromkeys(Outcome(report.outcome) for report in [first, *later]))


def mark_of(report: ActivityReport) -> str:
    """What the report that counts says, in short: whoever writes it anew says by it what they have read."""
    said = [str(getattr(report, name)) for name in (*WORDS, "people", "people_next", "outcome", "watch")]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def waits(dispatch: Dispatch) -> bool:
    """Whether a report that says something else has come since a person made one of them last. One query."""
    told = Entry.objects.about(dispatch).filter(
        action__in=["dispatch.reported_again", "dispatch.reports_merged"]
    )
    return told.order_by("-id").values_list("action", flat=True).first() == "dispatch.reported_again"


@transaction.atomic
def merge(
    dispatch: Dispatch, *, people: int, text: str, remaining: str, injury: str, near_miss: str,
    people_next: int | None, watch: bool, by: By, at: datetime, outcome: str = "", hold: bool = True,
    seen: Collection[int] | None = None, seen_first: str | None = None,
) -> ActivityReport:  # fmt: skip
    """The report that counts says this from now on; the later reports stay as they were told. The same again changes
    nothing. `outcome`: which of them a person has found to be true, needed where they told different ones; the need
    follows it (`hold`: see `services.report`), unless somebody has done something else with it since. `seen`: the later reports (pks) that were read for it;
    `seen_first`: the mark (`mark_of`) of the one that counts, as it was read. Raises `Refused`: dispatch.nothing_to_merge,
    dispatch.more_reports (one has come that was not read), dispatch.report_changed, dispatch.choose_outcome,
    dispatch.remaining_needed."""
    first = (
        ActivityReport.objects.select_for_update(of=("self",))
        .select_related("dispatch__operation")
        .filter(dispatch=dispatch)
        .first()
    )
    later = list(LaterReport.objects.filter(dispatch=dispatch))
    if first is None or not later:
        raise Refused("dispatch.nothing_to_merge")
    if seen is not None and not {one.pk for one in later} <= {*seen}:
        raise Refused("dispatch.more_reports")
    if seen_first is not None and mark_of(first) != seen_first:
        raise Refused("dispatch.report_changed")
    true = _true_outcome(outcome, told_outcomes(first, later), remaining=remaining)
    said = {
        "outcome": true,
        "people": people, "text": text, "remaining": remaining, "injury": injury,
        "near_miss": near_miss, "people_next": people_next, "watch": watch,
    }  # fmt: skip
    changed = sorted(name for name, value in said.items() if getattr(first, name) != value)
    if not changed and not waits(dispatch):
        return first
    before = first.outcome
    ActivityReport.objects.filter(pk=first.pk).update(**said)
    first.refresh_from_db()
    if watch:
        Need.objects.filter(pk=dispatch.need_id).update(needs_watch=True)
    row = Dispatch.objects.select_related("need__operation", "operation").get(pk=dispatch.pk)
    if true != before and outcomes.take_back(row, by=by, at=at):
        outcomes.carry_on(row, first, hold=hold, by=by, at=at)
    record(
        "dispatch.reports_merged", dispatch, by=by, at=at, operation=first.dispatch.operation, changed=changed,
        people=people, injury=bool(injury), near_miss=bool(near_miss), outcome=str(true), before=str(before),
    )  # fmt: skip
    return first


def _true_outcome(chosen: str, told: Sequence[Outcome], *, remaining: str) -> Outcome:
    if not chosen and len(told) > 1:
        raise Refused("dispatch.choose_outcome", what="」「".join(outcome.label for outcome in told))
    true = Outcome(chosen) if chosen else told[0]
    if true == Outcome.CONTINUING and true != told[0] and not remaining.strip():
        raise Refused("dispatch.remaining_needed")
    return true


@transaction.atomic
def add_injury(dispatch: Dispatch, text: str, *, by: By, at: datetime) -> None:
    """Somebody was found hurt or unwell after the report had come: it says so from now on. Said already, nothing
    changes."""
    first = ActivityReport.objects.select_for_update(of=("self",)).filter(dispatch=dispatch).first()
    if first is None or text in first.injury:
        return
    ActivityReport.objects.filter(pk=first.pk).update(injury="　".join(filter(None, [first.injury, text])))
    record("dispatch.injury_added", dispatch, by=by, at=at, operation=dispatch.operation)

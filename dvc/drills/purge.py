"""Wipe a drill: every row it made, except the audit (ids only, append-only) and the closed operation it hangs from."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.apps import apps
from django.db import models, transaction

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.drills.models import Drill, DrillState
from dvc.operations.models import Operation, OperationState
from dvc.outbox.models import Row
from dvc.photos import services as photos

# What hangs from what, outermost leaf first: (model, path to the drill operation).
ROWS: tuple[tuple[str, str], ...] = (
    ("sync.InboxItem", "operation"),
    ("sync.InboxSweep", "operation"),
    ("sync.HeldOp", "operation"),
    ("sync.QuarantinedOp", "operation"),
    ("field.FieldNote", "operation"),
    ("evening.Certificate", "operation"),
    ("evening.MotorwayStamp", "operation"),
    ("teams.ComingAgain", "operation"),
    ("evening.NamedException", "operation"),
    ("evening.DayClosing", "operation"),
    ("loans.GiveBack", "operation"),
    ("loans.Loan", "operation"),
    ("safety.RecallAnswer", "recall__operation"),
    ("safety.Recall", "operation"),
    ("safety.LateCall", "team__operation"),
    ("control.Working", "operation"),
    ("safety.DangerZone", "operation"),
    ("safety.Reading", "operation"),
    ("safety.WeatherAlert", "operation"),
    ("safety.SafetyRules", "operation"),
    ("dispatch.LaterReport", "dispatch__operation"),
    ("dispatch.ActivityReport", "dispatch__operation"),
    ("dispatch.Dispatch", "operation"),
    ("trips.Boarding", "run__operation"),
    ("trips.Stop", "run__operation"),
    ("trips.Run", "operation"),
    ("teams.Member", "team__operation"),
    ("teams.Ride", "team__operation"),
    ("teams.Clash", "operation"),
    ("teams.Team", "operation"),
    ("proposals.ProposalVisit", "proposal__operation"),
    ("proposals.Proposal", "operation"),
    ("proposals.MatchRun", "operation"),
    ("proposals.WhatIf", "operation"),
    ("proposals.Weighting", "operation"),
    ("queue.Hold", "need__operation"),
    ("queue.Ban", "operation"),
    ("queue.Lock", "operation"),
    ("queue.Pin", "operation"),
    ("equipment.Damage", "operation"),
    ("trips.DumpQueue", "site__operation"),
    ("trips.DumpSite", "operation"),
    ("equipment.Vehicle", "operation"),
    ("equipment.ToolItem", "operation"),
    ("equipment.ToolStock", "operation"),
    ("paper.PaperLine", "sheet__operation"),
    ("paper.PaperSheet", "operation"),
    ("paper.PaperPeriod", "operation"),
    ("orientation.Attendance", "operation"),
    ("orientation.OrientationSession", "operation"),
    ("questions.DayAnswer", "operation"),
    ("checkin.Visit", "operation"),
    ("checkin.GroupArrival", "operation"),
    ("checkin.FailedScan", "operation"),
    ("exchange.ImportRow", "imported__operation"),
    ("exchange.Import", "operation"),
    ("web_requests.ResidentAnswer", "need__operation"),
    ("web_requests.RequestLink", "need__operation"),
    ("web_requests.WebRequest", "need__operation"),
    ("help_requests.CrisisAck", "alert__need__operation"),
    ("help_requests.CrisisAlert", "need__operation"),
    ("help_requests.CallTry", "call_back__need__operation"),
    ("help_requests.CallBack", "need__operation"),
    ("help_requests.CallDraft", "operation"),
    ("maps.MapNote", "operation"),
    ("survey.Survey", "operation"),
    ("survey.Appointment", "operation"),
    ("survey.Round", "operation"),
    ("help_requests.UnsavedEdit", "need__operation"),
    ("help_requests.Lookalike", "need__operation"),
    ("help_requests.CallerNote", "need__operation"),
    ("help_requests.NeedChange", "need__operation"),
    ("help_requests.WorkItem", "need__operation"),
    ("help_requests.Need", "operation"),
    ("people.PersonMerge", "twin__drill"),
    ("people.HouseholdMerge", "twin__drill"),
    ("people.Person", "drill"),
    ("people.Household", "drill"),
    ("volunteers.CardBinding", "volunteer__drill"),
    ("volunteers.CardBinding", "card__stock__drill"),
    ("volunteers.Card", "stock__drill"),
    ("volunteers.CardStock", "drill"),
    ("volunteers.InsurancePolicy", "volunteer__drill"),
    ("volunteers.Merge", "twin__drill"),
    ("equipment.LicenceSeen", "volunteer__drill"),
    ("volunteers.Volunteer", "drill"),
    ("drills.StepDone", "drill__operation"),
)

# These point at one another (duplicate of, guardian): they are untied before they go.
_TIES: Final[dict[str, list[str]]] = {
    "help_requests.Need": ["duplicate_of"], "volunteers.Volunteer": ["guardian", "merged_into"],
    "people.Person": ["merged_into"], "people.Household": ["merged_into"],
}  # fmt: skip


@transaction.atomic
def purge(operation: Operation, *, by: By, at: datetime) -> dict[str, int]:
    """Delete what the drill made; returns how many rows of which model. Real cards and people stay.

    Raises Refused("operation.not_drill") for anything but a drill. Safe to repeat.
    """
    if not operation.is_drill:
        raise Refused("operation.not_drill", name=operation.name)
    Drill.objects.filter(operation=operation).update(state=DrillState.PURGED, finished_at=at)
    _forget_work(operation)
    counts: dict[str, int] = {"sync.Receipt": _empty_receipts(operation)}
    counts["photos.Photo"] = photos.forget_all(operation)
    for label, path in ROWS:
        model: type[models.Model] = apps.get_model(label)
        rows: Any = model._default_manager.filter(**{path: operation})
        if label in _TIES:
            rows.update(**dict.fromkeys(_TIES[label]))
        counts[label] = counts.get(label, 0) + rows.delete()[0]
    Operation.objects.filter(pk=operation.pk).update(state=OperationState.CLOSED, closed_at=at, clock_speed=0)
    record("drill.purged", operation, by=by, at=at, operation=operation, rows=sum(counts.values()))
    return counts


def _empty_receipts(operation: Operation) -> int:
    """A receipt stays, without anything about anybody: a tablet that sends its op again must still get a repeat, and
    its numbers must have no gap."""
    receipts = apps.get_model("sync.Receipt")._default_manager.filter(operation=operation)
    emptied = 0
    for receipt in receipts.exclude(payload={}).iterator():
        receipt.payload, receipt.lane = {}, ""
        receipt.result = {**receipt.result, "data": {}}
        receipt.save(update_fields=["payload", "lane", "result"])
        emptied += 1
    return emptied


def _forget_work(operation: Operation) -> None:
    runs = operation.match_runs.values_list("pk", flat=True)
    Row.objects.filter(kind="matching.run", object_id__in=[str(pk) for pk in runs]).delete()
    what_ifs = operation.what_ifs.values_list("pk", flat=True)
    Row.objects.filter(kind="matching.what_if", object_id__in=[str(pk) for pk in what_ifs]).delete()
    imports = operation.imports.values_list("pk", flat=True)
    Row.objects.filter(kind__startswith="exchange.", object_id__in=[str(pk) for pk in imports]).delete()
    drill = Drill.objects.filter(operation=operation).first()
    if drill is not None:
        Row.objects.filter(kind="drill.step", object_id=str(drill.pk)).delete()

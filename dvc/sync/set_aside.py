"""What the apps below have set aside because two people said different things: each becomes one inbox item."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from dvc.audit.services import SYSTEM, By
from dvc.operations.models import Operation
from dvc.sync import inbox
from dvc.sync.inbox import View
from dvc.sync.models import InboxItem, ItemKind
from intake.help_requests.models import UnsavedEdit
from intake.survey.models import Survey
from matching.dispatch.models import LaterReport
from matching.teams.models import Clash


def collect(operation: Operation, *, at: datetime) -> None:
    """Open the items that are not there yet. Eight queries when nothing is new."""
    edits = UnsavedEdit.objects.filter(need__operation=operation)
    for edit in _new(operation, ItemKind.NEED_EDIT, edits.values_list("pk", flat=True)):
        _edit_item(operation, edits.get(pk=edit), at=at)
    surveys = Survey.objects.filter(operation=operation, counts=False).exclude(why="")
    for pk in _new(operation, ItemKind.TWO_SURVEYS, surveys.values_list("pk", flat=True)):
        survey_item(surveys.get(pk=pk), by=SYSTEM, at=at)
    reports = LaterReport.objects.filter(dispatch__operation=operation).select_related("dispatch__report")
    for pk in _new(operation, ItemKind.TWO_REPORTS, reports.values_list("pk", flat=True)):
        report = reports.get(pk=pk)
        if report.needs_a_person(report.dispatch.report):
            _report_item(operation, report, at=at)
    clashes = Clash.objects.filter(operation=operation)
    for pk in _new(operation, ItemKind.TWO_TEAMS, clashes.values_list("pk", flat=True)):
        _clash_item(operation, clashes.select_related("team").get(pk=pk), at=at)


def _new(operation: Operation, kind: ItemKind, rows: Iterable[int]) -> list[int]:
    items = InboxItem.objects.filter(operation=operation, kind=kind)
    known = {
        view["row"] for views in items.values_list("views", flat=True) for view in views if "row" in view
    }
    return [pk for pk in rows if pk not in known]


def _edit_item(operation: Operation, edit: UnsavedEdit, *, at: datetime) -> None:
    saved = View("edited", edit.saved_at or edit.at, user=edit.saved_by_id)
    lost = View("not_saved", edit.at, user=edit.by_id, row=edit.pk)
    inbox.open_item(
        operation, ItemKind.NEED_EDIT, edit.pk, subjects={"need": [edit.need_id]}, views=[saved, lost], fix="looked",
        by=SYSTEM, at=at,
    )  # fmt: skip


def survey_item(survey: Survey, *, by: By, at: datetime) -> InboxItem:
    """The item of a survey that does not count, beside the one that does."""
    views = [
        View("surveyed", first.at, user=first.by_id, row=first.pk)
        for first in Survey.objects.counting().filter(need=survey.need_id)
    ]
    views.append(View("surveyed_later", survey.at, user=survey.by_id, row=survey.pk))
    return inbox.open_item(
        survey.operation, ItemKind.TWO_SURVEYS, survey.pk, subjects={"need": [survey.need_id]}, views=views,
        fix="first", by=by, at=at,
    )  # fmt: skip


def _report_item(operation: Operation, report: LaterReport, *, at: datetime) -> None:
    first = View("reported", report.dispatch.report.reported_at)
    later = View("reported_later", report.reported_at, row=report.pk)
    inbox.open_item(
        operation, ItemKind.TWO_REPORTS, report.dispatch_id,
        subjects={"dispatch": [report.dispatch_id], "need": [report.dispatch.need_id]}, views=[first, later],
        fix="first", by=SYSTEM, at=at, reopen=True,
    )  # fmt: skip


def _clash_item(operation: Operation, clash: Clash, *, at: datetime) -> None:
    there = View("in_team", clash.team.formed_at)
    wanted = View("wanted_in_team", clash.at, user=clash.wanted_by_id, row=clash.pk)
    inbox.open_item(
        operation, ItemKind.TWO_TEAMS, f"{clash.team_id}:{clash.volunteer_id}",
        subjects={"volunteer": [clash.volunteer_id], "team": [clash.team_id]}, views=[there, wanted], fix="told",
        by=SYSTEM, at=at, reopen=True,
    )  # fmt: skip

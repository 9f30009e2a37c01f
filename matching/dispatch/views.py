"""The dispatch board and its pages: leave, be reached, come back, print. Rules live in the services."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import looked, version_of
from dvc.core.http import opens_here_only, outside_address
from dvc.core.refused import Refused
from matching.dispatch import queries, services, sheets
from matching.dispatch.forms import CancelForm, DepartForm, PostponeForm, ReturnForm, moment_of
from matching.dispatch.models import Dispatch, DispatchState
from matching.teams.services import people_of

FORM = require_http_methods(["GET", "HEAD", "POST"])
SECTION: Final = {"section": "dispatch_board"}


def _one(request: StaffRequest, dispatch_id: int) -> Dispatch:
    rows = Dispatch.objects.select_related(
        "operation__center", "need__household__town", "need__resident", "need__requester", "team__leader",
        "team__vehicle", "team__driver", "report",
    )  # fmt: skip
    return access.of_operation(request.operation, rows, dispatch_id)


# ── the board ──────────────────────────────────────────────────────────────────────────────────
@never_cache
@require_safe
def dispatch_board(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Four columns: before departure, late, out, back."""
    return render(request, "matching/dispatch/board.html", _board(request))


@never_cache
@require_safe
def dispatch_board_part(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The columns alone, for the page that keeps itself up to date; 204 while nothing has changed."""
    if request.GET.get("version") == str(version_of(operation_id)):
        return HttpResponse(status=204)
    context = _board(request)
    response = render(request, "matching/dispatch/_board.html", context)
    response["X-Version"] = str(context["board_version"])
    return response


def _board(request: StaffRequest) -> dict[str, Any]:
    version = version_of(request.operation.pk)  # before the rows: what comes in between is asked for again
    lanes = queries.lanes(request.operation, at=request.now)
    return {**SECTION, "lanes": lanes, "board_version": version, "now": request.now}


# ── one dispatch ───────────────────────────────────────────────────────────────────────────────
@never_cache
@require_safe
def dispatch_detail(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """Everything about one team on its way, and the buttons for what comes next."""
    dispatch = _one(request, dispatch_id)
    looked(dispatch, by=by(request), classes="P2 P3", why="派遣の画面", at=request.now)
    back = Entry.objects.about(dispatch).filter(action="dispatch.back").first()
    context = {
        **SECTION,
        "dispatch": dispatch,
        "people": [row.volunteer for row in dispatch.team.members.select_related("volunteer")],
        "late": dispatch.is_overdue(request.now),
        "jobs": sheets.jobs(dispatch.need),
        "tools": sheets.tools(dispatch.need),
        "map_url": sheets.map_link(dispatch.need.household),
        "postpone": PostponeForm(),
        "back": back.details if back else None,
    }
    return render(request, "matching/dispatch/detail.html", context)


@never_cache
@FORM
def dispatch_depart(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """The departure gate: what is missing by name, the five points, the return time."""
    dispatch = _one(request, dispatch_id)
    if dispatch.state != DispatchState.ACCEPTED:
        return redirect("dispatch_detail", operation_id, dispatch_id)
    if request.method != "POST":
        due = timezone.localtime(services.usual_return(dispatch, at=request.now))
        return _show_depart(request, dispatch, DepartForm(initial={"due_back": due.time()}))
    form = DepartForm(request.POST)
    if not form.is_valid():
        return _show_depart(request, dispatch, form, status=422)
    try:
        services.depart(
            dispatch,
            checks=form.cleaned_data["checks"],
            due_back_at=moment_of(form.cleaned_data["due_back"], at=request.now),
            override=form.cleaned_data["override"],
            by=by(request),
            at=request.now,
        )
    except Refused as refused:
        return _show_depart(request, dispatch, form, refusal=refused.text, status=409)
    messages.success(request, f"{dispatch.team}が出発しました。「いってらっしゃい」と送り出してください。")
    return redirect("dispatch_board", operation_id)


def _show_depart(
    request: StaffRequest, dispatch: Dispatch, form: DepartForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    missing = services.departure_blocks(dispatch, at=request.now)
    context = {
        **SECTION,
        "dispatch": dispatch,
        "form": form,
        "refusal": refusal,
        "missing": missing,
        "can_override": bool(missing) and not any(block.firm for block in missing),
        "is_chief": Role.CHIEF in request.roles,
        "people": people_of(dispatch.team),
        "tools": sheets.tools(dispatch.need),
    }
    return render(request, "matching/dispatch/depart.html", context, status=status)


@require_POST
def dispatch_on_site(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """The leader phoned: we are there."""
    dispatch = _one(request, dispatch_id)
    services.arrive_on_site(dispatch, by=by(request), at=request.now)
    messages.success(request, f"{dispatch.team}の到着を記録しました。")
    return redirect("dispatch_detail", operation_id, dispatch_id)


@require_POST
def dispatch_postpone(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """The team was reached by phone and will be back at another time."""
    dispatch = _one(request, dispatch_id)
    form = PostponeForm(request.POST)
    if not form.is_valid():
        messages.error(request, "新しい戻りの時刻を入力してください。")
        return redirect("dispatch_detail", operation_id, dispatch_id)
    try:
        due = moment_of(form.cleaned_data["due_back"], at=request.now)
        services.postpone(dispatch, due_back_at=due, by=by(request), at=request.now)
    except Refused as refused:
        messages.error(request, refused.text)
    else:
        messages.success(request, f"{dispatch.team}の戻りの時刻を変えました。")
    return redirect("dispatch_detail", operation_id, dispatch_id)


@never_cache
@FORM
def dispatch_return(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """Thanks, then injuries, then paper, then tools; one button records report and return together."""
    dispatch = _one(request, dispatch_id)
    reported = queries.has_report(dispatch)
    if dispatch.state in (DispatchState.ACCEPTED, DispatchState.CANCELLED) or (
        dispatch.state == DispatchState.BACK and reported
    ):
        return redirect("dispatch_detail", operation_id, dispatch_id)
    later = request.method == "POST" and "later" in request.POST
    wanted = not reported and not later
    if request.method != "POST":
        people = len(people_of(dispatch.team)) or dispatch.team.members.count()
        initial = {"people": people, "sheets_back": dispatch.sheets_printed, "next_step": "hold"}
        form = ReturnForm(initial=initial, report_wanted=wanted)
        return _show_return(request, dispatch, form)
    form = ReturnForm(request.POST, report_wanted=wanted)
    if not form.is_valid():
        return _show_return(request, dispatch, form, status=422)
    try:
        said = _take_back(dispatch, form, report_wanted=wanted, request=request, at=request.now)
    except Refused as refused:
        form.add_error("remaining" if refused.code == "dispatch.remaining_needed" else None, refused.text)
        return _show_return(request, dispatch, form, status=409)
    messages.success(request, said)
    return redirect("dispatch_board", operation_id)


def _take_back(
    dispatch: Dispatch, form: ReturnForm, *, report_wanted: bool, request: StaffRequest, at: datetime
) -> str:
    data = form.cleaned_data
    with transaction.atomic():
        told = None
        if report_wanted:
            hold = data["next_step"] != "ready"
            told = services.report(
                dispatch, **form.story(), hold=hold, by_leader=False, by=by(request), at=at
            )
        services.come_back(
            dispatch,
            tools_missing=data["tools_missing"],
            sheets_back=data["sheets_back"],
            by=by(request),
            at=at,
        )
    if told is not None and not told.changed:
        return f"{dispatch.team}の帰着を記録しました。報告は先に届いていたので、そのままです。"
    if told is None and not queries.has_report(dispatch):
        return f"{dispatch.team}の帰着を記録しました。報告はあとで「報告を入力する」から入れてください。"
    return f"{dispatch.team}の帰着を記録しました。おつかれさまでした。"


def _show_return(
    request: StaffRequest, dispatch: Dispatch, form: ReturnForm, *, status: int = 200
) -> HttpResponse:
    context = {
        **SECTION,
        "dispatch": dispatch,
        "form": form,
        "report": dispatch.report if queries.has_report(dispatch) else None,
        "is_back": dispatch.state == DispatchState.BACK,
        "tools": sheets.tools(dispatch.need),
    }
    return render(request, "matching/dispatch/return.html", context, status=status)


@never_cache
@FORM
def dispatch_cancel(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """Call it off before departure, with the reason."""
    dispatch = _one(request, dispatch_id)
    form = CancelForm(request.POST or None)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            services.cancel(dispatch, reason=form.chosen(), by=by(request), at=request.now)
        except Refused as refused:
            refusal = refused.text
        else:
            messages.success(request, f"{dispatch.team}の派遣を取りやめました。班の人はまた選べます。")
            return redirect("dispatch_board", operation_id)
    context = {**SECTION, "dispatch": dispatch, "form": form, "refusal": refusal}
    return render(request, "matching/dispatch/cancel.html", context, status=409 if refusal else 200)


# ── paper ──────────────────────────────────────────────────────────────────────────────────────
@never_cache
@require_safe
def work_order(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """The sheet as it will be printed. Looking at it changes nothing."""
    dispatch = _one(request, dispatch_id)
    sheet = _order(request, dispatch)
    looked(dispatch, by=by(request), classes="P1 P2 P3 V1", why="依頼書の印刷画面", at=request.now)
    context = {
        **SECTION,
        "dispatch": dispatch,
        "order": sheet,
        "missing": sheets.missing_on(sheet),
        "unreachable": opens_here_only(request),
    }
    return render(request, "matching/dispatch/work_order.html", context)


@require_POST
def work_order_count(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """One more sheet went to the printer; nothing else changes."""
    services.count_sheet(_one(request, dispatch_id), by=by(request), at=request.now)
    return redirect("work_order", operation_id, dispatch_id)


@never_cache
@require_POST
def work_order_pdf(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """The sheet as PDF; counts one sheet and changes nothing else."""
    dispatch = _one(request, dispatch_id)
    written = sheets.pdf(_order(request, dispatch))
    services.count_sheet(dispatch, by=by(request), at=request.now)
    looked(dispatch, by=by(request), classes="P1 P2 P3 V1", why="依頼書のPDF", at=request.now)
    response = HttpResponse(written, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="order-{dispatch.serial}.pdf"'
    return response


def _order(request: StaffRequest, dispatch: Dispatch) -> sheets.Order:
    return sheets.order(dispatch, base_url=outside_address(request), at=request.now)

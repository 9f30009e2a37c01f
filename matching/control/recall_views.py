"""呼び戻し: one button, then each team by name until all are known to be safe. Danger zones on the map."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.audit.services import version_of
from dvc.core.refused import Refused
from matching.control import recalls
from matching.control.forms import EndForm, RecallForm, ZoneForm
from matching.control.recalls import BACK, HELP, REACHED_OUT, SILENT, Progress
from matching.dispatch.models import Dispatch
from matching.safety import services
from matching.safety.models import DangerZone, How, Recall, RecallAnswer, RecallReason
from matching.safety.queries import running_recall, zones_of
from matching.teams.models import Team

FORM = require_http_methods(["GET", "HEAD", "POST"])
SECTION: Final = {"section": "dispatch_board"}
PER_PAGE: Final = 30
SHOWN_PAST: Final = 5
OTHER_RECALL: Final = "その画面は前の呼び戻しのものだったので、記録していません。いまの呼び戻しの一覧で、もう一度押してください。"
BY_DESK: Final = {How.PHONE, How.TRIED, How.HELP}


# ── the recall ─────────────────────────────────────────────────────────────────────────────────
@never_cache
@FORM
def recall_page(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Nobody is called back: the button. Somebody is: how far it is, team by team."""
    running = running_recall(operation_id)
    if running is not None:
        return render(request, "matching/control/recall.html", _running(request, running))
    form = RecallForm(request.POST or None)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.start_recall(
                request.operation, reason=RecallReason(data["reason"]), words=data["words"], place=data["place"],
                by=by(request), at=request.now,
            )  # fmt: skip
        except Refused as refused:
            refusal = refused.text
        else:
            return redirect("recall_page", operation_id)
    context = {
        **SECTION,
        "form": form,
        "refusal": refusal,
        "out": Dispatch.objects.in_field().filter(operation=request.operation).count(),
        "past": Recall.objects.filter(operation=request.operation).select_related("started_by", "ended_by")[
            :SHOWN_PAST
        ],
        "zones": zones_of(request.operation),
    }
    status = 409 if refusal else 422 if request.method == "POST" else 200
    return render(request, "matching/control/recall_start.html", context, status=status)


@never_cache
@require_safe
def recall_part(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The list alone; 204 while nothing has changed (one query)."""
    if request.GET.get("version") == str(version_of(operation_id)):
        return HttpResponse(status=204)
    running = running_recall(operation_id)
    if running is None:
        return render(
            request, "matching/control/_recall_over.html", {"board_version": version_of(operation_id)}
        )
    context = _running(request, running)
    response = render(request, "matching/control/_recall.html", context)
    response["X-Version"] = str(context["board_version"])
    return response


def _running(request: StaffRequest, recall: Recall, ending: EndForm | None = None) -> dict[str, Any]:
    version = version_of(request.operation.pk)  # before the rows: what comes in between is asked for again
    progress = recalls.progress(recall)
    page = _page(request)
    return {
        **SECTION,
        "recall": recall,
        "progress": progress,
        "waiting": Paginator(progress.of(HELP, SILENT), PER_PAGE).get_page(page),
        "known": _known(progress, request.GET.get("known", "")),
        "ending": ending or EndForm(),
        "silent": progress.of(SILENT),
        "board_version": version,
        "now": request.now,
        "page": page,
    }


def _known(progress: Progress, number: str) -> Any:
    return Paginator(progress.of(REACHED_OUT, BACK), PER_PAGE).get_page(number)


def _page(request: StaffRequest) -> int:
    number = request.GET.get("page", "")
    return int(number) if number.isdecimal() and len(number) < 4 else 1


def _is_on_screen(request: StaffRequest, running: Recall) -> bool:
    """A page left open from an earlier recall says nothing of the one that runs now."""
    return request.POST.get("recall", str(running.pk)) == str(running.pk)


@require_POST
def recall_answer(request: StaffRequest, operation_id: int, team_id: int) -> HttpResponse:
    """電話で伝えた, 電話に出ない, 助けが必要: by whoever telephoned."""
    team = access.of_operation(request.operation, Team.objects.all(), team_id)
    running = running_recall(operation_id)
    if running is None or not _is_on_screen(request, running):
        messages.warning(request, OTHER_RECALL if running else "呼び戻しは、もう終わっています。")
        return redirect("recall_page", operation_id)
    how = request.POST.get("how", "")
    if how not in BY_DESK:
        raise Http404
    try:
        recalls.answer(
            running, team, How(how), said=request.POST.get("said", ""), by=by(request), at=request.now
        )
    except Refused as refused:  # somebody has ended it at this moment
        messages.error(request, refused.text)
    return _back(request, operation_id)


@require_POST
def recall_undo(request: StaffRequest, operation_id: int, answer_id: int) -> HttpResponse:
    """It was the wrong team."""
    rows = RecallAnswer.objects.select_related("recall__operation", "team")
    heard = (
        rows.filter(recall__operation=request.operation, pk=answer_id).first() if answer_id < 2**63 else None
    )
    if heard is None:
        raise Http404
    services.take_answer_back(heard, by=by(request), at=request.now)
    messages.success(request, f"{heard.team}の「{heard.get_how_display()}」を取り消しました。")
    return _back(request, operation_id)


def _back(request: StaffRequest, operation_id: int) -> HttpResponse:
    page = _page(request)
    address = reverse("recall_page", args=[operation_id])
    return redirect(f"{address}?page={page}" if page > 1 else address)


@never_cache
@FORM
def recall_end(request: StaffRequest, operation_id: int) -> HttpResponse:
    """It is over, with the reason; teams nobody has heard of are named, and left with a reason of their own."""
    running = running_recall(operation_id)
    if running is None or request.method != "POST":  # a link of the list below a form that was sent back
        return _back(request, operation_id)
    if not _is_on_screen(request, running):
        messages.warning(request, OTHER_RECALL)
        return redirect("recall_page", operation_id)
    form = EndForm(request.POST)
    if not form.is_valid():
        return render(request, "matching/control/recall.html", _running(request, running, form), status=422)
    named = [int(pk) for pk in request.POST.getlist("silent") if pk.isdecimal() and len(pk) < 19]
    data = form.cleaned_data
    try:
        recalls.end(
            running,
            reason=data["reason"],
            seen=named,
            despite=data["despite"],
            by=by(request),
            at=request.now,
        )
    except Refused as refused:
        form.add_error("despite" if refused.code == "recall.silent" else None, refused.text)
        return render(request, "matching/control/recall.html", _running(request, running, form), status=409)
    messages.success(request, "呼び戻しを終わりました。班はまた出発できます。")
    return redirect("recall_page", operation_id)


# ── danger zones ───────────────────────────────────────────────────────────────────────────────
@never_cache
@FORM
def zone_page(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The zones on the map, and a new one by its corners."""
    form = ZoneForm(request.POST or None)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.add_zone(
                request.operation, name=data["name"], points=data["points"], by=by(request), at=request.now
            )
        except Refused as refused:
            refusal = refused.text
        else:
            messages.success(request, "危険な区域を加えました。")
            return redirect("zone_page", operation_id)
    zones = zones_of(request.operation)
    context = {
        **SECTION,
        "form": form,
        "refusal": refusal,
        "zones": zones,
        "drawn": [{"name": zone.name, "points": zone.points} for zone in zones],
        "points_url": reverse("map_points", args=[operation_id]),
        "tile_url": settings.MAP_TILE_URL,
        "tile_credit": settings.MAP_TILE_CREDIT,
        "lat": request.operation.center.lat,
        "lng": request.operation.center.lng,
    }
    status = 409 if refusal else 422 if request.method == "POST" else 200
    return render(request, "matching/control/zones.html", context, status=status)


@require_POST
def zone_remove(request: StaffRequest, operation_id: int, zone_id: int) -> HttpResponse:
    zone = access.of_operation(request.operation, DangerZone.objects.select_related("operation"), zone_id)
    services.remove_zone(zone, by=by(request), at=request.now)
    messages.success(request, f"「{zone.name}」を地図から消しました。")
    return redirect("zone_page", operation_id)

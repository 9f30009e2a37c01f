"""Late teams, heat and weather: what a coordinator reads, enters and, with the right to run the center, changes."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.accounts.roles import May
from dvc.audit.services import looked
from dvc.core.refused import Refused
from matching.control import late
from matching.control.forms import LateCallForm, RulesForm, WbgtForm
from matching.dispatch.queries import places_of
from matching.safety import services
from matching.safety.models import LateCall, Rung, Weather, WeatherAlert
from matching.safety.queries import conditions, policy_of
from matching.teams.models import Team

FORM = require_http_methods(["GET", "HEAD", "POST"])
SECTION: Final = {"section": "dispatch_board"}


# ── a team that is late ────────────────────────────────────────────────────────────────────────
@never_cache
@FORM
def late_team(request: StaffRequest, operation_id: int, team_id: int) -> HttpResponse:
    """Whom to telephone next, and what was said."""
    team = access.of_operation(request.operation, Team.objects.select_related("operation", "leader"), team_id)
    place = places_of([team.pk]).get(team.pk)
    if place is None or not place.now.in_field:
        messages.success(request, f"{team}は、もう外に出ていません。")
        return redirect("dispatch_board", operation_id)
    standing = late.late_of([place.now], request.operation, at=request.now).get(team.pk)
    rung = max(standing.rung if standing else Rung.CALL, Rung.CALL)
    form = LateCallForm(request.POST or None, initial={"rung": rung})
    refusal = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            late.note_call(
                team,
                Rung(data["rung"]),
                reached=data["reached"],
                said=data["said"],
                by=by(request),
                at=request.now,
            )
        except Refused as refused:
            refusal = refused.text
        else:
            messages.success(request, f"{team}への電話を記録しました。")
            return redirect("dispatch_board", operation_id)
    if team.leader is not None:
        looked(team.leader, by=by(request), classes="V2", why="戻りのおそい班への電話", at=request.now)
    context = {
        **SECTION, "team": team, "dispatch": place.now, "standing": standing, "form": form, "refusal": refusal,
        "calls": LateCall.objects.filter(team=team).select_related("by"), "others": late.others_of(team),
        "policy": policy_of(request.operation),
    }  # fmt: skip
    status = 409 if refusal else 422 if request.method == "POST" else 200
    return render(request, "matching/control/late_team.html", context, status=status)


# ── heat and weather ───────────────────────────────────────────────────────────────────────────
@never_cache
@require_safe
def safety_page(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Today's heat and warnings, and what follows from them."""
    return _show(request, WbgtForm())


def _show(request: StaffRequest, form: WbgtForm, *, status: int = 200) -> HttpResponse:
    now = conditions(request.operation, at=request.now)
    out = {one.alert.kind for one in now.weather if one.until is None}
    context = {
        **SECTION, "now": now, "form": form, "policy": policy_of(request.operation),
        "kinds": [(kind.value, kind.label) for kind in Weather if kind not in out],
        "may_edit": access.may(request.roles, May.RUN_CENTER),
    }  # fmt: skip
    return render(request, "matching/control/safety.html", context, status=status)


@require_POST
def wbgt_read(request: StaffRequest, operation_id: int) -> HttpResponse:
    form = WbgtForm(request.POST)
    if not form.is_valid():
        return _show(request, form, status=422)
    services.read_wbgt(request.operation, float(form.cleaned_data["wbgt"]), by=by(request), at=request.now)
    messages.success(request, "暑さ指数を入力しました。ボードと出発の確認に出ます。")
    return redirect("safety_page", operation_id)


@require_POST
def weather_began(request: StaffRequest, operation_id: int) -> HttpResponse:
    kind = request.POST.get("kind", "")
    if kind not in Weather.values:
        raise Http404
    services.raise_weather(request.operation, Weather(kind), by=by(request), at=request.now)
    messages.success(request, f"「{Weather(kind).label}」を入力しました。")
    return redirect("safety_page", operation_id)


@require_POST
def weather_ended(request: StaffRequest, operation_id: int, alert_id: int) -> HttpResponse:
    alert = access.of_operation(request.operation, WeatherAlert.objects.select_related("operation"), alert_id)
    services.end_weather(alert, by=by(request), at=request.now)
    messages.success(request, f"「{alert.get_kind_display()}」の解除を入力しました。")
    return redirect("safety_page", operation_id)


@never_cache
@FORM
def safety_rules(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The table of this operation: bands of heat, warnings, the minutes of the ladder."""
    form = RulesForm(request.POST or None, policy=policy_of(request.operation))
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            services.set_rules(request.operation, form.rules(), by=by(request), at=request.now)
        except Refused as refused:
            refusal = refused.text
        else:
            messages.success(request, "決まりを変えました。いまから使われます。")
            return redirect("safety_page", operation_id)
    status = 409 if refusal else 422 if request.method == "POST" else 200
    context = {**SECTION, "form": form, "refusal": refusal}
    return render(request, "matching/control/rules.html", context, status=status)

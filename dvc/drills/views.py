"""The drill's screens: start, watch, slow down, pause, debrief, wipe."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from dvc.accounts import access
from dvc.accounts.models import User
from dvc.accounts.policy import StaffRequest, by
from dvc.accounts.roles import May
from dvc.audit.services import By
from dvc.core.refused import Refused
from dvc.drills import services
from dvc.drills.debrief import STATIONS, debrief
from dvc.drills.models import Drill, DrillState
from dvc.drills.purge import purge
from dvc.operations.models import Center
from matching.control import recalls

DEFAULT_SPEED = 20
KINDS = {
    "prepare": "準備", "arrive": "ボランティアが到着", "orient": "オリエンテーション", "call": "困りごとの電話",
    "match": "提案を頼む", "accept": "提案を決定", "depart": "送り出し", "on_site": "現地に到着", "report": "帰着と報告",
    "go_home": "解散", "finish": "訓練の終わり",
}  # fmt: skip


@require_GET
def drill_home(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Where the drill stands and what can be done with it."""
    drill = Drill.objects.filter(operation=request.operation).first()
    standing = _standing(request, drill) if drill else {}
    context = {"speeds": services.SPEEDS, "default_speed": DEFAULT_SPEED, **standing}
    return render(request, "dvc/drills/home.html", context)


@never_cache
@require_GET
def drill_part(request: StaffRequest, operation_id: int) -> HttpResponse:
    """What of it moves, for the page that keeps itself up to date; 204 while it is as the page has it (`version`)."""
    standing = _standing(request, _drill(request))
    if request.GET.get("version") == standing["seen"]:
        return HttpResponse(status=204)
    return render(request, "dvc/drills/_live.html", standing)


@never_cache
@require_GET
def drill_clock(request: StaffRequest, operation_id: int) -> HttpResponse:
    """What the drill's clock reads, for the band at the top of every page."""
    return HttpResponse(f"{timezone.localtime(request.now):%-H:%M}", content_type="text/plain; charset=utf-8")


@never_cache
@require_GET
def drill_debrief(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The figures a debrief is held over, and a sheet to write on. A drill that was wiped has none; a real day is no drill."""
    operation = request.operation
    if not operation.is_drill:
        raise Http404
    if Drill.objects.filter(operation=operation, state=DrillState.PURGED).exists():
        return redirect("drill_home", operation_id)
    context = {
        "debrief": debrief(operation),
        "goal": recalls.GOAL // timedelta(minutes=1),
        "stations": STATIONS,
    }
    return render(request, "dvc/drills/debrief.html", context)


def _standing(request: StaffRequest, drill: Drill) -> dict[str, Any]:
    """What dvc/drills/_live.html shows. `seen` is another whenever anything of it is."""
    return {
        "drill": drill,
        "speeds": services.SPEEDS,
        "seen": f"{drill.state}.{drill.next_step}.{request.operation.clock_speed:g}",
        "done": [
            (step.at, KINDS[step.kind], step.outcome if step.kind not in ("match", "arrive") else "")
            for step in drill.steps.order_by("-index")[:15]
        ],
    }


@require_POST
def drill_start_sample(request: HttpRequest) -> HttpResponse:
    """From the very first page: a sample center when there is none, then the drill, then its screen."""
    assert isinstance(request.user, User)
    now = timezone.now()
    center = access.centers(request.user).first()
    if center is None:
        if Center.objects.exists():
            raise Refused("account.not_allowed")
        center = services.sample_center(request.user, at=now)
    elif not access.may(access.roles_in(request.user, center), May.RUN_DRILL):
        raise Refused("account.not_allowed")
    running = Drill.objects.filter(operation__center=center, state=DrillState.PLAYING).first()
    if running is None:
        running = services.start_sample(center, speed=_speed(request), by=By(user=request.user), at=now)
    return redirect("drill_home", running.operation_id)


def _speed(request: HttpRequest) -> float:
    text = request.POST.get("speed", str(DEFAULT_SPEED))
    return float(text) if text.isdecimal() and len(text) < 6 else 0


@require_POST
def drill_pause(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Stop the clock."""
    services.pause(_drill(request), by=by(request), at=timezone.now())
    return redirect("drill_home", operation_id)


@require_POST
def drill_go_on(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Go on, or change the speed."""
    services.go_on(_drill(request), speed=_speed(request), by=by(request), at=timezone.now())
    return redirect("drill_home", operation_id)


@require_POST
def drill_purge(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Wipe the drill, then back to the start page."""
    counts = purge(request.operation, by=by(request), at=timezone.now())
    messages.success(request, f"訓練の記録{sum(counts.values())}件を消去しました。")
    return redirect("start")


def _drill(request: StaffRequest) -> Drill:
    return get_object_or_404(Drill.objects.select_related("operation"), operation=request.operation)

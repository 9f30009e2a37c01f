"""The drill's screen: start, watch, slow down, pause, wipe."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from dvc.accounts import access
from dvc.accounts.models import User
from dvc.accounts.policy import StaffRequest, by
from dvc.accounts.roles import May
from dvc.audit.services import By
from dvc.core.refused import Refused
from dvc.drills import services
from dvc.drills.models import Drill, DrillState
from dvc.drills.purge import purge
from dvc.operations.models import Center

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
    context: dict[str, Any] = {
        "drill": drill,
        "speeds": services.SPEEDS,
        "default_speed": DEFAULT_SPEED,
        "clock": request.now,
    }
    if drill is not None:
        done = list(drill.steps.order_by("-index")[:15])
        context |= {
            "done": [
                (step.at, KINDS[step.kind], step.outcome if step.kind not in ("match", "arrive") else "")
                for step in done
            ],
            "percent": round(100 * drill.next_step / max(1, drill.steps_total)),
        }
    return render(request, "dvc/drills/home.html", context)


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

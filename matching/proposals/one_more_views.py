"""「近くの困りごとを足す」: one need more for a team that gets ready or is out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from intake.help_requests.models import Need
from matching.dispatch import queries
from matching.dispatch.models import Dispatch
from matching.proposals import one_more
from matching.proposals.forms import one_id
from matching.proposals.views import FORM, clean
from matching.queue.near import near
from matching.teams.services import people_of


@never_cache
@FORM
def add(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """Choose from what waits near the team's last house, see what the rules say, add it."""
    rows = Dispatch.objects.select_related("operation__center", "team__leader", "need__household__town")
    dispatch = access.of_operation(request.operation, rows, dispatch_id)
    found: dict[str, Any] = {}
    if request.method == "POST":
        needs = Need.objects.select_related("operation", "household")
        need = access.of_operation(request.operation, needs, one_id(request.POST.get("need")) or 0)
        reason = clean(request.POST.get("reason", "")).strip()
        try:
            one_more.add(
                dispatch,
                need,
                overrule=reason if request.POST.get("ok") else "",
                by=by(request),
                at=request.now,
            )
        except Refused as refused:
            check = one_more.check_one_more(dispatch.team, need, at=request.now)
            asks = refused.code == "team.needs_ok"
            found = {"asked": need if asks else None, "check": check, "reason": reason}
            found["refusal"] = "" if asks and "ok" not in request.POST else refused.text
        else:
            said = f"{dispatch.team}の行き先にN{need.number}を足しました。リーダーに電話で伝えてください。"
            messages.success(request, said)
            return redirect("dispatch_detail", operation_id, dispatch_id)
    last = queries.place_of(dispatch).visits[-1]
    context = {
        "section": "dispatch_board", "dispatch": dispatch, "last": last, "heads": len(people_of(dispatch.team)),
        "near": near(request.operation, last.need, at=request.now), **found,
    }  # fmt: skip
    return render(request, "matching/dispatch/add.html", context, status=409 if found else 200)

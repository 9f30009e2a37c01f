"""Who waits for a call, by when, and what became of each try; and which needs nobody has touched."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from intake.help_requests import call_backs
from intake.help_requests.call_forms import PromiseForm, TryForm
from intake.help_requests.finding import need_of
from intake.help_requests.models import CallBack, CallDraft, Need, TryOutcome
from intake.help_requests.views import show_need

MOST_CALLS: Final = 300


@never_cache
@require_safe
def call_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Overdue calls first, then by the time they are due. Names and towns only: the number stands on the need's page,
    and who opens that is logged."""
    calls = CallBack.objects.open().filter(need__operation=request.operation)
    calls = calls.select_related("need__household__town", "need__resident", "need__requester")
    rows = list(calls.annotate(tried=Count("tries")).order_by("due_at", "id")[:MOST_CALLS])
    context = {
        "section": "need_list",
        "overdue": [call for call in rows if call.due_at <= request.now],
        "later": [call for call in rows if call.due_at > request.now],
        "drafts": CallDraft.objects.waiting().filter(operation=request.operation).count(),
        "untouched": Need.objects.untouched(request.now).filter(operation=request.operation).count(),
    }
    return render(request, "intake/help_requests/call_list.html", context)


@require_POST
def need_call_tried(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """What became of a try. Without a script the list follows: the next one is on top."""
    need = need_of(request, need_id)
    form = TryForm(request.POST)
    call = CallBack.objects.open().filter(need=need).first()
    if call is None:
        return show_need(request, need, refusal=Refused("need.call_closed").text, status=409)
    if not form.is_valid():
        return show_need(request, need, try_form=form, status=422)
    outcome = TryOutcome(form.cleaned_data["outcome"])
    try:
        call_backs.tried(
            call, outcome, note=form.cleaned_data["note"], again_at=form.when(request.now), by=by(request),
            at=request.now,
        )  # fmt: skip
    except Refused as refused:
        return show_need(request, need, try_form=form, refusal=refused.text, status=409)
    messages.success(request, f"N{need.number} への電話を「{outcome.label}」と記録しました。")
    if outcome == TryOutcome.REACHED or call_backs.in_vain(call) >= call_backs.TRIES_BEFORE_UNREACHABLE:
        return redirect("need_detail", operation_id, need.pk)
    return redirect("call_list", operation_id)


@require_POST
def need_call_promise(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    need = need_of(request, need_id)
    form = PromiseForm(request.POST)
    if not form.is_valid():
        return show_need(request, need, promise_form=form, status=422)
    due_at = form.when(request.now)
    if due_at is None or due_at <= request.now:
        refusal = Refused("need.call_in_the_past").text
        return show_need(request, need, promise_form=form, refusal=refusal, status=409)
    call_backs.promise(need, why=form.cleaned_data["why"], due_at=due_at, by=by(request), at=request.now)
    messages.success(request, f"N{need.number} を折り返しの一覧に入れました。")
    return redirect("need_detail", operation_id, need.pk)

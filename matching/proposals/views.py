"""The matching screen: what waits, what is proposed, what was decided."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from intake.help_requests.models import Need
from intake.volunteers.models import Volunteer
from matching.dispatch.models import Dispatch
from matching.dispatch.queries import places_of
from matching.proposals import board as screen
from matching.proposals import decisions, runs
from matching.proposals.forms import (
    HOLD_REASONS,
    REJECT_REASONS,
    ids,
    reason_of,
)  # fmt: skip
from matching.proposals.look import LANES, TIERS, Look
from matching.proposals.models import Proposal
from matching.proposals.status import status as status_of
from matching.proposals.weights import steps_of, told
from matching.queue import services as queue
from matching.queue.order import WEIGHTS
from matching.teams import services as teams

FORM = require_http_methods(["GET", "HEAD", "POST"])


# ── the board ──────────────────────────────────────────────────────────────────────────────────
@never_cache
@require_safe
def board(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The whole page."""
    status = status_of(request.operation, at=request.now, real=timezone.now())
    return render(request, "matching/proposals/board.html", _board_context(request) | {"status": status})


@never_cache
@require_safe
def poll(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The part that changes, or 204 when the version on screen is still the newest (two queries)."""
    version = screen.board_version(request.operation, real=timezone.now())
    if request.GET.get("version") == version:
        return HttpResponse(status=204)
    context = _board_context(request)
    response = render(request, "matching/proposals/_board.html", context)
    response["X-Version"] = context["board"].version
    return response


def _board_context(request: StaffRequest) -> dict[str, Any]:
    look = Look.read(request.GET)
    shown = screen.board(request.operation, at=request.now, real=timezone.now(), look=look)
    return {
        "board": shown,
        "look": look,
        "tiers": TIERS.items(),
        "lanes": {lane: look.elsewhere(lane) for lane in LANES},
        "weights": WEIGHTS.values(),
        "weighed": told(steps_of(request.operation)),
        "now": request.now,
    }


@never_cache
@require_safe
def engine(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The line that says how far the engine is, or 204 when it says the same as on screen (two queries)."""
    status = status_of(request.operation, at=request.now, real=timezone.now())
    if request.GET.get("version") == status.version:
        return HttpResponse(status=204)
    response = render(request, "matching/proposals/_engine.html", {"status": status})
    response["X-Version"] = status.version
    return response


@require_POST
def request_run(request: StaffRequest, operation_id: int) -> HttpResponse:
    """「提案を作り直す」"""
    runs.request_run(request.operation, why="by hand", by=by(request), at=request.now)
    messages.success(request, "提案の作り直しを頼みました。できると、この画面が変わります。")
    return redirect("matching_board", operation_id)


@require_POST
def stop(request: StaffRequest, operation_id: int) -> HttpResponse:
    """「計算をやめる」"""
    if runs.cancel(request.operation, by=by(request), at=request.now):
        again = (
            "人や困りごとに動きがあるか3分たつと、また計算します。"
            if request.operation.auto_match
            else "「提案を作り直す」を押すと、また計算します。"
        )
        messages.success(request, f"計算をやめました。いまの提案は、そのままです。{again}")
    else:
        messages.success(request, "計算は、もう終わっていました。")
    return redirect("matching_board", operation_id)


# ── decisions ──────────────────────────────────────────────────────────────────────────────────
@require_POST
def accept(request: StaffRequest, operation_id: int, proposal_id: int) -> HttpResponse:
    """「決定」 on a proposal as it stands. What must be confirmed first leads to the edit page."""
    proposal = access.row_of_operation(request.operation, Proposal, proposal_id)
    try:
        dispatch = decisions.accept(proposal, by=by(request), at=request.now)
    except Refused as refused:
        teams.keep_clash(request.operation, refused, by=by(request), at=request.now)
        messages.error(request, refused.text)
        return redirect("matching_board", operation_id)
    say_decided(request, dispatch)
    return redirect("matching_board", operation_id)


def say_decided(request: StaffRequest, dispatch: Dispatch) -> None:
    """After a decision: what comes next, and how it is taken back."""
    messages.success(
        request,
        f"{dispatch.team.number}班に決めました。つぎは「班・派遣」で送り出します。"
        "間違えたときは「決まった班」の「取り消す」で戻せます。",
    )


@require_POST
def accept_many(request: StaffRequest, operation_id: int) -> HttpResponse:
    """「まとめて決定」: the ticked proposals, or all that were on the page; then what became of each."""
    asked = ids(request.POST.getlist("all" if "all" in request.POST.getlist("which") else "p"))
    found = (
        Proposal.objects.filter(operation=request.operation)
        .select_related("operation", "need")
        .in_bulk(asked)
    )
    decided = decisions.accept_each(
        [found[pk] for pk in asked if pk in found], by=by(request), at=request.now
    )
    if not decided:
        messages.warning(request, "決める提案の「選ぶ」に印をつけてから、押してください。")
        return redirect("matching_board", operation_id)
    made = [one.dispatch for one in decided if one.dispatch is not None]
    places = places_of(dispatch.team_id for dispatch in made)
    for dispatch in made:
        dispatch.later = places[dispatch.team_id].later  # type: ignore[attr-defined]  # for the template
    refused = [one for one in decided if one.dispatch is None]
    context = {"made": made, "refused": refused, "section": "matching_board"}
    return render(request, "matching/proposals/decided.html", context)


@require_POST
def undo_many(request: StaffRequest, operation_id: int) -> HttpResponse:
    """「すべて取り消す」 right after 「まとめて決定」. A team that has left meanwhile stays out."""
    rows = Dispatch.objects.filter(operation=request.operation).select_related("team", "need", "operation")
    undone = 0
    for dispatch in rows.filter(pk__in=ids(request.POST.getlist("d"))):
        try:
            decisions.undo(dispatch, by=by(request), at=request.now)
        except Refused as refused:
            messages.error(request, refused.text)
        else:
            undone += 1
    messages.success(request, f"{undone}班を取り消しました。困りごとは、また待っています。")
    return redirect("matching_board", operation_id)


@FORM
def reject(request: StaffRequest, operation_id: int, proposal_id: int) -> HttpResponse:
    """「見送り」: why, and whom to keep from this need (nobody: the need itself is held)."""
    proposal = access.of_operation(request.operation, Proposal.objects.select_related("need"), proposal_id)
    people = list(Volunteer.objects.filter(pk__in=proposal.members).order_by("kana_key", "pk"))
    context: dict[str, Any] = {"proposal": proposal, "need": proposal.need, "people": people}
    visits = [visit.need for visit in proposal.visits.select_related("need")]
    about = [need.pk for need in visits if need.pk in ids(request.POST.getlist("about"))]
    context |= {
        "visits": visits,
        "about": about if request.method == "POST" else [need.pk for need in visits],
        "reasons": REJECT_REASONS,
        "sent": request.POST,
        "picked": ids(request.POST.getlist("keep_out")),
    }
    if request.method != "POST":
        return render(request, "matching/proposals/reject.html", context)
    keep_out = [person for person in people if person.pk in context["picked"]]
    try:
        decisions.reject(
            proposal,
            reason=clean(reason_of(request.POST)),
            keep_out=keep_out,
            about=about if len(visits) > 1 else None,
            by=by(request),
            at=request.now,
        )
    except Refused as refused:
        return render(
            request, "matching/proposals/reject.html", context | {"refusal": refused.text}, status=409
        )
    held = "" if keep_out else "この困りごとは「待っている困りごと」で見合わせ中になりました。"
    messages.success(request, f"提案を見送りました。{held}")
    return redirect("matching_board", operation_id)


@require_POST
def undo(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """「取り消す」, until the team has left."""
    teams = Dispatch.objects.select_related("team", "need", "operation")
    dispatch = access.of_operation(request.operation, teams, dispatch_id)
    try:
        decisions.undo(dispatch, by=by(request), at=request.now)
    except Refused as refused:
        messages.error(request, refused.text)
    else:
        messages.success(request, f"{dispatch.team.number}班を取り消しました。困りごとは、また待っています。")
    return redirect("matching_board", operation_id)


@FORM
def hold(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """「見合わせる」"""
    need = access.of_operation(request.operation, Need.objects.select_related("operation"), need_id)
    context: dict[str, Any] = {"need": need, "reasons": HOLD_REASONS, "sent": request.POST}
    if request.method != "POST":
        return render(request, "matching/proposals/hold.html", context)
    try:
        queue.hold(need, reason=clean(reason_of(request.POST)), by=by(request), at=request.now)
    except Refused as refused:
        return render(
            request, "matching/proposals/hold.html", context | {"refusal": refused.text}, status=409
        )
    messages.success(request, "見合わせました。提案には出てきません。「再開する」でまた待つようになります。")
    return redirect("matching_board", operation_id)


@require_POST
def release(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """「再開する」"""
    need = access.of_operation(request.operation, Need.objects.select_related("operation"), need_id)
    queue.unhold(need, by=by(request), at=request.now)
    messages.success(request, "再開しました。つぎの提案に入ります。")
    return redirect("matching_board", operation_id)


def clean(text: str) -> str:
    """Without the one letter that PostgreSQL can not keep."""
    return text.replace("\x00", "")

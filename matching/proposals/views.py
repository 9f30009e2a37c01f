"""The matching screen: what waits, what is proposed, what was decided; and a team made by hand."""

from __future__ import annotations

from dataclasses import dataclass
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
from intake.help_requests.models import Hazard, Need, Tool
from intake.volunteers.models import Skill, Volunteer
from matching.dispatch.models import Dispatch
from matching.equipment.models import Vehicle
from matching.proposals import board as screen
from matching.proposals import services
from matching.proposals.candidates import FILTERS, Candidate, candidates, chosen
from matching.proposals.check import TeamCheck, check_team
from matching.proposals.forms import HOLD_REASONS, REJECT_REASONS, TeamAnswers, ids, reason_of
from matching.proposals.gather import leader_experience
from matching.proposals.models import Proposal
from matching.queue import services as queue
from matching.queue.order import WEIGHTS
from matching.teams import services as teams
from matching.teams.queries import free_vehicles

FORM = require_http_methods(["GET", "HEAD", "POST"])


# ── the board ──────────────────────────────────────────────────────────────────────────────────
@never_cache
@require_safe
def board(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The whole page."""
    return render(request, "matching/proposals/board.html", _board_context(request))


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
    shown = screen.board(request.operation, at=request.now, real=timezone.now())
    return {"board": shown, "weights": WEIGHTS.values(), "now": request.now}


@require_POST
def request_run(request: StaffRequest, operation_id: int) -> HttpResponse:
    """「提案を作り直す」"""
    services.request_run(request.operation, why="by hand", by=by(request), at=request.now)
    messages.success(request, "提案を作り直しています。数秒で画面が変わります。")
    return redirect("matching_board", operation_id)


# ── decisions ──────────────────────────────────────────────────────────────────────────────────
@require_POST
def accept(request: StaffRequest, operation_id: int, proposal_id: int) -> HttpResponse:
    """「決定」 on a proposal as it stands. What must be confirmed first leads to the edit page."""
    proposal = access.of_operation(request.operation, Proposal.objects.all(), proposal_id)
    try:
        dispatch = services.accept(proposal, by=by(request), at=request.now)
    except Refused as refused:
        teams.keep_clash(request.operation, refused, by=by(request), at=request.now)
        messages.error(request, refused.text)
        return redirect("matching_board", operation_id)
    _say_decided(request, dispatch)
    return redirect("matching_board", operation_id)


def _say_decided(request: StaffRequest, dispatch: Dispatch) -> None:
    messages.success(
        request,
        f"{dispatch.team.number}班に決めました。つぎは「チーム・派遣」で送り出します。"
        "間違えたときは「決まったチーム」の「取り消す」で戻せます。",
    )


@FORM
def reject(request: StaffRequest, operation_id: int, proposal_id: int) -> HttpResponse:
    """「見送り」: why, and whom to keep from this need (nobody: the need itself is held)."""
    proposal = access.of_operation(request.operation, Proposal.objects.select_related("need"), proposal_id)
    people = list(Volunteer.objects.filter(pk__in=proposal.members).order_by("kana_key", "pk"))
    context: dict[str, Any] = {"proposal": proposal, "need": proposal.need, "people": people}
    context |= {
        "reasons": REJECT_REASONS,
        "sent": request.POST,
        "picked": ids(request.POST.getlist("keep_out")),
    }
    if request.method != "POST":
        return render(request, "matching/proposals/reject.html", context)
    keep_out = [person for person in people if person.pk in context["picked"]]
    try:
        services.reject(
            proposal,
            reason=_clean(reason_of(request.POST)),
            keep_out=keep_out,
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
        services.undo(dispatch, by=by(request), at=request.now)
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
        queue.hold(need, reason=_clean(reason_of(request.POST)), by=by(request), at=request.now)
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


def _clean(text: str) -> str:
    return text.replace("\x00", "")


# ── by hand ────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Hand:
    """What stands on the page 「手で組む」: the need, who was chosen, and what the rules say about them."""

    need: Need
    answers: TeamAnswers
    picked: list[Candidate]
    leader: Volunteer | None
    vehicle: Vehicle | None
    driver: Volunteer | None
    check: TeamCheck | None


@never_cache
@FORM
def make_team(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """Choose people, see what the rules say, decide. Works without scripts and without any worker."""
    needs = Need.objects.select_related("operation", "household__town")
    need = access.of_operation(request.operation, needs, need_id)
    answers = TeamAnswers.read(request.POST if request.method == "POST" else request.GET)
    hand = _hand(request, need, answers)
    refusal = ""
    if request.POST.get("do") == "decide":
        try:
            dispatch = _decide(request, hand)
        except Refused as refused:
            teams.keep_clash(request.operation, refused, by=by(request), at=request.now)
            refusal = refused.text
        else:
            _say_decided(request, dispatch)
            return redirect("matching_board", operation_id)
    return render(
        request,
        "matching/proposals/team.html",
        _hand_context(request, hand, refusal),
        status=409 if refusal else 200,
    )


def _hand(request: StaffRequest, need: Need, answers: TeamAnswers) -> Hand:
    picked = chosen(request.operation, answers.members, at=request.now)
    people = {one.person.pk: one.person for one in picked}
    leader = people.get(answers.leader or 0) or _likely_leader(picked)
    vehicles = Vehicle.objects.filter(operation=request.operation)
    vehicle = vehicles.filter(pk=answers.vehicle).first() if answers.vehicle else None
    driver = people.get(answers.driver or 0) or _likely_driver(picked) if vehicle else None
    check = None
    if leader is not None:
        check = check_team(
            need,
            volunteers=list(people.values()),
            leader=leader,
            vehicle=vehicle,
            driver=driver,
            at=request.now,
        )
    return Hand(need, answers, picked, leader, vehicle, driver, check)


def _likely_leader(picked: list[Candidate]) -> Volunteer | None:
    adults = [one.person for one in picked if not one.minor]
    return max(adults, key=lambda person: (person.experience, -person.pk), default=None)


def _likely_driver(picked: list[Candidate]) -> Volunteer | None:
    able = (one.person for one in picked if Skill.DRIVER in one.person.skills and not one.minor)
    return next(able, None)


def _decide(request: StaffRequest, hand: Hand) -> Dispatch:
    missing = set(hand.answers.members) - {one.person.pk for one in hand.picked}
    gone = Volunteer.objects.filter(center=request.center, pk__in=missing).first()
    if gone is not None:
        raise Refused("team.person_taken_or_left", name=gone.name)
    if not hand.picked:
        raise Refused("team.empty")
    if hand.leader is None:
        raise Refused("team.leader_not_member")
    people = [one.person for one in hand.picked]
    if hand.answers.proposal is not None:
        proposal = access.of_operation(request.operation, Proposal.objects.all(), hand.answers.proposal)
        return services.accept(
            proposal,
            members=people,
            leader=hand.leader,
            vehicle=hand.vehicle,
            driver=hand.driver,
            overrule=hand.answers.overrule,
            by=by(request),
            at=request.now,
        )
    return services.send(
        hand.need,
        volunteers=people,
        leader=hand.leader,
        vehicle=hand.vehicle,
        driver=hand.driver,
        overrule=hand.answers.overrule,
        by=by(request),
        at=request.now,
    )


def _hand_context(request: StaffRequest, hand: Hand, refusal: str) -> dict[str, Any]:
    need, items = hand.need, screen.work_of(hand.need)
    least = leader_experience(need.operation, crisis=need.needs_crisis, hazards=need.hazards)
    listed, total = candidates(
        request.operation,
        at=request.now,
        text=hand.answers.text,
        filters=hand.answers.filters,
        leader_exp=least,
        without=[one.person.pk for one in hand.picked],
    )
    return {
        "hand": hand,
        "need": need,
        "items": items,
        "kinds": screen.kinds_of(items),
        "skills_needed": _labels(Skill, (item.skills for item in items), "人"),
        "tools_needed": _labels(Tool, (item.tools for item in items), ""),
        "hazards": [str(Hazard(code).label) for code in need.hazards if code in Hazard.values],
        "listed": listed,
        "total": total,
        "filters": FILTERS.items(),
        "vehicles": free_vehicles(request.operation),
        "drivers": [one for one in hand.picked if Skill.DRIVER in one.person.skills and not one.minor],
        "refusal": refusal,
        "section": "matching_board",
    }


def _labels(kind: Any, amounts: Any, unit: str) -> str:
    """「角スコップ 3、一輪車 1」: the largest amount of each."""
    most: dict[str, int] = {}
    for one in amounts:
        for code, amount in one.items():
            most[code] = max(most.get(code, 0), amount)
    return "、".join(
        f"{kind(code).label} {amount}{unit}" for code, amount in most.items() if code in kind.values
    )

"""The dispatch board for tablets: everything by a tap, the last step taken back, and who is at work on what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zlib import crc32

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts import access, tickets
from dvc.accounts.models import User
from dvc.accounts.policy import StaffRequest, by
from dvc.accounts.roles import May
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from matching.control import board as screen
from matching.control import working
from matching.control.board import address, pages_in
from matching.control.drawn import Drawn
from matching.dispatch import undoing
from matching.dispatch.models import Dispatch
from matching.dispatch.paper_lists import list_due
from matching.proposals import decisions
from matching.proposals.models import Proposal
from matching.safety.queries import conditions
from matching.teams import services as teams
from matching.teams.models import Team

SECTION: Final = {"section": "dispatch_board"}
DRAWN: Final = Drawn()
_LONGEST_ID: Final = 18


@never_cache
@require_safe
def dispatch_board(request: StaffRequest, operation_id: int) -> HttpResponse:
    """What waits, what is offered, then a card for each team: before departure, late, out, back."""
    real = timezone.now()
    working.leave(request.operation, request.user)
    sight = Sight(
        request.operation, request.now, real, access.may(request.roles, May.MATCH), pages_in(request.GET)
    )
    version = screen.version(operation_id, real=real)
    context = {
        **SECTION, "address": address(sight.pages), "board_version": version, "part": _draw(sight, version),
    }  # fmt: skip
    return render(request, "matching/control/board.html", context)


@never_cache
@require_safe
def dispatch_board_part(request: HttpRequest, operation_id: int) -> HttpResponse:
    """The lanes alone, for the page that keeps itself up to date; 204 while nothing has changed: two queries for whoever has
    a ticket. A ticket alone opens no data: session, account and role are asked again before anything is rendered."""
    real = timezone.now()
    version = screen.version(operation_id, real=real)
    ticket, is_unchanged = tickets.read(request.GET.get("ticket", "")), request.GET.get("version") == version
    if is_unchanged and ticket is not None and ticket.operation == operation_id:
        return HttpResponse(status=204)
    user = request.user
    if not isinstance(user, User) or not user.is_usable(real):
        return _again()
    operation, roles = access.operation_and_roles(user, operation_id, at=real)
    if not access.may(roles, May.DISPATCH):
        return _again()
    if is_unchanged:
        return HttpResponse(status=204)
    sight = Sight(
        operation, operation.moment(real), real, access.may(roles, May.MATCH), pages_in(request.GET)
    )
    response = HttpResponse(_drawn(sight, version))
    response["X-Version"] = version
    return response


def _again() -> HttpResponse:
    return HttpResponseForbidden("画面を開き直してください。", content_type="text/plain; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Sight:
    """What is looked at: whose board, when by its clock and really, with what right, which page of each lane."""

    operation: Operation
    at: datetime
    real: datetime
    may_match: bool
    pages: Mapping[str, int]


def _drawn(sight: Sight, version: str) -> str:
    """Nothing on it depends on who looks, but for what the person may do. Its buttons belong to forms beside it, so that
    no secret of a session is in it. A new one each quarter of a minute, because cards tell how long ago things were."""
    key = (
        sight.operation.pk, version, tuple(sight.pages.values()), sight.may_match, int(sight.at.timestamp()) // 15,
    )  # fmt: skip
    return DRAWN.get(key, lambda: _draw(sight, version))


def _draw(sight: Sight, version: str) -> str:
    context: dict[str, Any] = {
        "operation": sight.operation,
        "board": screen.board(sight.operation, at=sight.at, real=sight.real, pages=sight.pages),
        "now": sight.at,
        "may_match": sight.may_match,
        "conditions": conditions(sight.operation, at=sight.at),
        "list_due": list_due(sight.operation, at=sight.at),
        "version": version,
    }
    return render_to_string("matching/control/_board.html", context)


def _home(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Back to the pages of the board that were on the screen."""
    query = address(pages_in(request.GET))
    return redirect(reverse("dispatch_board", args=[operation_id]) + (f"?{query}" if query else ""))


def _pk(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) <= _LONGEST_ID else 0


def _dispatch(request: StaffRequest, text: str) -> Dispatch:
    rows = Dispatch.objects.select_related("operation", "team", "need")
    return access.of_operation(request.operation, rows, _pk(text))


@require_POST
def board_undo(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The last step of a team was a mistake. `what`: its dispatch and the state that was on the screen, `12:departed`."""
    which, _, seen = request.POST.get("what", "").partition(":")
    dispatch = _dispatch(request, which)
    try:
        now = undoing.undo(dispatch, seen=seen, by=by(request), at=request.now)
    except Refused as refused:
        messages.error(request, refused.text)
    else:
        messages.success(request, f"{dispatch.team}を「{now.get_state_display()}」に戻しました。")
    return _home(request, operation_id)


@require_POST
def board_wait(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The team gets ready still: it keeps its need."""
    dispatch = _dispatch(request, request.POST.get("what", ""))
    try:
        undoing.keep_waiting(dispatch, by=by(request), at=request.now)
    except Refused as refused:
        messages.error(request, refused.text)
    else:
        messages.success(request, f"{dispatch.team}の出発を、もう少し待ちます。")
    return _home(request, operation_id)


@require_POST
def board_accept(request: StaffRequest, operation_id: int) -> HttpResponse:
    """決定 on a proposal as it stands."""
    proposal = access.row_of_operation(request.operation, Proposal, _pk(request.POST.get("what")))
    try:
        dispatch = decisions.accept(proposal, by=by(request), at=request.now)
    except Refused as refused:
        teams.keep_clash(request.operation, refused, by=by(request), at=request.now)
        messages.error(request, refused.text)
    else:
        messages.success(request, f"{dispatch.team}に決めました。「出発前」に入りました。")
    return _home(request, operation_id)


@never_cache
@require_safe
def team_working(request: StaffRequest, operation_id: int, team_id: int) -> HttpResponse:
    """A page of this team is open: remembered for some seconds, and who else has it open; 204 while that is the same."""
    team = access.of_operation(request.operation, Team.objects.all(), team_id)
    others = working.open_team(request.operation, team, request.user, real=timezone.now())
    version = str(crc32("+".join(others).encode()))
    if request.GET.get("version") == version:
        return HttpResponse(status=204)
    response = render(
        request, "matching/control/_working.html", {"others": others, "team": team, "version": version}
    )
    response["X-Version"] = version
    return response

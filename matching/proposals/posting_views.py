"""掲示・挙手: the wall, the slips to pin on a board, and the desk where a slip and the cards make a team."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dvc.accounts.policy import StaffRequest
from dvc.core.refused import Refused
from intake.help_requests.models import Need
from intake.volunteers.models import Volunteer
from matching.proposals.candidates import Candidate, chosen
from matching.proposals.check import check_team
from matching.proposals.forms import ids, one_id
from matching.proposals.posting import post_of, posts, scan, wall_page

SLIPS = 80  # on a page: eight to ten sheets of paper


@never_cache
@require_safe
def wall(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The big screen: nobody's name on it."""
    return render(request, "matching/proposals/posted_wall.html", _wall_context(request))


@never_cache
@require_safe
def wall_part(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The part that changes, or 204."""
    context = _wall_context(request)
    if request.GET.get("version") == context["version"]:
        return HttpResponse(status=204)
    response = render(request, "matching/proposals/_posted_wall.html", context)
    response["X-Version"] = context["version"]
    return response


def _wall_context(request: StaffRequest) -> dict[str, Any]:
    found = posts(request.operation, at=request.now)
    # The real clock turns the pages, also in a drill whose clock stands.
    shown, page, pages = wall_page(found, at=timezone.now())
    version = f"{page}.{pages}." + ".".join(f"{post.need.pk}v{post.need.version}" for post in shown)
    return {
        "posts": shown, "page": page, "pages": pages, "total": len(found), "version": version, "now": request.now,
    }  # fmt: skip


@never_cache
@require_safe
def slips(request: StaffRequest, operation_id: int) -> HttpResponse:
    """求人票 to print and pin up: all that is posted, or those whose numbers are asked for."""
    wanted = set(ids(request.GET.getlist("n")))
    found = [
        post for post in posts(request.operation, at=request.now) if not wanted or post.need.number in wanted
    ]
    page = Paginator(found, SLIPS).get_page(request.GET.get("page"))
    context = {"posts": page, "section": "matching_board"}
    return render(request, "matching/proposals/posted_slips.html", context)


@never_cache
@require_safe
def desk(request: StaffRequest, operation_id: int) -> HttpResponse:
    """A slip, then the leader's card, then the others'. What was scanned stands in the address: going back undoes it."""
    need, members = one_id(request.GET.get("need")), ids(request.GET.getlist("m"))
    if text := request.GET.get("scan", "").replace("\x00", "")[:200]:
        try:
            scanned = scan(request.operation, text, need=need, members=members, at=request.now)
        except Refused as refused:
            messages.error(request, refused.text)
        else:
            if scanned.need is not None and scanned.need.pk != need:
                need, members = scanned.need.pk, []
            if scanned.person is not None:
                members.append(scanned.person.pk)
        return redirect(_at_desk(operation_id, need, members))
    context = _desk_context(request, need, members)
    return render(request, "matching/proposals/posted_desk.html", context | {"section": "matching_board"})


def _at_desk(operation_id: int, need: int | None, members: list[int]) -> str:
    asked = {"need": [need] if need else [], "m": members}
    return f"{reverse('posted_desk', args=[operation_id])}?{urlencode(asked, doseq=True)}"


def _desk_context(request: StaffRequest, need_pk: int | None, members: list[int]) -> dict[str, Any]:
    need = Need.objects.ready().filter(operation=request.operation, pk=need_pk).first() if need_pk else None
    if need is None:
        return {"post": None, "team": [], "check": None}
    by_pk = {one.person.pk: one for one in chosen(request.operation, members, at=request.now)}
    team: list[Candidate] = [by_pk[pk] for pk in members if pk in by_pk]
    people: list[Volunteer] = [one.person for one in team]
    check = None
    if people:
        check = check_team(need, volunteers=people, leader=people[0], at=request.now)
    without = [
        (one, _at_desk(request.operation.pk, need.pk, [pk for pk in _in_order(team) if pk != one.person.pk]))
        for one in team
    ]
    return {
        "post": post_of(request.operation, need.pk, at=request.now),
        "team": without,
        "check": check,
        "members": [person.pk for person in people],
        "again": reverse("posted_desk", args=[request.operation.pk]),
    }


def _in_order(team: list[Candidate]) -> list[int]:
    """The people in the order they were scanned, the leader first."""
    return [one.person.pk for one in team]

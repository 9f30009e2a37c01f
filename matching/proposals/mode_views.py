"""「組み方」 and 「前日割当」."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from intake.help_requests.numbers import number_of
from intake.volunteers.models import Group
from matching.dispatch.coming import coming_teams, expected
from matching.proposals.forms import ids, one_id
from matching.proposals.hands import decide_about
from matching.proposals.modes import (
    ABOUT,
    MatchMode,
    groups_to_place,
    mode_of,
    placed_groups,
    placed_people,
    set_mode,
)
from matching.proposals.what_if import need_numbered
from matching.queue import services as by_hand
from matching.queue.queries import waiting

FORM = require_http_methods(["GET", "HEAD", "POST"])
WHY = "前日割当"
SAID = "前日割当：来ると聞いた人"


@never_cache
@FORM
def mode(request: StaffRequest, operation_id: int) -> HttpResponse:
    """「組み方」: what happens by itself."""
    if request.method == "POST" and request.POST.get("mode") in MatchMode.values:
        chosen = MatchMode(request.POST["mode"])
        set_mode(request.operation, chosen, by=by(request), at=request.now)
        messages.success(request, f"組み方を「{chosen.label}」にしました。")
        return redirect("posted_desk" if chosen == MatchMode.POSTED else "matching_board", operation_id)
    context = {
        "modes": [(one, ABOUT[one]) for one in MatchMode], "current": mode_of(request.operation), "section": "matching_board",
    }  # fmt: skip
    return render(request, "matching/proposals/mode.html", context)


@never_cache
@FORM
def day_before(request: StaffRequest, operation_id: int) -> HttpResponse:
    """「前日割当」: which group, and who of those who said that they come, goes where tomorrow (or on another day)."""
    day, refusal = _day(request), ""
    if request.method == "POST":
        try:
            done = _people_placed(request, day) if "coming" in request.POST else _group_placed(request, day)
        except Refused as refused:
            refusal = refused.text
        else:
            messages.success(request, done)
            return redirect(f"{reverse('day_before', args=[operation_id])}?day={day}")
    queue = waiting(request.operation, at=request.now)
    context = {
        "coming": coming_teams(request.operation, day=day),
        "expected": expected(request.operation, queue, day=day),
        "day": day, "groups": groups_to_place(request.operation, day=day), "refusal": refusal, "sent": request.POST,
        "placed": placed_groups(request.operation, day=day), "section": "matching_board",
        "needs": [one for one in queue if not one.block],
    }  # fmt: skip
    return render(request, "matching/proposals/day_before.html", context, status=409 if refusal else 200)


def _group_placed(request: StaffRequest, day: date) -> str:
    """Decides; what is said of it."""
    groups = Group.objects.filter(center=request.center)
    group = groups.filter(pk=one_id(request.POST.get("group")) or 0).first()
    if group is None:
        raise Refused("queue.group_needed")
    need = need_numbered(request.operation, number_of(request.POST.get("number", "")) or 0)
    note = request.POST.get("note", "").replace("\x00", "").strip()
    why = f"{WHY}：{note}" if note else WHY
    by_hand.lock(need, group, reason=why, by=by(request), at=request.now, day=day)
    return f"「{group.name}」の行き先をN{need.number}に決めました。"


def _people_placed(request: StaffRequest, day: date) -> str:
    """The same for people who said that they come."""
    ticked = set(ids(request.POST.getlist("m")))
    teams = coming_teams(request.operation, day=day)
    people = [one.person for team in teams for one in team.people if one.person.pk in ticked]
    need = need_numbered(request.operation, number_of(request.POST.get("number", "")) or 0)
    decide_about(need, people, what="lock", reason=SAID, by=by(request), at=request.now, day=day)
    return f"{len(people)}人の行き先をN{need.number}に決めました。"


@never_cache
@require_safe
def day_before_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The list of a day to print: groups with how many, and people by name; the need's number, work and town. No address, no
    name of a resident."""
    day = _day(request)
    context = {
        "day": day,
        "placed": placed_groups(request.operation, day=day).prefetch_related("need__items"),
        "alone": placed_people(request.operation, day=day).prefetch_related("need__items"),
        "section": "matching_board",
    }
    return render(request, "matching/proposals/day_before_list.html", context)


def _day(request: StaffRequest) -> date:
    asked = request.POST.get("day") or request.GET.get("day") or ""
    today = timezone.localdate(request.now)
    try:
        day = parse_date(asked)
    except ValueError:
        day = None
    return (
        day if day is not None and today <= day <= today + timedelta(days=31) else today + timedelta(days=1)
    )

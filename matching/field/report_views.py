"""The report on a leader's own phone, as a page."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dvc.core.refused import Refused
from matching.dispatch import queries
from matching.dispatch.field_views import (
    LEADER,
    NoSheet,
    back_to_page,
    context_of,
    leaders,
    refuse,
    show_gone,
    to_keep,
)
from matching.dispatch.forms import ReportForm
from matching.dispatch.models import Dispatch, DispatchState
from matching.field import services
from matching.teams.services import people_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def leader_report(request: HttpRequest, token: str) -> HttpResponse:
    """Thanks and injuries first, then what was done. A second report changes nothing and says so."""
    try:
        dispatch, at = leaders(request, token)
        if request.method != "POST":
            people = len(people_of(dispatch.team)) or dispatch.team.members.count()
            return _show_report(request, dispatch, token, ReportForm(initial={"people": people}), at=at)
        form = ReportForm(request.POST)
        if not form.is_valid():
            return _show_report(request, dispatch, token, form, at=at, status=422)
        story = form.story()
        # The same words sent again are the same report: without its script the page has no name for it.
        op = uuid5(NAMESPACE_URL, f"{token} {json.dumps(story, sort_keys=True)}")
        new = services.report(dispatch, story, op=op, by=LEADER, told_at=at, at=at)
    except NoSheet as gone:
        return show_gone(request, gone.dispatch)
    except Refused as refused:
        if refused.code != "dispatch.remaining_needed":
            return refuse(request, refused)
        form.add_error("remaining", refused.text)
        return _show_report(request, dispatch, token, form, at=at, status=409)
    return back_to_page(token, "report" if new else "known")


def _show_report(
    request: HttpRequest, dispatch: Dispatch, token: str, form: ReportForm, *, at: datetime, status: int = 200
) -> HttpResponse:
    context = context_of(dispatch, at) | {
        "token": token,
        "form": form,
        "report": dispatch.report if queries.has_report(dispatch) else None,
        "not_out": dispatch.state in (DispatchState.ACCEPTED, DispatchState.NEXT),
        "several": len(queries.place_of(dispatch).visits) > 1,
    }
    response = render(request, "matching/dispatch/leader_report.html", context, status=status)
    return to_keep(response, dispatch, at) if status == 200 else response

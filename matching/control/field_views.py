"""The leader's page in a recall: where to go, and one button that says that everybody is safe. No name, no address."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.audit.services import By
from dvc.core.refused import Refused
from matching.dispatch import throttle, tokens
from matching.dispatch.models import Dispatch
from matching.field import services
from matching.field.queries import page_mark
from matching.safety.models import How, Recall, RecallAnswer
from matching.safety.queries import running_recall
from matching.teams.models import TeamState

LEADER: Final = By(via="leader")
ANSWERS: Final = {"safe": How.PAGE, "help": How.HELP}


def _found(request: HttpRequest, token: str) -> Dispatch | None:
    """The dispatch of a sheet that still opens something. Unlike a page, this is asked every few seconds: only wrong
    secrets are counted."""
    dispatch = tokens.find_by_leader_token(token)
    if dispatch is None:
        throttle.count_wrong(str(request.META.get("REMOTE_ADDR", "")))
        return None
    return dispatch if tokens.is_live(dispatch, at=dispatch.operation.moment(timezone.now())) else None


@never_cache
@require_safe
def leader_recall(request: HttpRequest, token: str) -> HttpResponse:
    """The notice for a team that is out, or nothing, and whether the page itself has become old; 204 while it is as the
    phone has it. At most four queries."""
    try:
        dispatch = _found(request, token)
    except Refused:
        return HttpResponse(status=429)
    if dispatch is None:
        return HttpResponse(status=404)
    running = running_recall(dispatch.operation_id) if dispatch.team.state == TeamState.OUT else None
    hows = _said(running, dispatch)
    mark = page_mark(dispatch)
    version = f"{running.pk if running else 'none'}.{'.'.join(sorted(hows))}.{mark}"
    if request.GET.get("version") == version:
        return HttpResponse(status=204)
    context = {
        "recall": running, "hows": hows, "token": token, "center": dispatch.operation.center,
        "is_drill": dispatch.operation.is_drill, "mark": mark,
    }  # fmt: skip
    response = render(request, "matching/control/_leader_recall.html", context)
    response["X-Version"] = version
    return response


def _said(running: Recall | None, dispatch: Dispatch) -> set[str]:
    """What is known of this team."""
    if running is None:
        return set()
    standing = RecallAnswer.objects.filter(recall=running, team=dispatch.team_id, taken_back_at__isnull=True)
    return set(standing.exclude(how=How.TRIED).values_list("how", flat=True))


@require_POST
def leader_recall_safe(request: HttpRequest, token: str) -> HttpResponse:
    """全員無事です, or 助けが必要です: `services.answer_recall` at this moment, for a page without its script."""
    try:
        dispatch = _found(request, token)
    except Refused:
        return HttpResponse(status=429)
    how = ANSWERS.get(request.POST.get("how", "safe"))
    if dispatch is not None and how is not None:
        at = dispatch.operation.moment(timezone.now())
        services.answer_recall(dispatch, how, op=uuid4(), by=LEADER, told_at=at, at=at)
    return redirect("leader_page", token)

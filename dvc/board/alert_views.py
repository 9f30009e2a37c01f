"""What every page of the desk shows above everything else: a recall, leaders who ask for help, 危機介入."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dvc.accounts import access, tickets
from dvc.accounts.models import User
from dvc.accounts.policy import allowed_names
from dvc.accounts.roles import May
from dvc.core.statements import fetch
from intake.help_requests import crisis
from matching.control.recalls import tally
from matching.field import queries as told
from matching.safety import queries as safety
from matching.safety.queries import running_recall


@never_cache
@require_safe
def alerts_part(request: HttpRequest, operation_id: int) -> HttpResponse:
    """The banners; 204 while they are as the page has them (`version`): for whoever has a ticket one query, four while
    everybody is called back.

    A ticket alone opens no data: session, account and role are asked again before anything is rendered.
    """
    if operation_id >= _STAND_IN:
        raise Http404
    marks = _marks(operation_id)
    recall = running_recall(operation_id) if any(of == "recall" for of, _, _ in marks) else None
    counted = tally(recall) if recall else None
    known = f"_{counted.total}.{counted.known}.{counted.help}" if counted else ""
    version = ("-".join(f"{of}{pk}.{n}" for of, pk, n in marks) or "none") + known
    ticket, is_unchanged = tickets.read(request.GET.get("ticket", "")), request.GET.get("version") == version
    if is_unchanged and ticket is not None and ticket.operation == operation_id:
        return HttpResponse(status=204)
    user, real = request.user, timezone.now()
    if not isinstance(user, User) or not user.is_usable(real):
        return _again()
    operation, roles = access.operation_and_roles(user, operation_id, at=real)
    if not access.may(roles, May.SEE_BOARD):
        return _again()
    if is_unchanged:
        return HttpResponse(status=204)
    notes = told.waiting(operation)
    alerts = crisis.standing(operation)
    context = {
        "alarms": [note for note in notes if note.is_sos], "others": [note for note in notes if not note.is_sos],
        "alerts": alerts, "called": [alert for alert in alerts if alert.waits_for(roles)], "recall": recall, "tally": counted, "operation": operation,
        "allowed": allowed_names(roles),
    }  # fmt: skip
    response = render(request, "dvc/board/_alerts.html", context)
    response["X-Version"] = version
    return response


# No operation's number: where the asked one stands among the values of the statement that is written once.
_STAND_IN: Final = 2_000_000_000


def _marks(operation_id: int) -> list[tuple[str, int, int]]:
    """What changes whenever a banner does, in order. One query, whose text Django would write for longer than it takes:
    every open page asks for it every two seconds."""
    sql, values = _written()
    return sorted(fetch(sql, [operation_id if value == _STAND_IN else value for value in values]))


@cache
def _written() -> tuple[str, tuple[Any, ...]]:
    parts = (safety.marks(_STAND_IN), told.marks(_STAND_IN))
    sql, values = (
        crisis.marks(_STAND_IN).union(*parts, all=True).query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
    )
    return sql, tuple(values)


def _again() -> HttpResponse:
    return HttpResponseForbidden("画面を開き直してください。", content_type="text/plain; charset=utf-8")

"""危機介入 on every screen of the center: a banner with short codes only, and who has taken note."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts import access, tickets
from dvc.accounts.models import User
from dvc.accounts.policy import StaffRequest, allowed_names, by
from dvc.accounts.roles import May
from dvc.core.refused import Refused
from intake.help_requests import crisis
from intake.help_requests.models import AckAs, CrisisAlert


@never_cache
@require_safe
def crisis_part(request: HttpRequest, operation_id: int) -> HttpResponse:
    """The banner; 204 while it is as the page has it (`version`): one query for whoever has a ticket.

    A ticket alone opens no data: session, account and role are asked again before anything is rendered.
    """
    ticket, version = tickets.read(request.GET.get("ticket", "")), crisis.version(operation_id)
    is_unchanged = request.GET.get("version") == version
    if is_unchanged and ticket is not None and ticket.operation == operation_id:
        return HttpResponse(status=204)
    user, real = request.user, timezone.now()
    if not isinstance(user, User) or not user.is_usable(real):
        return _again()
    operation = access.operation(user, operation_id, at=real)
    roles = access.roles_in(user, operation.center)
    if not access.may(roles, May.SEE_BOARD):
        return _again()
    if is_unchanged:
        return HttpResponse(status=204)
    context = {
        "alerts": crisis.standing(operation), "operation": operation, "allowed": allowed_names(roles),
    }  # fmt: skip
    response = render(request, "intake/help_requests/_alerts.html", context)
    response["X-Version"] = version
    return response


def _again() -> HttpResponse:
    return HttpResponseForbidden("画面を開き直してください。", content_type="text/plain; charset=utf-8")


@require_POST
def crisis_note(request: StaffRequest, operation_id: int, alert_id: int) -> HttpResponse:
    """確認しました, as 班長 or as センター長 (who may run the center), by the name one is signed in with."""
    alerts = CrisisAlert.objects.filter(need__operation=request.operation)
    alert = alerts.select_related("need__operation").filter(pk=alert_id).first() if alert_id < 2**63 else None
    if alert is None or request.POST.get("as") not in AckAs.values:
        raise Http404
    side = AckAs(request.POST["as"])
    try:
        if side == AckAs.CHIEF and not access.may(request.roles, May.RUN_CENTER):
            raise Refused("account.not_allowed")
        crisis.take_note(alert, side, by=by(request), at=request.now)
    except Refused as refused:
        messages.error(request, refused.text)
    else:
        messages.success(request, f"N{alert.need.number} の危機介入を、{side.label}として確認しました。")
    return redirect("need_detail", operation_id, alert.need_id)

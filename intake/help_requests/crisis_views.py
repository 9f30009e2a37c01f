"""Who has taken note of a 危機介入. The banner on every screen: dvc.board.alert_views."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from intake.help_requests import crisis
from intake.help_requests.models import AckAs, CrisisAlert


@require_POST
def crisis_note(request: StaffRequest, operation_id: int, alert_id: int) -> HttpResponse:
    """確認しました, as 班長 or as センター長, by the name one is signed in with and the role one has."""
    alerts = CrisisAlert.objects.select_related("need__operation__center")
    of_ours = alerts.filter(need__operation=request.operation)
    alert = of_ours.filter(pk=alert_id).first() if alert_id < 2**63 else None
    if alert is None or request.POST.get("as") not in AckAs.values:
        raise Http404
    side = AckAs(request.POST["as"])
    try:
        crisis.take_note(alert, side, by=by(request), at=request.now)
    except Refused as refused:
        messages.error(request, refused.text)
    else:
        messages.success(request, f"N{alert.need.number} の危機介入を、{side.label}として確認しました。")
    return redirect("need_detail", operation_id, alert.need_id)

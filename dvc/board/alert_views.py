"""What every page of the desk shows above everything else: a recall, then 危機介入."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dvc.accounts.policy import StaffRequest
from intake.help_requests import crisis
from matching.control.recalls import tally
from matching.safety.queries import running_recall


@never_cache
@require_safe
def alerts_part(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The banners; 204 while they are as the page has them (`version`). Two queries while there is nothing."""
    alerts = crisis.standing(request.operation)
    recall = running_recall(operation_id)
    counted = tally(recall) if recall else None
    known = f"{recall.pk}.{counted.total}.{counted.known}.{counted.help}" if recall and counted else "none"
    version = f"{crisis.version_of(alerts)}_{known}"
    if request.GET.get("version") == version:
        return HttpResponse(status=204)
    context = {"alerts": alerts, "recall": recall, "tally": counted}
    response = render(request, "dvc/board/_alerts.html", context)
    response["X-Version"] = version
    return response

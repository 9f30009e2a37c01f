"""The reception tablet's page. It holds no personal data: the service worker keeps it for off-line days."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from dvc.accounts.models import User
from dvc.accounts.policy import StaffRequest
from intake.checkin import headcounts


@require_GET
def tablet_reception(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The shell of the off-line kit; everything else comes from the tablet's own shelf."""
    return render(
        request,
        "intake/checkin/tablet.html",
        {
            # Nobody, when a paired tablet opens the page by its cookie: the operator comes by badge and PIN.
            "actor": request.user if isinstance(request.user, User) else None,
            "register_url": reverse("device_register", args=[operation_id]),
            "snapshot_url": reverse("sync_snapshot") + f"?operation={operation_id}",
            "ops_url": reverse("sync_ops"),
            "people_url": reverse("sync_people") + f"?operation={operation_id}",
            "operators_url": reverse("sync_operators") + f"?operation={operation_id}",
            "operator_url": reverse("sync_operator"),
            "most_nameless": headcounts.MOST,
        },
    )

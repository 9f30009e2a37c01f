"""One need on behalf of somebody."""

from __future__ import annotations

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest
from intake.help_requests.models import Need


def need_of(request: StaffRequest, need_id: int) -> Need:
    """The need of this operation with all that its pages show, or Http404. One query."""
    needs = Need.objects.select_related(
        "operation__center", "household__town", "household__center", "requester", "resident", "received_by",
        "duplicate_of",
    )  # fmt: skip
    return access.of_operation(request.operation, needs, need_id)

"""What the coordinator's hand does to the queue: hold a need back, let it go, keep a person from a need."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from intake.help_requests.models import Need
from intake.volunteers.models import Volunteer
from matching.queue.models import Ban, Hold

LONGEST_REASON = 120


@transaction.atomic
def hold(need: Need, *, reason: str, by: By, at: datetime) -> Hold:
    """Keep a need out of the proposals. The reason stands on the board; a second hold replaces it.

    Raises `Refused("queue.reason_needed")` without a reason.
    """
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise Refused("queue.reason_needed")
    made, _ = Hold.objects.update_or_create(need=need, defaults={"reason": reason, "by": by.user, "at": at})
    record("queue.held", need, by=by, at=at, operation=need.operation)
    return made


@transaction.atomic
def unhold(need: Need, *, by: By, at: datetime) -> None:
    """Let the need wait for a team again. Letting go what is not held changes nothing."""
    deleted, _ = Hold.objects.filter(need=need).delete()
    if deleted:
        record("queue.released", need, by=by, at=at, operation=need.operation)


@transaction.atomic
def ban(need: Need, volunteer: Volunteer, *, by: By, at: datetime) -> Ban:
    """Never propose this person for this need again. A coordinator may still send them by hand, knowingly."""
    made, created = Ban.objects.get_or_create(
        need=need, volunteer=volunteer, defaults={"operation": need.operation, "at": at}
    )
    if created:
        record("queue.banned", need, by=by, at=at, operation=need.operation, volunteer=volunteer.pk)
    return made


@transaction.atomic
def unban(need: Need, volunteer: Volunteer, *, by: By, at: datetime) -> None:
    """Take a ban back. Without one nothing changes."""
    deleted, _ = Ban.objects.filter(need=need, volunteer=volunteer).delete()
    if deleted:
        record("queue.unbanned", need, by=by, at=at, operation=need.operation, volunteer=volunteer.pk)

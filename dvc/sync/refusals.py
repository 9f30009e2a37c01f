"""A refusal stays visible until a person has seen it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dvc.audit.services import By, record
from dvc.operations.models import Operation
from dvc.sync.models import Dismissal, Receipt


@transaction.atomic
def dismiss(receipt: Receipt, *, operation: Operation, by: By, at: datetime) -> None:
    """Somebody has seen it. Twice changes nothing."""
    assert by.user is not None
    _, created = Dismissal.objects.get_or_create(receipt=receipt, defaults={"by": by.user, "at": at})
    if created:
        record("refusal.dismissed", receipt, by=by, at=at, operation=operation)

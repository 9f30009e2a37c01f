"""The outbox handlers of imports. Their message is only a hint; the row decides (dvc.outbox)."""

from __future__ import annotations

from django.utils import timezone

from dvc.outbox.services import Claim
from intake.exchange import running


def work(held: Claim) -> None:
    """One slice of the import behind the claimed row."""
    running.work(held, now=timezone.now)


def compare(held: Claim) -> None:
    """One slice of comparing the needs of an import with the open ones."""
    running.compare(held, now=timezone.now)

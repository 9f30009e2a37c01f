"""The outbox handler of a run. Its message is only a hint; the row decides (dvc.outbox)."""

from __future__ import annotations

from django.utils import timezone

from dvc.outbox.services import Claim
from matching.proposals import services


def solve_run(held: Claim) -> None:
    """Answer the question behind the claimed row."""
    services.run(held, now=timezone.now)

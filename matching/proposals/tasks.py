"""The outbox handlers of a run and of a what-if. Their message is only a hint; the row decides (dvc.outbox)."""

from __future__ import annotations

from django.utils import timezone

from dvc.outbox.services import Claim
from matching.proposals import runs, what_if


def solve_run(held: Claim) -> None:
    """Answer the question behind the claimed row."""
    runs.run(held, now=timezone.now)


def answer_what_if(held: Claim) -> None:
    """Compare the plan with the one that would be, behind the claimed row."""
    what_if.answer(held, now=timezone.now)

"""The outbox handlers of a run and of a what-if. Their message is only a hint; the row decides (dvc.outbox)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from dvc.outbox import services as outbox
from dvc.outbox.services import Claim
from matching.proposals import runs, what_if
from matching.proposals.models import MatchRun, RunState, WhatIf
from matching.solver import warm

LOOK_AGAIN: Final = timedelta(seconds=2)


def solve_run(held: Claim) -> None:
    """Answer the question behind the claimed row."""
    if not put_off(held, MatchRun):
        runs.run(held, now=timezone.now)


def answer_what_if(held: Claim) -> None:
    """Compare the plan with the one that would be, behind the claimed row."""
    if not put_off(held, WhatIf):
        what_if.answer(held, now=timezone.now)


def put_off(held: Claim, questions: type[MatchRun | WhatIf]) -> bool:
    """While the engine's machine code is being made (once on a new machine, for a minute or two) the row is given back and
    the question says so; the worker goes on to show life. True when it was put off."""
    if warm.HERE.ready or not warm.HERE.begin():
        return False
    at = timezone.now()
    with transaction.atomic():
        outbox.postpone(held, until=at + LOOK_AGAIN)
        waits = questions._default_manager.filter(pk=held.row.object_id, state=RunState.REQUESTED)
        waits.update(preparing_at=at)
    return True

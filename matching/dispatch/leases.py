"""How firmly a team holds its need at a moment: pure, from the row and the clock.

A lease is won once (`services.assign`), carries the order's serial as its fence, is renewed by any sign of life, and is
never taken away by a machine: one that has lapsed is shown, and a person gives the need back or waits.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models

from matching.dispatch.models import HOLDING, Dispatch, DispatchState


class Lease(models.TextChoices):
    HELD = "held", "確保中"
    LAPSED = "lapsed", "出発の予定を過ぎています"
    CALLED_OFF = "called_off", "困りごとが変わりました"
    OVERDUE = "overdue", "戻りがおそい"
    FREE = "free", "どの班のものでもない"


def lease_of(dispatch: Dispatch, *, at: datetime, hold: timedelta) -> Lease:
    """What the lease of this dispatch is worth at `at`; `hold`: how long a team may get ready without a sign of life.

    Nobody else gets the need in HELD, LAPSED and OVERDUE. CALLED_OFF: the need went on without this team.
    """
    if dispatch.state not in HOLDING:
        return Lease.FREE
    if dispatch.need_is_gone or dispatch.is_called_off:
        return Lease.CALLED_OFF
    if dispatch.state == DispatchState.ACCEPTED:
        since = max(dispatch.accepted_at, dispatch.heard_at or dispatch.accepted_at)
        return Lease.LAPSED if at - since >= hold else Lease.HELD
    return Lease.OVERDUE if dispatch.is_overdue(at) else Lease.HELD

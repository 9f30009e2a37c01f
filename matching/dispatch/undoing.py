"""Take back the last step of a team that was told by mistake: the wrong card was tapped.

A step may be taken back for a quarter of an hour, while nothing has followed from it. What happened in between stays in
the log; needs that were given back to the queue and tools that were counted stay as they are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from intake.help_requests import services as needs
from intake.help_requests.models import NeedState, WorkState
from matching.dispatch.models import ActivityReport, Dispatch, DispatchState
from matching.dispatch.states import BACK_STEPS
from matching.dispatch.steps import lock, refreshed
from matching.teams import services as teams

S = DispatchState
LONGEST: Final = timedelta(minutes=15)


def undoable_until(dispatch: Dispatch) -> datetime | None:
    """Until when the last step of this dispatch may be taken back; None when it never may. No query."""
    began = {S.DEPARTED: dispatch.departed_at, S.ON_SITE: dispatch.on_site_at, S.BACK: dispatch.returned_at}
    at = began.get(S(dispatch.state))
    return at + LONGEST if at is not None else None


@transaction.atomic
def undo(dispatch: Dispatch, *, seen: str, by: By, at: datetime) -> Dispatch:
    """One step back from `seen`, the state that was on the screen: 出発, 到着 or 帰着 was a mistake. Where it has gone on
    since, nothing changes.

    Refused: dispatch.undo_too_late, dispatch.undo_reported, dispatch.undo_chain, dispatch.undo_people_gone.
    """
    fresh = lock(dispatch)
    if fresh.state != seen or S(fresh.state) not in BACK_STEPS:
        return refreshed(dispatch)
    until = undoable_until(fresh)
    if until is None or at > until:
        raise Refused("dispatch.undo_too_late", minutes=int(LONGEST.total_seconds() // 60))
    _check_nothing_followed(fresh)
    to = BACK_STEPS[S(fresh.state)]
    if to == S.LEAVING and not fresh.need_is_left:
        to = S.ON_SITE if fresh.on_site_at else S.DEPARTED
    values: dict[str, object] = {"heard_at": at}
    if fresh.state == S.BACK:
        teams.take_return_back(fresh.team, ended_at=fresh.returned_at, by=by, at=at)
        values |= {"returned_at": None, "sheets_back": 0}  # the team has its sheets still
    elif fresh.state == S.ON_SITE:
        values["on_site_at"] = None
    else:
        _take_departure_back(fresh, by=by, at=at)
        values |= {"departed_at": None, "due_back_at": None, "planned_from": None, "planned_until": None}
    try:
        with transaction.atomic():
            Dispatch.objects.filter(pk=fresh.pk).update(state=to, **values)
    except IntegrityError:  # the need has another team meanwhile
        raise Refused("dispatch.undo_people_gone", number=fresh.team.number) from None
    record(
        "dispatch.undone", fresh, by=by, at=at, operation=fresh.operation, before=fresh.state, to=str(to),
        team=fresh.team_id, need=fresh.need_id,
    )  # fmt: skip
    return refreshed(dispatch)


def _check_nothing_followed(fresh: Dispatch) -> None:
    others = Dispatch.objects.of_team(fresh.team_id).exclude(pk=fresh.pk)
    if others.exclude(state=S.NEXT).exists():
        raise Refused("dispatch.undo_chain", number=fresh.team.number)
    if fresh.state != S.BACK and ActivityReport.objects.filter(dispatch=fresh).exists():
        raise Refused("dispatch.undo_reported", number=fresh.team.number)


def _take_departure_back(fresh: Dispatch, *, by: By, at: datetime) -> None:
    if fresh.need.state == NeedState.IN_PROGRESS:
        needs.move(fresh.need, NeedState.ASSIGNED, by=by, at=at, reason="出発の記録の取り消し")
        fresh.need.items.filter(state=WorkState.WORKING).update(state=WorkState.LEASED)
    teams.stay_here(fresh.team, by=by, at=at)


@transaction.atomic
def keep_waiting(dispatch: Dispatch, *, by: By, at: datetime) -> None:
    """Somebody has asked: the team gets ready still, and keeps its need. Refused: dispatch.is_out, dispatch.cancelled."""
    fresh = lock(dispatch)
    if fresh.state == S.CANCELLED:
        raise Refused("dispatch.cancelled")
    if fresh.state != S.ACCEPTED:
        raise Refused("dispatch.is_out", number=fresh.team.number)
    Dispatch.objects.filter(pk=fresh.pk).update(heard_at=at)
    record("dispatch.renewed", fresh, by=by, at=at, operation=fresh.operation)

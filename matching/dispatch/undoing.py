"""Take back the last step of a team that was told by mistake: the wrong card was tapped.

A step may be taken back for a quarter of an hour, while nothing has followed from it. What happened in between stays in
the log; needs that were given back to the queue and tools that were counted stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from dvc.audit.models import Entry
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
    """One step back from `seen`, the state that was on the screen: 出発, つぎのお宅へ, 到着 or 帰着 was a mistake. Where it has
    gone on since, nothing changes. Returns the visit the team is at now.

    Refused: dispatch.undo_too_late, dispatch.undo_reported, dispatch.undo_chain (another of its visits was the last),
    dispatch.undo_people_gone.
    """
    fresh = lock(dispatch)
    if fresh.state != seen or S(fresh.state) not in BACK_STEPS:
        return refreshed(dispatch)
    until = undoable_until(fresh)
    if until is None or at > until:
        raise Refused("dispatch.undo_too_late", minutes=int(LONGEST.total_seconds() // 60))
    others = list(Dispatch.objects.of_team(fresh.team_id).exclude(pk=fresh.pk).select_related("operation"))
    been = sorted(
        (visit for visit in others if visit.departed_at is not None),
        key=lambda visit: (visit.departed_at, visit.position),
    )
    _check_nothing_followed(fresh, been)
    try:
        with transaction.atomic():
            now = _step_back(fresh, been, by=by, at=at)
    except IntegrityError:  # the need has another team meanwhile
        raise Refused("dispatch.undo_people_gone", number=fresh.team.number) from None
    refreshed(dispatch)
    return dispatch if now.pk == dispatch.pk else refreshed(now)


def _check_nothing_followed(fresh: Dispatch, been: Sequence[Dispatch]) -> None:
    """`been`: the other visits the team has gone to, in that order."""
    if been and (been[-1].departed_at, been[-1].position) > (fresh.departed_at, fresh.position):
        raise Refused("dispatch.undo_chain", number=fresh.team.number)
    if fresh.state != S.BACK and ActivityReport.objects.filter(dispatch=fresh).exists():
        raise Refused("dispatch.undo_reported", number=fresh.team.number)


def _step_back(fresh: Dispatch, been: Sequence[Dispatch], *, by: By, at: datetime) -> Dispatch:
    """Returns the visit the team is at afterwards."""
    if fresh.state == S.BACK:
        teams.take_return_back(fresh.team, ended_at=fresh.returned_at, by=by, at=at)
        to = S.LEAVING if fresh.need_is_left else _before(fresh, "dispatch.back")
        _put(fresh, to, {"returned_at": None, "sheets_back": 0}, by=by, at=at)  # it has its sheets still
        for visit in been:
            _put(visit, S.VISITED, {"returned_at": None, "sheets_back": 0}, by=by, at=at)
        return fresh
    if fresh.state == S.ON_SITE:
        _put(fresh, BACK_STEPS[S.ON_SITE], {"on_site_at": None}, by=by, at=at)
        return fresh
    _give_work_back(fresh, by=by, at=at)
    values: dict[str, object] = {"departed_at": None, "due_back_at": None}
    if not been:
        teams.stay_here(fresh.team, by=by, at=at)
        values |= {"planned_from": None, "planned_until": None}
        _put(fresh, BACK_STEPS[S.DEPARTED], values, by=by, at=at)
        return fresh
    due = fresh.due_back_at
    _put(fresh, S.NEXT, {**values, "checks": []}, by=by, at=at)
    before = been[-1]
    told = ActivityReport.objects.filter(dispatch=before).exists()
    to = S.LEAVING if told else _before(before, "dispatch.visited")
    _put(before, to, {"due_back_at": due}, by=by, at=at)
    return before


def _before(visit: Dispatch, action: str) -> DispatchState:
    """What it was before its last step, an `action`. That a team was on its way home only the log knows."""
    step = Entry.objects.about(visit).filter(action=action).order_by("-id").first()
    return S(step.details["before"]) if step else S.ON_SITE if visit.on_site_at else S.DEPARTED


def _put(visit: Dispatch, to: DispatchState, values: dict[str, object], *, by: By, at: datetime) -> None:
    Dispatch.objects.filter(pk=visit.pk).update(state=to, heard_at=at, **values)
    record(
        "dispatch.undone", visit, by=by, at=at, operation=visit.operation, before=visit.state, to=str(to),
        team=visit.team_id, need=visit.need_id,
    )  # fmt: skip


def _give_work_back(fresh: Dispatch, *, by: By, at: datetime) -> None:
    if fresh.need.state == NeedState.IN_PROGRESS:
        needs.move(fresh.need, NeedState.ASSIGNED, by=by, at=at, reason="出発の記録の取り消し")
        fresh.need.items.filter(state=WorkState.WORKING).update(state=WorkState.LEASED)


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

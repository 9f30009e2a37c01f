"""What a report's outcome means for its need, and what it means when a person says that it was another."""

from __future__ import annotations

from datetime import datetime

from dvc.audit.services import By
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState
from matching.dispatch.models import ActivityReport, Dispatch, DispatchState, Outcome


def carry_on(dispatch: Dispatch, made: ActivityReport, *, hold: bool, by: By, at: datetime) -> None:
    """What the report means for the need. One that has gone on without this team is left alone, also when a desk closes it
    at this very moment."""
    need = needs.hold_row(dispatch.need)
    if made.watch:
        Need.objects.filter(pk=need.pk).update(needs_watch=True)
    later = Dispatch.objects.filter(need=need, pk__gt=dispatch.pk).exclude(state=DispatchState.CANCELLED)
    if need.state != NeedState.IN_PROGRESS or later.exists():
        return
    if made.outcome == Outcome.COMPLETED:
        needs.move(need, NeedState.COMPLETED, by=by, at=at, reason="活動報告（完了）")
    elif made.outcome == Outcome.CONTINUING:
        needs.continue_with(need, remaining=made.remaining, people_next=made.people_next, by=by, at=at)
    else:
        reason = f"{Outcome(made.outcome).label}　{made.remaining or made.text}".strip()[:120]
        needs.move(need, NeedState.CONTINUING, by=by, at=at, reason=reason)
        needs.move(need, NeedState.ON_HOLD if hold else NeedState.READY, by=by, at=at, reason=reason)


def take_back(dispatch: Dispatch, *, by: By, at: datetime) -> bool:
    """The need is at work again, as before the report of this dispatch, so that another outcome can follow. False, and
    nothing is changed, when somebody has done something else with it since: given it to another team, set it aside."""
    later = Dispatch.objects.filter(need=dispatch.need_id, pk__gt=dispatch.pk)
    if later.exclude(state=DispatchState.CANCELLED).exists():
        return False
    return needs.take_outcome_back(dispatch.need, by=by, at=at, reason="活動報告の結果の訂正")

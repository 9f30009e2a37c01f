"""When a team is at each of its houses and back again, as far as it can be said beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from django.db.models import Sum
from django.utils import timezone

from intake.help_requests.models import WorkItem, WorkState
from matching.dispatch.models import Dispatch, DispatchState

EACH_WAY: Final = timedelta(minutes=30)
BETWEEN: Final = timedelta(minutes=10)  # from one house to the next, where nobody worked it out
_STEP: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Span:
    """From the arrival at a house until the end of its work."""

    begin: datetime
    until: datetime


def work_of(needs: Iterable[int]) -> dict[int, timedelta]:
    """Need pk → how long its work takes that is not done yet. One query."""
    items = WorkItem.objects.filter(need__in=list(needs)).exclude(state=WorkState.DONE).order_by()
    sums = items.values_list("need").annotate(sum=Sum("minutes"))
    return {need: timedelta(minutes=minutes) for need, minutes in sums}


def spans(visits: Sequence[Dispatch], *, leaving: datetime, from_center: bool = True) -> list[Span]:
    """When the team is at each of these visits if it sets off at `leaving`, from the center or from another house.
    No work begins before the house is open. One query."""
    work = work_of(visit.need_id for visit in visits)
    found, at = list[Span](), leaving
    for number, visit in enumerate(visits):
        usual = EACH_WAY if from_center and number == 0 else BETWEEN
        leg = usual if visit.leg_minutes is None else timedelta(minutes=visit.leg_minutes)
        begin = max(at + leg, _clock(leaving, visit.need.open_from))
        at = begin + work.get(visit.need_id, timedelta())
        found.append(Span(begin, at))
    return found


def usual_return(dispatch: Dispatch, *, at: datetime) -> datetime:
    """When a team leaving at `at` should be back: its work, the ways between its houses and 30 minutes each way, at
    the latest 30 minutes after the operation's work ends; on the next five minutes."""
    waiting = Dispatch.objects.filter(
        team=dispatch.team_id, state__in=[DispatchState.ACCEPTED, DispatchState.NEXT]
    )
    visits = list(waiting.order_by("position"))
    work = work_of({dispatch.need_id, *(visit.need_id for visit in visits)})
    ways = sum((_between(visit) for visit in visits[1:]), 2 * EACH_WAY)
    return no_later_than_the_day(dispatch, at + sum(work.values(), ways), at=at)


def length_of(visit: Dispatch) -> timedelta:
    """How much longer a team is out for this visit at the end of its others."""
    return work_of([visit.need_id]).get(visit.need_id, timedelta()) + _between(visit)


def no_later_than_the_day(dispatch: Dispatch, due: datetime, *, at: datetime) -> datetime:
    """A return time in five minutes, at the latest 30 minutes after the operation's work ends. A team that leaves in
    the evening, after the day's work has ended, has no day's end to obey."""
    latest = _clock(at, dispatch.operation.work_end) + EACH_WAY
    due = min(due, latest) if latest > at + EACH_WAY else due
    return _round_up(due)


def _between(visit: Dispatch) -> timedelta:
    return BETWEEN if visit.leg_minutes is None else timedelta(minutes=visit.leg_minutes)


def _clock(day: datetime, clock: time) -> datetime:
    local = timezone.localtime(day)
    return local.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)


def _round_up(moment: datetime) -> datetime:
    over = timedelta(minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond)
    return moment - over + _STEP if over else moment


def happened(dispatch: Dispatch, told_at: datetime, *, at: datetime) -> datetime:
    """When something was that a team tells at `at` and says was at `told_at`: not before it left for this house (or was
    given it), never in the future."""
    return min(max(told_at, dispatch.departed_at or dispatch.accepted_at), at)

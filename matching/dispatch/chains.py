"""A team that does several needs one after the other: go on to the next, drop one, take one more.

The later visits hold their needs (no other team gets them) without anybody being there yet. A team that goes home,
stops or comes back gives those it has not been to back to the queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations.services import require_open
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState, WorkState
from intake.volunteers.models import Volunteer
from matching.dispatch import steps, times
from matching.dispatch.models import IN_FIELD, LIVE, Dispatch, DispatchState
from matching.dispatch.steps import refreshed
from matching.queue.queries import in_the_way
from matching.safety.queries import departure_stops
from matching.teams.models import Team
from matching.teams.services import people_of

S = DispatchState
MOST: Final = 3  # visits ahead of one team, whoever decides
GONE_HOME: Final = "班が帰るため（まだ伺っていません）"
_BEING_THERE: Final = (S.DEPARTED, S.ON_SITE, S.LEAVING)


def lease(need: Need, *, by: By, at: datetime) -> None:
    """Take the need for a team: won once, by a conditional update. Refused: dispatch.need_taken."""
    if need.state != NeedState.READY:
        raise Refused("dispatch.need_taken", number=need.number)
    try:
        needs.move(need, NeedState.ASSIGNED, by=by, at=at)
    except Refused as refused:
        if refused.code in ("need.changed", "need.step_not_allowed"):
            raise Refused("dispatch.need_taken", number=need.number) from refused
        raise


def add_first(
    team: Team, visits: Sequence[Need], *, legs: Sequence[int | None], by: By, at: datetime
) -> Dispatch:
    """A dispatch for each of the needs that were just leased, in this order. Returns the first."""
    made = []
    for position, (need, leg) in enumerate(zip(visits, legs, strict=True), start=1):
        one = steps.create(team, need, position=position, leg_minutes=leg, by=by, at=at)
        _record_assigned(one, by=by, at=at)
        made.append(one)
    return made[0]


def _record_assigned(visit: Dispatch, *, by: By, at: datetime) -> None:
    record(
        "dispatch.assigned", visit, by=by, at=at, operation=visit.operation, need=visit.need_id, team=visit.team_id,
        serial=visit.serial, position=visit.position,
    )  # fmt: skip


# ── decisions ──────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def add_visit(team: Team, need: Need, *, by: By, at: datetime, leg_minutes: int | None = None) -> Dispatch:
    """One more need for a team that gets ready or is out, after its others.

    Raises `Refused`: dispatch.other_operation, dispatch.team_busy, dispatch.enough_visits, dispatch.minors_in_team,
    dispatch.need_kept, dispatch.need_taken, dispatch.stopped (nobody leaves now), operation.closed.
    """
    require_open(need.operation)
    if team.operation_id != need.operation_id:
        raise Refused("dispatch.other_operation")
    any_of_it = Dispatch.objects.filter(team=team).first()
    if any_of_it is None:
        raise Refused("dispatch.team_busy", number=team.number)
    steps.lock(any_of_it)
    visits = list(Dispatch.objects.of_team(team.pk))
    now = next((visit for visit in visits if visit.state in LIVE), None)
    if now is None:
        raise Refused("dispatch.team_busy", number=team.number)
    if not may_add(visits):
        raise Refused("dispatch.enough_visits", number=team.number, most=MOST)
    # A team that has not left is asked at the gate.
    if now.state in IN_FIELD and (stops := departure_stops(need.operation, at=at)):
        raise Refused("dispatch.stopped", number=team.number, what="".join(stop.text for stop in stops))
    people = people_of(team)
    if said := in_the_way(need, people, at=at):
        raise Refused("dispatch.need_kept", what="".join(said))
    if _adults_only(need) and _has_minors(people, at=at):
        raise Refused("dispatch.minors_in_team", number=team.number)
    lease(need, by=by, at=at)
    last = Dispatch.objects.filter(team=team).aggregate(last=Max("position"))["last"]
    made = steps.create(team, need, position=last + 1, leg_minutes=leg_minutes, by=by, at=at)
    if now.state in IN_FIELD:
        leaving = max(at, visits[-1].planned_until or at)
        (span,) = times.spans([made], leaving=leaving, from_center=False)
        Dispatch.objects.filter(pk=made.pk).update(planned_from=span.begin, planned_until=span.until)
        longer = (now.due_back_at or at) + times.length_of(made)
        due = times.no_later_than_the_day(now, longer, at=at)
        Dispatch.objects.filter(pk=now.pk).update(due_back_at=max(due, now.due_back_at or due))
    _record_assigned(made, by=by, at=at)
    return refreshed(made)


def may_add(visits: Sequence[Dispatch]) -> bool:
    """Whether a team with these visits is at work and has room for one more."""
    ahead = [visit for visit in visits if visit.state in (*LIVE, S.NEXT)]
    return 0 < len(ahead) < MOST


def _adults_only(need: Need) -> bool:
    return need.items.filter(minors_ok=False).exclude(state=WorkState.DONE).exists()


def _has_minors(people: Sequence[Volunteer], *, at: datetime) -> bool:
    day = timezone.localdate(at)
    return any(person.is_minor_on(day) for person in people)


@transaction.atomic
def drop_visit(dispatch: Dispatch, *, reason: str, by: By, at: datetime) -> Dispatch:
    """Take one need off a team that keeps others: it waits for a team again. The one it starts with is dropped only
    before it has left; the next one then comes first. Twice changes nothing.

    Raises `Refused`: dispatch.reason_needed, dispatch.only_visit, dispatch.been_there.
    """
    fresh = steps.lock(dispatch)
    if fresh.state == S.CANCELLED:
        return refreshed(dispatch)
    if fresh.state not in (S.NEXT, S.ACCEPTED):
        raise Refused("dispatch.been_there", number=fresh.need.number)
    if not reason.strip():
        raise Refused("dispatch.reason_needed")
    after = list(Dispatch.objects.of_team(fresh.team_id).filter(state=S.NEXT).select_related("operation"))
    if fresh.state == S.ACCEPTED and not after:
        raise Refused("dispatch.only_visit", number=fresh.team.number)
    first = fresh.state == S.ACCEPTED
    give_back(fresh, reason=reason, by=by, at=at)
    if first:
        steps.step(after[0], S.ACCEPTED, "dispatch.comes_first", {}, by=by, at=at)
    return refreshed(dispatch)


def give_back(visit: Dispatch, *, reason: str, by: By, at: datetime) -> None:
    """End a visit that has not begun, for a row held by `steps.lock`: its need waits again unless somebody has done
    something else with it, and a team that is out is expected earlier."""
    if visit.state == S.NEXT:
        _expect_earlier(visit, at=at)
    steps.step(visit, S.CANCELLED, "dispatch.visit_dropped", {}, by=by, at=at, reason=reason.strip()[:200])
    if needs.hold_row(visit.need).state == NeedState.ASSIGNED:
        needs.move(visit.need, NeedState.READY, by=by, at=at, reason=reason.strip())


def _expect_earlier(visit: Dispatch, *, at: datetime) -> None:
    out = Dispatch.objects.in_field().filter(team=visit.team_id, due_back_at__isnull=False).first()
    if out is None or out.due_back_at is None or out.due_back_at <= at:
        return
    due = max(out.due_back_at - times.length_of(visit), at + times.EACH_WAY)
    Dispatch.objects.filter(pk=out.pk).update(due_back_at=min(due, out.due_back_at))


def give_back_all(team_id: int, *, reason: str, by: By, at: datetime) -> int:
    """Every visit this team has not begun, for rows held by `steps.lock`. Returns how many."""
    waiting = Dispatch.objects.filter(team=team_id, state=S.NEXT).select_related("need", "operation")
    rows = list(waiting.order_by("need"))
    for visit in rows:
        give_back(visit, reason=reason, by=by, at=at)
    return len(rows)


# ── facts ──────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def move_on(dispatch: Dispatch, *, by: By, at: datetime) -> Dispatch:
    """The team leaves this house for its next one, with or without a report. Returns the visit it is now at or on the
    way to. Known already: nothing changes. A next need that somebody has withdrawn meanwhile is passed over.

    Refused: dispatch.not_departed, dispatch.no_next.
    """
    fresh = steps.lock(dispatch)
    if fresh.state in (S.ACCEPTED, S.CANCELLED, S.NEXT):
        raise Refused("dispatch.not_departed", number=fresh.team.number)
    if fresh.state in (S.VISITED, S.BACK):
        refreshed(dispatch)
        return _now_at(fresh)
    waiting = Dispatch.objects.filter(team=fresh.team_id, state=S.NEXT).select_related("need", "operation")
    for visit in list(waiting.order_by("position")):
        if needs.hold_row(visit.need).state == NeedState.ASSIGNED:
            go_there(visit, by=by, at=at)
            refreshed(dispatch)
            return refreshed(visit)
        give_back(visit, reason="困りごとが変わったため", by=by, at=at)
    raise Refused("dispatch.no_next", number=fresh.team.number)


def _now_at(visited: Dispatch) -> Dispatch:
    """Where the team is after a visit that is over."""
    been = Dispatch.objects.of_team(visited.team_id).exclude(state=S.NEXT)
    return been.order_by("-departed_at", "-position")[0]


def go_there(visit: Dispatch, *, by: By, at: datetime) -> None:
    """From where the team is to a visit that waits, for rows held by `steps.lock`: the one before is over (its report
    may come later), the need of this one is at work."""
    before = Dispatch.objects.in_field().select_related("operation").get(team=visit.team_id)
    steps.step(before, S.VISITED, "dispatch.visited", {}, by=by, at=at)
    if needs.hold_row(visit.need).state == NeedState.ASSIGNED:
        needs.move(visit.need, NeedState.IN_PROGRESS, by=by, at=at)
    values = {"departed_at": at, "due_back_at": before.due_back_at, "checks": before.checks}
    steps.step(visit, S.DEPARTED, "dispatch.moved_on", values, by=by, at=at)


def is_out(team_id: int) -> bool:
    """Whether a visit of this team is at work, or on the way there or back."""
    return Dispatch.objects.filter(team=team_id, state__in=_BEING_THERE).exists()

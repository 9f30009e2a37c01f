"""Give a team its need, let it leave, hear from it, and take it back. Every step is in `states.STEPS`.

Decisions (assign, depart, cancel) may be refused. What happened out there (arrived, on the way back, reported,
back) is recorded even when it comes late or twice; the second time changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Sum

from dvc.accounts import access
from dvc.accounts.roles import Role
from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.core.whole import whole
from dvc.operations.models import Operation
from dvc.operations.services import require_open
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState
from matching.dispatch import chains, outcomes, queries, sheet_counts, times
from matching.dispatch.chains import add_visit, drop_visit, move_on
from matching.dispatch.gate import Block, Check, closed_day_blocks, departure_blocks, unticked
from matching.dispatch.models import IN_FIELD, ActivityReport, Dispatch, DispatchState, LaterReport, Outcome
from matching.dispatch.steps import heard, lock, refreshed, step
from matching.dispatch.times import usual_return
from matching.teams import services as teams
from matching.teams.models import LIVE as LIVE_TEAMS
from matching.teams.models import Team, TeamState

__all__ = [
    "Block", "Check", "Reported", "add_visit", "arrive_on_site", "assign", "cancel", "come_back", "count_sheet",
    "depart", "departure_blocks", "drop_visit", "heard", "leave_site", "move_on", "postpone", "report", "usual_return",
]  # fmt: skip

S = DispatchState


@dataclass(frozen=True, slots=True)
class Reported:
    """The one report of a dispatch. `changed` is False when it had been reported before."""

    report: ActivityReport
    changed: bool


# ── decisions ──────────────────────────────────────────────────────────────────────────────────
@whole
def assign(
    team: Team,
    need: Need,
    *,
    by: By,
    at: datetime,
    then: Sequence[Need] = (),
    legs: Sequence[int | None] | None = None,
) -> Dispatch:
    """Give the team this need, and `then` those it does afterwards, in this order. Each is won once: by a conditional
    update of the need, held by `one_live_team_per_need`. `legs`: minutes on the way to each. Returns the first visit.

    Raises `Refused`: dispatch.need_taken, dispatch.team_busy, dispatch.enough_visits, dispatch.other_operation,
    operation.closed.
    """
    visits = [need, *then]
    require_open(need.operation)
    if any(one.operation_id != team.operation_id for one in visits):
        raise Refused("dispatch.other_operation")
    if team.state not in (TeamState.FORMING, TeamState.READY):
        raise Refused("dispatch.team_busy", number=team.number)
    if len(visits) > chains.MOST:
        raise Refused("dispatch.enough_visits", number=team.number, most=chains.MOST)
    # In the order of the ids: two chains that share needs then wait for one another and never dead-lock.
    for one in sorted(visits, key=lambda one: one.pk):
        chains.lease(one, by=by, at=at)
    return chains.add_first(team, visits, legs=legs or [None] * len(visits), by=by, at=at)


@transaction.atomic
def depart(
    dispatch: Dispatch,
    *,
    checks: Collection[str],
    by: By,
    at: datetime,
    due_back_at: datetime | None = None,
    override: str = "",
) -> Dispatch:
    """Let the team leave, when nothing is missing. A team that has left already stays as it is.

    `checks`: codes of `Check`, all five. `due_back_at`: when it should be back (None: the usual time).
    `override`: the chief's reason for leaving in spite of what is missing. Raises `Refused`: dispatch.not_ready,
    dispatch.override_chief_only, dispatch.cancelled, dispatch.is_next, dispatch.back_before_leaving, operation.closed.
    """
    fresh = lock(dispatch)
    if fresh.state == S.CANCELLED:
        raise Refused("dispatch.cancelled")
    if fresh.state == S.NEXT:
        raise Refused("dispatch.is_next", number=fresh.team.number)
    if fresh.state != S.ACCEPTED:
        return refreshed(dispatch)
    require_open(fresh.operation)
    # Whoever is put into the team at this moment is asked about at the gate, or comes too late for it.
    fresh.team = teams.hold(fresh.team)
    teams.hold_drivers(fresh.team)
    due = due_back_at or usual_return(fresh, at=at)
    if due <= at:
        raise Refused("dispatch.back_before_leaving")
    overridden = _pass_gate(fresh, checks=checks, override=override.strip(), by=by, at=at)
    needs.move(fresh.need, NeedState.IN_PROGRESS, by=by, at=at)
    teams.go_out(fresh.team, by=by, at=at)
    step(
        fresh, S.DEPARTED, "dispatch.departed", {"departed_at": at, "due_back_at": due, "checks": sorted(checks)},
        by=by, at=at, overridden=overridden, reason=override.strip()[:200] if overridden else "",
    )  # fmt: skip
    visits = list(Dispatch.objects.of_team(fresh.team_id).select_related("need"))
    for visit, span in zip(visits, times.spans(visits, leaving=at), strict=True):
        Dispatch.objects.filter(pk=visit.pk).update(planned_from=span.begin, planned_until=span.until)
    _require_open_day(fresh.operation, at=at)
    return refreshed(dispatch)


def _require_open_day(operation: Operation, *, at: datetime) -> None:
    """Asked once more after the departure is written: whoever closes the day holds the operation's row and waits for what
    was written about it, so of a departure and a closing at the same moment the second hears of the first."""
    operation.refresh_from_db(fields=["closed_day"])
    if blocks := closed_day_blocks(operation.closed_day, at=at):
        raise Refused("dispatch.not_ready", what="".join(f"{block}" for block in blocks))


def _pass_gate(
    dispatch: Dispatch, *, checks: Collection[str], override: str, by: By, at: datetime
) -> list[str]:
    """Codes of what was overridden; refused when something is missing and may not be overridden."""
    missing = departure_blocks(dispatch, at=at)
    firm = [block for block in missing if block.firm]
    firm += [
        Block("check", "", f"「{check.label.split('：')[0]}」に印がありません。", True)
        for check in unticked(checks)
    ]
    if firm or (missing and not override):
        seen = [*missing, *(block for block in firm if block.code == "check")]
        raise Refused("dispatch.not_ready", what="".join(f"{block}" for block in seen))
    if missing and not _is_chief(by, dispatch.operation):
        raise Refused("dispatch.override_chief_only")
    return sorted({block.code for block in missing})


def _is_chief(by: By, operation: Operation) -> bool:
    return by.user is not None and Role.CHIEF in access.roles_in(by.user, operation.center)


@transaction.atomic
def cancel(dispatch: Dispatch, *, reason: str, by: By, at: datetime) -> Dispatch:
    """Call it off before the team has left: its needs wait again, the people are free. Of a visit that comes later
    only that one is taken off, also while the team is out. Twice changes nothing.

    Raises `Refused`: dispatch.reason_needed, dispatch.is_out.
    """
    fresh = lock(dispatch)
    if fresh.state == S.CANCELLED:
        return refreshed(dispatch)
    if fresh.state == S.NEXT:
        return drop_visit(dispatch, reason=reason, by=by, at=at)
    if fresh.state != S.ACCEPTED:
        raise Refused("dispatch.is_out", number=fresh.team.number)
    if not reason.strip():
        raise Refused("dispatch.reason_needed")
    step(fresh, S.CANCELLED, "dispatch.cancelled", {}, by=by, at=at, reason=reason.strip()[:200])
    if fresh.need.state == NeedState.ASSIGNED:
        needs.move(fresh.need, NeedState.READY, by=by, at=at, reason=reason.strip())
    chains.give_back_all(fresh.team_id, reason=reason, by=by, at=at)
    if fresh.team.state in LIVE_TEAMS:
        teams.dissolve(fresh.team, by=by, at=at)
    return refreshed(dispatch)


@transaction.atomic
def postpone(dispatch: Dispatch, *, due_back_at: datetime, by: By, at: datetime) -> Dispatch:
    """The team was reached and will be back later (or earlier).

    Raises `Refused`: dispatch.not_in_field, dispatch.back_in_the_past.
    """
    fresh = lock(dispatch)
    if fresh.state not in IN_FIELD:
        raise Refused("dispatch.not_in_field")
    if due_back_at <= at:
        raise Refused("dispatch.back_in_the_past")
    Dispatch.objects.filter(pk=fresh.pk).update(due_back_at=due_back_at)
    heard(fresh.team_id, at=at)
    record(
        "dispatch.postponed", fresh, by=by, at=at, operation=fresh.operation, until=due_back_at.isoformat()
    )
    return refreshed(dispatch)


# ── facts ──────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def arrive_on_site(dispatch: Dispatch, *, by: By, at: datetime) -> Dispatch:
    """The team is at the house. Known already, or later than that: nothing changes. Refused: dispatch.not_departed."""
    fresh = _after_departure(dispatch, by=by, at=at)
    if fresh.state == S.DEPARTED:
        step(fresh, S.ON_SITE, "dispatch.on_site", {"on_site_at": at}, by=by, at=at)
    return refreshed(dispatch)


@transaction.atomic
def leave_site(dispatch: Dispatch, *, by: By, at: datetime) -> Dispatch:
    """The team is on its way back: houses it has not been to wait for another. Known already: nothing changes; told of
    a visit it has gone on from: neither. Refused: dispatch.not_departed."""
    fresh = _after_departure(dispatch, by=by, at=at)
    if fresh.state in (S.DEPARTED, S.ON_SITE):
        step(fresh, S.LEAVING, "dispatch.leaving", {}, by=by, at=at)
    if fresh.state == S.LEAVING:
        chains.give_back_all(fresh.team_id, reason=chains.GONE_HOME, by=by, at=at)
    return refreshed(dispatch)


@transaction.atomic
def come_back(
    dispatch: Dispatch,
    *,
    by: By,
    at: datetime,
    tools_missing: str = "",
    sheets_back: int | None = None,
    keys_missing: Collection[int] = (),
    washed: Collection[str] = (),
    here: int | None = None,
    not_here: Collection[int] = (),
    not_here_said: str = "",
) -> Dispatch:
    """The team is back, from whichever of its visits: its people can be matched again, houses it has not been to wait
    for another team. Twice changes nothing, but that somebody has not come with it, sheets that the first desk has not
    counted, and what is said of tools and washing are heard from every desk. Refused:
    dispatch.not_departed, dispatch.not_here_said.

    `here`: how many somebody has counted (None: nobody counted); `not_here`: who of the team (pks) has not come with it,
    and what is known of them (`not_here_said`).

    `tools_missing`: what is short or broken, in words; `sheets_back`: how many printed sheets came back (None:
    nobody counted); `keys_missing`: vehicles of the center (pks) whose keys nobody has brought yet;
    `washed`: what was washed, as the return's page names it.
    """
    fresh = _after_departure(dispatch, by=by, at=at)
    if not_here and not not_here_said.strip():
        raise Refused("dispatch.not_here_said")
    if fresh.state == S.BACK:
        if missed := teams.say_also_away(fresh.team, not_here, not_here_said.strip()):
            record(
                "dispatch.also_away",
                fresh,
                by=by,
                at=at,
                operation=fresh.operation,
                not_here=missed,
                here=here,
            )
        if sheets_back and (more := sheet_counts.not_counted(fresh.team_id, sheets_back)):
            sheet_counts.all_in(fresh.team_id, more)
            record("dispatch.sheets_in", fresh, by=by, at=at, operation=fresh.operation, back=more)
        _hear_also(fresh, tools_missing[:200], washed, by=by, at=at)
    else:
        chains.give_back_all(fresh.team_id, reason=chains.GONE_HOME, by=by, at=at)
        visits = Dispatch.objects.of_team(fresh.team_id).select_related("operation")
        *before, last = visits.order_by("departed_at", "position")
        for visit in before:
            step(visit, S.BACK, "dispatch.visit_over", {"returned_at": at}, by=by, at=at)
        step(
            last, S.BACK, "dispatch.back", {"returned_at": at}, by=by, at=at, tools_missing=tools_missing[:200],
            sheets_out=sheets_of(fresh.team_id), sheets_back=sheets_back, keys_missing=sorted(keys_missing),
            washed=sorted(washed), here=here, not_here=sorted(not_here),
        )  # fmt: skip
        teams.release(
            fresh.team, by=by, at=at, keys_missing=keys_missing, not_here=not_here,
            not_here_said=not_here_said.strip(),
        )  # fmt: skip
        if sheets_back:
            sheet_counts.all_in(fresh.team_id, sheets_back)
    return refreshed(dispatch)


def _hear_also(dispatch: Dispatch, tools: str, washed: Collection[str], *, by: By, at: datetime) -> None:
    """What a second desk says of tools and washing stands beside what the first has said."""
    now = queries.place_of(dispatch).now
    known = queries.told_at_return(now) or {}
    new = "" if tools in known.get("tools_missing", "") else tools
    more = sorted({*washed} - {*known.get("washed", [])})
    if new or more:
        record(
            "dispatch.also_told", now, by=by, at=at, operation=now.operation, tools_missing=new, washed=more
        )


@transaction.atomic
def report(
    dispatch: Dispatch,
    *,
    outcome: str,
    people: int,
    by: By,
    at: datetime,
    text: str = "",
    remaining: str = "",
    people_next: int | None = None,
    injury: str = "",
    near_miss: str = "",
    watch: bool = False,
    by_leader: bool = True,
    hold: bool = True,
) -> Reported:
    """What the team did, told from the field or after the return. Only the first report counts; another that says
    something else is kept beside it.

    完了 closes the need and its work in this transaction; 継続 puts the rest back into the queue; after 中止 and
    不在 the need is on hold until somebody has called the resident (`hold`), or waits for a team again. After 中止 the
    houses the team has not been to wait for another. A need that has gone on without this team (closed or sent again meanwhile) is left alone. Refused: dispatch.not_departed,
    dispatch.remaining_needed.
    """
    fresh = _after_departure(dispatch, by=by, at=at)
    known = ActivityReport.objects.filter(dispatch=fresh).first()
    if known is not None:
        said = {
            "outcome": str(outcome), "people": people, "text": text, "remaining": remaining, "people_next": people_next,
            "injury": injury, "near_miss": near_miss, "watch": watch,
        }  # fmt: skip
        _keep_later_report(known, said, by_leader=by_leader, by=by, at=at)
        return Reported(known, changed=False)
    if outcome == Outcome.CONTINUING and not remaining.strip():
        raise Refused("dispatch.remaining_needed")
    made = ActivityReport.objects.create(
        dispatch=fresh, outcome=outcome, people=people, text=text, remaining=remaining, people_next=people_next,
        injury=injury, near_miss=near_miss, watch=watch, by_leader=by_leader, reported_at=at,
    )  # fmt: skip
    record(
        "dispatch.reported", fresh, by=by, at=at, operation=fresh.operation, outcome=str(outcome), people=people,
        injury=bool(injury), near_miss=bool(near_miss), watch=watch,
    )  # fmt: skip
    if by_leader:
        heard(fresh.team_id, at=at)
    if fresh.state in (S.DEPARTED, S.ON_SITE):
        step(fresh, S.LEAVING, "dispatch.leaving", {}, by=by, at=at)
    if fresh.state == S.LEAVING and made.outcome == Outcome.STOPPED:
        chains.give_back_all(
            fresh.team_id, reason="班が作業を中止したため（まだ伺っていません）", by=by, at=at
        )
    outcomes.carry_on(fresh, made, hold=hold, by=by, at=at)
    refreshed(dispatch)
    return Reported(made, changed=True)


def _keep_later_report(
    first: ActivityReport, said: dict[str, Any], *, by_leader: bool, by: By, at: datetime
) -> None:
    """A second report that says the same is nothing new; one that says something else is kept beside the first."""
    if all(getattr(first, name) == value for name, value in said.items()):
        return
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    _, created = LaterReport.objects.get_or_create(
        dispatch=first.dispatch, digest=digest, defaults={**said, "by_leader": by_leader, "reported_at": at}
    )
    if created:
        record(
            "dispatch.reported_again", first.dispatch, by=by, at=at, operation=first.dispatch.operation,
            outcome=said["outcome"],
        )  # fmt: skip


def sheets_of(team_id: int) -> int:
    """How many printed sheets of this team are about, whichever visit they were printed for. One query."""
    return Dispatch.objects.filter(team=team_id).aggregate(sum=Sum("sheets_printed"))["sum"] or 0


@transaction.atomic
def count_sheet(dispatch: Dispatch, *, by: By, at: datetime, papers: int = 1) -> int:
    """One more printed order is about, `papers` sheets of paper with names and addresses on them. Returns how many there
    are."""
    Dispatch.objects.filter(pk=dispatch.pk).update(sheets_printed=F("sheets_printed") + papers)
    dispatch.refresh_from_db(fields=["sheets_printed"])
    record(
        "dispatch.sheet_printed",
        dispatch,
        by=by,
        at=at,
        operation=dispatch.operation,
        count=dispatch.sheets_printed,
    )
    return dispatch.sheets_printed


def _after_departure(dispatch: Dispatch, *, by: By, at: datetime) -> Dispatch:
    """The row, held, of a visit the team has left for. What is told of a later one says that the team went on."""
    fresh = lock(dispatch)
    if fresh.state == S.NEXT and chains.is_out(fresh.team_id):
        chains.go_there(fresh, by=by, at=at)
    if fresh.state in (S.ACCEPTED, S.NEXT, S.CANCELLED):
        raise Refused("dispatch.not_departed", number=fresh.team.number)
    return fresh

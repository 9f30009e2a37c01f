"""Give a team its need, let it leave, hear from it, and take it back. Every step is in `states.STEPS`.

Decisions (assign, depart, cancel) may be refused. What happened out there (arrived, on the way back, reported,
back) is recorded even when it comes late or twice; the second time changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F

from dvc.accounts import access
from dvc.accounts.roles import Role
from dvc.accounts.services import hash_secret
from dvc.audit.services import By, record
from dvc.core.counting import count_up
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.operations.services import require_open
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState
from matching.dispatch import tokens
from matching.dispatch.gate import Block, Check, departure_blocks, unticked, usual_return
from matching.dispatch.models import IN_FIELD, ActivityReport, Dispatch, DispatchState, LaterReport, Outcome
from matching.dispatch.states import STEPS
from matching.teams import services as teams
from matching.teams.models import LIVE as LIVE_TEAMS
from matching.teams.models import Team, TeamState

__all__ = [
    "Block", "Check", "Reported", "arrive_on_site", "assign", "cancel", "come_back", "count_sheet",
    "depart", "departure_blocks", "leave_site", "postpone", "report", "usual_return",
]  # fmt: skip

S = DispatchState
_RELATED: Final = ("operation", "need", "team__leader")


@dataclass(frozen=True, slots=True)
class Reported:
    """The one report of a dispatch. `changed` is False when it had been reported before."""

    report: ActivityReport
    changed: bool


# ── decisions ──────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def assign(team: Team, need: Need, *, by: By, at: datetime) -> Dispatch:
    """Give the team this need. Won once: by a conditional update of the need, held by `one_live_team_per_need`.

    Raises `Refused`: dispatch.need_taken, dispatch.team_busy, dispatch.other_operation, operation.closed.
    """
    operation = need.operation
    require_open(operation)
    if team.operation_id != operation.pk:
        raise Refused("dispatch.other_operation")
    if team.state not in (TeamState.FORMING, TeamState.READY):
        raise Refused("dispatch.team_busy", number=team.number)
    if need.state != NeedState.READY:
        raise Refused("dispatch.need_taken", number=need.number)
    try:
        needs.move(need, NeedState.ASSIGNED, by=by, at=at)
    except Refused as refused:
        if refused.code in ("need.changed", "need.step_not_allowed"):
            raise Refused("dispatch.need_taken", number=need.number) from refused
        raise
    dispatch = _create(team, need, by=by, at=at)
    record(
        "dispatch.assigned", dispatch, by=by, at=at, operation=operation, need=need.pk, team=team.pk,
        serial=dispatch.serial,
    )  # fmt: skip
    return dispatch


def _create(team: Team, need: Need, *, by: By, at: datetime) -> Dispatch:
    nonce = tokens.new_nonce()

    def create(serial: int) -> Dispatch:
        return Dispatch.objects.create(
            operation=need.operation, need=need, team=team, serial=serial, token_nonce=nonce,
            leader_token_hash=hash_secret(tokens.leader_token(nonce)),
            genuine_token_hash=hash_secret(tokens.genuine_token(nonce)),
            accepted_at=at, accepted_by=by.user,
        )  # fmt: skip

    def taken(_: IntegrityError) -> None:
        if Dispatch.objects.live().filter(team=team).exists():
            raise Refused("dispatch.team_busy", number=team.number) from None
        if Dispatch.objects.live().filter(need=need).exclude(state=S.LEAVING).exists():
            raise Refused("dispatch.need_taken", number=need.number) from None

    return count_up(Dispatch.objects.filter(operation=need.operation_id), "serial", create, unless=taken)


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
    dispatch.override_chief_only, dispatch.cancelled, dispatch.back_before_leaving, operation.closed.
    """
    fresh = _lock(dispatch)
    if fresh.state == S.CANCELLED:
        raise Refused("dispatch.cancelled")
    if fresh.state != S.ACCEPTED:
        return _refreshed(dispatch)
    require_open(fresh.operation)
    due = due_back_at or usual_return(fresh, at=at)
    if due <= at:
        raise Refused("dispatch.back_before_leaving")
    overridden = _pass_gate(fresh, checks=checks, override=override.strip(), by=by, at=at)
    needs.move(fresh.need, NeedState.IN_PROGRESS, by=by, at=at)
    teams.go_out(fresh.team, by=by, at=at)
    _step(
        fresh, S.DEPARTED, "dispatch.departed", {"departed_at": at, "due_back_at": due, "checks": sorted(checks)},
        by=by, at=at, overridden=overridden, reason=override.strip()[:200] if overridden else "",
    )  # fmt: skip
    return _refreshed(dispatch)


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
    """Call it off before the team has left: the need waits again, the people are free. Twice changes nothing.

    Raises `Refused`: dispatch.reason_needed, dispatch.is_out.
    """
    fresh = _lock(dispatch)
    if fresh.state == S.CANCELLED:
        return _refreshed(dispatch)
    if fresh.state != S.ACCEPTED:
        raise Refused("dispatch.is_out", number=fresh.team.number)
    if not reason.strip():
        raise Refused("dispatch.reason_needed")
    _step(fresh, S.CANCELLED, "dispatch.cancelled", {}, by=by, at=at, reason=reason.strip()[:200])
    if fresh.need.state == NeedState.ASSIGNED:
        needs.move(fresh.need, NeedState.READY, by=by, at=at, reason=reason.strip())
    if fresh.team.state in LIVE_TEAMS:
        teams.dissolve(fresh.team, by=by, at=at)
    return _refreshed(dispatch)


@transaction.atomic
def postpone(dispatch: Dispatch, *, due_back_at: datetime, by: By, at: datetime) -> Dispatch:
    """The team was reached and will be back later (or earlier).

    Raises `Refused`: dispatch.not_in_field, dispatch.back_in_the_past.
    """
    fresh = _lock(dispatch)
    if fresh.state not in IN_FIELD:
        raise Refused("dispatch.not_in_field")
    if due_back_at <= at:
        raise Refused("dispatch.back_in_the_past")
    Dispatch.objects.filter(pk=fresh.pk).update(due_back_at=due_back_at)
    record(
        "dispatch.postponed", fresh, by=by, at=at, operation=fresh.operation, until=due_back_at.isoformat()
    )
    return _refreshed(dispatch)


# ── facts ──────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def arrive_on_site(dispatch: Dispatch, *, by: By, at: datetime) -> Dispatch:
    """The team is at the house. Known already, or later than that: nothing changes. Refused: dispatch.not_departed."""
    fresh = _after_departure(dispatch)
    if fresh.state == S.DEPARTED:
        _step(fresh, S.ON_SITE, "dispatch.on_site", {"on_site_at": at}, by=by, at=at)
    return _refreshed(dispatch)


@transaction.atomic
def leave_site(dispatch: Dispatch, *, by: By, at: datetime) -> Dispatch:
    """The team is on its way back. Known already: nothing changes. Refused: dispatch.not_departed."""
    fresh = _after_departure(dispatch)
    if fresh.state in (S.DEPARTED, S.ON_SITE):
        _step(fresh, S.LEAVING, "dispatch.leaving", {}, by=by, at=at)
    return _refreshed(dispatch)


@transaction.atomic
def come_back(
    dispatch: Dispatch, *, by: By, at: datetime, tools_missing: str = "", sheets_back: int | None = None
) -> Dispatch:
    """The team is back: its people can be matched again. Twice changes nothing. Refused: dispatch.not_departed.

    `tools_missing`: what is short or broken, in words; `sheets_back`: how many printed sheets came back (None:
    nobody counted).
    """
    fresh = _after_departure(dispatch)
    if fresh.state != S.BACK:
        _step(
            fresh, S.BACK, "dispatch.back", {"returned_at": at}, by=by, at=at, tools_missing=tools_missing[:200],
            sheets_out=fresh.sheets_printed, sheets_back=sheets_back,
        )  # fmt: skip
        teams.release(fresh.team, by=by, at=at)
    return _refreshed(dispatch)


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
    不在 the need is on hold until somebody has called the resident (`hold`), or waits for a team again. A need that
    has gone on without this team (closed or sent again meanwhile) is left alone. Refused: dispatch.not_departed,
    dispatch.remaining_needed.
    """
    fresh = _after_departure(dispatch)
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
    if fresh.state in (S.DEPARTED, S.ON_SITE):
        _step(fresh, S.LEAVING, "dispatch.leaving", {}, by=by, at=at)
    _carry_on(fresh, made, hold=hold, by=by, at=at)
    _refreshed(dispatch)
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


def _carry_on(dispatch: Dispatch, made: ActivityReport, *, hold: bool, by: By, at: datetime) -> None:
    """What the report means for the need."""
    need = dispatch.need
    if made.watch:
        Need.objects.filter(pk=need.pk).update(needs_watch=True)
    later = Dispatch.objects.filter(need=need, pk__gt=dispatch.pk).exclude(state=S.CANCELLED)
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


@transaction.atomic
def count_sheet(dispatch: Dispatch, *, by: By, at: datetime) -> int:
    """One more printed sheet is about, with a name and an address on it. Returns how many there are."""
    Dispatch.objects.filter(pk=dispatch.pk).update(sheets_printed=F("sheets_printed") + 1)
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


# ── steps ──────────────────────────────────────────────────────────────────────────────────────
def _lock(dispatch: Dispatch) -> Dispatch:
    """The row as it is now, held until the end of the transaction (SQLite has one writer anyway)."""
    rows = Dispatch.objects.select_related(*_RELATED).select_for_update(of=("self",))
    return rows.get(pk=dispatch.pk)


def _after_departure(dispatch: Dispatch) -> Dispatch:
    fresh = _lock(dispatch)
    if fresh.state in (S.ACCEPTED, S.CANCELLED):
        raise Refused("dispatch.not_departed", number=fresh.team.number)
    return fresh


def _step(
    dispatch: Dispatch, to: DispatchState, action: str, values: dict[str, object], *, by: By, at: datetime,
    **details: Any,
) -> None:  # fmt: skip
    """One edge of the table, for a row held by `_lock`. An edge that is not there is a bug, not a refusal."""
    before = S(dispatch.state)
    if to not in STEPS[before]:
        raise RuntimeError(f"no step from {before} to {to}")
    Dispatch.objects.filter(pk=dispatch.pk, state=before).update(state=to, **values)
    dispatch.state = to
    record(
        action, dispatch, by=by, at=at, operation=dispatch.operation, before=str(before), to=str(to),
        team=dispatch.team_id, need=dispatch.need_id, **details,
    )  # fmt: skip


def _refreshed(dispatch: Dispatch) -> Dispatch:
    dispatch.refresh_from_db(
        fields=[
            "state", "checks", "departed_at", "due_back_at", "on_site_at", "returned_at", "sheets_printed",
        ]
    )  # fmt: skip
    return dispatch

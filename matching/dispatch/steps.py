"""One row at a time: make a dispatch, hold a team's rows, walk one edge of the table. The rules are in services and
chains."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db.models import Q

from dvc.accounts.services import hash_secret
from dvc.audit.services import By, record
from dvc.core.counting import count_up_in_place
from dvc.core.inserting import insert_next, new
from dvc.core.refused import Refused
from intake.help_requests.models import Need
from matching.dispatch import tokens
from matching.dispatch.models import IN_FIELD, Dispatch, DispatchState
from matching.dispatch.states import STEPS
from matching.teams.models import Team

S = DispatchState
_RELATED: Final = ("operation", "need", "team__leader")


def create(
    team: Team, need: Need, *, position: int, leg_minutes: int | None, by: By, at: datetime
) -> Dispatch:
    """The visit of `team` at `need`: the one it is at when it is the first, else one that waits. What may not be is
    said by the constraints. Refused: dispatch.team_busy, dispatch.still_held."""
    nonce = tokens.new_nonce()
    made = new(
        Dispatch, operation_id=need.operation_id, need_id=need.pk, team_id=team.pk, serial=0, token_nonce=nonce,
        position=position, leg_minutes=leg_minutes, state=S.ACCEPTED if position == 1 else S.NEXT,
        leader_token_hash=hash_secret(tokens.leader_token(nonce)),
        genuine_token_hash=hash_secret(tokens.genuine_token(nonce)),
        accepted_at=at, accepted_by_id=by.user.pk if by.user else None,
    )  # fmt: skip

    def taken() -> None:
        if Dispatch.objects.filter(team=team, position=position).exists():
            raise Refused("dispatch.team_busy", number=team.number)
        # The need waits although a team has it: it was changed, and waits again. That team may be on its way there.
        holds = Dispatch.objects.holding().select_related("team").filter(need=need).first()
        if holds is not None:
            raise Refused("dispatch.still_held", number=need.number, team=holds.team.number)

    count_up_in_place(lambda: insert_next(made, "serial", among="operation_id"), unless=taken)
    made.operation, made.need, made.team = need.operation, need, team
    return made


def lock(dispatch: Dispatch) -> Dispatch:
    """The row as it is now, held with all of its team's until the end of the transaction (SQLite has one writer
    anyway). Whoever waited here reads the team's rows again afterwards, with a visit that was added meanwhile."""
    rows = Dispatch.objects.select_related(*_RELATED).select_for_update(of=("self",))
    held = {row.pk: row for row in rows.filter(team=dispatch.team_id).order_by("pk")}
    return held[dispatch.pk]


def step(
    dispatch: Dispatch, to: DispatchState, action: str, values: dict[str, object], *, by: By, at: datetime,
    **details: Any,
) -> None:  # fmt: skip
    """One edge of the table, for a row held by `lock`. An edge that is not there is a bug, not a refusal."""
    before = S(dispatch.state)
    if to not in STEPS[before]:
        raise RuntimeError(f"no step from {before} to {to}")
    if to in IN_FIELD:
        values = {**values, "heard_at": max(at, dispatch.heard_at or at)}
    Dispatch.objects.filter(pk=dispatch.pk, state=before).update(state=to, **values)
    dispatch.state = to
    record(
        action, dispatch, by=by, at=at, operation=dispatch.operation, before=str(before), to=str(to),
        team=dispatch.team_id, need=dispatch.need_id, **details,
    )  # fmt: skip


def heard(team_id: int, *, at: datetime) -> None:
    """A sign of life of a team that is out, whatever it was. One told late does not undo a newer one."""
    out = Dispatch.objects.in_field().filter(team=team_id)
    out.filter(Q(heard_at__isnull=True) | Q(heard_at__lt=at)).update(heard_at=at)


def refreshed(dispatch: Dispatch) -> Dispatch:
    dispatch.refresh_from_db(
        fields=[
            "state", "checks", "departed_at", "due_back_at", "planned_from", "planned_until", "on_site_at",
            "returned_at", "sheets_printed", "heard_at",
        ]
    )  # fmt: skip
    return dispatch

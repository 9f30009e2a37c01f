"""Teams that are late: computed from times, whoever looks and whatever has died. A rung is climbed by silence only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from dvc.audit.services import By
from dvc.operations.models import Operation
from intake.volunteers.models import Volunteer
from matching.dispatch.models import Dispatch
from matching.dispatch.services import heard
from matching.safety import services as safety
from matching.safety.models import LateCall, Rung
from matching.safety.policy import Policy, late_since
from matching.safety.queries import policy_of
from matching.teams.models import Team


@dataclass(frozen=True, slots=True)
class Late:
    """A team that should be back. `silent_for`: since then, or since its last sign of life after that."""

    dispatch: Dispatch
    rung: Rung
    silent_for: timedelta
    heard: bool
    calls: Sequence[LateCall]

    @property
    def minutes(self) -> int:
        return int(self.silent_for.total_seconds() // 60)

    @property
    def last(self) -> LateCall | None:
        return self.calls[-1] if self.calls else None

    @property
    def waits_for_call(self) -> bool:
        """Nobody has called at this rung yet."""
        return self.rung > Rung.LATE and not any(call.rung >= self.rung for call in self.calls)


def rung_of(dispatch: Dispatch, policy: Policy, *, at: datetime) -> Rung:
    """Where a late dispatch stands; LATE for one that is not late at all."""
    if dispatch.due_back_at is None:
        return Rung.LATE
    return policy.rung(at - late_since(dispatch.due_back_at, dispatch.heard_at))


def late_of(dispatches: Iterable[Dispatch], operation: Operation, *, at: datetime) -> dict[int, Late]:
    """Team pk → how late it is, of those among the dispatches that are late. Two queries, none when nobody is."""
    late = [one for one in dispatches if one.is_overdue(at)]
    if not late:
        return {}
    policy = policy_of(operation)
    calls: dict[int, list[LateCall]] = {}
    for call in LateCall.objects.filter(team__in=[one.team_id for one in late]).select_related("by"):
        calls.setdefault(call.team_id, []).append(call)
    return {one.team_id: _late(one, policy, calls.get(one.team_id, []), at=at) for one in late}


def _late(dispatch: Dispatch, policy: Policy, calls: Sequence[LateCall], *, at: datetime) -> Late:
    assert dispatch.due_back_at is not None
    since = late_since(dispatch.due_back_at, dispatch.heard_at)
    return Late(
        dispatch=dispatch,
        rung=policy.rung(at - since),
        silent_for=at - since,
        heard=since > dispatch.due_back_at,
        calls=[call for call in calls if call.at >= since],
    )


def rungs(operation: Operation, *, at: datetime) -> dict[Rung, int]:
    """How many late teams stand on each rung; nobody's name. Two queries, one when nobody is late."""
    late = list(
        Dispatch.objects.filter(operation=operation).overdue(at).only("due_back_at", "heard_at", "state")
    )
    policy = policy_of(operation) if late else Policy()
    found: dict[Rung, int] = {}
    for one in late:
        rung = rung_of(one, policy, at=at)
        found[rung] = found.get(rung, 0) + 1
    return found


def others_of(team: Team) -> list[Volunteer]:
    """Who else of the team has a telephone, without those who went home before it."""
    here = team.members.filter(left_at__isnull=True, visit__left_at__isnull=True)
    members = here.exclude(volunteer=team.leader_id)
    return [row.volunteer for row in members.select_related("volunteer") if row.volunteer.phone]


@transaction.atomic
def note_call(team: Team, rung: Rung, *, reached: bool, said: str, by: By, at: datetime) -> LateCall:
    """Somebody tried to reach a late team; when it was reached that is a sign of life. Refused: late.words_needed."""
    made = safety.note_call(team, rung, reached=reached, said=said, by=by, at=at)
    if reached:
        heard(team.pk, at=at)
    return made

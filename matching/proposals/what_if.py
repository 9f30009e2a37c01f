"""「もし…だったら」: the morning as it is and as it would be, both planned, neither offered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from dvc.audit.services import SYSTEM, By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.operations.services import require_open
from dvc.outbox import services as outbox
from intake.help_requests.models import Need
from matching.proposals import memory, runs
from matching.proposals.compare import compare
from matching.proposals.decided import with_decisions
from matching.proposals.gather import gather
from matching.proposals.models import RunState, WhatIf
from matching.proposals.thinking import Thinking, thinking
from matching.proposals.weights import cleaned, steps_of, told, weights
from matching.queue import services as queue
from matching.solver import model

log = logging.getLogger(__name__)

KIND: Final = "matching.what_if"
MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Change:
    """What would be different: other weights (None: as they are), more of this and that, a need (pk) that is closed,
    and how many minutes earlier the work ends."""

    steps: Mapping[str, int] | None = None
    leaders: int = 0
    trucks: int = 0
    people: int = 0
    closed: int = 0
    earlier: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Change:
        return cls(**told)

    @property
    def empty(self) -> bool:
        return self == Change()

    @property
    def only_weights(self) -> bool:
        return self.steps is not None and replace(self, steps=None).empty

    def sentences(self, *, number: int = 0) -> list[str]:
        """What is changed, in words; `number` is of the closed need."""
        found = []
        if self.steps is not None:
            found += told(self.steps) or ["大事にすることを、すべて「ふつう」に戻す"]
        found += [f"リーダーになれる人が、あと{self.leaders}人いたら"] if self.leaders else []
        found += [f"センターの軽トラックが、あと{self.trucks}台あったら"] if self.trucks else []
        found += [f"ボランティアが、あと{self.people}人来たら"] if self.people else []
        found += [f"N{number}を今日は行わないことにしたら"] if self.closed else []
        found += [f"作業の終わりを{self.earlier}分早めたら"] if self.earlier else []
        return found


def changed(problem: model.Problem, change: Change) -> model.Problem:
    """The problem with the change in it. People and vehicles that do not exist have ids that begin with "?"."""
    everywhere, params = tuple(site.id for site in problem.sites), problem.params
    if change.steps is not None:
        params = replace(params, w=weights(change.steps))
    if change.earlier:
        params = replace(params, work_end=max(params.work_end - change.earlier, problem.now))
    extra = [
        model.Volunteer(id=f"?L{n}", start=problem.now, end=model.DAY, sites=everywhere, exp=model.MAX_EXP)
        for n in range(change.leaders)
    ]
    extra += [
        model.Volunteer(id=f"?V{n}", start=problem.now, end=model.DAY, sites=everywhere)
        for n in range(change.people)
    ]
    trucks = [
        model.FleetVehicle(f"?K{n}", everywhere[n % len(everywhere)], "truck", 2)
        for n in range(change.trucks if everywhere else 0)
    ]
    closed = f"N{change.closed}"
    teams = (
        replace(pin.team, visits=tuple(need for need in pin.team.visits if need != closed))
        for pin in problem.pins
    )
    return replace(
        problem,
        params=params,
        volunteers=(*problem.volunteers, *extra),
        fleet=(*problem.fleet, *trucks),
        needs=tuple(need for need in problem.needs if need.id != closed),
        pins=tuple(model.Pin(team) for team in teams if team.visits),
        locks=tuple((who, need) for who, need in problem.locks if need != closed),
    )


# ── asking ─────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def ask(operation: Operation, change: Change, *, by: By, at: datetime) -> WhatIf:
    """Ask how it would be. A question that is still open makes way: people try one thing after the other.

    Raises `Refused`: match.no_change, operation.closed.
    """
    require_open(operation)
    if change.steps is not None and cleaned(change.steps) == steps_of(operation):
        change = replace(change, steps=None)
    if change.empty:
        raise Refused("match.no_change")
    queue.one_at_a_time(operation.pk)
    for open_one in WhatIf.objects.filter(operation=operation, state=RunState.REQUESTED):
        outbox.withdraw(KIND, f"what_if:{open_one.pk}", at=operation.real(at))
        WhatIf.objects.filter(pk=open_one.pk).update(state=RunState.SUPERSEDED, finished_at=at)
    asked = WhatIf.objects.create(
        operation=operation, change=change.to_json(), requested_at=at, requested_by=by.user
    )
    outbox.put(KIND, asked.pk, dedupe_key=f"what_if:{asked.pk}")
    record("match.what_if_asked", asked, by=by, at=at, operation=operation, change=asked.change)
    return asked


def need_numbered(operation: Operation, number: int) -> Need:
    """The waiting need with this number. Raises `Refused("match.no_such_need")`."""
    need = Need.objects.ready().filter(operation=operation, number=number).first()
    if need is None:
        raise Refused("match.no_such_need", number=number)
    return need


# ── answering ──────────────────────────────────────────────────────────────────────────────────
def answer(held: outbox.Claim, *, now: Callable[[], datetime]) -> None:
    """Plan the morning as it is and as it would be, with the same effort and from the same plan, and keep what is
    different."""
    asked = WhatIf.objects.select_related("operation").filter(pk=held.row.object_id).first()
    if asked is None or asked.state != RunState.REQUESTED:
        with transaction.atomic():
            outbox.finish(held, at=now())
        return
    operation = asked.operation
    at = asked.requested_at if operation.is_drill else operation.moment(now())
    try:
        problem = with_decisions(gather(operation, at=at), day=timezone.localdate(at)).problem
        other = changed(problem, Change.from_json(asked.change))
    except model.ProblemError as error:
        _end(asked, held, {"state": RunState.FAILED, "error": str(error)[:300]}, at=now())
        return
    with thinking(asked, held, now, effort=3 * runs.WHOLE.effort, seconds=3 * runs.WHOLE.seconds) as thought:
        first = _plan(thought, 0, problem, memory.plan_before(operation))
        # Both set out from one plan that is already good: what differs comes from the change and not from luck.
        before, after = _plan(thought, 1, problem, first), _plan(thought, 2, other, first)
    if thought.lost:
        raise outbox.LeaseLost(f"what-if {asked.pk} was withdrawn or taken over")
    result = compare(problem, before, other, after).to_json()
    _end(asked, held, {"state": RunState.DONE, "result": result, "done": 1.0}, at=now())


def _plan(thought: Thinking, part: int, problem: model.Problem, previous: model.Plan | None) -> model.Plan:
    """One of the three plans; the progress goes on from the one before."""
    # The engine is large, and every part of the center loads this module.
    from matching.solver.engine import solve

    budget = runs.WHOLE

    def told(rounds: int, score: float) -> bool:
        return thought.told(part * budget.effort + rounds, score)

    return solve(problem, effort=budget.effort, seconds=budget.seconds, previous=previous, progress=told)


@transaction.atomic
def _end(asked: WhatIf, held: outbox.Claim, told: Mapping[str, Any], *, at: datetime) -> None:
    outbox.finish(held, at=at)
    moment = asked.operation.moment(at)
    WhatIf.objects.filter(pk=asked.pk).update(finished_at=moment, **told)
    record("match.what_if", asked, by=SYSTEM, at=moment, operation=asked.operation, state=str(told["state"]))

"""What a worker keeps in memory between two runs: the last morning of a few operations, so that the next plan is a repair.

Never the truth: a morning that is not here is read from the row of its run, and the answer is the same (`solver.session`).
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dvc.operations.models import Operation
from matching.proposals.models import MatchRun, RunState
from matching.solver import model
from matching.solver.vcjson import plan_from_json, problem_from_json

if TYPE_CHECKING:
    from matching.solver.session import Session

log = logging.getLogger(__name__)

MOST: Final = 4
"""Operations kept; a morning of 3,000 people and 1,000 needs takes about 40 MB."""


@dataclass(frozen=True, slots=True)
class _Kept:
    run: int
    session: Session


_kept: OrderedDict[int, _Kept] = OrderedDict()
"""Operation (pk) -> its last answer, longest unused first. Only the worker's one thread comes here."""


def plan_before(operation: Operation) -> model.Plan | None:
    """The last plan of an operation, read from its row. None without one, and when another version wrote it so that this
    one cannot read it: every run would fail for it."""
    found = _last(operation)
    return found[1] if found is not None else None


def take(operation: Operation) -> Session | None:
    """The last answer of an operation, to set out from; None as with `plan_before`. It is out of the memory until `keep`:
    whatever goes wrong meanwhile, the next run reads the row."""
    kept, found = _kept.pop(operation.pk, None), _last(operation)
    if found is None:
        return None
    run, plan = found
    # After a restored backup the same number may stand for another answer.
    if kept is not None and kept.run == run and kept.session.plan.teams == plan.teams:
        return kept.session
    from matching.solver.session import Session  # as large as the engine

    try:
        problem = problem_from_json(MatchRun.objects.values_list("problem", flat=True).get(pk=run))
    except model.ProblemError as error:
        log.warning("the problem of run %s cannot be read, the next sets out from nothing: %s", run, error)
        return None
    return Session(problem, plan)


def _last(operation: Operation) -> tuple[int, model.Plan] | None:
    answers = MatchRun.objects.filter(operation=operation, state=RunState.DONE, plan__isnull=False)
    found = answers.values_list("pk", "plan").first()
    if found is None:
        return None
    try:
        return found[0], plan_from_json(found[1])
    except model.ProblemError as error:
        log.warning("the plan of run %s cannot be read, the next sets out from nothing: %s", found[0], error)
        return None


def keep(run: MatchRun, session: Session) -> None:
    """Remember an answer that is in its row; the operation unused for longest makes room."""
    _kept[run.operation_id] = _Kept(run.pk, session)
    while len(_kept) > MOST:
        _kept.popitem(last=False)


def drop_all() -> None:
    """Forget everything. Nothing but speed is lost."""
    _kept.clear()

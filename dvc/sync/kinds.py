"""Every kind of op: the shape of its payload and what folds it into state. A kind that is not here is refused as
`invalid`. Kinds are only ever added: a tablet that was off-line for days still sends the old ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from dvc.core.shapes import Shape
from dvc.operations.models import Operation
from dvc.sync import (
    answers,
    bindings,
    briefings,
    consents,
    failed,
    groups,
    surveys,
    tools,
    undo,
    visits,
    walk_ins,
)
from dvc.sync.context import Context
from dvc.sync.ops import Op, Result
from dvc.sync.payloads import (
    AbsentPayload,
    AnswerPayload,
    BindPayload,
    FailedScanPayload,
    GroupPayload,
    InsurancePayload,
    SurveyPayload,
    ToolPayload,
    UndoPayload,
    VisitPayload,
    WalkInPayload,
)

# Takes a run: ops of kinds that share this fold, about one operation, one after the other; answers each of them.
Fold = Callable[[Sequence[Op], Operation, Context], list[Result]]
Payload = type[Shape]


@dataclass(frozen=True)
class Kind:
    """`payload` checks the shape; `fold` applies a run of such ops inside a savepoint.

    A fold that raises is undone as a whole and called again for each op of the run alone, where a `Refused` becomes
    the op's answer (what refuses must be atomic itself, as services are).
    """

    payload: Payload
    fold: Fold

    @cached_property
    def shape(self) -> Shape:
        """One instance of `payload` for all ops: it keeps nothing of what it checks."""
        return self.payload()


def one_by_one(fold: Callable[[Op, Operation, Context], Result]) -> Fold:
    """A fold that knows single ops only; the first refusal in a run makes the caller take the run apart."""

    def each(ops: Sequence[Op], operation: Operation, context: Context) -> list[Result]:
        return [fold(op, operation, context) for op in ops]

    return each


KINDS: Final[dict[str, Kind]] = {
    "visit.arrive": Kind(VisitPayload, visits.fold),
    "visit.leave": Kind(VisitPayload, visits.fold),
    "visit.orient": Kind(VisitPayload, one_by_one(briefings.fold)),
    "visit.insure": Kind(InsurancePayload, visits.fold),
    "visit.consent": Kind(VisitPayload, one_by_one(consents.fold)),
    answers.KIND: Kind(AnswerPayload, one_by_one(answers.fold)),
    "visit.undo": Kind(UndoPayload, one_by_one(undo.fold)),
    "card.bind": Kind(BindPayload, one_by_one(bindings.fold)),
    "person.walk_in": Kind(WalkInPayload, one_by_one(walk_ins.fold)),
    "group.arrive": Kind(GroupPayload, one_by_one(groups.fold)),
    "group.leave": Kind(GroupPayload, one_by_one(groups.fold)),
    "survey.done": Kind(SurveyPayload, one_by_one(surveys.fold_done)),
    "survey.absent": Kind(AbsentPayload, one_by_one(surveys.fold_absent)),
    "tool.lend": Kind(ToolPayload, one_by_one(tools.lend)),
    "tool.give_back": Kind(ToolPayload, one_by_one(tools.give_back)),
    "scan.failed": Kind(FailedScanPayload, one_by_one(failed.fold)),
}

"""Every kind of op: the shape of its payload and what folds it into state. A kind that is not here is refused as
`invalid`. Kinds are only ever added: a tablet that was off-line for days still sends the old ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from rest_framework import serializers

from dvc.operations.models import Operation
from dvc.sync import bindings, visits
from dvc.sync.context import Context
from dvc.sync.ops import Op, Result
from dvc.sync.payloads import BindPayload, InsurancePayload, VisitPayload

Fold = Callable[[Op, Operation, Context], Result]
Payload = type[serializers.Serializer[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """`payload` checks the shape; `fold` applies it inside the op's savepoint and may raise `Refused`."""

    payload: Payload
    fold: Fold


KINDS: Final[dict[str, Kind]] = {
    "visit.arrive": Kind(VisitPayload, visits.fold),
    "visit.leave": Kind(VisitPayload, visits.fold),
    "visit.orient": Kind(VisitPayload, visits.fold),
    "visit.insure": Kind(InsurancePayload, visits.fold),
    "card.bind": Kind(BindPayload, bindings.fold_bind),
}

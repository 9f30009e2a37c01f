"""What counts more and what less in the proposals of one operation, in steps a person can mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.db import transaction

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from matching.proposals.models import Weighting
from matching.solver import model

# The solver's weights (model.Weights), as people call them.
ASPECTS: Final[Mapping[str, str]] = {
    "need": "優先の高い困りごとに、しっかり人数をそろえる",
    "idle": "手があいたままの人を減らす",
    "travel": "移動の時間を短くする",
    "pref": "本人が希望した作業に入れる",
    "cont": "前に伺った人が、続けて行く",
    "churn": "いちど出した組み合わせを変えない",
}
STEPS: Final[Mapping[int, str]] = {
    -2: "ずっと軽く", -1: "軽く", 0: "ふつう", 1: "重く", 2: "ずっと重く"
}  # fmt: skip
FACTOR: Final = 2.0
LONGEST_REASON: Final = 120


def cleaned(steps: Mapping[str, int]) -> dict[str, int]:
    """Only what is known and not usual."""
    return {name: steps[name] for name in ASPECTS if steps.get(name, 0) in STEPS and steps.get(name, 0)}


def steps_of(operation: Operation) -> dict[str, int]:
    """How far each aspect is from usual. One query."""
    row = Weighting.objects.filter(operation=operation).first()
    return cleaned(row.steps) if row else {}


def weights(steps: Mapping[str, int]) -> model.Weights:
    """The solver's weights: one step is twice, or half, as much."""
    usual = model.Weights()
    return replace(
        usual, **{name: getattr(usual, name) * FACTOR**step for name, step in cleaned(steps).items()}
    )


def told(steps: Mapping[str, int]) -> list[str]:
    """「移動の時間を短くする：重く」, of what is not usual."""
    return [f"{ASPECTS[name]}：{STEPS[step]}" for name, step in cleaned(steps).items()]


@transaction.atomic
def set_weights(operation: Operation, steps: Mapping[str, int], *, reason: str, by: By, at: datetime) -> None:
    """From now on this counts. Everything at 0 is the usual again. Raises `Refused("match.weights_why")`."""
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise Refused("match.weights_why")
    wanted = cleaned(steps)
    Weighting.objects.update_or_create(
        operation=operation, defaults={"steps": wanted, "by": by.user, "at": at}
    )
    record("match.weights_set", operation, by=by, at=at, operation=operation, steps=wanted, reason=reason)

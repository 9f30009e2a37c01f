"""Needs that wait close to another one, near enough for one team to do both in a row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dvc.operations.models import Operation
from intake.help_requests.models import Need
from matching.queue.queries import Waiting, kept, waiting
from matching.solver.model import Params
from matching.solver.travel import great_circle_km

_PARAMS: Final = Params(work_end=0)
SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Near:
    """A need that waits, and how far it is by road from the one asked about, in metres."""

    waiting: Waiting
    metres: int


def near(operation: Operation, need: Need, *, at: datetime) -> list[Near]:
    """What waits within the engine's longest way between two houses of one team, the nearest first; nothing that
    is kept for others. Five queries."""
    here = need.household
    if here is None or here.lat is None or here.lng is None:
        return []
    found, others = [], {need.pk, *kept(operation, at=at)}
    for one in waiting(operation, at=at):
        house = one.need.household
        if one.block or one.need.pk in others or house is None or house.lat is None or house.lng is None:
            continue
        km = great_circle_km(here.lat, here.lng, house.lat, house.lng) * _PARAMS.detour
        if km <= _PARAMS.chain_max_km:
            found.append(Near(one, round(1000 * km)))
    return sorted(found, key=lambda one: (one.metres, one.waiting.need.pk))[:SHOWN]

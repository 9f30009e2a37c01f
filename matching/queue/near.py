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
MOST_METRES: Final = round(1000 * _PARAMS.chain_max_km)
SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Near:
    """A need that waits, and how far it is by road from the one asked about, in metres."""

    waiting: Waiting
    metres: int


def metres_between(one: Need, other: Need) -> int | None:
    """By road; None where nobody knows where one of them is."""
    here, there = one.household, other.household
    if here is None or here.lat is None or here.lng is None:
        return None
    if there is None or there.lat is None or there.lng is None:
        return None
    return round(1000 * great_circle_km(here.lat, here.lng, there.lat, there.lng) * _PARAMS.detour)


def near(operation: Operation, need: Need, *, at: datetime) -> list[Near]:
    """What waits within the engine's longest way between two houses of one team, the nearest first; nothing that
    is kept for others. Five queries."""
    if metres_between(need, need) is None:
        return []
    found, others = [], {need.pk, *kept(operation, at=at)}
    for one in waiting(operation, at=at):
        if one.block or one.need.pk in others:
            continue
        metres = metres_between(need, one.need)
        if metres is not None and metres <= MOST_METRES:
            found.append(Near(one, metres))
    return sorted(found, key=lambda one: (one.metres, one.waiting.need.pk))[:SHOWN]

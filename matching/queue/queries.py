"""What waits, in which order, and what blocks it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Prefetch

from dvc.operations.models import Operation
from intake.help_requests.models import Need, WorkItem, WorkState
from matching.queue.models import Hold
from matching.queue.order import blocked_by, tier, weight


@dataclass(frozen=True, slots=True)
class Waiting:
    """A need in the queue. `block` is the sentence of what has to happen first, "" when nothing does."""

    need: Need
    items: tuple[WorkItem, ...]
    tier: int
    weight: int
    days: int
    hold: Hold | None
    block: str

    @property
    def people(self) -> tuple[int, int]:
        """Fewest and wished-for head count of one team for all open items; (0, 0) without items."""
        return (
            max((item.people_min for item in self.items), default=0),
            max((item.people_ideal for item in self.items), default=0),
        )


def waiting(operation: Operation, *, at: datetime) -> list[Waiting]:
    """Needs that wait for a team: crisis first, then weight, then days, then the order of arrival. Two queries."""
    needs = (
        Need.objects.ready()
        .filter(operation=operation)
        .select_related("household__town", "hold")
        .prefetch_related(
            Prefetch("items", WorkItem.objects.filter(state=WorkState.OPEN), to_attr="open_items")
        )
        .order_by("pk")
    )
    queue = [_waiting(need, at) for need in needs]
    return sorted(queue, key=lambda one: (one.tier, -one.weight, -one.days, one.need.pk))


def _waiting(need: Need, at: datetime) -> Waiting:
    items: list[WorkItem] = need.open_items  # type: ignore[attr-defined]
    house, hold = need.household, _hold(need)
    flags = {
        "crisis": need.needs_crisis,
        "alone": bool(house and house.lives_alone),
        "watch": need.needs_watch,
    }
    block = blocked_by(
        held=hold.reason if hold else None,
        lat=house.lat if house else None,
        lng=house.lng if house else None,
        open_items=len(items),
        opens=need.open_from,
        closes=need.open_until,
    )
    days = need.days_waited(at)
    return Waiting(
        need, tuple(items), tier(**flags), weight(days=days, **flags), days, hold, block[1] if block else ""
    )


def _hold(need: Need) -> Hold | None:
    try:
        return need.hold
    except ObjectDoesNotExist:
        return None

"""The day's runs with their seats, and the dump sites with their latest queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Prefetch, Q

from dvc.operations.models import Operation
from matching.trips.models import Boarding, DumpQueue, DumpSite, Run, RunState, Stop
from matching.trips.services import taken

FRESH: Final = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Leg:
    """A stop, who gets on and off there, and how many seats are free after it (None after the last)."""

    stop: Stop
    on: list[Boarding]
    off: list[Boarding]
    free: int | None


@dataclass(frozen=True, slots=True)
class Round:
    """A run as the page shows it. `next`: the stop it has not passed yet, while it is on its way."""

    run: Run
    legs: list[Leg]

    @property
    def next(self) -> Stop | None:
        if self.run.state != RunState.LEFT:
            return None
        return next((leg.stop for leg in self.legs if leg.stop.passed_at is None), None)


def rounds(operation: Operation, *, day: date) -> list[Round]:
    """The runs of `day`, those decided in the evening for the next morning, and earlier ones that are still out. Three
    queries."""
    seats = Boarding.objects.select_related("team")
    coming = Q(day__gt=day, state=RunState.PLANNED)
    runs = Run.objects.filter(Q(day=day) | coming | Q(state=RunState.LEFT), operation=operation)
    found = runs.select_related("vehicle", "driver").prefetch_related(
        "stops", Prefetch("boardings", queryset=seats)
    )
    return [Round(run, _legs(run)) for run in found]


def _legs(run: Run) -> list[Leg]:
    stops, seats = list(run.stops.all()), list(run.boardings.all())
    return [
        Leg(
            stop,
            [one for one in seats if one.on == stop.position],
            [one for one in seats if one.off == stop.position],
            None if stop == stops[-1] else run.vehicle.seats - 1 - taken(seats, stop.position),
        )
        for stop in stops
    ]


@dataclass(frozen=True, slots=True)
class Dump:
    """A dump site and how long one waited there last, if somebody told within three hours."""

    site: DumpSite
    last: DumpQueue | None


def dumps(operation: Operation, *, at: datetime, open_only: bool = False) -> list[Dump]:
    """Two queries."""
    sites = DumpSite.objects.filter(operation=operation, **({"closed": False} if open_only else {}))
    latest: dict[int, DumpQueue] = {}
    fresh = DumpQueue.objects.filter(site__operation=operation, at__gte=at - FRESH, at__lte=at)
    for queue in fresh.order_by("at", "id"):
        latest[queue.site_id] = queue
    return [Dump(site, latest.get(site.pk)) for site in sites]

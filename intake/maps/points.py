"""The map as it travels: columns of whole numbers, so that 5,000 requests fit into a few tens of kilobytes.

Places are hundred-thousandths of a degree (about a metre), each as the difference to the one before; so are numbers and
ids. No name, no address.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from dvc.audit.models import Entry
from dvc.operations.models import Operation
from intake.help_requests.models import BLOCKING, Need, NeedState
from intake.help_requests.states import COARSE
from intake.maps.models import MapNote
from intake.people.models import Precision, Town
from intake.people.places import nearest

# What the points mean, in the order of their index.
WORDS: Final = ("受付中", "調査中", "マッチング待ち", "活動中", "保留", "完了")
HAZARD, CRISIS, PIN = 1, 2, 4
_SCALE: Final = 100_000
_FORMAT: Final = 1  # changes when what a browser keeps of another release must not be used


@dataclass(frozen=True, slots=True)
class Sight:
    """What the asker may see: the `pins` of houses, and links to the `needs`."""

    pins: bool
    needs: bool


@dataclass(frozen=True, slots=True)
class _Point:
    pk: int
    number: int
    word: int
    lat: int
    lng: int
    flags: int


def etag(operation: Operation, sight: Sight) -> str:
    """Changes when anything on the map does. Two queries.

    The newest entry of all, not of the operation: houses are merged and mended for the whole center.
    """
    towns = operation.center.towns.count()
    newest = Entry.objects.order_by("-id").values_list("id", flat=True).first()
    said = f"{_FORMAT}:{operation.pk}:{newest}:{towns}:{sight.pins}:{sight.needs}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def packed(operation: Operation, sight: Sight) -> bytes:
    """The gzipped JSON."""
    text = json.dumps(of_operation(operation, sight), ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), 6, mtime=0)


def of_operation(operation: Operation, sight: Sight) -> dict[str, Any]:
    """Everything the map draws. Three queries."""
    towns = {town.pk: town for town in operation.center.towns.all()}
    points, nowhere = _points(operation, sight, towns)
    return {
        "words": WORDS,
        "id": _steps(point.pk for point in points) if sight.needs else [],
        "number": _steps(point.number for point in points),
        "word": [point.word for point in points],
        "lat": _steps(point.lat for point in points),
        "lng": _steps(point.lng for point in points),
        "flags": [point.flags for point in points],
        "nowhere": nowhere,
        "notes": [
            [note.pk, note.kind, note.text, round(note.lat, 6), round(note.lng, 6)]
            for note in MapNote.objects.on_the_map().filter(operation=operation)
        ],
        "towns": [[str(town), round(town.lat, 5), round(town.lng, 5)] for town in towns.values()],
    }


def _points(operation: Operation, sight: Sight, towns: dict[int, Town]) -> tuple[list[_Point], int]:
    """The requests that have a place, by id, and how many have none."""
    rows = (
        Need.objects.filter(operation=operation)
        .order_by("pk")
        .values_list(
            "pk", "number", "state", "hazards", "hazards_cleared", "needs_crisis", "household__lat", "household__lng",
            "household__precision", "household__town",
        )
    )  # fmt: skip
    points, nowhere = [], 0
    middles = list(towns.values())
    for pk, number, state, hazards, cleared, crisis, lat, lng, precision, town in rows:
        word = COARSE[NeedState(state)]
        if word not in WORDS:
            continue
        place = _place(lat, lng, towns.get(town), middles, sight)
        if place is None:
            nowhere += 1
            continue
        flags = HAZARD if not cleared and BLOCKING.intersection(hazards) else 0
        if sight.pins:
            flags |= (CRISIS if crisis else 0) | (PIN if precision == Precision.PIN else 0)
        points.append(_Point(pk, number, WORDS.index(word), *place, flags))
    return points, nowhere


def _place(
    lat: float | None, lng: float | None, town: Town | None, middles: Sequence[Town], sight: Sight
) -> tuple[int, int] | None:
    if lat is None or lng is None:
        return None
    if sight.pins:
        return round(lat * _SCALE), round(lng * _SCALE)
    if town is None:
        found = nearest(middles, lat, lng)
        if found is None:
            return None
        town = found[0]
    return round(town.lat * _SCALE), round(town.lng * _SCALE)


def _steps(numbers: Iterable[int]) -> list[int]:
    """Each as the difference to the one before; the first to zero."""
    return [after - before for before, after in pairwise([0, *numbers])]

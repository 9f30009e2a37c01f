"""What lies around the houses of a team, for the drawn map of its order: towns, map notes, danger zones, where to flee.

Asked once for a whole morning of orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from dvc.operations.models import Operation, Site
from intake.maps.models import MapNote, NoteKind
from intake.people.models import Household, Precision, Town
from intake.people.places import km
from matching.dispatch.sketch import HEIGHT, Area, Frame, Mark, Shape, draw, wind
from matching.safety.models import DangerZone
from matching.safety.zones import in_any, is_inside

# Read below the map, the nearest to the houses: of one house, and of several whose report takes more room.
MOST_NOTES: Final = (8, 5)
LONGEST: Final = (
    30  # letters of a note on paper, so that each is a line; the map on the screen has them whole
)
# Millimetres of the page: what the map and the list below it share, a line of the list, the report for one house and what each
# further one adds, and the lowest map.
_ROOM, _LINE, _REPORT, _REPORT_MORE, _LOWEST = 232.0, 6.3, 42.0, 15.0, 88.0
_LETTERS: Final = 36  # in a line
# How far from a house something still concerns a team.
NEAR_KM: Final = 3.0
_SHAPES: Final = {
    NoteKind.CLOSED_ROAD: (Shape.CLOSED, ""), NoteKind.HAZARD: (Shape.DANGER, ""), NoteKind.DUMP_SITE: (Shape.OTHER, "ご"),
    NoteKind.WAY_IN: (Shape.OTHER, "入"), NoteKind.PARKING: (Shape.OTHER, "P"), NoteKind.TOILET: (Shape.OTHER, "水"),
    NoteKind.OTHER: (Shape.OTHER, "メ"), NoteKind.EVACUATION: (Shape.SHELTER, ""),
}  # fmt: skip
# What keeps people safe comes before what is good to know.
_GRAVEST: Final = (NoteKind.CLOSED_ROAD, NoteKind.HAZARD)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Of one operation, as it is on the map now."""

    operation: Operation
    sites: Sequence[Site]
    towns: Sequence[Town]
    notes: Sequence[MapNote]
    zones: Sequence[DangerZone]

    def zones_at(self, house: Household | None) -> list[str]:
        """Names of the danger zones a house lies in."""
        if house is None or house.lat is None or house.lng is None:
            return []
        return [zone.name for zone in self.zones if is_inside(zone.points, house.lat, house.lng)]

    def shelter_near(self, house: Household | None) -> MapNote | None:
        """The evacuation place to flee to from a house: the nearest outside of every danger zone."""
        if house is None or house.lat is None or house.lng is None:
            return None
        lat, lng = house.lat, house.lng
        safe = [
            note for note in self.notes
            if note.kind == NoteKind.EVACUATION and not any(is_inside(z.points, note.lat, note.lng) for z in self.zones)
        ]  # fmt: skip
        return min(safe, key=lambda note: km(lat, lng, note.lat, note.lng), default=None)

    def shelter(self, house: Household | None) -> str:
        """Where to flee to from a house, in words: the nearest evacuation place of the map, else what the settings say."""
        near = self.shelter_near(house)
        if near is None or house is None or house.lat is None or house.lng is None:
            return str(settings.EVACUATION_PLACE)
        start, to = (house.lat, house.lng), (near.lat, near.lng)
        return f"{_short(near.text, LONGEST)}（お宅から{_toward(start, to, km(*start, *to))}）"


@dataclass(frozen=True, slots=True)
class Place:
    """A house on the map: its number, its words, how to find it from the center. `rough`: only its town is known."""

    number: int
    where: str
    way: str
    rough: bool


@dataclass(frozen=True, slots=True)
class Note:
    """A map note as it is read below the map: the number beside its sign."""

    number: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class DrawnMap:
    """The map of one team's houses, and what is read below it."""

    svg: str
    places: list[Place]
    notes: list[Note]
    zones: list[str]

    @property
    def rough(self) -> bool:
        return any(place.rough for place in self.places)


def inside(zones: Sequence[DangerZone], house: Household | None) -> bool | None:
    """Whether a house lies in one of the zones: by its pin, else by the middle of its town. None when nobody knows where it
    is, or no zone is drawn."""
    if not zones or house is None:
        return None
    pin = (house.lat, house.lng)
    if None in pin and house.town is not None:
        pin = (house.town.lat, house.town.lng)
    return in_any([zone.points for zone in zones], *pin)


def around(operation: Operation) -> Surroundings:
    """Four queries."""
    return Surroundings(
        operation=operation,
        sites=list(operation.center.sites.all()),
        towns=list(operation.center.towns.all()),
        notes=list(MapNote.objects.on_the_map().filter(operation=operation)),
        zones=list(DangerZone.objects.on_the_map().filter(operation=operation)),
    )


def dangers(operation: Operation) -> Surroundings:
    """Only what concerns safety: where to flee, and from what. Two queries."""
    notes = MapNote.objects.on_the_map().filter(operation=operation, kind=NoteKind.EVACUATION)
    zones = DangerZone.objects.on_the_map().filter(operation=operation)
    return Surroundings(operation=operation, sites=[], towns=[], notes=list(notes), zones=list(zones))


def map_of(houses: Sequence[Household | None], here: Surroundings) -> DrawnMap | None:
    """The map with these houses in their order; None where nobody knows where any of them is."""
    known = [
        (number, house, (house.lat, house.lng))
        for number, house in enumerate(houses, start=1)
        if house is not None and house.lat is not None and house.lng is not None and house.precision != Precision.NONE
    ]  # fmt: skip
    if not known:
        return None
    several = len(houses) > 1
    center = here.operation.center
    start = (center.lat, center.lng)
    shelters = {note.pk: note for _, house, _ in known if (note := here.shelter_near(house))}
    must = [start, *(place for _, _, place in known), *((note.lat, note.lng) for note in shelters.values())]
    listed = _listed(here.notes, [place for _, _, place in known], Frame.around(must, height=_LOWEST))[
        : MOST_NOTES[several]
    ]
    places = [
        Place(
            number, house.where, _toward(start, place, km(*start, *place)), house.precision == Precision.TOWN
        )
        for number, house, place in known
    ]
    frame = Frame.around(
        must, height=_height(places, {here.shelter(house) for house in houses}, len(listed), len(houses))
    )
    marks = [
        *(
            Mark(Shape.HOUSE, *place, label=f"{number}軒目" if several else "行き先", letter=str(number) if several else "")
            for number, _, place in known
        ),
        Mark(Shape.CENTER, *start, label="センター"),
        *(Mark(Shape.SHELTER, note.lat, note.lng, label=_short(note.text, 12)) for note in shelters.values()),
        *(_sign(number, note) for number, note in enumerate(listed, start=1)),
        *(Mark(Shape.CENTER, site.lat, site.lng, label=site.name) for site in here.sites if km(*start, site.lat, site.lng) > 0.05),
        *(Mark(Shape.TOWN, town.lat, town.lng, label=str(town)) for town in _nearest_first(here.towns, known[0][2])),
    ]  # fmt: skip
    inside = [name for _, house, _ in known for name in here.zones_at(house)]
    return DrawnMap(
        svg=draw(frame, marks, [Area(zone.name, zone.points) for zone in here.zones]),
        places=places,
        notes=[
            Note(number, NoteKind(note.kind).label, _short(note.text, LONGEST)) for number, note in enumerate(listed, start=1)
        ],
        zones=list(dict.fromkeys(inside)),
    )  # fmt: skip


def _toward(start: tuple[float, float], to: tuple[float, float], away: float) -> str:
    """「北東へ約1.3 km」, as the crow flies."""
    if away < 0.05:
        return "すぐそば"
    said = f"{round(away * 1000, -2 if away >= 0.1 else -1):.0f} m" if away < 1 else f"{away:.1f} km"
    return f"{wind(start, to)}へ約{said}"


def _listed(notes: Sequence[MapNote], places: Sequence[tuple[float, float]], frame: Frame) -> list[MapNote]:
    """Notes on the paper that concern the houses: what is dangerous first, then the nearest."""

    def away(note: MapNote) -> float:
        return min(km(note.lat, note.lng, *place) for place in places)

    seen = [note for note in notes if note.kind != NoteKind.EVACUATION and frame.shows(note.lat, note.lng)]
    grave = {note.pk for note in seen if note.kind in _GRAVEST and away(note) <= NEAR_KM}
    return sorted(seen, key=lambda note: (note.pk not in grave, away(note)))


def _sign(number: int, note: MapNote) -> Mark:
    shape, letter = _SHAPES[NoteKind(note.kind)]
    return Mark(shape, note.lat, note.lng, label=str(number), letter=letter)


def _height(places: Sequence[Place], shelters: set[str], notes: int, houses: int) -> float:
    """Millimetres that are left for the map."""
    lines = notes + _lines(len("避難する場所") + sum(map(len, shelters)) + 4)
    lines += sum(_lines(len(place.where) + len(place.way) + (30 if place.rough else 14)) for place in places)
    left = _ROOM - _LINE * lines - _REPORT - _REPORT_MORE * (houses - 1)
    return min(HEIGHT, max(_LOWEST, left))


def _lines(letters: int) -> int:
    return -(-letters // _LETTERS)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _nearest_first(towns: Sequence[Town], place: tuple[float, float]) -> list[Town]:
    return sorted(towns, key=lambda town: km(*place, town.lat, town.lng))

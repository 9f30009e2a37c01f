"""A map drawn by ourselves: black on white, without tiles, roads or internet, for paper that somebody reads in the rain.

Pure: places in degrees WGS84 in, one SVG out. Lengths on paper are millimetres, in nature kilometres. Everything is told
apart by shape and letter, nothing by color. North is up; a part of a city is small enough to be flat.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import Final

KM_PER_DEGREE: Final = math.radians(6371.0)
WIDTH: Final = 188.0
HEIGHT: Final = 150.0  # where the list below the map leaves so much room
FONT: Final = "BIZ UDPGothic, Noto Sans CJK JP, Hiragino Sans, Yu Gothic UI, sans-serif"
_SMALLEST_KM: Final = 0.8  # the map of a house next door shows its quarter, not its garden
_MARGIN: Final = 14.0  # mm between what must be seen and the frame
_LONGEST_BAR: Final = 50.0
_STEPS: Final[Sequence[int]] = [
    10,
    20,
    50,
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
]  # metres
_WINDS: Final = ("北", "北東", "東", "南東", "南", "南西", "西", "北西")

Corner = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom


class Shape(StrEnum):
    """How something is drawn."""

    HOUSE = "house"  # a filled star
    CENTER = "center"  # a filled square
    SHELTER = "shelter"  # a double circle
    CLOSED = "closed"  # a cross
    DANGER = "danger"  # a triangle
    OTHER = "other"  # a square with a letter
    TOWN = "town"  # a dot, and only where there is room


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at a place. `letter` stands in the sign, `label` beside it; of what is read in a list below, its number."""

    shape: Shape
    lat: float
    lng: float
    label: str = ""
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """A danger zone: corners as latitude and longitude."""

    name: str
    points: Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Frame:
    """What part of the world lies on the paper: its middle, how many millimetres are a kilometre, how high the paper is."""

    lat: float
    lng: float
    scale: float
    height: float = HEIGHT

    @classmethod
    def around(cls, places: Sequence[Corner], *, height: float = HEIGHT) -> Frame:
        """All of these, with room around them; at least a quarter of a town. ValueError without a place."""
        lats, lngs = [lat for lat, _ in places], [lng for _, lng in places]
        lat, lng = (min(lats) + max(lats)) / 2, (min(lngs) + max(lngs)) / 2
        wide = (max(lngs) - min(lngs)) * KM_PER_DEGREE * math.cos(math.radians(lat))
        high = (max(lats) - min(lats)) * KM_PER_DEGREE
        room = min(
            (WIDTH - 2 * _MARGIN) / max(wide, _SMALLEST_KM), (height - 2 * _MARGIN) / max(high, _SMALLEST_KM)
        )
        return cls(lat, lng, room, height)

    def at(self, lat: float, lng: float) -> Corner:
        """Millimetres from the left and from the top."""
        east = (lng - self.lng) * KM_PER_DEGREE * math.cos(math.radians(self.lat))
        north = (lat - self.lat) * KM_PER_DEGREE
        return WIDTH / 2 + east * self.scale, self.height / 2 - north * self.scale

    def shows(self, lat: float, lng: float) -> bool:
        x, y = self.at(lat, lng)
        return 3 <= x <= WIDTH - 3 and 3 <= y <= self.height - 3

    @property
    def bar(self) -> int:
        """A round number of metres that is at most 50 mm long here."""
        fitting = [step for step in _STEPS if step / 1000 * self.scale <= _LONGEST_BAR]
        return fitting[-1] if fitting else _STEPS[0]


def wind(from_: Corner, to: Corner) -> str:
    """「北東」: in which of eight directions a place lies."""
    north = to[0] - from_[0]
    east = (to[1] - from_[1]) * math.cos(math.radians(from_[0]))
    return _WINDS[round(math.atan2(east, north) / (math.pi / 4)) % 8]


def draw(frame: Frame, marks: Sequence[Mark], areas: Iterable[Area] = ()) -> str:
    """The map as SVG, 188 units of a millimetre wide. Earlier marks lie above later ones and get their label first."""
    seen = [mark for mark in marks if frame.shows(mark.lat, mark.lng)]
    taken: list[Box] = [_corner_box(frame)]
    taken += [_around(*frame.at(mark.lat, mark.lng), 3.4) for mark in seen if mark.shape != Shape.TOWN]
    drawn = [part for mark in seen for part in [_mark(frame, mark, taken)] if part]
    return "".join(
        [
            f'<svg class="drawn-map" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {frame.height:g}" role="img" '
            f'aria-label="行き先とまわりの図" font-family="{FONT}">',
            f'<rect width="{WIDTH:g}" height="{frame.height:g}" fill="#fff"/>',
            *_grid(frame),
            *_areas(frame, areas),
            *reversed(drawn),
            *_compass(),
            *_bar(frame),
            f'<rect x="0.3" y="0.3" width="{WIDTH - 0.6:g}" height="{frame.height - 0.6:g}" fill="none" stroke="#000" '
            'stroke-width="0.6"/></svg>',
        ]
    )


# ── what lies below ────────────────────────────────────────────────────────────────────────────
def _grid(frame: Frame) -> Iterator[str]:
    """A net of the length of the bar, by which distances are judged."""
    step = frame.bar / 1000 * frame.scale
    for x in _ticks(WIDTH, step):
        yield f'<path d="M{x:.2f} 0V{frame.height:g}" stroke="#999" stroke-width="0.15" stroke-dasharray="0.6 1.4"/>'
    for y in _ticks(frame.height, step):
        yield f'<path d="M0 {y:.2f}H{WIDTH:g}" stroke="#999" stroke-width="0.15" stroke-dasharray="0.6 1.4"/>'


def _ticks(length: float, step: float) -> list[float]:
    first = length / 2 % step
    return [first + step * number for number in range(int((length - first) // step) + 1)]


def _areas(frame: Frame, areas: Iterable[Area]) -> Iterator[str]:
    for area in areas:
        corners = clipped([frame.at(lat, lng) for lat, lng in area.points], frame.height)
        if len(corners) < 3:
            continue
        outline = "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in corners) + "z"
        lines = "".join(f"M{x1:.2f} {y1:.2f}L{x2:.2f} {y2:.2f}" for x1, y1, x2, y2 in hatched(corners))
        yield f'<path d="{lines}" fill="none" stroke="#666" stroke-width="0.25"/>'
        yield f'<path d="{outline}" fill="none" stroke="#000" stroke-width="0.9" stroke-dasharray="3 1.2"/>'
        x = sum(x for x, _ in corners) / len(corners)
        y = sum(y for _, y in corners) / len(corners)
        wide = _width(area.name, 4.2)
        x = min(max(x, wide / 2 + 2), WIDTH - wide / 2 - 2)
        yield _text(x, min(max(y, 6), frame.height - 4), area.name, 4.2, anchor="middle", bold=True)


def clipped(corners: Sequence[Corner], height: float = HEIGHT) -> list[Corner]:
    """The part of a polygon that lies on the paper: cut at one edge after the other (Sutherland and Hodgman)."""
    found = list(corners)
    for axis, limit, sign in ((0, 0.0, 1), (0, WIDTH, -1), (1, 0.0, 1), (1, height, -1)):
        kept: list[Corner] = []
        for before, here in zip([*found[-1:], *found[:-1]], found, strict=True):
            was_in, is_in = (sign * (corner[axis] - limit) >= 0 for corner in (before, here))
            if was_in != is_in:
                kept.append(_crossing(before, here, axis, limit))
            if is_in:
                kept.append(here)
        found = kept
    return found


def _crossing(a: Corner, b: Corner, axis: int, limit: float) -> Corner:
    part = (limit - a[axis]) / (b[axis] - a[axis])
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part


def hatched(corners: Sequence[Corner], apart: float = 4.0) -> Iterator[tuple[float, float, float, float]]:
    """Slanting lines inside a polygon, as x1, y1, x2, y2: a pattern every printer and every program draws alike."""
    # Along a line x + y is the same; u = x + y counts the lines, v = x - y runs along each.
    turned = [(x + y, x - y) for x, y in corners]
    lowest, highest = min(u for u, _ in turned), max(u for u, _ in turned)
    for number in range(math.ceil(lowest / apart), math.floor(highest / apart) + 1):
        u = number * apart
        cuts = sorted(
            v1 + (v2 - v1) * (u - u1) / (u2 - u1)
            for (u1, v1), (u2, v2) in zip([*turned[-1:], *turned[:-1]], turned, strict=True)
            if (u1 > u) != (u2 > u)
        )
        for v1, v2 in zip(cuts[::2], cuts[1::2], strict=True):
            yield (u + v1) / 2, (u - v1) / 2, (u + v2) / 2, (u - v2) / 2


# ── what stands on it ──────────────────────────────────────────────────────────────────────────
def _mark(frame: Frame, mark: Mark, taken: list[Box]) -> str:
    """The sign and its label; nothing of a town whose name finds no room."""
    x, y = frame.at(mark.lat, mark.lng)
    if mark.shape == Shape.TOWN:
        size, bold = 3.7, False
    else:
        size, bold = (5.2 if mark.shape == Shape.HOUSE else 4.2), True
    place = _room(x, y, mark.label, size, frame, taken) if mark.label else None
    if mark.shape == Shape.TOWN and place is None:
        return ""
    label = ""
    if mark.label:
        if place is None:  # a full map: the label of what must be seen lies above others
            place = (x + 4, y - size / 2, x + 4 + _width(mark.label, size), y + size / 2)
        taken.append(place)
        label = _text(place[0], place[3] - size * 0.18, mark.label, size, bold=bold)
    return _sign(mark, x, y) + label


def _sign(mark: Mark, x: float, y: float) -> str:
    halo = 'stroke="#fff" stroke-width="1.4" paint-order="stroke"'
    match mark.shape:
        case Shape.HOUSE:
            points = " ".join(f"{px:.2f},{py:.2f}" for px, py in _star(x, y, 5.6))
            letter = _text(x, y + 1.6, mark.letter, 4.4, anchor="middle", bold=True, fill="#fff", halo=False)
            return f'<polygon points="{points}" fill="#000" {halo}/>{letter if mark.letter else ""}'
        case Shape.CENTER:
            return f'<rect x="{x - 2.6:.2f}" y="{y - 2.6:.2f}" width="5.2" height="5.2" fill="#000" {halo}/>'
        case Shape.SHELTER:
            rings = "".join(
                f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{r}" fill="#fff" stroke="#000" stroke-width="0.7"/>' for r in (3.6, 2.6)
            )  # fmt: skip
            return rings + _text(x, y + 1.2, "避", 3.2, anchor="middle", bold=True, halo=False)
        case Shape.CLOSED:
            cross = f"M{x - 2.6:.2f} {y - 2.6:.2f}l5.2 5.2M{x - 2.6:.2f} {y + 2.6:.2f}l5.2 -5.2"
            return (
                f'<path d="{cross}" stroke="#fff" stroke-width="2.6" fill="none"/>'
                f'<path d="{cross}" stroke="#000" stroke-width="1.3" fill="none"/>'
            )
        case Shape.DANGER:
            triangle = f"M{x:.2f} {y - 3.2:.2f}l3.4 5.8h-6.8z"
            sign = f'<path d="{triangle}" fill="#fff" stroke="#000" stroke-width="0.7"/>'
            return sign + _text(x, y + 2.1, "!", 4.4, anchor="middle", bold=True, halo=False)
        case Shape.OTHER:
            return (
                f'<rect x="{x - 2.5:.2f}" y="{y - 2.5:.2f}" width="5" height="5" rx="0.8" fill="#fff" stroke="#000" '
                f'stroke-width="0.6"/>{_text(x, y + 1.25, mark.letter, 3.4, anchor="middle", bold=True, halo=False)}'
            )
        case Shape.TOWN:
            return f'<circle cx="{x:.2f}" cy="{y:.2f}" r="0.7" fill="#000"/>'


def _star(x: float, y: float, radius: float) -> Iterator[Corner]:
    for number in range(10):
        r = radius if number % 2 == 0 else radius * 0.55
        turn = math.pi * number / 5
        yield x + r * math.sin(turn), y - r * math.cos(turn)


def _room(x: float, y: float, label: str, size: float, frame: Frame, taken: Sequence[Box]) -> Box | None:
    """Where beside a sign its label lies on nothing else: right, left, below, above."""
    wide, away = _width(label, size), 1.4 if size < 4 else 5.6 if size > 5 else 4.8
    for left, top in (
        (x + away, y - size / 2), (x - away - wide, y - size / 2), (x - wide / 2, y + away), (x - wide / 2, y - away - size)
    ):  # fmt: skip
        box = (left, top, left + wide, top + size)
        inside = box[0] >= 1 and box[1] >= 1 and box[2] <= WIDTH - 1 and box[3] <= frame.height - 1
        if inside and not any(_touch(box, other) for other in taken):
            return box
    return None


def _touch(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _around(x: float, y: float, r: float) -> Box:
    return x - r, y - r, x + r, y + r


# ── the corner: north and the bar ──────────────────────────────────────────────────────────────
def _compass() -> Iterator[str]:
    x, y = WIDTH - 9, 6.0
    yield f'<rect x="{x - 6:g}" y="1.5" width="13" height="20" fill="#fff"/>'
    yield f'<path d="M{x:g} {y:g}l3.6 10l-3.6 -2.4l-3.6 2.4z" fill="#000"/>'
    yield _text(x, y - 0.6, "北", 4.4, anchor="middle", bold=True)


def _bar(frame: Frame) -> Iterator[str]:
    long = frame.bar / 1000 * frame.scale
    x, y = 5.0, frame.height - 5
    yield f'<rect x="2" y="{y - 8:g}" width="{long + 8:.2f}" height="11" fill="#fff"/>'
    yield f'<path d="M{x:g} {y - 2:g}v2h{long:.2f}v-2" fill="none" stroke="#000" stroke-width="0.7"/>'
    said = f"{frame.bar} m" if frame.bar < 1000 else f"{frame.bar // 1000} km"
    yield _text(x + long / 2, y - 2.6, said, 4, anchor="middle", bold=True)


def _corner_box(frame: Frame) -> Box:
    return 0, frame.height - 15, frame.bar / 1000 * frame.scale + 11, frame.height


def _text(
    x: float, y: float, words: str, size: float, *, anchor: str = "start", bold: bool = False, fill: str = "#000",
    halo: bool = True,
) -> str:  # fmt: skip
    """Words with a white rim, drawn as a copy below because not every program knows `paint-order`."""
    about = (
        f'x="{x:.2f}" y="{y:.2f}" font-size="{size:g}" text-anchor="{anchor}"'
        f"{' font-weight=' + chr(34) + '700' + chr(34) if bold else ''}"
    )
    said = escape(words)
    rim = f'<text {about} fill="#fff" stroke="#fff" stroke-width="1.2">{said}</text>' if halo else ""
    return f'{rim}<text {about} fill="{fill}">{said}</text>'


def _width(words: str, size: float) -> float:
    return sum(0.6 if letter.isascii() else 1.0 for letter in words) * size

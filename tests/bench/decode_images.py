"""Cards as a camera sees them on a bad day: frames of 1280 × 720 made by rule, the same for the same seed.

The rule for "a person would call that card readable" was written down before anything was measured: all of these hold.
- a module is at least 3 px wide in the frame, foreshortening included;
- defocus has a sigma of at most half a module, motion is at most 0.8 of a module long;
- the darkest and the brightest places of the symbol's paper and ink are at least 40 of 255 apart;
- the card is turned away by at most 50 degrees;
- at most 5 % of the symbol is covered, glared out or lost in a crease, and no finder pattern is;
- a screen's stripes take at most a quarter of the contrast.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import qrcode
from PIL import Image, ImageDraw, ImageFilter
from qrcode.constants import ERROR_CORRECT_M

WIDTH, HEIGHT = 1280, 720
MODULES, QUIET = 41, 4
SIDE = MODULES + 2 * QUIET
TABLE = (92, 86, 80)
SEEDS = 4
Pixels = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Shot:
    """One picture. Lengths in modules of the symbol, `module` in px of the frame, angles in degrees, shares of 1."""

    kind: str = "plain"
    level: int = 0
    whole_card: bool = False
    seed: int = 0
    module: float = 8.0
    turn: float = 0.0
    tilt: float = 0.0
    blur: float = 0.0
    motion: float = 0.0
    light: float = 1.0
    noise: float = 4.0
    glare: float = 0.0
    crease: float = 0.0
    covered: float = 0.0
    stripes: float = 0.0

    @property
    def readable(self) -> bool:
        """Whether a person would say so: the rule at the top of this file."""
        return (
            self.module * math.cos(math.radians(self.tilt)) >= 3
            and self.blur <= 0.5 and self.motion <= 0.8 and self.light * 220 >= 40 and self.tilt <= 50
            and self.glare + self.covered + self.crease / SIDE <= 0.05 and self.stripes <= 0.25
        )  # fmt: skip


# Each kind from easy to beyond what anybody can read.
LEVELS: dict[str, list[dict[str, float]]] = {
    "plain": [{}, {"module": 6.0}],
    "small": [{"module": 5.0}, {"module": 4.0}, {"module": 3.4}, {"module": 3.0}, {"module": 2.2}],
    "turned": [{"turn": 20.0}, {"turn": 45.0}, {"turn": 120.0}, {"turn": 180.0}],
    "tilted": [{"tilt": 20.0}, {"tilt": 35.0}, {"tilt": 50.0}, {"tilt": 65.0}],
    "blurred": [{"blur": 0.25}, {"blur": 0.4}, {"blur": 0.5}, {"blur": 0.8}],
    "moved": [{"motion": 0.4}, {"motion": 0.6}, {"motion": 0.8}, {"motion": 1.5}],
    "dark": [
        {"light": 0.5, "noise": 5.0}, {"light": 0.3, "noise": 6.0}, {"light": 0.2, "noise": 6.0}, {"light": 0.08, "noise": 8.0},
    ],
    "glare": [{"glare": 0.02}, {"glare": 0.04}, {"glare": 0.05}, {"glare": 0.15}],
    "creased": [{"crease": 0.4}, {"crease": 0.8}, {"crease": 1.2}, {"crease": 3.5}],
    "covered": [{"covered": 0.02}, {"covered": 0.035}, {"covered": 0.05}, {"covered": 0.2}],
    "screen": [{"stripes": 0.1}, {"stripes": 0.2}, {"stripes": 0.25}, {"stripes": 0.6}],
    "all at once": [
        {"module": 5.0, "tilt": 15.0, "turn": 8.0, "blur": 0.25, "light": 0.6, "noise": 5.0},
        {"module": 4.5, "tilt": 25.0, "turn": 15.0, "blur": 0.3, "light": 0.5, "noise": 6.0, "glare": 0.01},
        {"module": 4.0, "tilt": 30.0, "turn": 30.0, "blur": 0.35, "light": 0.4, "noise": 6.0, "covered": 0.01},
    ],
}  # fmt: skip


def shots() -> Iterator[Shot]:
    """Every kind and level, the bare symbol and the whole card, with several seeds."""
    for kind, levels in LEVELS.items():
        for level, values in enumerate(levels):
            for whole in (False, True):
                for seed in range(SEEDS):
                    yield replace(Shot(), kind=kind, level=level, whole_card=whole, seed=seed, **values)


def take(shot: Shot, text: str) -> Image.Image:
    """The frame."""
    dice = np.random.default_rng([shot.seed, shot.level, sum(shot.kind.encode()), int(shot.whole_card)])
    card, corner = printed(shot, text, dice)
    frame = hold(card, corner, shot, dice)
    if shot.blur:
        frame = frame.filter(ImageFilter.GaussianBlur(shot.blur * shot.module))
    pixels: Pixels = np.asarray(frame, dtype=np.float32)
    if shot.motion:
        pixels = smear(pixels, shot.motion * shot.module, dice.random() * math.pi)
    pixels = light(pixels, shot, dice)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def printed(shot: Shot, text: str, dice: np.random.Generator) -> tuple[Image.Image, tuple[float, float]]:
    """The card at the size of the frame, damaged on its surface, and the middle of its symbol."""
    side = round(SIDE * shot.module)
    symbol = draw(text).resize((side, side), Image.Resampling.LANCZOS).convert("RGB")
    inner = SIDE * shot.module
    if shot.covered:
        _blot(symbol, math.sqrt(shot.covered) * inner, inner, (150, 110, 90), dice)
    if shot.glare:
        _blot(symbol, math.sqrt(shot.glare) * inner, inner, (255, 255, 255), dice)
    if shot.crease:
        symbol = _fold(symbol, shot.crease * shot.module, dice)
    if not shot.whole_card:
        return symbol, (side / 2, side / 2)
    # 91 × 55 mm, the symbol's 34 mm at 1.5 mm, 1 mm from the upper left corner (static/volunteers/cards.css).
    mm = side / 34
    card = Image.new("RGB", (round(91 * mm), round(55 * mm)), "white")
    pen = ImageDraw.Draw(card)
    for row, (width, thick) in enumerate([(30, 3.5), (22, 3), (45, 9), (40, 2)]):
        pen.rectangle(
            [37 * mm, (4 + 9 * row) * mm, (37 + width) * mm, (4 + 9 * row + thick) * mm], fill=(30, 30, 30)
        )
    pen.rectangle([2.5 * mm, 43 * mm, 88 * mm, 43.4 * mm], fill="black")
    card.paste(symbol, (round(1.5 * mm), round(mm)))
    return card, (1.5 * mm + side / 2, mm + side / 2)


def draw(text: str) -> Image.Image:
    """The symbol as the card has it: version 6, level M, quiet zone of 4, 10 px a module."""
    code = qrcode.QRCode(version=6, error_correction=ERROR_CORRECT_M, border=QUIET, box_size=10)
    code.add_data(text, optimize=0)
    code.make(fit=False)
    drawn: Image.Image = code.make_image().get_image()
    return drawn.convert("L")


def _blot(
    symbol: Image.Image, side: float, inner: float, colour: tuple[int, int, int], dice: np.random.Generator
) -> None:
    """A finger or a lamp's reflection over a part of the symbol that is no finder pattern (those fill three corners)."""
    low, high = 0.36 * inner, 0.9 * inner - side
    x, y = dice.uniform(min(low, high), max(low, high)), dice.uniform(min(low, high), max(low, high))
    ImageDraw.Draw(symbol).ellipse([x, y, x + side * 1.128, y + side * 1.128], fill=colour)


def _fold(symbol: Image.Image, width: float, dice: np.random.Generator) -> Image.Image:
    """A crease right across: a stripe of rubbed-off print between the finder patterns."""
    pen = ImageDraw.Draw(symbol)
    y = symbol.height * dice.uniform(0.38, 0.62)
    slope = symbol.height * dice.uniform(-0.04, 0.04)
    pen.line([0, y - slope, symbol.width, y + slope], fill=(225, 222, 218), width=max(1, round(width)))
    return symbol


def hold(
    card: Image.Image, middle: tuple[float, float], shot: Shot, dice: np.random.Generator
) -> Image.Image:
    """The card before the lens, its symbol near the middle: turned in the plane, then tilted about an upright axis."""
    turn, tilt = math.radians(shot.turn + dice.uniform(-3, 3)), math.radians(shot.tilt)
    corners = [(0, 0), (card.width, 0), (card.width, card.height), (0, card.height)]
    distance = 900.0
    centre = (WIDTH / 2 + dice.uniform(-20, 20), HEIGHT / 2 + dice.uniform(-10, 10))
    seen = []
    for x, y in corners:
        dx, dy = x - middle[0], y - middle[1]
        rx, ry = dx * math.cos(turn) - dy * math.sin(turn), dx * math.sin(turn) + dy * math.cos(turn)
        depth = distance / (distance + rx * math.sin(tilt))
        seen.append((centre[0] + rx * math.cos(tilt) * depth, centre[1] + ry * depth))
    # What Pillow asks for goes from the frame back to the card.
    rows, values = [], []
    for (u, v), (x, y) in zip(seen, corners, strict=True):
        rows += [[u, v, 1, 0, 0, 0, -x * u, -x * v], [0, 0, 0, u, v, 1, -y * u, -y * v]]
        values += [x, y]
    back = np.linalg.solve(np.array(rows), np.array(values)).tolist()
    size = (WIDTH, HEIGHT)
    lying = card.transform(size, Image.Transform.PERSPECTIVE, back, Image.Resampling.BICUBIC)
    mask = Image.new("L", card.size, 255).transform(size, Image.Transform.PERSPECTIVE, back)
    frame = Image.new("RGB", size, TABLE)
    frame.paste(lying, (0, 0), mask)
    return frame


def smear(pixels: Pixels, length: float, angle: float) -> Pixels:
    """Motion during the exposure."""
    steps = max(2, round(length))
    moved = [
        np.roll(pixels, (round(s * math.sin(angle)), round(s * math.cos(angle))), (0, 1))
        for s in np.linspace(-length / 2, length / 2, steps + 1)
    ]
    return np.asarray(np.mean(moved, axis=0), dtype=np.float32)


def light(pixels: Pixels, shot: Shot, dice: np.random.Generator) -> Pixels:
    """Less light, from one side; a screen's stripes; the sensor's noise."""
    side = np.linspace(0.8, 1.0, WIDTH, dtype=np.float32)[None, :, None]
    lit = (pixels * 0.86 + 18) * shot.light * side
    if shot.stripes:
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        wave = np.sin(2 * math.pi * (x * 0.11 + y * dice.uniform(0.02, 0.2)) / 1.0)
        lit = lit * (1 - shot.stripes / 2 + shot.stripes / 2 * wave[:, :, None])
    return np.asarray(lit + dice.normal(0, shot.noise, (HEIGHT, WIDTH, 1)), dtype=np.float32)

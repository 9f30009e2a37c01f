"""A fake camera: what is printed, held before a lens. Makes a motion-JPEG file that Chromium plays as its camera."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 1280, 720
RATE = 30  # frames a second, as Chromium plays a file
STILL = 5  # frames: a hand moves a few times a second


def queue_film(
    cards: Sequence[Image.Image], path: Path, *, seconds: float = 1.5, gap: float = 0.2, seed: int = 1
) -> Path:
    """Write a film of people in a row, each holding up a card for `seconds` and the next one coming `gap` seconds later;
    it begins with an empty desk. Chromium plays it again from the beginning at its end. Returns `path`."""
    dice = np.random.default_rng(seed)
    empty = _jpeg(Image.new("RGB", (WIDTH // 2, HEIGHT // 2), (96, 90, 84)))
    with path.open("wb") as out:
        out.write(empty * RATE)
        for card in cards:
            held = [_jpeg(_frame(card, dice).resize((WIDTH // 2, HEIGHT // 2))) for _ in range(3)]
            for number in range(round(seconds * RATE)):
                out.write(held[number // STILL % len(held)])
            out.write(empty * round(gap * RATE))
    return path


def _frame(card: Image.Image, dice: np.random.Generator) -> Image.Image:
    """One picture of a card held a little shaken and unevenly lit."""
    height = int(HEIGHT * 0.8)
    width = int(card.width * height / card.height)
    if width > WIDTH * 0.9:
        width = int(WIDTH * 0.9)
        height = int(card.height * width / card.width)
    held = card.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    light = np.linspace(0.75, 1.0, WIDTH)[None, :, None]
    frame = Image.new("RGB", (WIDTH, HEIGHT), (96, 90, 84))
    dx, dy = (int(one) for one in dice.integers(-6, 7, size=2))
    frame.paste(held, ((WIDTH - width) // 2 + dx, (HEIGHT - height) // 2 + dy))
    noisy = np.asarray(frame, dtype=np.float32) * light + dice.normal(0, 4, (HEIGHT, WIDTH, 1))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def film(card: Image.Image, path: Path, *, seed: int = 1) -> Path:
    """Write a film of a second in which the card is held up, a little shaken and unevenly lit. Returns `path`."""
    dice = np.random.default_rng(seed)
    with path.open("wb") as out:
        for _ in range(RATE // STILL):
            out.write(_jpeg(_frame(card, dice)) * STILL)
    return path

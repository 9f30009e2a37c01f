"""A fake camera: what is printed, held before a lens. Makes a motion-JPEG file that Chromium plays as its camera."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 1280, 720
FRAMES = 30


def film(card: Image.Image, path: Path, *, seed: int = 1) -> Path:
    """Write a film in which the card is held up, a little shaken and unevenly lit. Returns `path`."""
    dice = np.random.default_rng(seed)
    height = int(HEIGHT * 0.8)
    width = int(card.width * height / card.height)
    if width > WIDTH * 0.9:
        width = int(WIDTH * 0.9)
        height = int(card.height * width / card.width)
    held = card.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    light = np.linspace(0.75, 1.0, WIDTH)[None, :, None]
    with path.open("wb") as out:
        for _ in range(FRAMES):
            frame = Image.new("RGB", (WIDTH, HEIGHT), (96, 90, 84))
            dx, dy = (int(one) for one in dice.integers(-6, 7, size=2))
            frame.paste(held, ((WIDTH - width) // 2 + dx, (HEIGHT - height) // 2 + dy))
            noisy = np.asarray(frame, dtype=np.float32) * light + dice.normal(0, 4, (HEIGHT, WIDTH, 1))
            picture = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
            buffer = io.BytesIO()
            picture.save(buffer, "JPEG", quality=85)
            out.write(buffer.getvalue())
    return path

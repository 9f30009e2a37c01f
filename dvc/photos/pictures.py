"""From whatever a phone sends to a small JPEG that says nothing but what is seen on it. No models, no files."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Final

from PIL import Image, ImageOps

from dvc.core.refused import Refused

MOST_BYTES: Final = 25_000_000
MOST_PIXELS: Final = 50_000_000  # a phone's largest; more would take hundreds of megabytes to open
LONG_SIDE: Final = 1600
SMALL_SIDE: Final = 400
_QUALITY: Final = 82
_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_TOO_MANY: Final = (Image.DecompressionBombError, Image.DecompressionBombWarning)
# What Pillow raises for a file that is cut off or made up.
_BROKEN: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
    IndexError,
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG of at most LONG_SIDE pixels and one of at most SMALL_SIDE; `width`, `height` of the first."""

    full: bytes
    small: bytes
    width: int
    height: int


def picture_of(file: IO[bytes], *, size: int) -> Picture:
    """Read, turn upright, make small, write anew: EXIF, position and comments stay behind. `size` in bytes.

    Refused: photo.too_large | photo.too_many_pixels | photo.unreadable.
    """
    if size > MOST_BYTES:
        raise Refused("photo.too_large", megabytes=round(size / 1_000_000), most=MOST_BYTES // 1_000_000)
    try:
        with Image.open(file, formats=_FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise Refused("photo.too_many_pixels")
            opened.draft("RGB", (LONG_SIDE, LONG_SIDE))  # a JPEG is then read at a fraction of its size
            upright = ImageOps.exif_transpose(opened)
            plain = _on_white(upright)
    except _TOO_MANY:
        raise Refused("photo.too_many_pixels") from None
    except _BROKEN:
        raise Refused("photo.unreadable") from None
    plain.thumbnail((LONG_SIDE, LONG_SIDE))
    full = _jpeg(plain)
    width, height = plain.size
    plain.thumbnail((SMALL_SIDE, SMALL_SIDE))
    return Picture(full, _jpeg(plain), width, height)


def _on_white(image: Image.Image) -> Image.Image:
    """Only colours: no alpha, no palette, and nothing of what the file said beside them."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        paper = Image.new("RGB", layer.size, "white")
        paper.paste(layer, mask=layer.getchannel("A"))
        return paper
    plain = image.convert("RGB")
    plain.info.clear()
    return plain


def _jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()

"""Made-up photos: what a camera writes, and what only says that it is one."""

from __future__ import annotations

from io import BytesIO

from PIL import Image


def jpeg(
    width: int = 640,
    height: int = 480,
    *,
    colour: str = "steelblue",
    orientation: int = 1,
    format_: str = "JPEG",
) -> bytes:
    """A photo with a camera's name, a position and a comment in its file."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "SecretCamera", orientation
    exif.get_ifd(0x8825)[2] = (38.0, 17.0, 38.0)
    out = BytesIO()
    Image.new("RGB", (width, height), colour).save(out, format_, exif=exif.tobytes())
    return out.getvalue()


def bomb() -> bytes:
    """A PNG of a few kilobytes that would open to 100 million pixels."""
    out = BytesIO()
    Image.new("1", (10_000, 10_000)).save(out, "PNG")
    return out.getvalue()

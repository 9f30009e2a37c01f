"""A town file: a JSON list as Geolonia publishes it, [{"town": …, "koaza": …, "lat": …, "lng": …}, …], kana optional."""

from __future__ import annotations

import json
import math
from typing import IO, Any, Final

from dvc.core.japanese import normalise_text
from dvc.core.refused import Refused
from intake.people.services import TownRow

LARGEST_BYTES: Final = 50_000_000  # all towns of Japan are below


def read(file: IO[bytes]) -> list[TownRow]:
    """The rows of the file, each (town, koaza) once.

    Refused: towns.too_large | towns.not_json | towns.no_list, or, with the number of the first row that cannot be
    used, towns.row | towns.row_name | towns.row_place.
    """
    raw = file.read(LARGEST_BYTES + 1)
    if len(raw) > LARGEST_BYTES:
        raise Refused("towns.too_large")
    try:
        content = json.loads(raw.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise Refused("towns.not_json") from None
    if not isinstance(content, list):
        raise Refused("towns.no_list")
    rows = [_row(number, entry) for number, entry in enumerate(content, start=1)]
    return list({(row.name, row.koaza): row for row in rows}.values())


def _row(number: int, entry: Any) -> TownRow:
    try:
        name, koaza, kana = (_text(entry, key) for key in ("town", "koaza", "kana"))
        lat, lng = float(entry["lat"]), float(entry["lng"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise Refused("towns.row", number=number) from None
    if not name or len(name) > 60 or len(koaza) > 60 or len(kana) > 120:
        raise Refused("towns.row_name", number=number)
    if not (math.isfinite(lat) and math.isfinite(lng) and 20 <= lat <= 46 and 122 <= lng <= 154):
        raise Refused("towns.row_place", number=number)
    return TownRow(name=name, koaza=koaza, kana=kana, lat=lat, lng=lng)


def _text(entry: Any, key: str) -> str:
    value = entry.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return normalise_text(value)

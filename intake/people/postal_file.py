"""A postal-code file: the CSV of Japan Post (KEN_ALL), in Shift_JIS as it was for long or in UTF-8."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import IO, Final

from dvc.core.japanese import normalise_text
from dvc.core.refused import Refused

LARGEST_BYTES: Final = 50_000_000  # all of Japan is below
_CODE, _CITY, _TOWN, _COLUMNS = 2, 7, 8, 9
_NO_TOWN: Final = ("以下に掲載がない場合", "の次に番地がくる場合", "一円")


@dataclass(frozen=True, slots=True)
class PostalRow:
    """One code (seven digits) and a town it stands for; the town is empty where it is the whole city's."""

    code: str
    city: str
    town: str


def read(file: IO[bytes]) -> list[PostalRow]:
    """The rows of the file, each once. Refused: postal.too_large, postal.not_csv, postal.row (number of the line)."""
    raw = file.read(LARGEST_BYTES + 1)
    if len(raw) > LARGEST_BYTES:
        raise Refused("postal.too_large")
    found: dict[PostalRow, None] = {}
    is_open = False  # a long list of house numbers in brackets goes on over several lines
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(_decoded(raw), newline="")), start=1):
            if not cells:
                continue
            if len(cells) < _COLUMNS or not re.fullmatch("[0-9]{7}", cells[_CODE].strip()):
                raise Refused("postal.row", number=number)
            if not is_open:
                found[_row(cells, number)] = None
            is_open = (is_open or "（" in cells[_TOWN]) and "）" not in cells[_TOWN]
    except csv.Error:
        raise Refused("postal.not_csv") from None
    if not found:
        raise Refused("postal.not_csv")
    return list(found)


def _decoded(raw: bytes) -> str:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("postal.not_csv")


def _row(cells: list[str], number: int) -> PostalRow:
    try:
        city, town = normalise_text(cells[_CITY]), normalise_text(cells[_TOWN].split("（")[0])
    except ValueError:
        raise Refused("postal.row", number=number) from None
    if any(town.endswith(words) for words in _NO_TOWN):
        town = ""
    if not city or len(city) > 60 or len(town) > 80:
        raise Refused("postal.row", number=number)
    return PostalRow(cells[_CODE].strip(), city, town)

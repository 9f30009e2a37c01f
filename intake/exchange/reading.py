"""Files as people have them, read a row at a time: CSV in any of the usual encodings, and workbooks.

Every cell becomes a `Cell`: text, a number, a date, and what is wrong with it. Nothing here knows what a column means.
openpyxl is imported where a workbook is at hand: it would be an eighth of the time in which any part of the center starts.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import islice
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from dvc.core.refused import Refused

LARGEST_BYTES: Final = 20_000_000
MOST_ROWS: Final = 50_000
MOST_COLUMNS: Final = 100
LARGEST_SHEET: Final = 150_000_000  # unpacked; fifty thousand wide rows are below
LARGEST_TEXTS: Final = 60_000_000
LARGEST_OTHER: Final = 20_000_000  # styles and the like
_SNIFFED: Final = 65_536
_ROWS_TO_GUESS: Final = 20
DELIMITERS: Final = (",", "\t", ";")

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_PDF: Final = b"%PDF"
_PICTURES: Final = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8")

# What zipfile, zlib and openpyxl raise for a workbook that is damaged somewhere inside: a number out of range, a member
# that is missing or has a password, a value of the wrong kind.
_DAMAGED: Final = (
    zipfile.BadZipFile, zlib.error, ParseError, LookupError, ValueError, TypeError, AttributeError,
    OverflowError, OSError, EOFError, RuntimeError,
)  # fmt: skip

Value = str | int | float | datetime | date | time | None


@dataclass(frozen=True, slots=True)
class Row:
    """One line: its number as people count it (from 1, in the file), its cells, and remarks by column."""

    number: int
    cells: Sequence[Value]
    marks: dict[int, str] = field(default_factory=dict)  # column → code of a problem found while reading

    @property
    def is_blank(self) -> bool:
        return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Shape:
    """How the file is to be read. `kind`: csv | xlsx; encoding and delimiter of a CSV; the sheet of a workbook."""

    kind: str
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: Sequence[str] = ()


def recognise(content: bytes, *, sheet: str = "") -> Shape:
    """What kind of file this is, by what is in it and not by its name.

    Refused: import.empty, import.too_large, import.locked, import.old_excel, import.pdf, import.picture,
    import.not_a_table, import.broken, import.encoding, import.no_sheet, import.too_many_rows.
    """
    if not content.strip():
        raise Refused("import.empty")
    if len(content) > LARGEST_BYTES:
        raise Refused("import.too_large", mb=LARGEST_BYTES // 1_000_000)
    if content.startswith(_OLE):
        raise Refused("import.locked" if _ENCRYPTED in content else "import.old_excel")
    if content.startswith(_ZIP):
        return _workbook(content, sheet)
    if content.startswith(_PDF):
        raise Refused("import.pdf")
    if content.startswith(_PICTURES):
        raise Refused("import.picture")
    text, encoding = _decode(content)
    delimiter = _delimiter(text[:_SNIFFED])
    if (
        text.count("\n") + text.count("\r") > MOST_ROWS
    ):  # a cell may hold line ends as well: only then it is counted
        _require_few_rows(any(map(str.strip, cells)) for cells in _csv_cells(text, delimiter))
    return Shape("csv", encoding, delimiter)


def rows(content: bytes, shape: Shape, *, limit: int | None = None) -> Iterator[Row]:
    """The lines of the file that hold anything, as they come. Refused: import.too_many_rows (only without `limit`),
    import.broken, import.encoding."""
    found = _workbook_rows(content, shape) if shape.kind == "xlsx" else _csv_rows(content, shape)
    filled = (row for row in found if not row.is_blank)
    if limit is not None:
        yield from islice(filled, limit)
        return
    for count, row in enumerate(filled):
        if count > MOST_ROWS:  # one more than the limit: the heading
            raise Refused("import.too_many_rows", most=f"{MOST_ROWS:,}")
        yield row


def _require_few_rows(filled: Iterable[bool]) -> None:
    """Said at once and not after minutes of checking. One more than the limit: the heading."""
    if sum(islice(filter(None, filled), MOST_ROWS + 2)) > MOST_ROWS + 1:
        raise Refused("import.too_many_rows", most=f"{MOST_ROWS:,}")


# ── CSV ────────────────────────────────────────────────────────────────────────────────────────


def _decode(content: bytes) -> tuple[str, str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        tried: tuple[str, ...] = ("utf-16",)
    else:
        tried = ("utf-8-sig", "cp932")
    for encoding in tried:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text, encoding
    raise Refused("import.encoding")


def _delimiter(sample: str) -> str:
    """The sign that cuts the first lines into most columns, the same number in most of them."""
    best = ",", 0
    for sign in DELIMITERS:
        widths = [len(row) for row in islice(_parse(sample, sign), _ROWS_TO_GUESS) if row]
        score = sum(sorted(widths)[len(widths) // 2 :]) if widths and max(widths) > 1 else 0
        if score > best[1]:
            best = sign, score
    return best[0]


def _parse(text: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(10_000_000)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _csv_rows(content: bytes, shape: Shape) -> Iterator[Row]:
    try:
        text = content.decode(shape.encoding)
    except UnicodeDecodeError:
        raise Refused("import.encoding") from None
    # A cell with several lines is one row, as every spreadsheet counts it.
    for number, cells in enumerate(_csv_cells(text, shape.delimiter), start=1):
        yield Row(number, [_unwrapped(cell) for cell in cells])


def _csv_cells(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        for cells in _parse(text, delimiter):
            yield cells[:MOST_COLUMNS]
    except csv.Error:
        raise Refused("import.broken") from None


_TEXT_FORMULA: Final = re.compile(r'="([^"]*)"')


def _unwrapped(cell: str) -> str:
    """="090…" keeps Excel from eating the leading zero; the text inside is meant."""
    whole = _TEXT_FORMULA.fullmatch(cell.strip())
    return whole[1] if whole else cell


# ── workbooks ──────────────────────────────────────────────────────────────────────────────────


def _workbook(content: bytes, sheet: str) -> Shape:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = packed.namelist()
            if "xl/workbook.xml" not in names:
                raise Refused("import.not_a_table")
            for info in packed.infolist():
                _require_bearable(info)
        with _opened(content) as book:
            sheets = {
                one.title: one._worksheet_path for one in book.worksheets if one.sheet_state == "visible"
            }
        if not sheets:
            raise Refused("import.no_sheet")
        sheet = sheet if sheet in sheets else next(iter(sheets))
        _require_few_rows(_filled_rows(content, sheets[sheet]))
    except _DAMAGED:
        raise Refused("import.broken") from None
    return Shape("xlsx", sheet=sheet, sheets=list(sheets))


_VALUE: Final = re.compile(rb"<(?:v|t)(?:\s[^>]*)?>\s*[^<\s]")


def _filled_rows(content: bytes, path: str) -> Iterator[bool]:
    """For each row of a sheet whether any cell of it has a value, by the sheet's own text: half a second for what openpyxl
    reads in half a minute. Some programs write other words; their rows are counted when they are checked."""
    left = b""
    with zipfile.ZipFile(io.BytesIO(content)) as packed, packed.open(path.lstrip("/")) as stream:
        for part in iter(lambda: stream.read(1 << 20), b""):
            *whole, left = (left + part).split(b"<row")
            yield from (_VALUE.search(row) is not None for row in whole)
    yield _VALUE.search(left) is not None


def _require_bearable(info: zipfile.ZipInfo) -> None:
    """A member that is read whole must not unpack to more than the memory of a small machine."""
    if info.filename.startswith("xl/worksheets/") and info.file_size > LARGEST_SHEET:
        raise Refused("import.too_many_rows", most=f"{MOST_ROWS:,}")
    if info.filename == "xl/sharedStrings.xml" and info.file_size > LARGEST_TEXTS:
        raise Refused("import.too_many_rows", most=f"{MOST_ROWS:,}")
    rows_or_pictures = info.filename.startswith(("xl/worksheets/", "xl/media/", "xl/sharedStrings.xml"))
    if not rows_or_pictures and info.file_size > LARGEST_OTHER:
        raise Refused("import.too_large", mb=LARGEST_BYTES // 1_000_000)


class _opened:  # noqa: N801 - read as a with statement
    """A workbook, read-only and with the values Excel last worked out."""

    def __init__(self, content: bytes) -> None:
        from openpyxl import load_workbook

        try:
            self.book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        except _DAMAGED:
            raise Refused("import.broken") from None

    def __enter__(self) -> Any:
        return self.book

    def __exit__(self, *error: object) -> None:
        self.book.close()


def _workbook_rows(content: bytes, shape: Shape) -> Iterator[Row]:
    with _opened(content) as book:
        if shape.sheet not in book.sheetnames:
            raise Refused("import.no_sheet")
        sheet = book[shape.sheet]
        try:
            marks = _marks(content, sheet._worksheet_path)
            sheet.reset_dimensions()  # some programs write a wrong one
            for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True), start=1):
                yield Row(number, cells, marks.get(number, {}))
        except _DAMAGED:
            raise Refused("import.broken") from None


# A formula that was never worked out has no value; a merged cell has its value only in its first cell. Both are gone
# from what openpyxl gives a row at a time, so the sheet's own text is looked through.
_FORMULA: Final = re.compile(
    rb'<c r="([A-Z]{1,3})([0-9]{1,7})"[^>]*>\s*<f[^>]*?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>'
)
_MERGED: Final = re.compile(rb'<mergeCell ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"')
_MOST_MARKED: Final = 200_000  # cells


def _marks(content: bytes, path: str) -> dict[int, dict[int, str]]:
    """Row number → column (from 0) → what is the matter, for one sheet; of a sheet that is merged all over, the first."""
    from openpyxl.utils import range_boundaries

    marks: dict[int, dict[int, str]] = {}
    left_to_mark = _MOST_MARKED
    with zipfile.ZipFile(io.BytesIO(content)) as packed, packed.open(path.lstrip("/")) as stream:
        for part in _overlapping(iter(lambda: stream.read(1 << 20), b"")):
            for letters, number in _FORMULA.findall(part):
                marks.setdefault(int(number), {})[_column(letters.decode())] = "formula"
            for merged in _MERGED.findall(part):
                left, top, right, bottom = range_boundaries(merged.decode())
                columns = range(left, min(right, MOST_COLUMNS) + 1)
                for row in range(top, min(bottom, top + left_to_mark // max(1, len(columns))) + 1):
                    left_to_mark -= len(columns)
                    for column in columns:
                        if (row, column) != (top, left):
                            marks.setdefault(row, {})[column - 1] = "merged"
    return marks


def _overlapping(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Each part begins with the end of the one before, so that nothing is cut in two. Found twice is found once."""
    end = b""
    for part in parts:
        yield end + part
        end = part[-2000:]


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letter(column: int) -> str:
    """0 → A, as people name the columns of a sheet."""
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(column + 1))

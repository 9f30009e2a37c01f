"""The dry run of a line: what its cells say by the mapping, and everything that is the matter with it. No writing.

What only one kind of table needs is with the kind (`kinds`).
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from intake.exchange.columns import BY_CODE
from intake.exchange.models import Outcome
from intake.exchange.problems import ROW, is_error
from intake.exchange.reading import Row
from intake.exchange.values import Heard, hear, plain, shown
from intake.people import postal, towns

_CONTINUATION: Final = "*"


@dataclass(frozen=True, slots=True)
class Checked:
    """A line as it would come in: values by field, remarks (column, code, sentence), who it is."""

    number: int
    said: dict[str, Any]
    remarks: list[tuple[int, str, str]]
    key: str
    digest: str

    @property
    def is_wrong(self) -> bool:
        return any(is_error(code) for _, code, _ in self.remarks)


Remark = tuple[int, str, str]  # column, code, sentence


@dataclass(frozen=True, slots=True)
class Found:
    """What the register knows of a line: an outcome that is settled by it, and what is to be told."""

    outcome: Outcome | None
    remark: Remark | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What lines are compared with, read once; `at`: the moment of the check."""

    towns: towns.Known
    codes: postal.Known
    at: datetime


@dataclass(frozen=True, slots=True)
class Rest:
    """Where words go that have no place of their own: the field, how a sentence calls it, what stands between them. All
    empty where there is no such place."""

    code: str = ""
    label: str = ""
    sign: str = ""


def check(
    row: Row,
    mapping: Mapping[int, str],
    known: Known,
    *,
    says_something: Sequence[str],
    nothing: str,
    rest: Rest,
    judge: Callable[[dict[str, Any], Heard, Known], None],
) -> Checked | None:
    """Read one line as its kind of table does. None for a line that belongs to the record before (a table inside a
    kintone record)."""
    heard = Heard(rest=rest.label)
    for column, code in sorted(mapping.items()):
        value = row.cells[column] if column < len(row.cells) else None
        hear(heard, column, BY_CODE[code], value, mark=row.marks.get(column, ""), at=known.at)
    said = heard.values
    if "subrow" in mapping.values() and said.pop("subrow", "") != _CONTINUATION:
        return None
    _keep_the_rest(said, heard, rest)
    if not any(said.get(name) for name in says_something) and not any(
        is_error(code) for _, code, _ in heard.remarks
    ):
        heard.note(ROW, nothing)
    judge(said, heard, known)
    digest = _digest(row)
    return Checked(row.number, said, heard.remarks, _key(said, digest), digest)


def _keep_the_rest(said: dict[str, Any], heard: Heard, rest: Rest) -> None:
    """Words without a place of their own go where a person reads them."""
    if not heard.extra:
        return
    text = rest.sign.join([*filter(None, [said.get(rest.code)]), *heard.extra])
    most = BY_CODE[rest.code].most
    if len(text) > most:
        heard.note(ROW, "rest_too_long", text=shown(rest.sign.join(heard.extra)), most=most)
    else:
        said[rest.code] = text


def _digest(row: Row) -> str:
    """Of what stands in the line, however its columns are read: the same file again has the same."""
    text = "\x1f".join(" ".join(plain(cell).split()) for cell in row.cells).rstrip("\x1f")
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _key(said: Mapping[str, Any], digest: str) -> str:
    """By the file's own number when it has one, else by the content."""
    own = unicodedata.normalize("NFKC", said.get("source_id", "")).casefold()
    return f"id:{own}"[:100] if own else f"sha:{digest}"

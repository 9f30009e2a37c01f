"""Needs as a file that other programs open: CSV with a byte order mark, CSV in CP932, or a workbook.

No cell can run as a formula, what CP932 cannot hold is listed with what takes its place, and an import of ours reads the
columns back by their names.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Final

from django.db import models, transaction
from django.utils import timezone

from dvc.audit.services import By, looked_all, record
from dvc.core.japanese import search_key
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.exchange.columns import BY_CODE
from intake.exchange.needs import own_number
from intake.help_requests.answers import Damage
from intake.help_requests.list_views import TAB_WORDS, of_tab
from intake.help_requests.models import Hazard, Need, NeedQuerySet, NeedState
from intake.people import towns
from intake.people.models import Household, Person
from intake.volunteers.models import WorkCategory

S = NeedState
PUT_IN_FRONT: Final = "'"
# What a spreadsheet takes for the beginning of a formula; the wide signs in a Japanese one.
_RUNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NO_SUCH_SIGN: Final = "〓"
YES: Final = "はい"
SENSITIVE: Final = ("birth", "members", "lives_alone", "note", "health_note", "crisis", "watch")


class Format(models.TextChoices):
    XLSX = "xlsx", "Excelブック（.xlsx）"
    UTF8 = "utf8", "CSV（UTF-8・新しいExcelやkintone）"
    CP932 = "cp932", "CSV（Shift_JIS・古いソフト）"


@dataclass(frozen=True, slots=True)
class Replaced:
    """A sign that CP932 does not have: the line of the file (the heading is line 1), its column and need."""

    line: int
    need: str
    column: str
    sign: str
    by: str


def filtered(operation: Operation, *, tab: str, question: str, at: datetime) -> NeedQuerySet:
    """The needs the list shows for this tab or this search, in the order of their numbers."""
    needs = Need.objects.filter(operation=operation)
    if question:
        needs = needs.matching(towns.town_writing(question))
    elif tab in TAB_WORDS:
        needs = of_tab(needs, tab, at=at)
    return needs.order_by("number")


def headings(*, sensitive: bool) -> list[str]:
    """The columns, by the names an import knows them by."""
    return [BY_CODE[code].label for code in _codes(sensitive)]


def lines(needs: NeedQuerySet, *, sensitive: bool) -> Iterator[list[str]]:
    """One list of texts for each need. Nothing in them runs as a formula."""
    codes = _codes(sensitive)
    whole = needs.select_related("requester", "resident", "household__town").prefetch_related("items")
    for need in whole.iterator(chunk_size=500):
        yield [_safe(_GETTERS[code](need)) for code in codes]


def _codes(sensitive: bool) -> list[str]:
    return [code for code in _GETTERS if sensitive or code not in SENSITIVE]


def _safe(text: str) -> str:
    """A text that a spreadsheet shows and does not run."""
    return f"{PUT_IN_FRONT}{text}" if text.startswith(_RUNS) else text


@transaction.atomic
def note_export(
    operation: Operation,
    needs: Sequence[Need],
    *,
    reason: str,
    sensitive: bool,
    form: Format,
    by: By,
    at: datetime,
) -> None:
    """Who took these out of the house, and why: a look at each of them, and one entry. Refused: export.reason."""
    if not reason.strip():
        raise Refused("export.reason")
    looked_all(
        needs, by=by, classes="P1 P2 P3 P4" if sensitive else "P1 P2", why=f"書き出し：{reason}"[:80], at=at
    )
    record(
        "needs.exported", operation, by=by, at=at, operation=operation, rows=len(needs), form=str(form),
        sensitive=sensitive,
    )  # fmt: skip


def write(rows: Iterable[Sequence[str]], form: Format, out: IO[bytes], *, title: str) -> None:
    """Write the heading and the lines. What CP932 does not have is replaced (`replaced` lists it)."""
    if form == Format.XLSX:
        _write_workbook(rows, out, title=title)
        return
    encoding = "utf-8-sig" if form == Format.UTF8 else "cp932"
    text = io.TextIOWrapper(out, encoding=encoding, newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    for row in rows:
        # Once more: what takes the place of a sign (﹦) may be one that runs (=).
        writer.writerow([_safe(to_cp932(cell)) for cell in row] if form == Format.CP932 else row)
    text.flush()
    text.detach()


def _write_workbook(rows: Iterable[Sequence[str]], out: IO[bytes], *, title: str) -> None:
    from openpyxl import Workbook  # see intake.exchange.reading
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet(ILLEGAL_CHARACTERS_RE.sub("", title)[:31])
    for row in rows:
        sheet.append([_safe(ILLEGAL_CHARACTERS_RE.sub("", cell)) for cell in row])
    book.save(out)


def replaced(rows: Iterable[Sequence[str]]) -> list[Replaced]:
    """Every sign CP932 does not have. `rows`: the heading first, the need's number in the first column."""
    found: list[Replaced] = []
    names: Sequence[str] = ()
    for line, row in enumerate(rows, start=1):
        names = names or row
        for name, cell in zip(names, row, strict=True):
            found += [
                Replaced(line, row[0], name, sign, to_cp932(sign))
                for sign in dict.fromkeys(cell)
                if not _has(sign) and to_cp932(sign) != sign
            ]
    return found


def to_cp932(text: str) -> str:
    """The text with only signs that CP932 has: the nearest one (〜 as ～, 𠮷 as 吉, é as e), else 〓."""
    if _has(text):
        return text
    return "".join(sign if _has(sign) else _nearest(sign) for sign in text)


def _nearest(sign: str) -> str:
    try:
        return sign.encode("cp932").decode("cp932")
    except UnicodeEncodeError:
        pass  # one that has to be looked for
    if unicodedata.combining(sign) or unicodedata.category(sign) in ("Cf", "Mn"):
        return ""  # a variation selector: the letter before it stands
    for nearer in (unicodedata.normalize("NFKC", sign), search_key(sign)):
        if nearer and nearer != sign and _has(nearer):
            return nearer
    return NO_SUCH_SIGN


def _has(text: str) -> bool:
    """Whether it comes back as it went: ¢ and 〜 can be written too, but are read as ￠ and ～."""
    try:
        return text.encode("cp932").decode("cp932") == text
    except UnicodeEncodeError:
        return False


# ── what stands in the columns ─────────────────────────────────────────────────────────────────


def _yes(value: bool) -> str:
    return YES if value else ""


def _of_caller(name: str) -> Callable[[Need], str]:
    """Of who asked, where that is somebody else than who lives there."""

    def get(need: Need) -> str:
        caller = need.requester
        return "" if caller is None or need.requester_id == need.resident_id else str(getattr(caller, name))

    return get


def _resident(need: Need) -> Person:
    return need.resident or need.requester or Person()


def _house(need: Need) -> Household:
    return need.household or Household()


def _words(choices: Any, codes: Iterable[str]) -> str:
    return "、".join(str(choices(code).label) if code in choices.values else code for code in codes)


def _categories(need: Need) -> str:
    return "、".join(dict.fromkeys(WorkCategory(item.category).label for item in need.items.all()))


def _people(need: Need) -> str:
    items = list(need.items.all())
    return str(items[0].people_ideal) if items else ""


_GETTERS: Final[dict[str, Callable[[Need], str]]] = {
    "source_id": own_number,
    "received_on": lambda need: timezone.localtime(need.received_at).strftime("%Y-%m-%d %H:%M"),
    "method": lambda need: need.get_method_display(),
    "caller_name": _of_caller("name"),
    "caller_kana": _of_caller("kana"),
    "caller_phone": _of_caller("phone"),
    "relation": lambda need: need.relation,
    "name": lambda need: _resident(need).name,
    "kana": lambda need: _resident(need).kana,
    "phone": lambda need: _resident(need).phone,
    "birth": lambda need: str(_resident(need).birth_year or ""),
    "address": lambda need: _house(need).where,
    "landmark": lambda need: _house(need).landmark,
    "members": lambda need: _house(need).members,
    "lives_alone": lambda need: _yes(_house(need).lives_alone),
    "note": lambda need: _resident(need).note,
    "summary": lambda need: need.summary,
    "description": lambda need: need.description,
    "damage": lambda need: _words(Damage, need.damage_kinds),
    "category": _categories,
    "people": _people,
    "tag": lambda need: "赤・黄" if Hazard.RED_TAG in need.hazards else "",
    "health_note": lambda need: need.health_note,
    "parking": lambda need: need.parking,
    "attendance": lambda need: need.attendance,
    "crisis": lambda need: _yes(need.needs_crisis),
    "watch": lambda need: _yes(need.needs_watch),
    "consent": lambda need: _yes(need.consent_to_share),
    "state": lambda need: need.get_state_display(),
    "reason": lambda need: need.closed_reason or need.held_reason,
}

"""One cell as it is meant: dates of every writing, telephone numbers without their zero, words of other systems.

A reader takes a cell and its field and gives a JSON-able value; it raises `Wrong` for what only a person can mend, and
notes how it understood what it had to guess. No database here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from dvc.core.japanese import (
    is_phone,
    normalise_text,
    parse_date_ja,
    parse_time_ja,
    phone_digits,
    phone_numbers,
    search_key,
)
from intake.exchange import words
from intake.exchange.columns import Field
from intake.exchange.problems import sentence
from intake.exchange.reading import Value

_SHOWN: Final = 40  # characters of a cell in a sentence
_EXCEL_ERRORS: Final = re.compile(r"#(REF!|N/A|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!)")
_FORMULA: Final = re.compile(r"=[A-Za-z(+\-$]|[+\-@][A-Z]+\(")
_SERIALS: Final = range(18_264, 73_051)  # 1950 to 2100
_QUOTED: Final = re.compile(r"'[=+\-@\t\r\n＝＋－＠]")


class Wrong(Exception):
    """A cell only a person can mend: a code of `problems.ERRORS` and what its sentence says."""

    def __init__(self, code: str, **said: object) -> None:
        super().__init__(code)
        self.code, self.said = code, said


@dataclass(slots=True)
class Heard:
    """What the cells of a row said, and what is to be told about them: (column, code, sentence). `extra`: words without a
    place of their own, kept in the field that is called `rest`; where there is none they are told and left out."""

    rest: str
    values: dict[str, Any] = field(default_factory=dict)
    remarks: list[tuple[int, str, str]] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)

    def note(self, column: int, code: str, **said: object) -> None:
        self.remarks.append((column, code, sentence(code, **said, rest=self.rest)))

    def put_aside(self, column: int, code: str, words: str, **said: object) -> None:
        """Tell it, and keep the words where there is a place for them."""
        self.note(column, code if self.rest else f"{code}_left_out", **said)
        if self.rest:
            self.extra.append(words)


def plain(value: Value) -> str:
    """A cell as text: 12.0 is 12, a date is 2026-07-18."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M") if value.time() != time(0) else value.strftime("%Y-%m-%d")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M")
    text = str(value)
    return text[1:] if _QUOTED.match(text) else text  # as an export of ours keeps a formula from running


def shown(value: Value) -> str:
    """A cell as a sentence quotes it."""
    text = " ".join(plain(value).split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def hear(heard: Heard, column: int, field: Field, value: Value, *, mark: str, at: datetime) -> None:
    """Read one cell into `heard`. `mark`: what was found while reading the file."""
    try:
        if mark and plain(value) == "":
            raise Wrong(mark)
        text = plain(value).strip()
        if not text:
            return
        if _EXCEL_ERRORS.fullmatch(text):
            raise Wrong("excel_error", text=text)
        if isinstance(value, str) and not _QUOTED.match(value) and _FORMULA.match(text):
            raise Wrong("formula_text", text=shown(value))
        READERS[field.reads](heard, column, field, value, at)
    except Wrong as wrong:
        heard.note(column, wrong.code, **wrong.said)


def _clean(value: Value, field: Field, *, multiline: bool = False) -> str:
    text = plain(value)
    if "\ufffd" in text:
        raise Wrong("letters")
    try:
        text = normalise_text(text.replace("_x000D_", "").replace("\t", " "), multiline=True)
    except ValueError:
        raise Wrong(
            "letters" if len(text) <= 10_000 else "too_long", long=len(text), most=field.most
        ) from None
    text = text if multiline else " ".join(text.split("\n"))
    if field.most and len(text) > field.most:
        raise Wrong("too_long", long=len(text), most=field.most)
    return text


def _text(heard: Heard, column: int, field: Field, value: Value, at: datetime) -> None:
    text = _clean(value, field, multiline=field.code == "description")
    known = heard.values.get(field.code)
    if known and field.many:
        text = known + _between(field, known) + text
        if len(text) > field.most:
            raise Wrong("too_long", long=len(text), most=field.most)
    heard.values[field.code] = text


def _between(field: Field, known: str) -> str:
    """What stands between two columns of one field. 町前一丁目 and 9999-1 are one word, 9999-1 and 203 are two."""
    if field.code == "address":
        return " " if known[-1].isascii() else ""
    return "\n" if field.code == "description" else "　"


def _id(heard: Heard, column: int, field: Field, value: Value, at: datetime) -> None:
    heard.values[field.code] = _clean(value, field)


def _phone(heard: Heard, column: int, field: Field, value: Value, at: datetime) -> None:
    text = _clean(value, Field(field.code, field.label, ()))
    several = phone_numbers(text)
    first = several[0] if len(several) > 1 else text
    if len(several) > 1:
        heard.put_aside(column, "second_phone", f"{field.label}：{text}", read=first)
    digits = phone_digits(first)
    if not is_phone(first) and len(digits) in (9, 10) and not digits.startswith(("0", "+")):
        first = f"0{digits}"
        if is_phone(first):
            heard.note(column, "zero_added", read=first)
    if not is_phone(first) or len(first) > field.most:
        raise Wrong("phone", text=shown(value))
    heard.values[field.code] = first


def _postal(heard: Heard, column: int, field: Field, value: Value, at: datetime) -> None:
    digits = re.sub(r"[〒\s\-‐‑‒–—―−ー─]", "", unicodedata.normalize("NFKC", plain(value)))
    if len(digits) == 6 and digits.isdecimal() and not isinstance(value, str):
        digits = f"0{digits}"  # a number has lost its zero
    if not (len(digits) == 7 and digits.isascii() and digits.isdecimal()):
        raise Wrong("postal_form", text=shown(value))
    if digits < "0010000" or digits > "9998599":  # 札幌 … 遊佐: none is given out beyond
        raise Wrong("postal_none", text=f"{digits[:3]}-{digits[3:]}")
    heard.values[field.code] = digits


_MOMENT: Final = re.compile(
    r"(?P<day>.+?)[\sT]*(?:\([日月火水木金土]\))?[\sT]*"
    r"(?:(?P<clock>[0-9]{1,2}(?:[:時][0-9]{1,2}分?|時))(?::[0-9]{2}(?:\.[0-9]+)?|[0-9]{1,2}秒)?)?"
)
_NO_YEAR: Final = re.compile(r"[0-9]{1,2}[/月.-][0-9]{1,2}日?")
_TWO_DIGIT_YEAR: Final = re.compile(r"'?[0-9]{2}[/.-][0-9]{1,2}[/.-][0-9]{1,2}")


def day_and_clock(value: Value) -> tuple[date, time | None, bool]:
    """A date with the time beside it when there is one; True when it was an Excel number. Raises `Wrong`."""
    if isinstance(value, datetime):
        return value.date(), value.time() if value.time() != time(0) else None, False
    if isinstance(value, date):
        return value, None, False
    text = unicodedata.normalize("NFKC", plain(value)).strip()
    number = _number(text)
    if number is not None and int(number) in _SERIALS:
        read = _from_excel(number)
        clock = read.time().replace(microsecond=0)
        return read.date(), clock if clock != time(0) else None, True
    if _NO_YEAR.fullmatch(text):
        raise Wrong("date_no_year", text=shown(value))
    try:  # with a zone, as programs write it
        whole = datetime.fromisoformat(text)
    except ValueError:
        pass
    else:
        if whole.tzinfo is not None:
            whole = timezone.localtime(whole)
            return whole.date(), whole.time().replace(microsecond=0), False
    found = _MOMENT.fullmatch(text)
    if found is None or _TWO_DIGIT_YEAR.fullmatch(text):
        raise Wrong("date", text=shown(value))
    clock = None
    try:
        if found["clock"]:
            clock = parse_time_ja(found["clock"])
        return parse_date_ja(found["day"].strip()), clock, False
    except ValueError:
        raise Wrong("date", text=shown(value)) from None


def _from_excel(number: float) -> Any:
    """The moment, or the time of day, that a spreadsheet keeps as this number."""
    from openpyxl.utils.datetime import from_excel  # see intake.exchange.reading

    return from_excel(number)


def _number(text: str) -> float | None:
    if not re.fullmatch(r"[0-9]{5}(\.[0-9]+)?", text):
        return None
    return float(text)


def _moment(heard: Heard, column: int, field: Field, value: Value, at: datetime) -> None:
    day, clock, was_number = day_and_clock(value)
    moment = datetime.combine(day, clock or time(0), timezone.get_current_timezone())
    if moment > at + timedelta(days=1):
        raise Wrong("date_future", text=shown(value))
    if was_number:
        heard.note(column, "serial_date", text=shown(value), read=f"{day.year}年{day.month}月{day.day}日")
    heard.values[field.code] = moment.isoformat()


def _clock(heard: Heard, column: int, field: Field, value: Value, at: datetime) -> None:
    if isinstance(value, datetime):
        value = value.time()
    if isinstance(value, float) and 0 <= value < 1:
        value = _from_excel(value)
    if isinstance(value, time):
        heard.values[field.code] = value.strftime("%H:%M")
        return
    text = re.sub(r"(:[0-9]{2}):[0-9]{2}$", r"\1", plain(value).strip())
    try:
        heard.values[field.code] = parse_time_ja(text).strftime("%H:%M")
    except ValueError:
        raise Wrong("clock", text=shown(value)) from None


def _birth(heard: Heard, column: int, field: Field, value: Value, at: datetime) -> None:
    text = unicodedata.normalize("NFKC", plain(value)).strip()
    year = int(text.removesuffix("年")) if re.fullmatch(r"[0-9]{4}年?", text) else 0
    if not year:
        try:
            day, _, was_number = day_and_clock(value)
        except Wrong:
            raise Wrong("birth", text=shown(value)) from None
        year = day.year
        if was_number:
            heard.note(column, "serial_date", text=shown(value), read=f"{year}年{day.month}月{day.day}日")
    if not 1890 <= year <= at.year:
        raise Wrong("birth", text=shown(value))
    heard.values[field.code] = year


def _yes(heard: Heard, column: int, field: Field, value: Value, at: datetime) -> None:
    text = plain(value).strip()
    key = search_key(text)
    if text in words.YES_SIGNS or key in words.YES:
        heard.values[field.code] = True
    elif not (text in words.NO_SIGNS or key in words.NO):
        _elsewhere(heard, column, field, value)


def _count(heard: Heard, column: int, field: Field, value: Value, at: datetime) -> None:
    text = unicodedata.normalize("NFKC", plain(value)).strip()
    found = re.fullmatch(r"約?([0-9]{1,3})(?:人|名)?(?:程度|位|くらい|ほど)?", text)
    if found is None or not 1 <= int(found[1]) <= 99:
        heard.note(column, "count", text=shown(value))
        heard.extra.append(f"{field.label}：{shown(value)}")
        return
    heard.values[field.code] = int(found[1])


def _elsewhere(heard: Heard, column: int, field: Field, value: Value) -> None:
    """A word without a code of ours goes into the description, so that it is not lost."""
    words = f"{field.label}：{_clean(value, Field('', '', (), most=500))}"
    heard.put_aside(column, "word", words, text=shown(value))


def _codes(table: Mapping[str, str], value: Value) -> list[str | None]:
    """A code for each word, None for one nobody knows. ・ divides words and stands in some of them (清掃・洗浄): the
    longest known run of its parts is one word."""
    codes: list[str | None] = []
    for piece in re.split(r"[、,，;；\n／/|]+", plain(value)):
        parts = [part for part in piece.split("・") if part.strip()]
        while parts:
            fits = [n for n in range(len(parts), 0, -1) if search_key("・".join(parts[:n])) in table]
            taken = fits[0] if fits else 1
            codes.append(table.get(search_key("・".join(parts[:taken]))))
            parts = parts[taken:]
    return codes


def _coded(table: Mapping[str, str], *, several: bool) -> Callable[..., None]:
    def read(heard: Heard, column: int, field: Field, value: Value, at: datetime) -> None:
        codes = _codes(table, value)
        known = [code for code in codes if code]
        if len(known) < len(codes) or not known or (not several and len(known) > 1):
            _elsewhere(heard, column, field, value)
        if several:
            before = heard.values.get(field.code, [])
            heard.values[field.code] = list(dict.fromkeys([*before, *map(str, known)]))
        elif known:
            heard.values[field.code] = str(known[0])

    return read


def _tag(heard: Heard, column: int, field: Field, value: Value, at: datetime) -> None:
    text = plain(value)
    if any(word in text for word in ("赤", "黄", "危険", "要注意")):
        heard.values[field.code] = True
        heard.extra.append(f"応急危険度判定：{shown(value)}")
    elif not any(word in text for word in ("緑", "調査済", "なし", "未")):
        _elsewhere(heard, column, field, value)


def _state(heard: Heard, column: int, field: Field, value: Value, at: datetime) -> None:
    key = search_key(plain(value))
    if key not in words.STATES:
        heard.note(column, "state_word", text=shown(value))
        heard.extra.append(f"状態：{shown(value)}")
    elif words.STATES[key] is None:
        heard.note(column, "state_team", text=shown(value))
        heard.extra.append(f"状態：{shown(value)}")
    else:
        heard.values[field.code] = str(words.STATES[key])


def _email(heard: Heard, column: int, field: Field, value: Value, at: datetime) -> None:
    text = unicodedata.normalize("NFKC", _clean(value, field))
    try:
        validate_email(text)
    except ValidationError:
        raise Wrong("email", text=shown(value)) from None
    heard.values[field.code] = text


def _birth_date(heard: Heard, column: int, field: Field, value: Value, at: datetime) -> None:
    """A whole date as such; of a year alone the year."""
    text = unicodedata.normalize("NFKC", plain(value)).strip()
    if re.fullmatch(r"[0-9]{4}年?", text):
        _birth(heard, column, field, value, at)
        return
    try:
        day, _, was_number = day_and_clock(value)
    except Wrong:
        raise Wrong("birth", text=shown(value)) from None
    if not 1890 <= day.year <= at.year:
        raise Wrong("birth", text=shown(value))
    if was_number:
        heard.note(column, "serial_date", text=shown(value), read=f"{day.year}年{day.month}月{day.day}日")
    heard.values[field.code] = day.isoformat()


_FISCAL_YEAR: Final = re.compile(
    r"(?:(?P<era>令和|R)(?P<n>[0-9]{1,2}|元)|(?P<year>20[0-9]{2}))年?度?", re.IGNORECASE
)
_REIWA_STARTS: Final = 2019


def _insurance(heard: Heard, column: int, field: Field, value: Value, at: datetime) -> None:
    """The fiscal year as a number, or the day of joining as a date. That somebody is insured without a year says too little:
    it ends every March."""
    text = unicodedata.normalize("NFKC", plain(value)).strip()
    if found := _FISCAL_YEAR.fullmatch(text):
        number = 1 if found["n"] == "元" else int(found["n"] or 0)
        heard.values[field.code] = int(found["year"] or 0) or _REIWA_STARTS - 1 + number
        return
    key = search_key(text)
    if text in words.YES_SIGNS or key in words.YES or key in words.INSURED:
        heard.note(column, "insurance_year")
        return
    if text in words.NO_SIGNS or key in words.NO or key in words.NOT_INSURED:
        return
    try:
        day, _, _ = day_and_clock(value)
    except Wrong:
        raise Wrong("insurance", text=shown(value)) from None
    if day > timezone.localdate(at):
        raise Wrong("insurance", text=shown(value))
    heard.values[field.code] = day.isoformat()


def _subrow(heard: Heard, column: int, field: Field, value: Value, at: datetime) -> None:
    heard.values[field.code] = plain(value).strip()


READERS: Final[Mapping[str, Callable[..., None]]] = {
    "text": _text, "id": _id, "phone": _phone, "postal": _postal, "moment": _moment, "clock": _clock, "birth": _birth,
    "yes": _yes, "count": _count, "tag": _tag, "state": _state, "subrow": _subrow,
    "method": _coded(words.METHODS, several=False), "damage": _coded(words.DAMAGES, several=True),
    "category": _coded(words.CATEGORIES, several=True), "skills": _coded(words.SKILLS, several=True),
    "gender": _coded(words.GENDERS, several=False), "vehicle": _coded(words.VEHICLES, several=False),
    "plan": _coded(words.PLANS, several=False), "email": _email, "birth_date": _birth_date, "insurance": _insurance,
}  # fmt: skip

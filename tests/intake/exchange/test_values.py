"""Cells as they are meant, and the sentence for what only a person can mend."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest

from intake.exchange import columns, problems
from intake.exchange.columns import BY_CODE, FIELDS, Kind
from intake.exchange.reading import Value
from intake.exchange.values import READERS, Heard, hear, plain
from tests import make
from tests.intake.exchange import files


def heard(code: str, value: Value, mark: str = "") -> Heard:
    found = Heard(rest="依頼の内容")
    hear(found, 0, BY_CODE[code], value, mark=mark, at=make.at(9))
    return found


def value(code: str, cell: Value) -> Any:
    found = heard(code, cell)
    assert not [one for one in found.remarks if problems.is_error(one[1])], found.remarks
    return found.values.get(code)


@pytest.mark.parametrize(
    ("cell", "iso"),
    [
        ("2026/7/16", "2026-07-16T00:00:00+09:00"),
        ("2026-07-16 9:40", "2026-07-16T09:40:00+09:00"),
        ("2026/07/16 09:40:12", "2026-07-16T09:40:00+09:00"),
        ("2026年7月16日 9時40分", "2026-07-16T09:40:00+09:00"),
        ("2026年7月16日9時40分", "2026-07-16T09:40:00+09:00"),
        ("令和8年7月16日", "2026-07-16T00:00:00+09:00"),
        ("Ｒ８．７．１６", "2026-07-16T00:00:00+09:00"),
        ("R8.7.16 13:05", "2026-07-16T13:05:00+09:00"),
        ("2026/7/16(木) 9:40", "2026-07-16T09:40:00+09:00"),
        ("2026-07-16T00:40:00Z", "2026-07-16T09:40:00+09:00"),
        (datetime(2026, 7, 16, 9, 40), "2026-07-16T09:40:00+09:00"),  # noqa: DTZ001 - as a workbook gives it
        (date(2026, 7, 16), "2026-07-16T00:00:00+09:00"),
        (46219, "2026-07-16T00:00:00+09:00"),
        ("46219", "2026-07-16T00:00:00+09:00"),
        (46219.5, "2026-07-16T12:00:00+09:00"),
    ],
)
def test_a_date_is_read_in_every_writing(cell: Value, iso: str) -> None:
    assert value("received_on", cell) == iso


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("2026/2/30", "date"), ("令和8年13月1日", "date"), ("昭和70年1月1日", "date"), ("きのう", "date"), ("26/7/16", "date"),
        ("7/16", "date_no_year"), ("7月16日", "date_no_year"), ("2026/12/1", "date_future"),
    ],
)  # fmt: skip
def test_an_impossible_date_is_told_with_what_stands_there(cell: str, code: str) -> None:
    ((_, found, text),) = heard("received_on", cell).remarks
    assert found == code
    assert cell in text
    assert "ください" in text


@pytest.mark.parametrize(
    ("cell", "phone", "note"),
    [
        ("022-000-0001", "022-000-0001", ""), ("０２２－０００－０００１", "０２２－０００－０００１", ""), (220000001, "0220000001", "zero_added"),
        ("9000000001", "09000000001", "zero_added"), (9000000001.0, "09000000001", "zero_added"),
        ("022-000-0001、090-0000-0001", "022-000-0001", "second_phone"), ("022 368 0043", "022 368 0043", ""),
        ("022 368 0043 090 0000 0001", "022 368 0043", "second_phone"),
    ],
)  # fmt: skip
def test_a_telephone_gets_its_zero_back(cell: Value, phone: str, note: str) -> None:
    found = heard("phone", cell)
    assert found.values["phone"] == phone
    assert [code for _, code, _ in found.remarks] == ([note] if note else [])


def test_a_second_telephone_is_not_lost() -> None:
    assert "090-0000-0001" in heard("phone", "022-000-0001、090-0000-0001").extra[0]


@pytest.mark.parametrize(
    ("field", "cell", "code"),
    [
        ("phone", "12345", "phone"), ("postal_code", "98-08", "postal_form"), ("postal_code", "000-1234", "postal_none"),
        ("postal_code", "9999999", "postal_none"), ("name", "#REF!", "excel_error"), ("name", "=B2&C2", "formula_text"),
        ("name", "あ" * 81, "too_long"), ("name", "佐\ufffd", "letters"), ("name", "佐\u0007", "letters"), ("birth", "昭和", "birth"),
        ("birth", "2026-12-31x", "birth"), ("received_time", "25:99", "clock"),
    ],
)  # fmt: skip
def test_what_only_a_person_can_mend_keeps_the_line_out(field: str, cell: str, code: str) -> None:
    ((_, found, text),) = heard(field, cell).remarks
    assert found == code
    assert problems.is_error(found)
    assert "ください" in text


@pytest.mark.parametrize(("mark", "cell"), [("formula", None), ("merged", "")])
def test_a_mark_of_the_file_matters_only_where_nothing_stands(mark: str, cell: Value) -> None:
    assert [code for _, code, _ in heard("name", cell, mark).remarks] == [mark]
    assert not heard("name", "佐藤", mark).remarks


@pytest.mark.parametrize(
    ("field", "cell", "wanted"),
    [
        ("postal_code", "〒985-0873", "9850873"), ("postal_code", 600001, "0600001"), ("birth", "S36.5.4", 1961),
        ("birth", "1961", 1961), ("birth", 1961.0, 1961), ("lives_alone", "○", True), ("lives_alone", "なし", None), ("crisis", True, True),
        ("people", "約4名", 4), ("people", 4.0, 4), ("method", "TEL", "phone"), ("damage", "床上浸水、一部損壊", ["flood_above_floor", "partial"]),
        ("category", "清掃・洗浄", ["cleaning"]), ("category", "清掃・洗浄・家財搬出", ["cleaning", "furniture_out"]),
        ("damage", "屋根・店・農地など仕事の場所", ["roof", "business"]), ("category", "家財搬出・清掃", ["furniture_out", "cleaning"]), ("state", "マッチング待ち", "ready"),
        ("state", "キャンセル", "withdrawn"), ("source_id", 12.0, "12"), ("name", "'=佐藤", "=佐藤"), ("received_time", time(9, 40), "09:40"),
        ("received_time", 0.5, "12:00"),
    ],
)  # fmt: skip
def test_words_of_other_systems_are_understood(field: str, cell: Value, wanted: object) -> None:
    assert value(field, cell) == wanted


@pytest.mark.parametrize(
    ("field", "cell"), [("method", "狼煙"), ("damage", "雪害"), ("category", "井戸掘り"), ("people", "たくさん"), ("state", "謎"), ("consent", "たぶん")]
)  # fmt: skip
def test_a_word_nobody_knows_is_kept_in_the_description_and_told(field: str, cell: str) -> None:
    found = heard(field, cell)
    assert cell in found.extra[0]
    ((_, code, text),) = found.remarks
    assert not problems.is_error(code)
    assert cell in text


def test_several_columns_of_one_field_stand_one_after_the_other() -> None:
    found = Heard(rest="依頼の内容")
    for column, cell in enumerate(["町前一丁目", "9999-1", "○○荘203"]):
        hear(found, column, BY_CODE["address"], cell, mark="", at=make.at(9))
    assert found.values["address"] == "町前一丁目9999-1 ○○荘203"


def test_every_field_has_a_reader_and_every_problem_says_what_to_do() -> None:
    assert {field.reads for field in FIELDS} <= set(READERS)
    for code, text in problems.ERRORS.items():
        assert "ください" in text, code


@pytest.mark.parametrize(
    ("headers", "missing"),
    [(files.KINTONE_HEADERS, {"対応日", "作成者", "ニーズID"}), (files.LEDGER_HEADERS, set())],
)
def test_the_columns_of_a_kintone_export_and_of_a_ledger_are_guessed(
    headers: tuple[str, ...], missing: set[str]
) -> None:
    guessed = columns.guess(Kind.NEEDS, headers)
    assert {header for i, header in enumerate(headers) if i not in guessed} == missing


def test_every_column_an_export_writes_is_guessed_as_itself() -> None:
    for field in FIELDS:
        for kind in field.kinds:
            assert columns.guess(kind, [field.label]) == {0: field.code}


def test_a_cell_is_text_as_people_read_it() -> None:
    assert [plain(cell) for cell in (None, True, 12.0, 1.5, date(2026, 7, 16))] == [
        "",
        "はい",
        "12",
        "1.5",
        "2026-07-16",
    ]

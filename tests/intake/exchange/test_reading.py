"""Files as people have them: what can be read is read, what cannot is told in a sentence that says what to do."""

from __future__ import annotations

import io
import random
import re
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook

from dvc.core.refused import Refused
from intake.exchange import reading
from tests.infra.scale import count
from tests.intake.exchange import files

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read(content: bytes) -> list[list[reading.Value]]:
    return [list(row.cells) for row in reading.rows(content, reading.recognise(content))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_csv_is_read_in_any_usual_encoding_and_with_any_usual_sign(encoding: str, delimiter: str) -> None:
    rows = [["番号", "氏名", "内容"], ["1", "髙橋 キヨ", "泥、\n畳"], ["2", "佐藤", "a,b;c\td"]]
    assert read(files.csv_bytes(rows, encoding=encoding, delimiter=delimiter)) == rows


def test_a_workbook_keeps_dates_and_skips_empty_lines_but_not_their_numbers() -> None:
    shape = reading.recognise(files.ledger())
    rows = list(reading.rows(files.ledger(), shape))
    assert shape.sheet == "台帳"
    assert [row.number for row in rows] == [1, 3, 4, 5, 6]


def test_a_workbook_with_the_wrong_ending_is_recognised_by_what_is_in_it() -> None:
    assert reading.recognise(files.ledger()).kind == "xlsx"


def _zip(name: str, text: str = "x") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "import.empty"),
        (b" \r\n\r\n", "import.empty"),
        (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "import.locked"),
        (OLE + b"\0" * 600, "import.old_excel"),
        (b"%PDF-1.7 ...", "import.pdf"),
        (b"\xff\xd8\xff\xe0....", "import.picture"),
        (_zip("word/document.xml"), "import.not_a_table"),
        (b"PK\x03\x04 broken off", "import.broken"),
        (files.ledger()[:-200], "import.broken"),
        (_zip("xl/workbook.xml", "<no"), "import.broken"),
        (b"\x81\xff\xfe\x00\x01,\x80", "import.encoding"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read(content)
    assert refused.value.code == code
    assert "ください" in refused.value.text


def test_fifty_thousand_lines_are_enough_for_one_file_and_more_are_refused_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = files.csv_bytes([["a", "b"], *([str(i), "x"] for i in range(200_000))])
    with pytest.raises(Refused, match=r"import\.too_many_rows"):
        reading.recognise(content)
    monkeypatch.setattr(reading, "MOST_ROWS", 20)
    most, more = ([["番号", "内容"], *([str(i), "泥\n板"] for i in range(count))] for count in (20, 21))
    assert reading.recognise(files.csv_bytes(most)).kind == "csv"
    # What is only formatted, or a formula that gives nothing, is no line.
    drawn_out: list[Any] = [*most, *([None, ""] for _ in range(30))]
    assert reading.recognise(files.workbook_bytes(drawn_out)).kind == "xlsx"
    for content in (files.csv_bytes(more), files.workbook_bytes(more)):
        with pytest.raises(Refused, match=r"import\.too_many_rows"):
            reading.recognise(content)


def test_a_formula_that_was_never_worked_out_and_a_merged_cell_are_marked() -> None:
    content = files.workbook_bytes(
        [["番号", "氏名", "合計"], [1, "佐藤", "=A2+1"], [2, None, 5]], merged=["B2:B3"]
    )
    rows = list(reading.rows(content, reading.recognise(content)))
    assert [dict(row.marks) for row in rows] == [{}, {2: "formula"}, {1: "merged"}]


def test_a_hidden_sheet_is_not_read_and_the_first_visible_one_is() -> None:
    book = Workbook()
    first = book.active
    assert first is not None
    first.sheet_state = "hidden"
    shown = book.create_sheet("見える")
    shown.append(["番号", "氏名"])
    out = io.BytesIO()
    book.save(out)
    assert list(reading.recognise(out.getvalue()).sheets) == ["見える"]


def test_text_wrapped_against_excel_is_unwrapped() -> None:
    assert read(b'a,b\r\n="0900000001",x\r\n')[1][0] == "0900000001"


def test_a_cell_of_several_lines_is_one_line_of_the_file() -> None:
    content = files.csv_bytes([["番号", "内容"], ["1", "泥\n畳\n床下"], ["2", "屋根"]])
    assert [row.number for row in reading.rows(content, reading.recognise(content))] == [1, 2, 3]


def _damaged(content: bytes, dice: random.Random) -> bytes:
    """The workbook with one member gone, cut off, or with a sign, a number, a word or a tag changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    name = dice.choice(list(members))
    text = members.pop(name)
    pattern, instead = dice.choice(
        [(rb"[0-9]+", b"99999999"), (rb"[0-9]+", b"-1"), (rb'="[^"]*"', b'="zzz"'), (rb"<[^>]*>", b""), (rb"[a-z]", b"Z"), (rb"(?s).*", b"")]
    )  # fmt: skip
    places = list(re.finditer(pattern, text))
    if places and dice.random() < 0.9:
        place = dice.choice(places)
        members[name] = text[: place.start()] + instead + text[place.end() :]
    elif dice.random() < 0.5:
        members[name] = text[: dice.randrange(len(text) + 1)]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for member, data in members.items():
            packed.writestr(member, data)
    return out.getvalue()


@pytest.mark.filterwarnings("ignore::UserWarning")  # openpyxl tells what it leaves out
def test_a_workbook_that_is_damaged_anywhere_is_read_or_refused_in_a_sentence() -> None:
    dice, whole = random.Random(3), files.ledger()
    refused, tried = 0, count(120, 400)
    for _ in range(tried):
        content = _damaged(whole, dice)
        try:
            read(content)
        except Refused:
            refused += 1
    assert refused > tried / 8


@pytest.mark.parametrize(
    ("member", "was", "is_now"),
    [
        ("xl/styles.xml", rb'(<cellStyle [^>]*xfId=")0"', rb'\g<1>99"'),
        ("xl/worksheets/sheet1.xml", rb"summaryBelow", rb"summSryBelow"),
    ],
)
def test_a_workbook_that_openpyxl_stumbles_over_is_refused(member: str, was: bytes, is_now: bytes) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(files.ledger())) as whole, zipfile.ZipFile(out, "w") as packed:
        for name in whole.namelist():
            text = whole.read(name)
            changed = re.sub(was, is_now, text) if name == member else text
            assert (changed != text) == (name == member)
            packed.writestr(name, changed)
    with pytest.raises(Refused, match=r"import\.broken"):
        read(out.getvalue())


def test_a_workbook_with_a_password_on_its_members_is_refused() -> None:
    content = bytearray(_zip("xl/workbook.xml"))
    for sign, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(sign) + flags] |= 1  # encrypted
    with pytest.raises(Refused, match=r"import\.broken"):
        read(bytes(content))


def test_what_unpacks_to_more_than_a_small_machine_bears_is_not_unpacked() -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(files.ledger())) as whole,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in whole.namelist():
            packed.writestr(name, b" " * 30_000_000 if name == "xl/styles.xml" else whole.read(name))
    assert len(out.getvalue()) < 100_000
    with pytest.raises(Refused, match=r"import\.too_large"):
        reading.recognise(out.getvalue())


def test_a_sheet_that_is_merged_all_over_does_not_fill_the_memory() -> None:
    merged = "".join(f'<mergeCell ref="A{i * 50_000 + 2}:Z{i * 50_000 + 40_000}"/>' for i in range(20))
    content = _zip("xl/worksheets/sheet1.xml", f"<worksheet><mergeCells>{merged}</mergeCells></worksheet>")
    assert 0 < sum(map(len, reading._marks(content, "xl/worksheets/sheet1.xml").values())) <= 210_000

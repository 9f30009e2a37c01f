"""Files as people have them: what can be read is read, what cannot is told in a sentence that says what to do."""

from __future__ import annotations

import io
import zipfile

import pytest
from openpyxl import Workbook

from dvc.core.refused import Refused
from intake.exchange import reading
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


def test_fifty_thousand_lines_are_enough_for_one_file() -> None:
    content = files.csv_bytes([["a", "b"], *([str(i), "x"] for i in range(200_000))])
    with pytest.raises(Refused, match=r"import\.too_many_rows"):
        read(content)


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

"""Files as other programs write them, all invented: a kintone-like export of needs and an Excel ledger with a title."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from openpyxl import Workbook

from tests.intake.people.pairs import FAMILIES

KINTONE_HEADERS: Final = (
    "レコードの開始行", "レコード番号", "ニーズID", "受付日時", "受付方法", "依頼者氏名", "依頼者フリガナ", "依頼者電話番号", "続柄", "被災者氏名",
    "被災者氏名フリガナ", "連絡先電話番号", "郵便番号", "住所", "依頼内容", "被災状況", "依頼分類", "必要人数", "危機介入", "ステータス", "対応日", "作成者",
)  # fmt: skip
KINTONE_ROWS: Final[Sequence[Sequence[str]]] = (
    ("*", "1", "N-001", "2026/07/16 9:40", "電話", "髙橋 一郎", "タカハシ イチロウ", "090-0000-0001", "長男", "髙橋 キヨ", "タカハシ キヨ", "022-000-0001", "985-0873", "多賀城市町前一丁目9999-1", "床下に泥が入っている。\n台所の床を上げた", "床下浸水", "床下", "6名", "", "調査中", "2026-07-17", "山田"),
    ("", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "2026-07-18", ""),
    ("*", "2", "N-002", "令和8年7月16日 10時5分", "来所", "", "", "", "", "斎藤 トメ", "サイトウ トメ", "220000002", "", "町前二丁目9999-2", "たんすと畳を出したい", "床上浸水、一部損壊", "家財搬出・清掃", "4", "", "マッチング待ち", "", "山田"),
    ("*", "3", "N-003", "2026/07/17 13:00", "TEL", "", "", "", "", "𠮷田 花", "ヨシダ ハナ", "090-0000-0003", "", "町前三丁目9999-3", "命の心配がある", "", "", "", "有", "受付中", "", "佐藤"),
    ("*", "4", "N-004", "2026/07/15 8:00", "電話", "", "", "", "", "大友 修", "オオトモ オサム", "022-000-0004", "", "町前一丁目9999-4", "済んだ", "", "土砂撤去", "5", "", "完了", "", "佐藤"),
)  # fmt: skip

LEDGER_HEADERS: Final = (
    "No.",
    "受付日",
    "時間",
    "氏名",
    "ふりがな",
    "電話",
    "住所",
    "内容",
    "人数",
    "状況",
    "備考",
)


def csv_bytes(rows: Sequence[Sequence[str]], *, encoding: str = "utf-8-sig", delimiter: str = ",") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)


def kintone(**how: str) -> bytes:
    """A ニーズ管理 export with a table inside a record."""
    rows = [KINTONE_HEADERS, *KINTONE_ROWS]
    if how.get("encoding") == "cp932":  # where there is no 𠮷
        rows = [[cell.replace("𠮷", "吉") for cell in row] for row in rows]
    return csv_bytes(rows, **how)


def workbook_bytes(
    rows: Sequence[Sequence[Any]], *, merged: Sequence[str] = (), sheet: str = "台帳"
) -> bytes:
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(list(row))
    for area in merged:
        page.merge_cells(area)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ledger() -> bytes:
    """An Excel ledger: a merged title, an empty line, headings, dates as dates, telephones as numbers."""
    rows: list[Sequence[Any]] = [
        ("令和8年7月豪雨　ニーズ受付台帳",),
        (),
        LEDGER_HEADERS,
        (1, date(2026, 7, 16), "9:40", "遠藤 ミツ", "えんどう みつ", 220000011, "町前一丁目9999-11", "納屋の泥", 4, "未対応", None),
        (2, date(2026, 7, 16), "13:15", "三浦 勝", "みうら まさる", "090-0000-0012", "町前二丁目9999-12", "冷蔵庫を外へ", 3, "対応中", "階段あり"),
        (3, 46220, None, "及川 セツ", "おいかわ せつ", "022-000-0013", "町前三丁目9999-13", "窓ふき", None, "取消", "自分で済ませた"),
    ]  # fmt: skip
    return workbook_bytes(rows, merged=["A1:K1"])


def many(number: int, *, first: int = 1) -> bytes:
    """A CSV of `number` needs, each at a house of its own and by a name of its own, in three towns."""
    rows = [("番号", "受付日時", "氏名", "ふりがな", "電話番号", "住所", "依頼内容", "依頼分類", "必要人数")]
    for i in range(first, first + number):
        (family, family_kana), given = FAMILIES[i % len(FAMILIES)], str(i)
        rows.append(
            (
                given, "2026/07/16 9:40", f"{family} 太郎{given}", f"{family_kana} {given.translate(_IN_KANA)}",
                f"090-{i // 10_000:04d}-{i % 10_000:04d}",
                f"町前{'一二三'[i % 3]}丁目{9000 + i // 100}-{i % 100 + 1}", f"床下の泥 {i}", "床下", "4",
            )
        )  # fmt: skip
    return csv_bytes(rows)


def many_volunteers(number: int) -> bytes:
    """A CSV of `number` volunteers of different names and telephones, a twentieth of them in groups, most insured."""
    rows = [
        (
            "氏名",
            "ふりがな",
            "電話番号",
            "メール",
            "生年月日",
            "性別",
            "住所",
            "資格・特技",
            "団体名",
            "保険年度",
        )
    ]
    for i in range(number):
        family, kana = FAMILIES[i % len(FAMILIES)]
        rows.append(
            (
                f"{family} 次郎{i}", f"{kana} {str(i).translate(_IN_KANA)}", f"080-{i // 10_000:04d}-{i % 10_000:04d}",
                f"v{i}@example.jp", f"19{i % 60 + 30}/4/{i % 28 + 1}", "男性" if i % 2 else "女性", f"仙台市青葉区9-{i}",
                "普通自動車" if i % 3 else "", f"第{i % 40}会" if i % 20 == 0 else "", "令和8年度" if i % 4 else "",
            )
        )  # fmt: skip
    return csv_bytes(rows)


_IN_KANA: Final = str.maketrans("0123456789", "まみむめもやゆよらり")

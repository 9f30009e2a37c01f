"""The postal-code file of Japan Post, and what an import says of a code and an address that do not fit."""

from __future__ import annotations

from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dvc.audit.models import Entry
from dvc.core.refused import Refused
from intake.exchange.checking import Known
from intake.exchange.columns import Kind
from intake.exchange.kinds import check
from intake.exchange.reading import Row
from intake.people import postal, postal_file, towns
from intake.people.models import PostalCode, Town
from intake.people.postal_file import PostalRow
from tests import make

HEAD = '04209,"985  ","{}","ﾐﾔｷﾞｹﾝ","ﾀｶﾞｼﾞｮｳｼ","ﾁｭｳｵｳ","宮城県","多賀城市","{}",0,0,1,0,0,0\r\n'
FILE = "".join(
    HEAD.format(code, town)
    for code, town in [
        ("9850000", "以下に掲載がない場合"), ("9850873", "中央"), ("9850874", "八幡（１～３丁目、"), ("9850874", "その他）"),
        ("9850862", "高崎"), ("9850863", "東田中"), ("9850873", "中央"),
    ]
)  # fmt: skip
ROWS = [
    PostalRow("9850000", "多賀城市", ""), PostalRow("9850873", "多賀城市", "中央"), PostalRow("9850874", "多賀城市", "八幡"),
    PostalRow("9850862", "多賀城市", "高崎"), PostalRow("9850863", "多賀城市", "東田中"),
]  # fmt: skip


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig"])
def test_the_file_is_read_in_either_encoding(encoding: str) -> None:
    assert postal_file.read(BytesIO(FILE.encode(encoding))) == ROWS


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "postal.not_csv"), (b"\xff\xfe\x00\x81", "postal.not_csv"), (b"a,b\n", "postal.row"), (b"PK\x03\x04", "postal.row"),
        ((FILE + HEAD.format("985-087", "中央")).encode(), "postal.row"), (HEAD.format("9850873", "中\x00").encode(), "postal.row"),
        (HEAD.format("9850873", "町" * 81).encode(), "postal.row"),
    ],
)  # fmt: skip
def test_another_file_is_refused_in_words(content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        postal_file.read(BytesIO(content))
    assert refused.value.code == code


@pytest.mark.django_db
def test_the_same_file_again_changes_nothing_and_a_bad_one_neither(tmp_path: Path) -> None:
    center, file = make.center(), tmp_path / "KEN_ALL.CSV"
    file.write_bytes(FILE.encode("cp932"))
    for _ in range(2):
        call_command("import_postal", file, stdout=StringIO())
        assert PostalCode.objects.filter(center=center).count() == len(ROWS)
    assert Entry.objects.filter(action="postal.kept").count() == 2
    file.write_bytes(b"no table")
    with pytest.raises(CommandError):
        call_command("import_postal", file, stdout=StringIO())
    assert PostalCode.objects.count() == len(ROWS)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "address", "remarks", "kept"),
    [
        ("985-0873", "中央1-2-3", [], "中央1-2-3"), ("985-0873", "多賀城市中央一丁目2番3号", [], "多賀城市中央一丁目2番3号"),
        ("985-0873", "高崎1-2-3", ["postal_other"], "高崎1-2-3"), ("985-0873", "1-2-3", ["postal_town"], "中央1-2-3"),
        ("985-9999", "中央1-2-3", ["postal_unknown"], "中央1-2-3"), ("060-0001", "中央1-2-3", [], "中央1-2-3"),
        ("985-0000", "高崎1-2-3", [], "高崎1-2-3"), ("985-0873", "", [], ""),
    ],
)  # fmt: skip
def test_an_import_says_where_code_and_address_do_not_fit(
    code: str, address: str, remarks: list[str], kept: str
) -> None:
    center = make.center()
    for row in ROWS:
        PostalCode.objects.create(center=center, code=row.code, city=row.city, town=row.town)
    for name in ("中央", "高崎"):
        Town.objects.create(center=center, name=name, lat=38.29, lng=141.0)
    mapping = {0: "name", 1: "postal_code", 2: "address"}
    known = Known(towns.Known(center), postal.Known(center), timezone.now())
    checked = check(Row(2, ["高橋 キヨ", code, address]), mapping, Kind.RESIDENTS, known)
    assert checked is not None
    assert [remark[1] for remark in checked.remarks] == remarks
    assert checked.said.get("address", "") == kept

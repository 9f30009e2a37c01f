"""町丁目 by what people type, addresses in any writing, and the import of a town file."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from dvc.operations.models import Center
from intake.people import towns
from intake.people.models import Town
from tests import make

TOWNS = [
    {"town": "高橋", "koaza": "", "lat": 38.2917, "lng": 140.9805, "kana": "タカハシ"},
    {"town": "高橋一丁目", "koaza": "", "lat": 38.286999, "lng": 140.97473, "kana": "タカハシ１チョウメ"},
    {"town": "高橋二丁目", "koaza": "", "lat": 38.285138, "lng": 140.975522},
    {"town": "栄一丁目", "koaza": "", "lat": 38.290167, "lng": 141.022054},
    {"town": "鶴ケ谷一丁目", "koaza": "", "lat": 38.296025, "lng": 141.014027},
    {"town": "市川", "koaza": "", "lat": 38.304235, "lng": 140.985538},
    {"town": "市川", "koaza": "丸山", "lat": 38.309425, "lng": 140.984792},
]


@pytest.fixture
def center(db: None, tmp_path: Path) -> Center:
    center = make.center()
    file = tmp_path / "towns.json"
    file.write_text(json.dumps(TOWNS), encoding="utf-8")
    call_command("import_towns", file, stdout=StringIO())
    return center


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("高橋一丁目", "高橋一丁目"), ("高橋1丁目", "高橋一丁目"), ("髙橋１", "高橋一丁目"), ("たかはし", "高橋"),
        ("栄", "栄一丁目"), ("鶴ヶ谷", "鶴ケ谷一丁目"), ("丸山", "市川丸山"), ("高橋", "高橋"),
    ],
)  # fmt: skip
def test_a_town_is_understood_in_any_writing(center: Center, text: str, name: str) -> None:
    assert str(towns.exactly(center, text)) == name


@pytest.mark.parametrize("text", ["", "　", "高橋9", "新田", "橋", "\0", "<b>", "9" * 1000])
def test_a_town_that_is_not_clear_is_not_guessed(center: Center, text: str) -> None:
    assert towns.exactly(center, text) is None


def test_part_of_a_name_lists_towns_that_begin_with_it_first(center: Center) -> None:
    assert [str(town) for town in towns.find(center, "高橋")] == ["高橋", "高橋一丁目", "高橋二丁目"]
    assert [str(town) for town in towns.find(center, "丁目", limit=2)] == []
    assert [str(town) for town in towns.find(center, "市川")] == ["市川", "市川丸山"]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("宮城県多賀城市高橋1-9999-1", "高橋一丁目"),
        ("高橋２丁目９９９９", "高橋二丁目"),
        ("高橋9999", "高橋"),
        ("栄一丁目9-9999 栄荘", "栄一丁目"),
        ("市川字丸山9999", "市川丸山"),
        ("市川9999", "市川"),
        ("栄12-3", "None"),
        ("仙台市青葉区9999", "None"),
        ("", "None"),
    ],
)
def test_an_address_begins_with_the_longest_town(center: Center, address: str, name: str) -> None:
    assert str(towns.of_address(center, address)) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("町前一丁目2番3号", "町前1-2-3"),
        ("多賀城市　町前１丁目２－３", "町前1-2-3"),
        ("宮城県多賀城市町前一丁目2の3", "町前1-2-3"),
        ("鶴ヶ谷1-2", "鶴ケ谷一丁目2"),
        ("町前二十三丁目1", "町前23-1"),
    ],
)
def test_one_house_has_one_key(one: str, other: str) -> None:
    assert towns.address_key(one, city="多賀城市") == towns.address_key(other, city="多賀城市")


def test_neighbours_have_different_keys() -> None:
    assert towns.address_key("町前1-23") != towns.address_key("町前12-3")
    assert len(towns.address_key("㍿" * 1000)) == 160


def test_the_same_town_file_twice_changes_nothing(center: Center, tmp_path: Path) -> None:
    before = list(Town.objects.values())
    said = StringIO()
    call_command("import_towns", tmp_path / "towns.json", stdout=said)
    assert list(Town.objects.values()) == before
    assert "新しい町丁目 0件、直したもの 0件" in said.getvalue()
    assert "精度：町丁目の中心" in said.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{}", b"[1]", b"\xff\xfe", b'[{"town": "", "lat": 38, "lng": 141}]',
        b'[{"town": "a", "lat": "x", "lng": 141}]', b'[{"town": "a", "lat": 0, "lng": 0}]',
        b'[{"town": "a", "lat": NaN, "lng": 141}]', b'[{"town": "a\\u0000", "lat": 38, "lng": 141}]',
        b'[{"town": 3, "lat": 38, "lng": 141}]', b'[{"lat": 38, "lng": 141}]',
        b'[{"town": "\\ud800", "lat": 38, "lng": 141}]',
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_a_town_file_that_cannot_be_read_changes_nothing(content: bytes, tmp_path: Path) -> None:
    make.center()
    file = tmp_path / "bad.json"
    file.write_bytes(content)
    with pytest.raises(CommandError):
        call_command("import_towns", file, stdout=StringIO())
    assert not Town.objects.exists()


@pytest.mark.django_db
def test_which_center_must_be_clear(tmp_path: Path) -> None:
    file = tmp_path / "towns.json"
    file.write_text(json.dumps(TOWNS), encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("import_towns", file, stdout=StringIO())
    first, _ = make.center(), make.center()
    with pytest.raises(CommandError):
        call_command("import_towns", file, stdout=StringIO())
    call_command("import_towns", file, "--center", str(first.pk), stdout=StringIO())
    assert first.towns.count() == len(TOWNS)
    with pytest.raises(CommandError):
        call_command(
            "import_towns", tmp_path / "no such file.json", "--center", str(first.pk), stdout=StringIO()
        )

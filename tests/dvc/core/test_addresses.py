"""Addresses in the writings of forms, cards and other systems: one place has one key, two places have two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc.core.addresses import parse, within

CITY = "多賀城市"


@pytest.mark.parametrize(
    "text",
    [
        "町前1-2-3", "町前一丁目2番3号", "町前１丁目２番３号", "町前1丁目2の3", "町前１ー２ー３", "町前1−2−3", "町前一‐二‐三",
        "町前一丁目二番地の三", "町前1丁目2番地3", "町前1ノ2ノ3", "多賀城市町前1-2-3", "宮城県多賀城市 町前 1丁目 2-3",
        "〒985-0000 宮城県多賀城市町前1-2-3", "町前01-02-03", "町前1 2 3",
    ],
)  # fmt: skip
def test_one_house_in_many_writings(text: str) -> None:
    place = parse(text, city=CITY)
    assert (place.house, place.unit, place.is_a_house) == ("町前1-2-3", "", True)


@pytest.mark.parametrize(
    ("text", "house", "unit"),
    [
        ("町前1-2-3 コーポ町前101号室", "町前1-2-3", "こぽ町前101"),
        ("町前一丁目2番3号コーポ町前　１０１", "町前1-2-3", "こぽ町前101"),
        ("町前1-2-3-101", "町前1-2-3", "101"),
        ("町前1-2-3 一〇一号室", "町前1-2-3", "101"),
        ("高橋4丁目20−18 ハイツ・ラ・メール B-203", "高橋4-20-18", "はいつらめるb203"),
        ("町前1-2-3 第二ビル 3F", "町前1-2-3", "第二びる3f"),
    ],
)
def test_building_and_room_are_kept_apart_from_the_house(text: str, house: str, unit: str) -> None:
    place = parse(text, city=CITY)
    assert (place.house, place.unit) == (house, unit)


@pytest.mark.parametrize(
    ("text", "house"),
    [
        ("三の丸1-2", "三の丸1-2"), ("三ノ丸1-2", "三の丸1-2"), ("三之丸1-2", "三の丸1-2"), ("一番町2-3", "1番町2-3"),
        ("北1条西2丁目3-4", "北1条西2-3-4"), ("市川字丸山12番地の3", "市川丸山12-3"), ("大字市川字丸山12-3", "市川丸山12-3"),
        ("鶴ヶ谷1-2", "鶴け谷1-2"), ("鶴が谷１丁目２", "鶴け谷1-2"), ("八幡一丁目三木ビル", "八幡1"), ("町前十二丁目三番地", "町前12-3"),
        ("町前二十三丁目百二番", "町前23-102"), ("髙橋1-2", "高橋1-2"), ("", ""), ("町前", "町前"), ("！？", ""), ("1-2", "1-2"),
    ],
)  # fmt: skip
def test_numbers_in_names_stay_and_names_are_folded(text: str, house: str) -> None:
    assert parse(text, city=CITY).house == house


@pytest.mark.parametrize(
    ("one", "other"), [("町前1-23", "町前12-3"), ("町前1-2", "町前1-2-3"), ("栄1-2", "栄12")]
)
def test_neighbours_are_two(one: str, other: str) -> None:
    assert parse(one).house != parse(other).house


@pytest.mark.parametrize("text", ["町前", "町前1", "町前一丁目", "コーポ町前", ""])
def test_a_town_is_not_a_house(text: str) -> None:
    assert not parse(text).is_a_house


@pytest.mark.parametrize(
    ("town", "address", "house"),
    [
        ("町前一丁目", "2-3", "町前1-2-3"), ("町前一丁目", "町前1-2-3", "町前1-2-3"), ("町前一丁目", "町前一丁目2番3号", "町前1-2-3"),
        ("町前一丁目", "1-2-3", "町前1-2-3"), ("町前一丁目", "町前2-3", "町前1-2-3"), ("市川丸山", "市川12", "市川丸山12"),
        ("市川", "字丸山12", "市川丸山12"), ("町前一丁目", "", "町前1"), ("", "町前1-2-3", "町前1-2-3"), ("", "", ""),
    ],
)  # fmt: skip
def test_the_town_may_be_picked_or_said_again(town: str, address: str, house: str) -> None:
    assert within(town, address, city=CITY).house == house


@pytest.mark.parametrize(
    ("town", "address", "house", "unit"),
    [
        ("町前一丁目", "コーポ桜 101", "町前1", "こぽ桜101"), ("町前一丁目", "町前1丁目コーポ桜101号室", "町前1", "こぽ桜101"),
        ("", "町前コーポ桜101", "町前", "こぽ桜101"), ("明月二丁目", "県営住宅3号棟 203", "明月2", "県営住宅3棟203"),
        ("明月二丁目", "明月あおば荘101", "明月2", "あおば荘101"), ("町前一丁目", "町前荘", "町前1", "町前荘"),
        ("", "ひばりニュータウン5-3", "ひばりにゆたうん5-3", ""), ("", "センター北", "せんた北", ""),
    ],
)  # fmt: skip
def test_a_building_may_be_said_instead_of_a_number(town: str, address: str, house: str, unit: str) -> None:
    place = within(town, address, city=CITY)
    assert (place.house, place.unit, place.is_a_house) == (house, unit, house.endswith("-3"))


CHOME, BAN, GO = st.integers(1, 19), st.integers(1, 99), st.integers(1, 99)
DIGITS = "〇一二三四五六七八九"


def kanji(value: int) -> str:
    tens, ones = divmod(value, 10)
    return (f"{DIGITS[tens]}十" if tens > 1 else "十" if tens else "") + (DIGITS[ones] if ones else "")


def wide(text: str) -> str:
    return text.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)} | {ord("-"): "－"})


@given(CHOME, BAN, GO, st.data())
def test_every_way_to_write_the_numbers_is_the_same_house(
    chome: int, ban: int, go: int, data: st.DataObject
) -> None:
    written = [
        f"町前{chome}-{ban}-{go}",
        f"町前{kanji(chome)}丁目{kanji(ban)}番{kanji(go)}号",
        f"町前{chome}丁目{ban}番地の{go}",
        f"町前{kanji(chome)}-{kanji(ban)}-{kanji(go)}",
        f"町前 {kanji(chome)}丁目 {ban}の{go}",
    ]
    text = data.draw(st.sampled_from([*written, *map(wide, written)]))
    assert parse(text).house == f"町前{chome}-{ban}-{go}"


@given(st.text(max_size=60))
def test_any_text_is_read_and_read_the_same_again(text: str) -> None:
    place = parse(text)
    assert parse(text) == place
    assert all(number.isdecimal() for number in place.numbers)
    within(text, text)

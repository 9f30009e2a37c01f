"""Japanese addresses as people really write them, read into parts that can be compared.

「宮城県多賀城市　町前１丁目２番３号　コーポ町前101号室」 and 「町前一丁目2の3 コーポ町前 101」 are one place. What was typed is stored
as it was typed; only keys are made here. An address that says little gives an address with empty parts, never an error.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from dvc.core.japanese import search_key

LONGEST: Final = 300  # characters that are read; forms allow fewer

_HAN: Final = "\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_DIGITS: Final = "〇零一二三四五六七八九"
_NUMERAL: Final = f"[{_DIGITS}十百]+"
_POSTCODE = re.compile("〒?[0-9]{3}-[0-9]{4}(?![-0-9])|〒[0-9]{7}")
_HYPHENS = re.compile("[‐‑‒–—―−─﹣~～]")
_BETWEEN_NUMBERS = re.compile(rf"(?<=[0-9])[\s,、]+(?=[0-9{_DIGITS}])")
_LONG_MARK = re.compile("(?<=[0-9一二三四五六七八九十])ー(?=[0-9一二三四五六七八九十])")
_PREFECTURE = re.compile("^(?:北海道|東京都|(?:大阪|京都)府|(?:神奈川|和歌山|鹿児島)県|..県)")
# A kanji number counts where a number can stand: before 丁目・番・号, in a chain with - or の, after such a part.
_BEFORE_A_WORD = re.compile(f"({_NUMERAL})(?=丁目|番|号)")
_IN_A_CHAIN = re.compile(f"({_NUMERAL})(?=-[0-9{_DIGITS}十]|[のノ](?:[0-9]|{_NUMERAL}(?![{_HAN}])))")
_AFTER_A_NUMBER = re.compile(
    f"(?<=[0-9])(丁目の?|番地の?|番の?|号の?|-|[のノ])({_NUMERAL})(?![{_HAN}ぁ-んァ-ヶ])"
)
_BETWEEN = re.compile("(?<=[0-9])(?:丁目の?|番地の?|番の?|号室?の?|室|[のノ]|-+)(?=[0-9])")
_BEHIND = re.compile("(?<=[0-9])(?:丁目の?|番地(?:の(?=[0-9]))?|番(?![町丁])|号室?)")
_SECTION = re.compile("大字|小字|(?<!文)字(?=[^0-9])")
# 一番町, 北1条, 第2区: a number inside the name of the place.
_CHAIN = re.compile("(?<![0-9])([0-9]+(?:-[0-9]+)*)(?![0-9]|-[0-9]|番[町丁]|条|線|区)")
# A building named instead of a house number: コーポラス明月 101, あおば荘. A word in katakana counts only before a room, for
# there are towns of such names.
_BUILDING_WORD: Final = (
    "コーポ|ハイツ|ハイム|メゾン|マンション|アパート|レジデンス|パレス|ハウス|ヴィラ|ビル|フラット|"
    "(?:県営|市営|町営|村営|公営|復興|災害公営)住宅|荘|寮"
)
_IN_KATAKANA = re.compile("[ァ-ヶー]{3,}")
_BEFORE_A_ROOM = re.compile("[^0-9]*[0-9]{3,4}")
_WITH_A_BUILDING_WORD = re.compile(f"[^0-9]*?(?:{_BUILDING_WORD})")
_ROOM = re.compile("(?:([a-z])[-棟]?)?([0-9]{1,5})([a-z])?(?:号室?|室)?$")
_OF_THE_PLACE = re.compile(f"(?<=[{_HAN}])[がけ](?=[{_HAN}])")
_NO = re.compile(f"(?<=[{_HAN}])[之乃](?=[{_HAN}])")
_SHORTEST_BUILDING: Final = 3  # letters
_MEMBERS_OF_A_PLACE: Final = 3  # 町前 1丁目-2番-3号; a fourth number is a room


@dataclass(frozen=True, slots=True)
class Address:
    """`area`: the folded name of the town without its 丁目; `numbers`: 丁目, 番, 号 as far as they are said, without
    leading zeros; `building` and `room`: folded, empty when not said."""

    area: str = ""
    numbers: tuple[str, ...] = ()
    building: str = ""
    room: str = ""

    @property
    def house(self) -> str:
        """The house in one word, `町前1-2-3`; a town alone has no number in it."""
        return self.area + "-".join(self.numbers)

    @property
    def is_a_house(self) -> bool:
        """Whether a number tells the house: a town's name, or 町前1丁目, is everybody's."""
        return len(self.numbers) >= 2 or (len(self.numbers) == 1 and len(self.numbers[0]) > 2)

    @property
    def unit(self) -> str:
        """Which part of the house: building and room, `こおぽ町前101`."""
        return self.building + self.room


def parse(text: str, *, city: str = "") -> Address:
    """An address in any common writing. Postal code, prefecture and `city` at the front fall away."""
    text = _numbers_written_one_way(_plain(text), city)
    chain = _CHAIN.search(text)
    if (begin := _building_begins(text)) is not None and (chain is None or begin < chain.start()):
        return Address(_area(text[:begin]), (), *_building(text[begin:]))
    if chain is None:
        return Address(area=_area(text))
    numbers = tuple(number.lstrip("0") or "0" for number in chain[1].split("-"))
    building, room = _building(text[chain.end() :])
    if not room and len(numbers) > _MEMBERS_OF_A_PLACE:
        numbers, room = numbers[:_MEMBERS_OF_A_PLACE], "-".join(numbers[_MEMBERS_OF_A_PLACE:])
    return Address(_area(text[: chain.start()]), numbers, building, room)


def within(town: str, address: str, *, city: str = "") -> Address:
    """The address of a house in `town`, whose name may or may not be said again in `address`."""
    place, house = parse(town, city=city), parse(address, city=city)
    if not place.area:
        return house
    if house.building and not house.numbers:
        name = house.area.removeprefix(place.area) + house.building
        return Address(place.area, place.numbers, _without(place.area, name), house.room)
    if not house.area:
        said_whole = len(house.numbers) >= _MEMBERS_OF_A_PLACE and house.numbers[:1] == place.numbers[:1]
        numbers = house.numbers if said_whole else place.numbers + house.numbers
        return Address(place.area, numbers, house.building, house.room)
    if house.area.startswith(place.area):
        has_chome = house.numbers[: len(place.numbers)] == place.numbers
        numbers = house.numbers if has_chome else place.numbers + house.numbers
        return Address(house.area, numbers, house.building, house.room)
    if place.area.startswith(house.area):  # 市川 in the file with its 小字, only 市川 said
        return Address(place.area, house.numbers, house.building, house.room)
    return Address(place.area + house.area, house.numbers, house.building, house.room)


def _plain(text: str) -> str:
    """One width, no capitals, no spaces but where they part two numbers."""
    text = unicodedata.normalize("NFKC", text[:LONGEST]).lower()
    text = _HYPHENS.sub("-", text)
    text = _POSTCODE.sub("", text)
    text = _BETWEEN_NUMBERS.sub("-", text)
    text = "".join(c for c in text if not c.isspace())
    return _LONG_MARK.sub("-", text)


def _numbers_written_one_way(text: str, city: str) -> str:
    """二丁目三番地の四 → 2-3-4, without prefecture, city, 大字 and 字."""
    text = _PREFECTURE.sub("", text)
    if city:
        text = text.removeprefix(unicodedata.normalize("NFKC", city).lower())
    text = _SECTION.sub("", text)
    text = _BEFORE_A_WORD.sub(lambda found: _digits(found[1]), text)
    text = _IN_A_CHAIN.sub(lambda found: _digits(found[1]), text)
    before = None
    while before != text:
        before, text = text, _AFTER_A_NUMBER.sub(lambda found: f"{found[1]}{_digits(found[2])}", text)
    return _BEHIND.sub("", _BETWEEN.sub("-", text))


def _digits(kanji: str) -> str:
    """二十三 → 23, 百二 → 102, 一〇一 → 101."""
    if not any(unit in kanji for unit in "十百"):
        return "".join(str(max(0, _DIGITS.index(letter) - 1)) for letter in kanji)
    total, left = 0, kanji
    for unit, value in (("百", 100), ("十", 10)):
        if unit in left:
            before, _, left = left.partition(unit)
            total += (int(_digits(before)) if before and not set(before) & set("十百") else 1) * value
    return str(total + (int(_digits(left)) if left and not set(left) & set("十百") else 0))


def _area(text: str) -> str:
    """鶴ヶ谷, 鶴が谷 and 鶴ケ谷 are one; so are 三ノ丸 and 三之丸."""
    return _NO.sub("の", _OF_THE_PLACE.sub("け", search_key(text)))


def _building_begins(text: str) -> int | None:
    """Where the name of a building stands before any house number."""
    katakana = _IN_KATAKANA.search(text)
    if katakana:
        rest = text[katakana.start() :]
        if _BEFORE_A_ROOM.fullmatch(rest) or _WITH_A_BUILDING_WORD.match(rest):
            return katakana.start()
    return 0 if _WITH_A_BUILDING_WORD.match(text) else None


def _without(town: str, building: str) -> str:
    """明月あおば荘 in 明月 is あおば荘, but 町前荘 in 町前 is 町前荘."""
    rest = building.removeprefix(town)
    return rest if len(rest) >= _SHORTEST_BUILDING else building


def _building(text: str) -> tuple[str, str]:
    """(name, room) of what follows the house number."""
    text = text.strip("-")
    found = _ROOM.search(text)
    if found is None:
        return search_key(text), ""
    room = f"{found[1] or ''}{found[2].lstrip('0')}{found[3] or ''}"
    return search_key(text[: found.start()]), room

"""Whether two addresses as they were told are one door, one house, or two. Pure.

`dvc.core.addresses` reads what is written; here stands what a desk knows of how an address is told on the telephone: a
number misheard, a town the keyboard offered, numbers in words, 「…の隣」, the daughter's flat where she stays for now.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Final

from dvc.core.addresses import Address, within
from intake.people.slips import misheard, one_slip

_ONES: Final = {
    "いち": 1, "いっ": 1, "に": 2, "さん": 3, "よん": 4, "し": 4, "ご": 5, "ろく": 6, "ろっ": 6, "なな": 7, "しち": 7, "はち": 8, "はっ": 8,
    "きゅう": 9, "く": 9,
}  # fmt: skip
_ONE: Final = "|".join(sorted(_ONES, key=len, reverse=True))
_SPOKEN: Final = (
    f"(?:(?:(?:{_ONE})?(?:ひゃく|びゃく|ぴゃく))?(?:{_ONE})?(?:じゅう|じゅっ)(?:{_ONE})?|(?:{_ONE}))"
)
_SPOKEN_CHOME: Final = re.compile(f"(?P<n>{_SPOKEN})(?:ちょうめ|丁目)")
_SPOKEN_NEXT: Final = re.compile(
    f"(?P<before>[0-9](?:丁目|番地|番)?(?:の|-)?\\s*)(?P<n>{_SPOKEN})(?=ばんち|ばん|ごう|番|号|の|-|\\s|$)"
)
_SPOKEN_FIRST: Final = re.compile(f"(?<=[一-鿿])の?(?P<n>{_SPOKEN})の(?=\\s*{_SPOKEN})")
_SPOKEN_WORDS: Final = (
    ("ばんちの", "番地の"),
    ("ばんち", "番地"),
    ("ばんの", "番の"),
    ("ばん", "番"),
    ("ごう", "号"),
)
_AWAY: Final = re.compile(
    "避難|仮住まい|娘宅|息子宅|長男宅|長女宅|次男宅|次女宅|妹宅|姉宅|実家|親戚宅|親類宅|身を寄せ|滞在|ホテル|体育館|市民会館"
)
_MANY: Final = re.compile(
    "特養|老人|ホーム|ケアハウス|[苑園]$|高齢者住宅|サ高住|病院|施設|避難所|体育館|公民館|学校|寮"
)
_BESIDE: Final = re.compile(
    "(?:[(（]?(?:通報者|相談者|申込者|私|自分|うち)の?(?:宅|家)[)）]?)?(?:の|ノ)?(?:お?(?:隣|となり)|(?:真|斜め|お)?(?:向かい|むかい|向い)|裏|うら|並び)(?:の(?:家|お宅)|り)?\\s*$"
)
_CARE_OF: Final = re.compile(
    "(?<=[0-9号室番地\\s(（])(?P<host>[一-鿿々ぁ-んァ-ヶ]{1,8}?)(?:さん|様)?方[)）]?\\s*$"
)
_ASIDE: Final = re.compile("[(（〔［\\[][^)）〕］\\]]*[)）〕］\\]]?")
_FLOOR: Final = re.compile("\\s*[0-9]{1,2}(?:階|[fF])(?:の\\S+)?\\s*$")
_LANDMARK: Final = re.compile(
    "の?(?:そば|近く|付近|辺り|あたり|裏|手前|前|角|向かい|となり|隣|下|上|南側|北側|西側|東側|通り|すぐ|奥|横|先)$"
)
_CITY: Final = re.compile("^(?:..?.?郡)?(?P<city>..?.?.?市(?:..?.?区)?|..?.?[町村]|..?.?区)(?=..)")
_KINDS_OF_BUILDING: Final = re.compile(
    "(?:こおぽ|はいつ|はいむ|めぞん|まんしよん|あぱあと|れじでんす|はうす|びれつじ|荘|寮|館|住宅|団地)"
)
_SHORTEST_NAME: Final = 3
_MOST_CHOME: Final = 9
_WITH_CHOME: Final = 3  # numbers of 町前1-2-3


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as it is compared. `house` as it is searched by; `city` empty where none was said; `block` of an estate;
    `host`: whoever 様方 speaks of; `beside`: not the house itself but the next one; `away`: where they stay for now; `many`: a home or a
    hall where many live at one number."""

    house: Address = field(default_factory=Address)
    city: str = ""
    area: str = ""
    building: str = ""
    block: str = ""
    room: str = ""
    host: str = ""
    beside: bool = False
    away: bool = False
    many: bool = False
    has_chome: bool = False

    @property
    def is_house(self) -> bool:
        """Whether a number tells the house; 南宮33 is one, for no town has so many 丁目."""
        return self.house.is_a_house or (len(self.numbers) == 1 and int(self.numbers[0]) > _MOST_CHOME)

    @property
    def numbers(self) -> tuple[str, ...]:
        return self.house.numbers


NOWHERE: Final = Spot()


@lru_cache(maxsize=4096)
def spot(town: str, address: str, city: str = "") -> Spot:
    """From the field for the town and the field for the address, as typed."""
    text = unicodedata.normalize("NFKC", address)
    away = bool(_AWAY.search(text))
    found = _CARE_OF.search(text)
    host = found["host"] if found else ""
    if found:
        text = text[: found.start()]
    is_beside = _BESIDE.search(text) if re.search("[0-9]", text) else None
    beside = bool(
        is_beside and re.search("[0-9一二三四五六七八九十号地番室]\\s*$", text[: is_beside.start()])
    )
    if is_beside and beside:
        text = text[: is_beside.start()]
    text = _FLOOR.sub("", text)
    text = _in_digits(_ASIDE.sub("", text))
    house = within(town, text, city=city)
    if house.building and not _names_a_building(house, text):
        house = replace(house, building="", room="")
    said, area = _city(house.area.rstrip("の"))
    if not said and city and city in address:
        said = city
    building, block, room = _door(house)
    has_chome = "丁目" in town + address or "ちょうめ" in address or len(house.numbers) >= 3
    return Spot(
        house,
        said.replace("釜", "竈").replace("竃", "竈"),
        area,
        building,
        block,
        room,
        host,
        beside,
        away,
        bool(_MANY.search(text)),
        has_chome,
    )


def _names_a_building(house: Address, text: str) -> bool:
    """Not 「角の家」, 「佐藤宅」 or 「郵便局の裏」, which are only said on the way to the house."""
    if _KINDS_OF_BUILDING.search(house.building) or _MANY.search(text):
        return True
    if _LANDMARK.search(house.building) or house.building.endswith(("宅", "家", "建て", "平屋", "側", "方")):
        return False
    return bool(house.room or re.search("[ァ-ヶー]{3,}|[A-Za-z]{3,}|[0-9A-Z]棟", text))


def _in_digits(text: str) -> str:
    """さんちょうめ じゅうよんの なな → 3丁目14の7."""
    if not re.search("[ぁ-ん]{2}", text):
        return text
    before = None
    text = _SPOKEN_CHOME.sub(lambda found: f"{_count(found['n'])}丁目", text)
    text = _SPOKEN_FIRST.sub(lambda found: f"{_count(found['n'])}の", text)
    while before != text:
        before, text = text, _SPOKEN_NEXT.sub(lambda found: f"{found['before']}{_count(found['n'])}", text)
    for spoken, written in _SPOKEN_WORDS:
        text = re.sub(f"(?<=[0-9]){spoken}", written, text)
    return text


def _count(spoken: str) -> int:
    hundreds, _, rest = spoken.rpartition(
        next((h for h in ("ひゃく", "びゃく", "ぴゃく") if h in spoken), "\0")
    )
    has_hundreds = "ひゃく" in spoken or "びゃく" in spoken or "ぴゃく" in spoken
    ten = "じゅう" if "じゅう" in rest else "じゅっ"
    tens, has_tens, ones = rest.rpartition(ten)
    total = (_ONES.get(hundreds, 1) * 100) if has_hundreds else 0
    return total + ((_ONES.get(tens, 1) * 10) if has_tens else 0) + _ONES.get(ones, 0)


def _city(area: str) -> tuple[str, str]:
    """塩竈市玉川 → 塩竈市, 玉川. A town of its own name (新浜町) stays whole."""
    found = _CITY.match(area)
    return (found["city"], area[found.end() :]) if found else ("", area)


def _door(house: Address) -> tuple[str, str, str]:
    """(building, block, room): 県営住宅3号棟 204 and 県営住宅 3-204 are one door."""
    building, room, block = house.building, house.room, ""
    if found := re.fullmatch(
        "(?P<name>.*[^0-9])(?P<block>[0-9]+|[a-z])棟?",
        building.replace("第", "") if building.endswith("棟") else building,
    ):
        building, block = found["name"], found["block"]
    elif found := re.fullmatch(
        "(?P<block>[0-9]{1,2}|[a-z])-?(?P<room>[0-9]{3,4})|(?P<b>[0-9]{1,2})-(?P<r>[0-9]{1,4})", room
    ):
        block, room = found["block"] or found["b"], found["room"] or found["r"]
        if (
            len(block + room) == len(house.room)
            and block.isdecimal()
            and "-" not in house.room
            and len(house.room) <= 4
        ):
            block, room = "", house.room  # 1203 is a room of the twelfth floor
    return building, block, room


class Where(StrEnum):
    """How two places stand to each other."""

    DOOR = "one door of one building"
    HOUSE = "one whole house number"
    PLOT = "one number of a block, or of a hamlet's plot, as far as both say"
    BESIDE = "the house beside the one that is meant"
    BEGINS = "one says less of the same number"
    BUILDING = "one building, the door not known"
    HEARD_BUILDING = "a building of nearly the same name, and the same room"
    NO_CHOME = "the same number, and one left the 丁目 out"
    STROKE = "the same digits, parted otherwise"
    EAR = "one number misheard or two digits in the wrong order"
    NEXT = "a number or two farther: the neighbours, or a slip"
    SLIP = "one number is another by one key"
    TURNED = "two numbers in the wrong order"
    CHOME_SLIP = "the same number in another 丁目"
    ALIKE = "the same number in a town that sounds or looks alike"
    ALIKE_TOWN = "a town that sounds or looks alike, numbers not said"
    ELSEWHERE_SAME = "the same whole number in another town"
    OLD = "the town by its old sections"
    SLIP_DOOR = "a room one key away"
    OTHER_DOOR = "another door of one building"
    OTHER_BLOCK = "another block of one estate"
    TOWN = "the same 町丁目, and one says no number"
    MAYBE_TOWN = "the same town, 丁目 not known"
    OTHER_HOUSE = "another number of the same 町丁目"
    OTHER_CHOME = "another 丁目 of the town"
    AWAY = "elsewhere, but only for now"
    OTHER_TOWN = "another town"
    OTHER_CITY = "another city"
    UNKNOWN = "one of them is not known"


THERE: Final = frozenset(
    {Where.DOOR, Where.HOUSE, Where.PLOT, Where.BESIDE, Where.BEGINS, Where.BUILDING, Where.HEARD_BUILDING}
)
NEARLY: Final = frozenset({
    Where.NO_CHOME, Where.STROKE, Where.EAR, Where.NEXT, Where.SLIP, Where.TURNED, Where.CHOME_SLIP, Where.ALIKE, Where.SLIP_DOOR,
})  # fmt: skip
ELSEWHERE: Final = frozenset({
    Where.OTHER_DOOR, Where.OTHER_BLOCK, Where.OTHER_HOUSE, Where.OTHER_CHOME, Where.OTHER_TOWN, Where.OTHER_CITY, Where.ELSEWHERE_SAME,
})  # fmt: skip
IN_TOWN: Final = THERE | {
    Where.STROKE, Where.EAR, Where.NEXT, Where.SLIP, Where.TURNED, Where.SLIP_DOOR, Where.OTHER_DOOR, Where.OTHER_BLOCK, Where.TOWN, Where.OTHER_HOUSE,
}  # fmt: skip


class _Area(StrEnum):
    SAME = "same"
    ALIKE = "alike"
    OLD = "old"
    OTHER = "other"
    UNKNOWN = "unknown"


def where(a: Spot, b: Spot, *, known_apart: bool = False) -> Where:
    """`known_apart`: both 町丁目 are picked from the list, and they are two."""
    found = _where(a, b, known_apart=known_apart)
    if (a.away or b.away) and found not in THERE:
        return Where.AWAY
    return found


def _where(a: Spot, b: Spot, *, known_apart: bool) -> Where:
    area = _areas(a.area, b.area)
    cities_apart = bool(a.city and b.city and not _one_city(a.city, b.city))
    if cities_apart:
        return Where.OTHER_CITY
    if area in (_Area.SAME, _Area.UNKNOWN) and (by_building := _buildings(a, b)) is not None:
        return by_building
    if area == _Area.UNKNOWN:
        if a.area and b.area and a.is_house and a.numbers == b.numbers:
            return Where.ALIKE
        return Where.OTHER_TOWN if known_apart else Where.UNKNOWN
    if area == _Area.OTHER:
        whole = len(a.numbers) >= 3 or (len(a.numbers) == 2 and len(a.numbers[0]) > 1)
        return (
            Where.ELSEWHERE_SAME
            if whole and a.numbers == b.numbers and _doors_fit(a, b)
            else Where.OTHER_TOWN
        )
    if area == _Area.OLD:
        return Where.OLD
    if area == _Area.ALIKE:
        if a.numbers == b.numbers and a.is_house:
            return Where.ALIKE if _doors_fit(a, b) else Where.OTHER_TOWN
        if not (a.is_house and b.is_house) and _heads_fit(a, b):
            return Where.ALIKE_TOWN
        return (
            Where.ALIKE_TOWN
            if _begins(a.numbers, b.numbers) and len(min(a.numbers, b.numbers, key=len)) > 1
            else Where.OTHER_TOWN
        )
    return _numbers(a, b)


def _areas(a: str, b: str) -> _Area:
    if not a or not b:
        return _Area.UNKNOWN
    if a == b:
        return _Area.SAME
    if _is_written(a) != _is_written(b):
        return _Area.UNKNOWN
    shorter, longer = sorted((a, b), key=len)
    if len(shorter) >= 2 and longer.endswith(shorter) and len(longer) - len(shorter) >= 2:
        return _Area.SAME  # 利府花園: a city without its 町
    if len(shorter) >= 2 and longer.startswith(shorter):
        return _Area.OLD
    if one_slip(a, b) and min(len(a), len(b)) >= 2:
        return _Area.ALIKE
    alike = len(a) == len(b) >= 3 and sum(x != y for x, y in zip(a, b, strict=True)) <= len(a) // 2
    return _Area.ALIKE if alike else _Area.OTHER


def _is_written(area: str) -> bool:
    """In kanji, not as it is read: たかさき and 高崎, nobody can tell."""
    return any("㐀" <= letter <= "鿿" for letter in area)


def _one_city(a: str, b: str) -> bool:
    shorter, longer = sorted((a, b), key=len)
    return longer.endswith(shorter) or longer.startswith(shorter)


def _buildings(a: Spot, b: Spot) -> Where | None:
    """By the name of the building, where one of them did not say the number of the house, or by the block of an estate."""
    if not a.building or not b.building:
        return None
    same = a.building == b.building
    if not same and not _alike_buildings(a.building, b.building):
        return None
    if a.is_house and b.is_house and a.numbers != b.numbers and not _begins(a.numbers, b.numbers):
        return None
    if not same:
        if a.room and a.room == b.room and a.block == b.block:
            return Where.HEARD_BUILDING
        return None if a.is_house and b.is_house else Where.UNKNOWN if not (a.area and b.area) else None
    return _doors(a, b)


def _doors(a: Spot, b: Spot) -> Where:
    """Of one building, or one plot with doors."""
    if a.block and b.block and a.block != b.block:
        return Where.OTHER_BLOCK
    if a.room and b.room:
        if a.room == b.room:
            return Where.DOOR
        return Where.SLIP_DOOR if one_slip(a.room, b.room) or a.room == b.room[::-1] else Where.OTHER_DOOR
    return Where.BUILDING


def _alike_buildings(a: str, b: str) -> bool:
    """コーポしおかぜ and コーポ潮風, ハイツ白萩 and 白萩ハイツ, レオハイム and レオハイツ."""
    bare_a, bare_b = (_KINDS_OF_BUILDING.sub("", name) for name in (a, b))
    if (bare_a and bare_a == bare_b) or sorted(a) == sorted(b):
        return True
    if one_slip(a, b) or (
        bare_a and bare_b and min(len(bare_a), len(bare_b)) >= 2 and (bare_a in bare_b or bare_b in bare_a)
    ):
        return True
    shared = sum(min(a.count(letter), b.count(letter)) for letter in set(a))
    return shared >= _SHORTEST_NAME and 2 * shared >= len(max(a, b, key=len))


def _doors_fit(a: Spot, b: Spot) -> bool:
    return not (a.room and b.room and a.room != b.room) and not (a.block and b.block and a.block != b.block)


def _heads_fit(a: Spot, b: Spot) -> bool:
    return not a.numbers or not b.numbers or a.numbers[0] == b.numbers[0]


def _begins(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    shorter, longer = sorted((a, b), key=len)
    return longer[: len(shorter)] == shorter


def _numbers(a: Spot, b: Spot) -> Where:
    """Of one town."""
    x, y = a.numbers, b.numbers
    if a.is_house and b.is_house:
        return _two_houses(a, b)
    if not x and not y:
        return Where.MAYBE_TOWN
    if not x or not y:
        return Where.TOWN if (_has_no_chome(x or y) or not (a.has_chome or b.has_chome)) else Where.MAYBE_TOWN
    if a.has_chome != b.has_chome and len(x) == len(y) == 1 and x != y:
        return Where.MAYBE_TOWN  # 町前1丁目, and 町前12 without its 丁目
    if x[0] == y[0]:
        return Where.TOWN
    shorter, longer = sorted((x, y), key=len)
    if len(shorter) == 1 and len(longer) == 2 and not (a.has_chome and b.has_chome):
        return Where.MAYBE_TOWN  # 町前1丁目, and 町前12-3
    return Where.OTHER_CHOME


def _has_no_chome(numbers: tuple[str, ...]) -> bool:
    """南宮940番地の1: no 丁目 has so many digits."""
    return bool(numbers) and len(numbers[0]) > 2


def _two_houses(a: Spot, b: Spot) -> Where:
    x, y = a.numbers, b.numbers
    if a.beside != b.beside:
        return _beside(x, y)
    if x == y:
        if not _doors_fit(a, b) or (a.room and b.room):
            return _doors(a, b)
        if a.building or b.building or a.room or b.room:
            return Where.BUILDING
        whole = len(x) >= _WITH_CHOME or (
            len(x) == 2 and not (a.has_chome or b.has_chome) and int(x[0]) > _MOST_CHOME
        )
        return Where.HOUSE if whole else Where.PLOT
    if _begins(x, y):
        return Where.BUILDING if a.room or b.room else Where.BEGINS
    shorter, longer = sorted((x, y), key=len)
    if len(shorter) == 2 and len(longer) == 3 and longer[1:] == shorter:
        return Where.NO_CHOME if _doors_fit(a, b) else Where.OTHER_DOOR
    if "".join(x) == "".join(y):
        return Where.STROKE
    if len(x) != len(y):
        return Where.OTHER_HOUSE if x[0] == y[0] else Where.OTHER_CHOME
    return _one_wrong(a, b)


def _one_wrong(a: Spot, b: Spot) -> Where:
    x, y = a.numbers, b.numbers
    chome_said = len(x) == 3 or a.has_chome or b.has_chome
    wrong = [at for at in range(len(x)) if x[at] != y[at]]
    apart = Where.OTHER_HOUSE if not chome_said or x[0] == y[0] else Where.OTHER_CHOME
    if not _doors_fit(a, b):
        return apart
    if len(wrong) == 1:
        (at,) = wrong
        if at == 0 and chome_said:
            return Where.CHOME_SLIP if len(x) == 3 else Where.OTHER_CHOME
        if abs(int(x[at]) - int(y[at])) <= 2 and at == len(x) - 1 and not misheard(x[at], y[at]):
            return Where.NEXT
        if misheard(x[at], y[at]):
            return Where.EAR
        return Where.SLIP if one_slip(x[at], y[at]) and (len(x[at]) > 1 or len(y[at]) > 1) else apart
    if len(wrong) == 2 and x[wrong[0]] == y[wrong[1]] and x[wrong[1]] == y[wrong[0]]:
        return apart if chome_said and wrong[0] == 0 else Where.TURNED
    return apart


def _beside(x: tuple[str, ...], y: tuple[str, ...]) -> Where:
    """「12-5の隣」 and 12-6."""
    if x == y or _begins(x, y):
        return Where.BESIDE
    if len(x) == len(y) and x[:-1] == y[:-1]:
        return Where.BESIDE if abs(int(x[-1]) - int(y[-1])) <= 3 else Where.OTHER_HOUSE
    return Where.OTHER_HOUSE if x[0] == y[0] else Where.OTHER_CHOME

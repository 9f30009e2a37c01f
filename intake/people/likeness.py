"""How alike two calls for help are, with the evidence in words. Pure: no database, no clock.

Each piece of evidence brings points, roughly the logarithm (base 2) of how much more often it is seen with calls about
one household than with calls about two. `LIKELY` is a whole name or reading with nothing against it but another telephone,
and was seen to be right on the labelled pairs of tests/intake/people; what is below may still be worth a line to the desk
(`SAID`), which decides in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dvc.core.addresses import Address, within
from dvc.core.japanese import bare_name as bare
from dvc.core.japanese import kana_key, phone_key, phone_numbers, search_key, split_name

SHORTEST_PHONE: Final = 9  # digits; less is still being typed, or said without the area code
_LOCAL: Final = range(6, 9)  # digits of a number of a town without its area code
_WHOLE_LANDLINE: Final = 10  # digits
LIKELY: Final = 4.0
_SAME_PHONE: Final = 9.0
_SAME_LOCAL_PHONE: Final = 7.0


class Reason(StrEnum):
    """What is the same, as the desk reads it."""

    PHONE = "同じ電話番号"
    LOCAL_PHONE = "市外局番のほかは同じ電話番号"
    HOUSE = "同じ家"
    BUILDING = "同じ建物（部屋は未確認）"
    NAME = "同じ名前"
    READING = "同じ読みの名前"
    TURNED_NAME = "姓と名が逆"
    NEAR_NAME = "よく似た名前"
    GIVEN = "名だけが同じ"
    FAMILY = "同じ町丁目で同じ姓"
    NEAR_PHONE = "電話番号が1か所だけ違う"
    NEAR_HOUSE = "番地がよく似ている"


# Worth a line also below LIKELY.
SAID: Final = frozenset({
    Reason.PHONE, Reason.LOCAL_PHONE, Reason.HOUSE, Reason.BUILDING, Reason.NAME, Reason.READING,
    Reason.TURNED_NAME, Reason.FAMILY,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Human:
    """Keys of one person. `family` and `given` are empty where no space parted them in what was typed. `words`: the words
    of the name, and of the reading, in no order, where there are several. `phones`: every number that was said; one of 6
    to 8 digits lacks its area code."""

    name: str = ""
    family: str = ""
    given: str = ""
    kana: str = ""
    family_kana: str = ""
    given_kana: str = ""
    words: frozenset[tuple[str, ...]] = frozenset()
    phones: frozenset[str] = frozenset()
    birth_year: int | None = None

    @property
    def has_name(self) -> bool:
        return bool(self.name or self.kana)


def human(name: str = "", kana: str = "", phone: str = "", birth_year: int | None = None) -> Human:
    """From what was typed. A phone that is too short to be one is left out. A reading is never written in kanji: where the
    two stand in each other's field they are read as they were meant."""
    if _is_kana(search_key(bare(name))) and _has_kanji(kana):
        name, kana = kana, name
    family, given = split_name(name)
    family_kana, given_kana = split_name(kana)
    numbers = {phone_key(number) for number in phone_numbers(phone)}
    return Human(
        name=search_key(bare(name)),
        family=search_key(family) if given else "",
        given=search_key(given),
        kana=kana_key(bare(kana)),
        family_kana=kana_key(family_kana) if given_kana else "",
        given_kana=kana_key(given_kana),
        words=frozenset(words for text in (name, kana) if len(words := _words(text)) > 1),
        phones=frozenset(one for one in numbers if len(one) >= SHORTEST_PHONE or len(one) in _LOCAL),
        birth_year=birth_year,
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(sorted(filter(None, map(search_key, re.split("[\\s・･]+", bare(text))))))


def _has_kanji(text: str) -> bool:
    return any("\u3400" <= letter <= "\u9fff" for letter in text)


NOWHERE: Final = Address()


@dataclass(frozen=True, slots=True)
class Call:
    """Who is named in a call (or in what a need and its callers tell), and where. `resident` is one of the `people`;
    `town`: anything that stands for the 町丁目 in the center's list, None when it is not known."""

    people: tuple[Human, ...]
    house: Address = NOWHERE
    town: object = None
    resident: Human | None = None


def call(
    people: Iterable[Human], *, town_name: str = "", address: str = "", city: str = "", town: object = None
) -> Call:
    """From people and an address as typed; the last of them is the resident."""
    named = tuple(one for one in people if one.has_name or one.phones)
    house = within(town_name, address, city=city)
    return Call(named, house, town or town_name or None, named[-1] if named else None)


@dataclass(frozen=True, slots=True)
class Likeness:
    """`points`: from LIKELY upwards it is probably the same household. `reasons`: the strongest first."""

    points: float
    reasons: tuple[Reason, ...]

    @property
    def is_likely(self) -> bool:
        return self.points >= LIKELY

    @property
    def is_said(self) -> bool:
        """Whether the desk is told at all."""
        return self.is_likely or any(reason in SAID for reason in self.reasons)


# A piece of evidence: points, and its words if it speaks for the same household.
_Evidence = tuple[float, Reason | None]
_NOTHING: Final[_Evidence] = (0.0, None)


def compare(one: Call, other: Call) -> Likeness:
    """How alike the two are. The order does not matter."""
    place = _place(one, other)
    house = _houses(one, other, place)
    names, family = _names(one, other, place, house)
    if names == _NAME_POINTS[_Who.OTHER] and (house[1] == Reason.NEAR_HOUSE or house == _NEAR_DOOR):
        house = _ANOTHER_HOUSE  # a number that is nearly the same, and other people: the neighbours
    found = [_phones(one, other), house, names, family, _ages(one, other), _residents(one, other, house)]
    points = sum(points for points, _ in found)
    said = sorted((row for row in found if row[1] is not None), key=lambda row: _ORDER[row[1]])
    return Likeness(points, tuple(reason for _, reason in said if reason is not None))


_ORDER: Final = {
    reason: place
    for place, reason in enumerate([
        Reason.PHONE, Reason.LOCAL_PHONE, Reason.HOUSE, Reason.BUILDING, Reason.NAME, Reason.READING, Reason.TURNED_NAME, Reason.NEAR_NAME,
        Reason.FAMILY, Reason.GIVEN, Reason.NEAR_PHONE, Reason.NEAR_HOUSE, None,
    ])
}  # fmt: skip


# ── telephone ──────────────────────────────────────────────────────────────────────────────────


def _phones(one: Call, other: Call) -> _Evidence:
    ours = {number for person in one.people for number in person.phones}
    theirs = {number for person in other.people for number in person.phones}
    if not ours or not theirs:
        return _NOTHING
    if shared := ours & theirs:
        whole = any(len(number) >= SHORTEST_PHONE for number in shared)
        return (_SAME_PHONE, Reason.PHONE) if whole else (_SAME_LOCAL_PHONE, Reason.LOCAL_PHONE)
    if any(_is_local_of(a, b) or _is_local_of(b, a) for a in ours for b in theirs):
        return _SAME_LOCAL_PHONE, Reason.LOCAL_PHONE
    if any(one_slip(a, b) for a in ours for b in theirs):
        return 3.0, Reason.NEAR_PHONE
    return (-1.5 if _says_another_number(one, other) else -0.5), None


def _is_local_of(local: str, whole: str) -> bool:
    return len(local) in _LOCAL and len(whole) == _WHOLE_LANDLINE and whole.endswith(local)


def _says_another_number(one: Call, other: Call) -> bool:
    """Whether somebody of the same name has another number of the same kind. Everybody has a mobile beside the telephone at
    home, and the son's number is not the daughter's."""
    return any(
        _is_mobile(x) == _is_mobile(y)
        for a in one.people
        for b in other.people
        if a.phones and b.phones and _who(a, b) in _ONE_PERSON
        for x in a.phones
        for y in b.phones
    )


def _is_mobile(number: str) -> bool:
    return number[:3] in ("090", "080", "070", "060")


def one_slip(a: str, b: str) -> bool:
    """Whether one key struck wrongly, left out, doubled, or two in the wrong order make the one of the other."""
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    rest_a, rest_b = a[start:], b[start:]
    if len(a) != len(b):
        longer, shorter = (rest_a, rest_b) if len(a) > len(b) else (rest_b, rest_a)
        return longer[1:] == shorter
    return rest_a[1:] == rest_b[1:] or (rest_a[1::-1] == rest_b[:2] and rest_a[2:] == rest_b[2:])


_ANOTHER_HOUSE: Final[_Evidence] = (-2.0, None)
_NEAR_DOOR: Final[_Evidence] = (0.0, Reason.BUILDING)


# ── where ──────────────────────────────────────────────────────────────────────────────────────


class _Place(StrEnum):
    SAME = "the same 町丁目"
    MAYBE = "the same name of a town, 丁目 not known"
    OTHER = "somewhere else"
    UNKNOWN = "one of them is not known"


def _place(one: Call, other: Call) -> _Place:
    if one.town is not None and one.town == other.town:
        return _Place.SAME
    a, b = one.house, other.house
    if not a.area or not b.area:
        return _Place.OTHER if one.town is not None and other.town is not None else _Place.UNKNOWN
    if a.area != b.area and not one_slip(a.area, b.area):
        return _Place.OTHER
    if not a.numbers or not b.numbers:
        return _Place.SAME if _has_no_chome(a) or _has_no_chome(b) else _Place.MAYBE
    if _chome_left_out(a, b) or {len(a.numbers), len(b.numbers)} == {1, 2}:
        return _Place.MAYBE  # 町前1丁目, and 町前12-3 without its 丁目
    return _Place.SAME if a.numbers[0] == b.numbers[0] else _Place.OTHER


def _has_no_chome(place: Address) -> bool:
    """南宮940番地の1: no 丁目 has so many digits."""
    return bool(place.numbers) and len(place.numbers[0]) > 2


def _houses(one: Call, other: Call, place: _Place) -> _Evidence:
    a, b = one.house, other.house
    if (
        place != _Place.OTHER
        and a.building
        and a.building == b.building
        and not (a.is_a_house and b.is_a_house)
    ):
        return _same_building(a, b)
    if place == _Place.UNKNOWN or not (a.area and b.area):
        return (1.0 if place == _Place.SAME else -5.0 if place == _Place.OTHER else 0.0), None
    if a.is_a_house and b.is_a_house:
        if a.area == b.area and a.numbers == b.numbers:
            return _same_number(a, b)
        if a.area == b.area and _begins(a, b):
            return 6.0, Reason.BUILDING if a.unit or b.unit else Reason.HOUSE
        if place == _Place.MAYBE and _chome_left_out(a, b):
            return 3.5, Reason.NEAR_HOUSE
        if _near(a, b):
            same_door = a.building and a.room and a.unit == b.unit
            return (7.0, Reason.HOUSE) if same_door else (1.5, Reason.NEAR_HOUSE)
    if place == _Place.OTHER:
        return -5.0, None
    if a.is_a_house and b.is_a_house:
        return _ANOTHER_HOUSE
    return (1.5 if place == _Place.SAME else 1.0), None


def _same_number(a: Address, b: Address) -> _Evidence:
    """One plot: a house, or a building with many doors."""
    if a.room and b.room:
        if a.room == b.room:
            return 10.0, Reason.HOUSE
        return _NEAR_DOOR if one_slip(a.room, b.room) else _ANOTHER_HOUSE
    if a.unit or b.unit:
        return 4.0, Reason.BUILDING
    return (9.5 if len(a.numbers) > 1 else 8.0), Reason.HOUSE  # of one plot there may be ten houses


def _same_building(a: Address, b: Address) -> _Evidence:
    """A building by its name, where one of them did not say the number of the house."""
    if a.room and b.room and a.room != b.room:
        return _NEAR_DOOR if one_slip(a.room, b.room) else _ANOTHER_HOUSE
    if a.room and b.room:
        return 7.0, Reason.HOUSE
    return 3.0, Reason.BUILDING


def _begins(a: Address, b: Address) -> bool:
    """Whether the longer says the shorter and more (町前1-2 and 町前1-2-3, 高崎612 and 高崎612-3). Both are a house."""
    shorter, longer = sorted((a.numbers, b.numbers), key=len)
    return len(shorter) < len(longer) and longer[: len(shorter)] == shorter


def _chome_left_out(a: Address, b: Address) -> bool:
    """町前12-3 for 町前3丁目12-3: whoever lives there does not say it."""
    shorter, longer = sorted((a.numbers, b.numbers), key=len)
    return len(shorter) == 2 and len(longer) == 3 and longer[1:] == shorter and a.area == b.area


def _near(a: Address, b: Address) -> bool:
    """One number misheard, two in the wrong order or a stroke lost (1-2-3, 1-23), at a place of nearly the same name."""
    if a.area != b.area:
        return one_slip(a.area, b.area) and a.numbers == b.numbers
    if "".join(a.numbers) == "".join(b.numbers):
        return True
    if len(a.numbers) != len(b.numbers):
        return False
    wrong = [(x, y) for x, y in zip(a.numbers, b.numbers, strict=True) if x != y]
    if len(wrong) == 1:
        return one_slip(*wrong[0])
    return len(wrong) == 2 and wrong[0] == wrong[1][::-1]


# ── who ────────────────────────────────────────────────────────────────────────────────────────


class _Who(StrEnum):
    WORDS = "the same name of three words or more, in any order"
    NAME = "the same written name"
    READING = "the same reading, or written name and reading apart"
    TURNED = "family and given name in the other order"
    NEAR = "one slip away"
    FAMILY = "the same family"
    GIVEN = "the same given name, another family: married since, or nothing at all"
    ONE_WORD = "one of them is a single word, a family's or a given name, and fits nothing of the other"
    OTHER = "somebody else"
    UNKNOWN = "not named"


_NAME_POINTS: Final = {
    _Who.WORDS: (6.0, Reason.NAME), _Who.NAME: (5.0, Reason.NAME), _Who.READING: (4.5, Reason.READING), _Who.TURNED: (4.5, Reason.TURNED_NAME),
    _Who.NEAR: (3.5, Reason.NEAR_NAME), _Who.FAMILY: (1.5, None), _Who.GIVEN: (0.0, Reason.GIVEN),
    _Who.UNKNOWN: _NOTHING, _Who.ONE_WORD: (-2.0, None), _Who.OTHER: (-4.0, None),
}  # fmt: skip
_MANY_WORDS: Final = 3
_GIVEN_ELSEWHERE: Final[_Evidence] = (-3.0, None)
_BEST: Final = list(_NAME_POINTS)
_ONE_PERSON: Final = (_Who.WORDS, _Who.NAME, _Who.READING, _Who.TURNED, _Who.NEAR)


def _names(one: Call, other: Call, place: _Place, house: _Evidence) -> tuple[_Evidence, _Evidence]:
    """The best any two people give, and whether a family of that name lives in the same 町丁目. Where nobody can tell of two
    of them, the caller who is somebody else proves nothing."""
    pairs = [(a, b) for a in one.people for b in other.people]
    who = min((_who(a, b) for a, b in pairs), key=_BEST.index, default=_Who.UNKNOWN)
    in_town = place == _Place.SAME and any(_same_family(a, b) for a, b in pairs)
    if who == _Who.GIVEN and house[1] not in (Reason.HOUSE, Reason.NEAR_HOUSE):
        return _GIVEN_ELSEWHERE, _NOTHING
    return _NAME_POINTS[who], (0.5, Reason.FAMILY) if in_town else _NOTHING


def _who(a: Human, b: Human) -> _Who:
    if not a.has_name or not b.has_name:
        return _Who.UNKNOWN
    if any(len(words) >= _MANY_WORDS for words in a.words & b.words):
        return _Who.WORDS
    if a.name and a.name == b.name:
        return _Who.FAMILY if _only_family(a) or _only_family(b) else _Who.NAME
    if _readings(a) & _readings(b):
        return _Who.READING
    if _turned(a, b):
        return _Who.TURNED
    if _one_slip_away(a, b):
        return _Who.NEAR
    if _same_family(a, b):
        return _Who.FAMILY
    if _same_given(a, b):
        return _Who.GIVEN
    if not ((a.name and b.name) or (a.kana and b.kana)):
        return _Who.UNKNOWN  # kanji here, only kana there: nobody can tell
    return _Who.ONE_WORD if _is_one_word(a) or _is_one_word(b) else _Who.OTHER


def _is_one_word(person: Human) -> bool:
    """Whether only a family name or only a given name was said, nobody knows which."""
    return not person.given and not person.given_kana and len(person.name) <= 3 and len(person.kana) <= 5


def _turned(a: Human, b: Human) -> bool:
    """Whether one says 花 佐藤 and the other 佐藤 花: also where a space parts only one of them, or the reading."""
    return any(
        key and key != turned and turned in (other.name, other.kana)
        for one, other in ((a, b), (b, a))
        for key, turned in ((one.name, one.given + one.family), (one.kana, one.given_kana + one.family_kana))
    )


def _same_given(a: Human, b: Human) -> bool:
    return _ends_alike(a.name, a.given, b.name, b.given) or _ends_alike(
        a.kana, a.given_kana, b.kana, b.given_kana
    )


def _ends_alike(full: str, given: str, other_full: str, other_given: str) -> bool:
    """Whether the given names are one; what no space parted may end like it, or be nothing but it."""
    if given and other_given:
        return given == other_given
    known, whole = (given, other_full) if given else (other_given, full)
    return len(known) >= 2 and whole.endswith(known)


def _only_family(person: Human) -> bool:
    """Whether no given name was said: 佐藤 alone is a thousand people."""
    return not person.given and not person.given_kana and len(person.name) <= 2 and len(person.kana) <= 4


def _readings(person: Human) -> set[str]:
    """Also a name that was typed in kana."""
    return {key for key in (person.kana, person.name) if len(key) >= 4 and _is_kana(key)}


def _is_kana(key: str) -> bool:
    return all("ぁ" <= letter <= "ゖ" for letter in key)


_UNVOICED: Final = str.maketrans(
    "がぎぐげござじずぜぞだでどばびぶべぼぱぴぷぺぽ", "かきくけこさしすせそたてとはひふへほはひふへほ"
)

_NORTHERN: Final = str.maketrans("えしち", "いすつ")
_LONG: Final = re.compile("(?<=[おこそとのほもよろゆくすつぬふむる])う|(?<=お)お|(?<=い)い")


def sound(kana: str) -> str:
    """A reading as it is heard on a bad line: without voicing, long vowels short; and as it is said in the north, where
    い and え, し and す, ち and つ are hard to tell apart."""
    return _LONG.sub("", kana.translate(_UNVOICED)).translate(_NORTHERN)


def _one_slip_away(a: Human, b: Human) -> bool:
    ours, theirs = _readings(a), _readings(b)
    if any(sound(x) == sound(y) or (one_slip(x, y) and len(x) >= 5) for x in ours for y in theirs):
        return True
    return len(a.name) >= 3 and len(b.name) >= 3 and one_slip(a.name, b.name) and _agrees(a, b)


def _agrees(a: Human, b: Human) -> bool:
    """A written name that is one character off is a slip only where the readings do not say otherwise: 高橋 進 and
    高橋 恵 are two people."""
    if a.kana and b.kana:
        return sound(a.kana) == sound(b.kana) or one_slip(a.kana, b.kana)
    if a.given and b.given:
        return len(a.given) >= 2 and len(b.given) >= 2 and (a.family == b.family or a.given == b.given)
    return len(a.name) >= 4


def _same_family(a: Human, b: Human) -> bool:
    if not a.has_name or not b.has_name:
        return False
    return _shares(a.name, a.family, b.name, b.family) or _shares(
        a.kana, a.family_kana, b.kana, b.family_kana
    )


def _shares(full: str, family: str, other_full: str, other_family: str) -> bool:
    """Whether the family name of one begins the name of the other; without a space the shorter name, or its first two
    characters, has to do."""
    if not full or not other_full:
        return False
    if family and other_family:
        return family == other_family
    known = family or other_family
    if known:
        return (other_full if family else full).startswith(known)
    return full[:2] == other_full[:2]


def _residents(one: Call, other: Call, house: _Evidence) -> _Evidence:
    """Somebody who calls for others (民生委員, ケアマネジャー, a landlord) calls for many: then it is the resident who
    counts, and what the caller's name and telephone brought is taken back."""
    if one.resident is None or other.resident is None or house[1] in (Reason.HOUSE, Reason.BUILDING):
        return _NOTHING
    for_others = len(one.people) > 1 and len(other.people) > 1
    if for_others and _who(one.resident, other.resident) in (
        _Who.OTHER,
        _Who.FAMILY,
        _Who.GIVEN,
        _Who.ONE_WORD,
    ):
        return -_NAME_POINTS[_Who.NAME][0] - _SAME_PHONE, None
    return _NOTHING


def _ages(one: Call, other: Call) -> _Evidence:
    """Of two people of the same name: the same year of birth, or another."""
    a, b = one.resident, other.resident
    if a is None or b is None or a.birth_year is None or b.birth_year is None:
        return _NOTHING
    if _who(a, b) not in (*_ONE_PERSON, _Who.GIVEN):
        return _NOTHING
    apart = abs(a.birth_year - b.birth_year)  # said as an age on the phone: a year or two off
    return (1.5, None) if apart <= 2 else (-3.0, None) if apart > 5 else _NOTHING

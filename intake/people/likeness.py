"""How alike two calls for help are, with the evidence in words. Pure: no database, no clock.

Each piece of evidence, for and against, brings points, roughly the logarithm (base 2) of how much more often it is seen with
calls about one household than with calls about two; what it brings hangs on what it stands beside (a telephone that two
strangers at two doors leave is an office's). `LIKELY` and above is probably one household; what is below may still be worth
a line to the desk (`SAID`), which decides in any case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dvc.core.addresses import Address
from dvc.core.japanese import search_key
from intake.people.naming import (
    LOCAL_PHONE,
    ONE_PERSON,
    SHORTEST_PHONE,
    TWO_PEOPLE,
    Human,
    Who,
    nearest,
    same_family,
    who,
)
from intake.people.slips import digits_apart, one_slip, turned_halves
from intake.people.whereabouts import ELSEWHERE, IN_TOWN, NEARLY, NOWHERE, THERE, Spot, Where, spot, where

LIKELY: Final = 3.0
_WHOLE_LANDLINE: Final = 10  # digits


class Reason(StrEnum):
    """What is the same, as the desk reads it; the strongest first."""

    PHONE = "同じ電話番号"
    LOCAL_PHONE = "市外局番のほかは同じ電話番号"
    HOUSE = "同じ家"
    BUILDING = "同じ建物（部屋は未確認）"
    NAME = "同じ名前"
    READING = "同じ読みの名前"
    TURNED_NAME = "姓と名が逆"
    NEAR_NAME = "よく似た名前"
    FAMILY = "同じ町丁目で同じ姓"
    GIVEN = "名だけが同じ"
    NEAR_PHONE = "電話番号が1か所だけ違う"
    LIKE_PHONE = "よく似た電話番号"
    NEAR_HOUSE = "番地がよく似ている"
    BESIDE = "となりと言われた家"
    HOST = "「方」の姓が同じ"
    NEAR_TOWN = "よく似た町名"


_ORDER: Final = {reason: place for place, reason in enumerate(Reason)}
# Worth a line also below LIKELY.
SAID: Final = frozenset({
    Reason.PHONE, Reason.LOCAL_PHONE, Reason.HOUSE, Reason.BUILDING, Reason.NAME, Reason.READING,
    Reason.TURNED_NAME, Reason.FAMILY,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """Who is named in a call (or in what a need and its callers tell), and where. `resident` is one of the `people`;
    `town`: anything that stands for the 町丁目 in the center's list, None when it is not known."""

    people: tuple[Human, ...]
    spot: Spot = NOWHERE
    town: object = None
    resident: Human | None = None

    @property
    def house(self) -> Address:
        return self.spot.house

    @property
    def callers(self) -> tuple[Human, ...]:
        return self.people[:-1]


def call(
    people: Iterable[Human], *, town_name: str = "", address: str = "", city: str = "", town: object = None
) -> Call:
    """From people and an address as typed; the last of them is the resident."""
    named = tuple(one for one in people if one.has_name or one.phones or one.unnamed)
    return Call(
        named, spot(town_name, address, city), town or town_name or None, named[-1] if named else None
    )


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


# ── what is compared ───────────────────────────────────────────────────────────────────────────


class _Them(StrEnum):
    """The two residents, in short."""

    ONE = "one person"
    MAYBE = "nothing against it"
    KIN = "one family, two people"
    TWO = "two people"


class _There(StrEnum):
    """The two places, in short."""

    HERE = "one house"
    NEARLY = "nearly"
    OPEN = "nothing against it"
    ELSEWHERE = "two places"


class Phone(StrEnum):
    """Whose number is the same, or how nearly."""

    OWN = "the same, said of both residents"
    MIXED = "the resident's here, the caller's there"
    CALLERS = "the same caller's"
    OFFICE = "the same office's"
    NEAR = "one digit apart"
    HALVES = "its halves changed places"
    CUT = "the beginning of the other"
    LIKE = "two digits apart"
    ANOTHER = "another of the same kind, of the same person"
    OTHERS = "others"
    NONE = "not said"


class Caller(StrEnum):
    CROSSED = "who calls here is the resident there"
    CROSSED_FAMILY = "who calls here is of the resident's family there, whom nothing else ties"
    SAME = "one caller"
    SAME_OFFICE = "one office"
    TWO = "two callers"


class Year(StrEnum):
    SAME = "the same year of birth, or one beside it"
    SLIP = "some years apart, or an era or a ten miscounted"
    APART = "other years"
    NONE = "not known"


class More(StrEnum):
    COMMON = "the family's name is on every tenth door"
    HOST = "in care of a family of that name"
    LOCAL = "the telephone is the same but for its area code"
    FAMILY = "a family of that name in the same 町丁目"
    MANY = "a home or a hall where many live at one number, or use one telephone"


Piece = tuple[StrEnum, ...]
POINTS: Final[dict[Piece, float]] = {
    (Who.WORDS,): 7.1, (Who.NAME,): 6.4, (Who.READING,): 5.7, (Who.TURNED,): 5.2, (Who.NEAR,): 3.9, (Who.DIM,): 1.3, (Who.FAMILY,): 3.1,
    (Who.UNREAD,): 0.8, (Who.FAMILY_NEAR,): 1.0, (Who.KIN,): -1.2, (Who.GIVEN,): -0.5, (Who.UNKNOWN,): -0.4, (Who.ONE_WORD,): -2.1,
    (Who.FAINT,): -2.5, (Who.OTHER,): -4.7,
    (Where.DOOR,): 9.6, (Where.HOUSE,): 9.6, (Where.PLOT,): 5.2, (Where.BESIDE,): 4.4, (Where.BEGINS,): 6.0, (Where.BUILDING,): 3.4,
    (Where.HEARD_BUILDING,): 4.9, (Where.NO_CHOME,): 4.1, (Where.STROKE,): 4.5, (Where.EAR,): 1.1, (Where.NEXT,): -0.5,
    (Where.SLIP,): 0.2, (Where.TURNED,): 2.6, (Where.CHOME_SLIP,): 1.2, (Where.ALIKE,): 2.5, (Where.OLD,): 0.2,
    (Where.SLIP_DOOR,): -0.3, (Where.OTHER_DOOR,): -3.5, (Where.OTHER_BLOCK,): -3.0, (Where.TOWN,): 2.0, (Where.MAYBE_TOWN,): 1.2,
    (Where.OTHER_HOUSE,): -3.2, (Where.OTHER_CHOME,): -2.8, (Where.AWAY,): -0.9, (Where.OTHER_TOWN,): -4.4, (Where.OTHER_CITY,): -5.0,
    (Where.UNKNOWN,): 0.4,
    (Phone.OWN,): 7.8, (Phone.OWN, _Them.KIN, _There.ELSEWHERE): -3.0, (Phone.OWN, _Them.TWO, _There.ELSEWHERE): -7.0,
    (Phone.MIXED,): 5.5, (Phone.MIXED, _Them.KIN, _There.ELSEWHERE): -2.0, (Phone.MIXED, _Them.TWO, _There.ELSEWHERE): -6.0,
    (Phone.CALLERS,): 2.8, (Phone.CALLERS, _Them.KIN, _There.ELSEWHERE): -4.0, (Phone.CALLERS, _Them.TWO, _There.ELSEWHERE): -4.0,
    (Phone.OFFICE,): 0.9, (Phone.NEAR,): 1.4, (Phone.NEAR, _Them.KIN): -2.0, (Phone.NEAR, _Them.TWO): -2.5, (Phone.HALVES,): 4.0,
    (Phone.CUT,): 4.2, (Phone.LIKE,): 0.8, (Phone.ANOTHER,): -1.5,
    (Year.SAME, _Them.MAYBE): 1.4, (Year.SAME, _Them.ONE): 2.2, (Year.SLIP, _Them.ONE): -1.0, (Year.APART, _Them.MAYBE): -2.5,
    (Year.APART, _Them.ONE): -4.6,
    (Caller.CROSSED, _Them.KIN): 3.0, (Caller.CROSSED, _Them.MAYBE): 5.0, (Caller.CROSSED, _Them.TWO): 2.7,
    (Caller.CROSSED, _There.ELSEWHERE): -4.1, (Caller.CROSSED, _There.NEARLY): -1.8, (Caller.CROSSED_FAMILY, _Them.MAYBE): 1.9,
    (Caller.CROSSED_FAMILY, _Them.TWO): 2.1, (Caller.SAME, _Them.KIN): -3.0, (Caller.SAME, _Them.MAYBE): 1.8,
    (Caller.SAME, _Them.TWO): -4.0, (Caller.SAME_OFFICE, _Them.KIN): -4.0, (Caller.SAME_OFFICE, _Them.TWO): -4.0,
    (_There.HERE, _Them.KIN): 1.4, (_There.HERE, _Them.TWO): 0.4, (_There.NEARLY, _Them.KIN): -2.4, (_There.NEARLY, _Them.ONE): 1.1,
    (_There.NEARLY, _Them.TWO): -3.8, (_There.OPEN, _Them.ONE): 1.2, (_There.ELSEWHERE, _Them.MAYBE): -0.7,
    (_There.ELSEWHERE, _Them.ONE): -1.1,
    (More.COMMON, Who.FAMILY): -1.8, (More.COMMON, Who.KIN): -1.0, (More.COMMON, Who.UNREAD): -1.8, (More.COMMON, _Them.ONE): -0.8,
    (More.HOST, _There.HERE): 2.4, (More.LOCAL,): -0.9, (More.FAMILY,): 0.5, (More.MANY, _Them.KIN): -1.5, (More.MANY, _Them.TWO): -6.0,
}  # fmt: skip


def compare(one: Call, other: Call) -> Likeness:
    """How alike the two are. The order does not matter."""
    pieces, reasons = evidence(one, other)
    points = sum(POINTS.get(piece, 0.0) for piece in pieces)
    return Likeness(round(points, 2), tuple(sorted(reasons, key=_ORDER.__getitem__)))


def evidence(one: Call, other: Call) -> tuple[list[Piece], set[Reason]]:
    """Every piece that points are for, and what the desk is told of them."""
    names = _residents(one, other)
    place = _place(one, other)
    callers = list(_callers(one, other, names))
    them = _them(names)
    there = _there(place)
    phone, is_local = _phones(one, other)
    pieces: list[Piece] = [
        (names,), (place,), (there, them), (phone,), (_years(one, other, names), them), *((piece, them) for piece in callers),
        *((piece, there) for piece in callers),
    ]  # fmt: skip
    if phone != Phone.NONE:
        pieces += [(phone, them), (phone, there), (phone, them, there)]
    if (names in (Who.FAMILY, Who.UNREAD, Who.KIN) or them == _Them.ONE) and _is_common(one, other):
        pieces.append((More.COMMON, them if them == _Them.ONE else names))
    if (one.spot.many or other.spot.many) and place != Where.DOOR:
        pieces.append((More.MANY, them))
    if is_local:
        pieces.append((More.LOCAL,))
    in_town = place in IN_TOWN and _families(one, other)
    hosted = _hosted(one, other)
    if hosted:
        pieces.append((More.HOST, there))
    if in_town and names not in ONE_PERSON:
        pieces.append((More.FAMILY,))
    return pieces, set(_reasons(one, other, place, phone, is_local=is_local, in_town=in_town, hosted=hosted))


def _them(names: Who) -> _Them:
    if names in ONE_PERSON:
        return _Them.ONE
    if names in (Who.DIM, Who.FAMILY, Who.UNREAD, Who.FAMILY_NEAR, Who.UNKNOWN):
        return _Them.MAYBE
    return _Them.KIN if names == Who.KIN else _Them.TWO


def _there(place: Where) -> _There:
    if place in THERE:
        return _There.HERE
    return _There.NEARLY if place in NEARLY else _There.ELSEWHERE if place in ELSEWHERE else _There.OPEN


# ── who ────────────────────────────────────────────────────────────────────────────────────────


def _residents(one: Call, other: Call) -> Who:
    if one.resident is None or other.resident is None:
        return Who.UNKNOWN
    return who(one.resident, other.resident)


def _callers(one: Call, other: Call, names: Who) -> Iterator[Caller]:
    crossed = [who(a, b) for a, b in _crossed(one, other)]
    if names not in ONE_PERSON:
        best = nearest(crossed)
        if best in ONE_PERSON:
            yield Caller.CROSSED
        elif best in (Who.FAMILY, Who.KIN, Who.DIM) and names not in (Who.DIM, Who.FAMILY, Who.KIN):
            yield Caller.CROSSED_FAMILY
    if not one.callers or not other.callers:
        return
    if any(
        who(a, b) in ONE_PERSON or (a.phones & b.phones and not a.office and not b.office)
        for a in one.callers
        for b in other.callers
    ):
        yield Caller.SAME
    elif any(a.phones & b.phones for a in one.callers for b in other.callers):
        yield Caller.SAME_OFFICE
    else:
        yield Caller.TWO


def _crossed(one: Call, other: Call) -> Iterator[tuple[Human, Human]]:
    """The resident of one beside whoever calls in the other."""
    if one.resident is not None:
        yield from ((one.resident, b) for b in other.callers if not b.office)
    if other.resident is not None:
        yield from ((a, other.resident) for a in one.callers if not a.office)


def _is_common(one: Call, other: Call) -> bool:
    return any(call.resident is not None and call.resident.is_common for call in (one, other))


def _families(one: Call, other: Call) -> bool:
    """Whether two people of one family's name are spoken of."""
    return any(same_family(a, b) for a in one.people for b in other.people)


def _hosted(one: Call, other: Call) -> bool:
    """「佐藤方」, and a 佐藤 in the other call."""
    return any(
        host and any(person.name.startswith(host) for person in call.people)
        for host, call in ((search_key(one.spot.host), other), (search_key(other.spot.host), one))
    )


# ── where ──────────────────────────────────────────────────────────────────────────────────────


def _place(one: Call, other: Call) -> Where:
    same_town = one.town is not None and one.town == other.town
    apart = not same_town and one.town is not None and other.town is not None
    found = where(one.spot, other.spot, known_apart=apart)
    return Where.TOWN if same_town and found in (Where.UNKNOWN, Where.MAYBE_TOWN) else found


# ── telephone ──────────────────────────────────────────────────────────────────────────────────


def _phones(one: Call, other: Call) -> tuple[Phone, bool]:
    """The strongest that any two numbers say, and whether the area code is missing in one."""
    best, is_local = Phone.NONE, False
    for a in one.people:
        for b in other.people:
            for x in a.phones:
                for y in b.phones:
                    local = _is_local_of(x, y) or _is_local_of(y, x) or (x == y and len(x) < SHORTEST_PHONE)
                    said = _shared(one, other, a, b) if x == y or local else _two_numbers(x, y, a, b)
                    if _STRENGTH[said] < _STRENGTH[best]:
                        best, is_local = said, local
    return best, is_local


_STRENGTH: Final = {phone: place for place, phone in enumerate(Phone)}


def _shared(one: Call, other: Call, a: Human, b: Human) -> Phone:
    owns = (a is one.resident) + (b is other.resident)
    if owns < 2 and (a.office or b.office):
        return Phone.OFFICE
    return (Phone.CALLERS, Phone.MIXED, Phone.OWN)[owns]


def _two_numbers(x: str, y: str, a: Human, b: Human) -> Phone:
    if one_slip(x, y):
        return Phone.NEAR
    if turned_halves(x, y):
        return Phone.HALVES
    shorter, longer = sorted((x, y), key=len)
    if (
        shorter[0] == "0"
        and len(shorter) <= SHORTEST_PHONE
        and len(longer) >= _WHOLE_LANDLINE
        and longer.startswith(shorter)
    ):
        return Phone.CUT
    if digits_apart(x, y) == 2 and x[:5] == y[:5]:
        return Phone.LIKE
    same_kind = _is_mobile(x) == _is_mobile(y)
    return Phone.ANOTHER if same_kind and who(a, b) in ONE_PERSON else Phone.OTHERS


def _is_local_of(local: str, whole: str) -> bool:
    return len(local) in LOCAL_PHONE and len(whole) == _WHOLE_LANDLINE and whole.endswith(local)


def _is_mobile(number: str) -> bool:
    return number[:3] in ("090", "080", "070", "060")


# ── when born ──────────────────────────────────────────────────────────────────────────────────


def _years(one: Call, other: Call, names: Who) -> Year:
    a, b = one.resident, other.resident
    if a is None or b is None or a.birth_year is None or b.birth_year is None:
        return Year.NONE
    apart = abs(a.birth_year - b.birth_year)  # said as an age on the phone: a year or two off
    if apart <= 2:
        return Year.SAME
    return Year.SLIP if apart <= 6 or apart == 10 else Year.APART


# ── in words ───────────────────────────────────────────────────────────────────────────────────

_OF_PHONE: Final = {
    Phone.OWN: Reason.PHONE, Phone.MIXED: Reason.PHONE, Phone.CALLERS: Reason.PHONE, Phone.OFFICE: Reason.PHONE, Phone.NEAR: Reason.NEAR_PHONE,
    Phone.HALVES: Reason.LIKE_PHONE, Phone.CUT: Reason.LIKE_PHONE, Phone.LIKE: Reason.LIKE_PHONE,
}  # fmt: skip
_OF_NAME: Final = {
    Who.WORDS: Reason.NAME, Who.NAME: Reason.NAME, Who.READING: Reason.READING, Who.TURNED: Reason.TURNED_NAME, Who.NEAR: Reason.NEAR_NAME,
    Who.DIM: Reason.NEAR_NAME, Who.GIVEN: Reason.GIVEN,
}  # fmt: skip
_OF_PLACE: Final = {
    Where.DOOR: Reason.HOUSE, Where.HOUSE: Reason.HOUSE, Where.PLOT: Reason.HOUSE, Where.BEGINS: Reason.HOUSE, Where.BUILDING: Reason.BUILDING,
    Where.HEARD_BUILDING: Reason.BUILDING, Where.BESIDE: Reason.BESIDE, Where.NO_CHOME: Reason.NEAR_HOUSE, Where.STROKE: Reason.NEAR_HOUSE,
    Where.EAR: Reason.NEAR_HOUSE, Where.NEXT: Reason.NEAR_HOUSE, Where.SLIP: Reason.NEAR_HOUSE, Where.TURNED: Reason.NEAR_HOUSE,
    Where.CHOME_SLIP: Reason.NEAR_HOUSE, Where.SLIP_DOOR: Reason.NEAR_HOUSE, Where.ALIKE: Reason.NEAR_TOWN, Where.ALIKE_TOWN: Reason.NEAR_TOWN,
}  # fmt: skip


def _reasons(
    one: Call, other: Call, place: Where, phone: Phone, *, is_local: bool, in_town: bool, hosted: bool
) -> Iterator[Reason]:
    if phone in _OF_PHONE:
        yield Reason.LOCAL_PHONE if is_local else _OF_PHONE[phone]
    best = nearest(who(a, b) for a in one.people for b in other.people)
    if best in _OF_NAME:
        yield _OF_NAME[best]
    neighbours = place in NEARLY and best in TWO_PEOPLE
    if place in _OF_PLACE and not neighbours:
        yield _OF_PLACE[place]
    if in_town:
        yield Reason.FAMILY
    if hosted:
        yield Reason.HOST

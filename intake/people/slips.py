"""What an ear, a key and an eye make of a name or a number. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_UNVOICED: Final = str.maketrans(
    "がぎぐげござじずぜぞだでどばびぶべぼぱぴぷぺぽ", "かきくけこさしすせそたてとはひふへほはひふへほ"
)
_NORTHERN: Final = str.maketrans("えしち", "いすつ")
_LONG: Final = re.compile("(?<=[おこそとのほもよろゆくすつぬふむる])う|(?<=お)お|(?<=い)い")
# いち, しち and はち; に, し and さん; ろく and く: taken for each other on a bad line. 1 and 7, 0 and 6: by an eye.
_TAKEN_FOR: Final = frozenset({"17", "18", "78", "34", "24", "69", "06", "38", "49", "56", "23"})


@lru_cache(maxsize=16384)  # the same readings again and again
def sound(kana: str) -> str:
    """A reading as it is heard on a bad line: without voicing, long vowels short; and as it is said in the north, where
    い and え, し and す, ち and つ are hard to tell apart."""
    return _LONG.sub("", kana.translate(_UNVOICED)).translate(_NORTHERN)


def one_slip(a: str, b: str) -> bool:
    """Whether one key struck wrongly, left out, doubled, or two in the wrong order make the one of the other."""
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    start = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        start += 1
    rest_a, rest_b = a[start:], b[start:]
    if len(a) != len(b):
        longer, shorter = (rest_a, rest_b) if len(a) > len(b) else (rest_b, rest_a)
        return longer[1:] == shorter
    return rest_a[1:] == rest_b[1:] or (rest_a[1::-1] == rest_b[:2] and rest_a[2:] == rest_b[2:])


def two_slips(a: str, b: str) -> bool:
    """Whether at most two letters struck wrongly, left out or doubled make the one of the other."""
    if abs(len(a) - len(b)) > 2 or len(set(a).difference(b)) > 2:  # each of these letters would be a slip
        return False
    row = list(range(len(b) + 1))
    for place, letter in enumerate(a, 1):
        before, row[0] = row[0], place
        for at, other in enumerate(b, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (letter != other))
        if min(row) > 2:
            return False
    return row[-1] <= 2


def misheard(a: str, b: str) -> bool:
    """Whether one digit of a number was taken for another that sounds or looks like it, or two changed places."""
    if len(a) != len(b):
        return one_slip(a, b) and min(len(a), len(b)) > 1  # じゅうに, に: a digit lost
    wrong = ["".join(sorted(pair)) for pair in zip(a, b, strict=True) if pair[0] != pair[1]]
    if len(wrong) == 1:
        return wrong[0] in _TAKEN_FOR
    return sorted(a) == sorted(b) and len(a) > 1 and one_slip(a, b)


def turned_halves(a: str, b: str) -> bool:
    """Whether the last four digits of a telephone are said 三十四 十二 for 十二 三十四, or its two last groups changed
    places."""
    if len(a) != len(b) or len(a) < 10:
        return False
    groups = len(a) == 11 and a[:3] == b[:3] and a[3:7] == b[7:] and a[7:] == b[3:7]
    return groups or (a[:-4] == b[:-4] and a[-4:-2] == b[-2:] and a[-2:] == b[-4:-2])


def digits_apart(a: str, b: str) -> int:
    """How many digits two numbers of one length differ in; many when the lengths differ."""
    return sum(x != y for x, y in zip(a, b, strict=True)) if len(a) == len(b) else 99

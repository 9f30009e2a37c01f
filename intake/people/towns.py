"""町丁目: found by what people type, and the longest one an address begins with."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property, lru_cache
from typing import Final

from dvc.core.addresses import parse
from dvc.core.japanese import search_key
from dvc.operations.models import Center
from intake.people.models import Town

_KANJI: Final = "〇一二三四五六七八九"
_BLOCK_WORDS = re.compile("([〇一二三四五六七八九十]+)(?=丁目|番|号)")
_CHOME = re.compile("([0-9]+)丁目")
ADDRESS_KEY_LENGTH: Final = 160


def address_key(text: str, *, city: str = "") -> str:
    """A house as it is compared: 「多賀城市 町前１丁目２番３号」 and 「町前一丁目2-3」 are one, `町前1-2-3`.

    Building and room are not in it (`dvc.core.addresses`). At most 160 characters.
    """
    return parse(text, city=city).house[:ADDRESS_KEY_LENGTH]


@lru_cache(maxsize=8192)
def _key_of_town(name: str) -> str:
    """The same names are asked about with every address."""
    return address_key(name)


def town_writing(text: str) -> str:
    """With 丁目 written as the town file writes it: 高橋1丁目 → 高橋一丁目."""
    text = unicodedata.normalize("NFKC", text)
    return _CHOME.sub(lambda found: f"{_in_kanji(int(found[1]))}丁目", text)


def find(center: Center, text: str, *, limit: int = 10) -> list[Town]:
    """Towns whose name or reading holds `text` in any common writing, those that begin with it first. One query.

    高橋1 finds 高橋一丁目; none for a text without letters.
    """
    asked = _town_key(text)
    if not asked:
        return []
    ranked = []
    for town in center.towns.all():
        keys = [_town_key(str(town)), search_key(town.kana)]
        if any(asked in key for key in keys):
            starts = any(key.startswith(asked) for key in keys)
            ranked.append((not starts, len(keys[0]), keys[0], town.pk, town))
    return [row[-1] for row in sorted(ranked)[:limit]]


def exactly(center: Center, text: str) -> Town | None:
    """The one town that is meant: same writing, or the only one found. One query."""
    found = find(center, text, limit=2)
    key = _town_key(text)
    for town in found:
        if _town_key(str(town)) == key or search_key(town.kana) == search_key(text):
            return town
    return found[0] if len(found) == 1 else None


class Known:
    """The towns of a center, asked for at most once however many addresses are read."""

    def __init__(self, center: Center) -> None:
        self.center = center

    @cached_property
    def _by_key(self) -> dict[str, Town]:
        longest_last = sorted(self.center.towns.all(), key=lambda town: len(str(town)))
        return {_key_of_town(str(town)): town for town in longest_last}

    def of_address(self, address: str) -> Town | None:
        """The town with the longest name that the address begins with (after prefecture and city)."""
        key = address_key(address, city=self.center.city)
        if not key:
            return None
        beginnings = (key[:end] for end in range(len(key), 0, -1))
        fitting = (start for start in beginnings if start in self._by_key and _begins_with(key, start))
        start = next(fitting, None)
        return None if start is None else self._by_key[start]


def of_address(center: Center, address: str) -> Town | None:
    """The town with the longest name that the address begins with. One query."""
    return Known(center).of_address(address)


def _begins_with(key: str, town_key: str) -> bool:
    """Whether the key starts with the town, and not in the middle of a number (栄1 is not 栄12)."""
    rest = key.removeprefix(town_key)
    return key.startswith(town_key) and not (town_key[-1:].isdecimal() and rest[:1].isdecimal())


def _town_key(text: str) -> str:
    text = _BLOCK_WORDS.sub(lambda found: str(_number(found[1])), unicodedata.normalize("NFKC", text))
    return search_key(text).replace("丁目", "")


def _number(kanji: str) -> int:
    """二十三 → 23, 〇 → 0. Numbers of blocks and houses: below a hundred."""
    tens, ten, ones = kanji.rpartition("十")
    if not ten:
        return int("".join(str(_KANJI.index(letter)) for letter in kanji))
    return (_number(tens) if tens else 1) * 10 + (_number(ones) if ones else 0)


def _in_kanji(number: int) -> str:
    if not 0 < number < 100:
        return str(number)
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else f"{_KANJI[tens]}十") + (_KANJI[ones] if ones else "")

"""Whether two names as they were typed are one person's, one family's, or two people's. Pure.

A name at a desk is half heard and half guessed: other letters for one reading, a reading without letters, the family's
name alone, an office or a kinship in its place. `human` takes off what is not the name; `who` says how two of them stand
to each other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Final

import jaconv

from dvc.core.japanese import bare_name as bare
from dvc.core.japanese import kana_key, phone_key, phone_numbers, search_key, split_name
from intake.people.slips import one_slip, sound, two_slips

SHORTEST_PHONE: Final = 9  # digits; less is still being typed, or said without the area code
LOCAL_PHONE: Final = range(6, 9)  # digits of a number of a town without its area code
_KANA: Final = re.compile("[ぁ-ゖ]*")
_MANY_WORDS: Final = 3
_LONG_NAME: Final = 8  # letters

# Whoever calls because of an office: for many houses, and with a telephone that says nothing of any of them.
_OFFICE: Final = (
    "ケアマネジャー|ケアマネージャー|ケアマネ|民生委員児童委員|民生児童委員|民生委員|民生|児童委員|福祉委員|町内会長|自治会長|"
    "行政区長|副会長|区長|班長|組長|会長|大家|家主|管理人|管理会社|管理組合|不動産|住管|地域包括支援センター|包括支援センター|地域包括|包括|"
    "居宅介護支援事業所|居宅介護支援|介護支援専門員|訪問看護ステーション|訪問看護|訪問介護|ヘルパー|デイサービス|社会福祉協議会|社協|市役所|"
    "区役所|役場|保健師|相談支援|相談員|支援員|通訳|国際交流協会|日本語教室|勤務先|監理団体|派遣会社|総務|社長|株式会社|有限会社|\\(株\\)|"
    "\\(有\\)|消防団|市議|議員|避難所|老人ホーム|施設長|施設|病院|医院|クリニック|学校|事業所|センター|ステーション|協会|組合"
)
_OFFICE_WORD: Final = re.compile(_OFFICE)
_OFFICE_BEFORE: Final = re.compile(f"^(?:{_OFFICE})の?\\s*")
_OFFICE_BEHIND: Final = re.compile(f"(?<=\\S)\\s*の?(?:{_OFFICE})$")
_KIN: Final = (
    "おばあちゃん|おばあさん|ばあちゃん|おじいちゃん|おじいさん|じいちゃん|お母さん|お父さん|母親|父親|母|父|奥さん|奥様|妻|ご主人|主人|夫|"
    "息子|娘|長男|次男|三男|長女|次女|三女|嫁|婿|孫|祖母|祖父|兄|弟|姉|妹|ご家族|家族|親戚|親類|本家|お宅|家"
)
_KIN_BEHIND: Final = re.compile(f"(?:さん|様|氏)?(?:の|ん家の)\\s*(?:{_KIN})(?:さん)?$")
_HOUSE_BEHIND: Final = re.compile("(?:さん|様)?(?:宅|方|ん家|邸)?\\s*(?:空き家|空家)?$")
_LATE_BEFORE: Final = re.compile("^(?:故|亡|元|旧)\\s*(?=[一-鿿])")
_CALLED: Final = re.compile("\\s*屋号[\\s:].*$")
_KANJI_DIGITS: Final = str.maketrans("〇零一二三四五六七八九", "00123456789")
_EXTENSION: Final = re.compile("\\(?(?:内線|ext|x).*$", re.IGNORECASE | re.DOTALL)
_AGE_BEHIND: Final = re.compile(
    "\\s*(?:[0-9]{1,3}\\s*(?:歳|才).*|(?:他|ほか)\\s*[0-9]+\\s*(?:名|人)|\\s(?:男性?|女性?))$"
)
_HEAD_BEFORE: Final = re.compile("^(?:世帯主|代表者?|契約者)[\\s::]*")
_EPITHET: Final = re.compile("^[^\\s]{2,6}の(?=[一-鿿々]{2,})")
_NOBODY: Final = re.compile(
    f"(?:お?名前|氏名)?(?:不明|未確認|未聴取|聞けず|言わず|名乗らず|なし|無し|匿名|同上|ご?本人|(?:高齢の?)?(?:女性|男性)|？|\\?|-|ー)+|(?:{_KIN})(?:さん)?|"
    "(?:隣|近所|隣人|近隣|通報者|知人|友人|知り合い)(?:の(?:人|方))?"
)
# One sign of three for a family, or a single one; where no space parts the name it is cut so.
_THREE: Final = frozenset(map(search_key, ["佐々木", "五十嵐", "小野寺", "長谷川", "佐久間", "大久保", "二階堂", "久保田", "小笠原", "宇都宮", "佐々本", "東海林", "大和田", "日下部", "曽我部", "八重樫", "勅使河", "伊集院", "阿久津", "海老原", "加賀谷", "小久保", "波多野", "美濃部", "八木沼"]))  # fmt: skip
_SINGLE: Final = frozenset(
    "林森原東南関堀辻星岡谷菅堺畑宮今乾泉井岸北沖奥金李朴崔王張陳劉楊黄周呉徐孫馬鄭姜尹"
)
# What every seventh to hundredth house of Miyagi is called: that the name is the same says less.
COMMON: Final = frozenset(map(search_key, ["佐藤", "鈴木", "高橋", "佐々木", "阿部", "千葉", "伊藤", "菅原", "渡辺", "斎藤", "三浦", "遠藤", "後藤", "加藤", "さとう", "すずき", "たかはし", "ささき", "あべ", "ちば", "いとう", "すがわら", "わたなべ", "さいとう", "みうら", "えんどう", "ごとう", "かとう"]))  # fmt: skip
# Family names as they are read here, and as they are said at home.
_TONGUES: Final = {
    "金": "きむ", "李": "い り りい", "朴": "ぱく", "崔": "ちえ", "鄭": "ちよん", "姜": "かん", "趙": "ちよ ちやお じやお", "尹": "ゆん",
    "張": "ちやん じやん", "林": "いむ りん", "王": "わん", "陳": "ちえん ちん", "劉": "りう りゆう", "楊": "やん", "黄": "ふあん ほあん",
    "周": "じよう ちよう", "呉": "お うう う", "徐": "そ しゆい", "孫": "そん すん", "朱": "ちゆ じゆう", "高": "こ がお", "郭": "くお かく",
    "馬": "ま", "許": "ほ しゆい", "曹": "ちよ つあお", "郑": "じえん", "何": "ほ は", "宋": "そん", "韓": "はん", "呂": "よ りゆ", "柳": "ゆ りゆう",
}  # fmt: skip
_COMMON_ENDS: Final = frozenset("子男夫雄一二三郎美江代枝治司吉")


class Who(StrEnum):
    """How two names stand to each other, the nearest first."""

    WORDS = "the same name of three words or more, in any order"
    NAME = "the same written name"
    READING = "the same reading, written otherwise or nowhere"
    TURNED = "family and given name in the other order"
    NEAR = "one of both names is a slip away"
    DIM = "both are a slip away, or one shows little more than a trace of the other"
    FAMILY = "the same family, and one given name was not said"
    UNREAD = "the same family, and given names of which one is in kana and nobody knows how the other is read"
    FAMILY_NEAR = "families a slip apart, and one given name was not said"
    KIN = "the same family, another given name"
    GIVEN = "the same given name, another family: married since, or nothing at all"
    UNKNOWN = "one of them is not named, or kanji here and only kana there"
    ONE_WORD = "one of them is a single word, a family's or a given name, and fits nothing of the other"
    FAINT = "other people whose names have a letter in common"
    OTHER = "somebody else"


ONE_PERSON: Final = frozenset({Who.WORDS, Who.NAME, Who.READING, Who.TURNED, Who.NEAR})
TWO_PEOPLE: Final = frozenset({Who.KIN, Who.GIVEN, Who.ONE_WORD, Who.FAINT, Who.OTHER})
_NEAREST: Final = {who: place for place, who in enumerate(Who)}


def nearest(found: Iterable[Who]) -> Who:
    return min(found, key=_NEAREST.__getitem__, default=Who.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Human:
    """Keys of one person. `family` and `given` are empty where no space parted them in what was typed. `words`: the words
    of the name, and of the reading, in no order, where there are several. `phones`: every number that was said; one of 6
    to 8 digits lacks its area code, or its end when it begins with 0. `office`: calls for others, and for many. `unnamed`: somebody (母, 不明), but no name."""

    name: str = ""
    family: str = ""
    given: str = ""
    kana: str = ""
    family_kana: str = ""
    given_kana: str = ""
    words: frozenset[tuple[str, ...]] = frozenset()
    phones: frozenset[str] = frozenset()
    birth_year: int | None = None
    office: bool = False
    unnamed: bool = False

    @property
    def has_name(self) -> bool:
        return bool(self.name or self.kana)

    @property
    def is_common(self) -> bool:
        return bool(
            {self.family, self.name, self.name[:2], self.name[:3], self.family_kana, self.kana} & COMMON
        )


# While somebody types, the same people are read and compared again with every key.
@lru_cache(maxsize=4096)
def human(name: str = "", kana: str = "", phone: str = "", birth_year: int | None = None) -> Human:
    """From what was typed. A phone that is too short to be one, or stands for none, is left out. A reading is never
    written in kanji: where the two stand in each other's field they are read as they were meant."""
    if _has_kanji(kana) and is_kana(search_key(bare(name))):
        name, kana = kana, name
    if not kana:
        kana = _latin_read(name)
    is_somebody = bool(name.strip() or kana.strip())
    office = bool(_OFFICE_WORD.search(unicodedata.normalize("NFKC", name)))
    name, kana = _the_name(name), _the_name(kana)
    family, given = split_name(name)
    family_kana, given_kana = split_name(kana)
    return Human(
        name=search_key(name),
        family=search_key(family) if given else "",
        given=search_key(given),
        kana=kana_key(kana),
        family_kana=kana_key(family_kana) if given_kana else "",
        given_kana=kana_key(given_kana),
        words=frozenset(words for text in (name, kana) if len(words := _words(text)) > 1),
        phones=frozenset(
            number for one in phone_numbers(_only_numbers(phone)) if _is_phone(number := phone_key(one))
        ),
        birth_year=birth_year,
        office=office,
        unnamed=is_somebody and not (search_key(name) or kana_key(kana)),
    )


def _the_name(text: str) -> str:
    """Without an office, a kinship, 宅, 屋号 and what else is said around a name; nothing where nobody is named."""
    plain = bare(unicodedata.normalize("NFKC", text).replace("(株)", "").replace("(有)", ""))
    plain = _CALLED.sub("", plain)
    if _NOBODY.fullmatch(plain):
        return ""
    for around in (
        _AGE_BEHIND,
        _HEAD_BEFORE,
        _KIN_BEHIND,
        _HOUSE_BEHIND,
        _LATE_BEFORE,
        _OFFICE_BEFORE,
        _OFFICE_BEHIND,
        _EPITHET,
    ):
        rest = around.sub("", plain).strip()
        plain = rest or plain
    return bare(plain)


def _only_numbers(phone: str) -> str:
    """「①022-…（自宅）090-…（携帯）」 and 〇九〇-…, with what is no number made a mark that parts them."""
    text = unicodedata.normalize("NFKC", re.sub("[①-⑳]", "、", phone)).translate(_KANJI_DIGITS)
    text = _EXTENSION.sub("", text)
    return re.sub("\\(?[^0-9+()\\s.‐-―−ー-]+\\)?", "、", text)


def _latin_read(name: str) -> str:
    """Kanno Shizuko → かんの しずこ; nothing for a name of another language."""
    plain = unicodedata.normalize("NFKC", name).lower().strip()
    if not re.fullmatch("[a-z]+(?: [a-z]+)?", plain):
        return ""
    read = jaconv.alphabet2kana(plain)
    return read if is_kana(read.replace(" ", "")) else ""


def _is_phone(number: str) -> bool:
    """Long enough, and not all one digit behind its head (090-0000-0000 is typed where a field insists)."""
    long_enough = len(number) >= SHORTEST_PHONE or len(number) in LOCAL_PHONE
    return long_enough and len(set(number[3:])) > 1


def _words(text: str) -> tuple[str, ...]:
    return tuple(sorted(filter(None, map(search_key, re.split("[\\s・･]+", bare(text))))))


def _has_kanji(text: str) -> bool:
    return any("㐀" <= letter <= "鿿" for letter in text)


def is_kana(key: str) -> bool:
    return _KANA.fullmatch(key) is not None


# ── two of them ────────────────────────────────────────────────────────────────────────────────


class _Part(IntEnum):
    """A family name, or a given name, beside another."""

    SAME = 0
    READ = 1  # one reading, other letters
    NEAR = 2
    FAINT = 3
    UNREAD = 4  # kanji here, only kana there
    UNSAID = 5
    OTHER = 6


_S, _R, _N, _F, _K, _U, _O = _Part
_WHO: Final = {
    (_S, _S): Who.NAME, (_S, _R): Who.READING, (_R, _S): Who.READING, (_R, _R): Who.READING,
    (_S, _N): Who.NEAR, (_R, _N): Who.NEAR, (_N, _S): Who.NEAR, (_N, _R): Who.NEAR, (_N, _N): Who.DIM,
    (_S, _F): Who.DIM, (_R, _F): Who.DIM, (_F, _S): Who.DIM, (_F, _R): Who.DIM, (_F, _N): Who.DIM, (_N, _F): Who.DIM,
    (_S, _U): Who.FAMILY, (_R, _U): Who.FAMILY, (_N, _U): Who.FAMILY_NEAR, (_F, _U): Who.FAINT,
    (_S, _O): Who.KIN, (_R, _O): Who.KIN, (_O, _S): Who.GIVEN, (_O, _R): Who.GIVEN,
    (_N, _O): Who.FAINT, (_O, _N): Who.FAINT, (_F, _F): Who.FAINT, (_F, _O): Who.OTHER, (_O, _F): Who.OTHER,
    (_O, _O): Who.OTHER, (_O, _U): Who.OTHER,
    (_S, _K): Who.UNREAD, (_R, _K): Who.UNREAD, (_N, _K): Who.UNKNOWN, (_F, _K): Who.FAINT, (_O, _K): Who.OTHER,
    (_K, _S): Who.GIVEN, (_K, _R): Who.GIVEN, (_K, _N): Who.UNKNOWN, (_K, _F): Who.UNKNOWN, (_K, _K): Who.UNKNOWN, (_K, _U): Who.UNKNOWN,
    (_K, _O): Who.OTHER, (_U, _K): Who.UNKNOWN, (_U, _S): Who.GIVEN, (_U, _R): Who.GIVEN, (_U, _N): Who.UNKNOWN, (_U, _F): Who.UNKNOWN, (_U, _O): Who.OTHER, (_U, _U): Who.UNKNOWN,
}  # fmt: skip


@lru_cache(maxsize=4096)
def who(a: Human, b: Human) -> Who:
    if not a.has_name or not b.has_name:
        return Who.UNKNOWN
    if any(len(words) >= _MANY_WORDS for words in a.words & b.words):
        return Who.WORDS
    if a.name and a.name == b.name:
        return Who.FAMILY if only_family(a) or only_family(b) else Who.NAME
    ours, theirs = _readings(a), _readings(b)
    if ours & theirs:
        return Who.READING
    if _turned(a, b):
        return Who.TURNED
    found = _by_parts(a, b)
    if found not in ONE_PERSON and _says_fewer_words(a, b):
        return Who.NEAR
    if found in ONE_PERSON or not (ours and theirs):
        return found
    if any(
        sound(x) == sound(y) or (one_slip(x, y) and min(len(x), len(y)) >= 5) for x in ours for y in theirs
    ):
        return Who.NEAR
    if found not in (Who.DIM, Who.KIN, Who.GIVEN) and any(
        min(len(x), len(y)) >= 5 and two_slips(sound(x), sound(y)) for x in ours for y in theirs
    ):
        return Who.DIM
    return found


def same_family(a: Human, b: Human) -> bool:
    """Whether the family names are one, in writing or as they are read."""
    return a.has_name and b.has_name and _parts(a, b)[0] in (_Part.SAME, _Part.READ)


def _parts(a: Human, b: Human) -> tuple[_Part, _Part]:
    """How the family names stand to each other, and the given names."""
    written = _cut(a.name, a.family, a.given, b), _cut(b.name, b.family, b.given, a)
    read = _cut_kana(a, b), _cut_kana(b, a)
    family = _part(written[0][0], read[0][0], written[1][0], read[1][0], is_family=True)
    return family, _part(written[0][1], read[0][1], written[1][1], read[1][1], is_family=False)


def _by_parts(a: Human, b: Human) -> Who:
    found = _WHO[_parts(a, b)]
    if found not in ONE_PERSON and found != Who.FAMILY and (_is_one_word(a) or _is_one_word(b)):
        return _one_word(a, b, found)
    return found


def _one_word(a: Human, b: Human, found: Who) -> Who:
    """A single word may be a given name as well."""
    for one, other in ((a, b), (b, a)):
        if _is_one_word(one) and {one.name, one.kana} & {other.given, other.given_kana} - {""}:
            return Who.GIVEN
    if found in (Who.OTHER, Who.FAINT):
        return Who.ONE_WORD
    return found


def _part(wa: str, ra: str, wb: str, rb: str, *, is_family: bool) -> _Part:
    """Written and read, of one and of the other; empty where it was not said."""
    if wa and wa == wb:
        return _Part.SAME
    ra, rb = ra or (wa if is_kana(wa) else ""), rb or (wb if is_kana(wb) else "")
    both_written = bool(wa and wb)
    if is_family and wa != wb and _said_abroad(wa, wb, ra, rb):
        return _Part.NEAR
    if ra and rb:
        if ra == rb:
            return _Part.READ if both_written else _Part.SAME
        if sound(ra) == sound(rb) or (one_slip(ra, rb) and min(len(ra), len(rb)) >= 3) or _with_ko(ra, rb):
            return _Part.NEAR
        if min(len(ra), len(rb)) >= 4 and two_slips(sound(ra), sound(rb)):
            return _Part.FAINT
        return _Part.OTHER
    if not both_written:
        return _Part.UNREAD if (wa or ra) and (wb or rb) else _Part.UNSAID
    if _script(wa) != _script(wb):
        return _Part.OTHER if not is_family and _kana_says_no(wa, wb) else _Part.UNREAD
    if is_family:
        if _in_one_place(wa, wb) and one_slip(wa, wb):
            return _Part.NEAR
        return _Part.FAINT if set(wa) & set(wb) else _Part.OTHER
    if _with_ko(wa, wb):
        return _Part.NEAR
    return _Part.FAINT if set(wa) & set(wb) else _Part.OTHER


def _script(key: str) -> str:
    return "kana" if is_kana(key) else "latin" if key.isascii() else "kanji"


def _kana_says_no(wa: str, wb: str) -> bool:
    """とし江 is not キミ: what stands in kana is read so."""
    kana, mixed = sorted((wa, wb), key=is_kana, reverse=True)
    said = "".join(letter for letter in mixed if is_kana(letter))
    return is_kana(kana) and bool(said) and said not in kana


def _with_ko(a: str, b: str) -> bool:
    """ツネ and ツネ子."""
    shorter, longer = sorted((a, b), key=len)
    return len(shorter) >= 2 and longer in (f"{shorter}子", f"{shorter}こ")


def _in_one_place(a: str, b: str) -> bool:
    return min(len(a), len(b)) >= 2 and any(x == y for x, y in zip(a, b, strict=False))


def _said_abroad(wa: str, wb: str, ra: str, rb: str) -> bool:
    return any(
        said and said in _TONGUES.get(written, "").split()
        for written, said in ((wa, rb), (wb, ra), (wa, wb), (wb, wa))
    )


def _cut(full: str, family: str, given: str, other: Human) -> tuple[str, str]:
    """(family, given) of a written name; where no space parts it, as the other's parts tell, or as such names are."""
    if given or not full:
        return family, given
    if other.family and full.startswith(other.family):
        return other.family, full[len(other.family) :]
    if other.given and len(full) > len(other.given) and full.endswith(other.given):
        return full[: -len(other.given)], other.given
    if not other.given and other.name and len(other.name) <= 3 and full.startswith(other.name):
        return other.name, full[len(other.name) :]
    if is_kana(full):
        return _cut_reading(full, "", "", other.kana, other.family_kana, other.given_kana)
    if full[:3] in _THREE:
        return full[:3], full[3:]
    if full[0] in _SINGLE and len(full) in (2, 3) and full[:2] not in COMMON:
        return (
            (full, "")
            if len(full) == 2
            else (full[:1], full[1:])
            if full[-1] in _COMMON_ENDS
            else (full[:2], full[2:])
        )
    return full[:2], full[2:]


def _cut_kana(one: Human, other: Human) -> tuple[str, str]:
    return _cut_reading(
        one.kana, one.family_kana, one.given_kana, other.kana, other.family_kana, other.given_kana
    )


def _cut_reading(
    full: str, family: str, given: str, other: str, other_family: str, other_given: str
) -> tuple[str, str]:
    if given or not full:
        return family, given
    if other_family and full.startswith(other_family):
        return other_family, full[len(other_family) :]
    if other_given and len(full) > len(other_given) and full.endswith(other_given):
        return full[: -len(other_given)], other_given
    if len(full) <= 4:
        return full, ""
    if other_family:
        return full[: len(other_family)], full[len(other_family) :]
    if other and not other_given and len(other) <= 5 and full.startswith(other):
        return other, full[len(other) :]
    shared = next((n for n, (x, y) in enumerate(zip(full, other, strict=False)) if x != y), 0)
    return full[: max(shared, 3)], full[max(shared, 3) :]


def _is_one_word(person: Human) -> bool:
    """Whether only a family name or only a given name was said, nobody knows which."""
    return not person.given and not person.given_kana and len(person.name) <= 3 and len(person.kana) <= 5


def only_family(person: Human) -> bool:
    """Whether no given name was said: 佐藤 alone is a thousand people."""
    if person.given or person.given_kana or len(person.kana) > 5:
        return False
    return len(person.name) <= 2 or person.name in _THREE or (is_kana(person.name) and len(person.name) <= 4)


def _readings(person: Human) -> set[str]:
    """Also a name that was typed in kana; not the family's alone."""
    return {
        key
        for key, parted in ((person.kana, person.given_kana), (person.name, person.given))
        if is_kana(key) and (len(key) >= 4 if parted else len(key) >= 5)
    }


def _turned(a: Human, b: Human) -> bool:
    """Whether one says 花 佐藤 and the other 佐藤 花: also where a space parts only one of them, or the reading, and where
    only a part of it was typed as one word (SantosMaria Clara)."""
    if _crosswise(a.family, a.given, b.family, b.given) or _crosswise(
        a.family_kana, a.given_kana, b.family_kana, b.given_kana
    ):
        return True
    if len(a.name) == len(b.name) >= _LONG_NAME and a.name.isascii() and b.name in a.name * 2:
        return True
    return any(
        turned and key != turned and turned in (other.name, other.kana)
        for one, other in ((a, b), (b, a))
        for key, turned in ((one.name, one.given + one.family), (one.kana, one.given_kana + one.family_kana))
    )


def _says_fewer_words(a: Human, b: Human) -> bool:
    """グエン アン for グエン ヴァン アン, and one of a couple (佐藤 進・花) for both."""
    return any(
        max(len(x), len(y)) >= _MANY_WORDS and (set(x) < set(y) or set(y) < set(x))
        for x in a.words
        for y in b.words
    )


def _crosswise(family: str, given: str, other_family: str, other_given: str) -> bool:
    """Readings that are a slip away count as well: グルン ビカス and ビカス・グルング."""
    if not (family and given and other_family and other_given) or family == given:
        return False
    return all(
        x == y or (is_kana(x + y) and min(len(x), len(y)) >= 3 and one_slip(x, y))
        for x, y in ((family, other_given), (given, other_family))
    )

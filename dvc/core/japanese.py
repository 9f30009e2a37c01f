"""Japanese text: what is stored as typed, what is compared, how dates and telephone numbers are written and
read.

Two kinds of text are kept apart. What a person typed is stored as it was typed (髙 stays 髙). What is
compared is a key made from it (`search_key`, `kana_key`, `phone_digits`), the same way for the stored
column and for the question.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from typing import Final

import jaconv
import phonenumbers

MAX_TEXT: Final = 10_000  # characters; forms set their own, smaller limits
_SHORT_TEXT: Final = 40  # characters: a name, a town

# Compatibility ideographs: NFC would turn them into another character, and a name must stay as it was typed.
_COMPATIBILITY_IDEOGRAPHS = re.compile("([\uf900-\ufaff\U0002f800-\U0002fa1f]+)")
_SPACES = re.compile(r"\s+")
_INVISIBLE_EDGES = "\u200b\u2060\ufeff"
_BIDI_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# One character for every group of spellings that people mix up in names. The first stands for all.
# 斉・斎 and 畑・畠 are not the same character, but a person at a desk cannot hear the difference.
_VARIANT_GROUPS: Final = """
高髙 崎﨑嵜碕 吉𠮷 斎齋斉齊亝 辺邊邉 沢澤 広廣 浜濱濵 島嶋嶌 富冨 国國圀 桜櫻 竜龍 滝瀧 関關 塩鹽
黒黑 徳德 恵惠 真眞 静靜 清淸 円圓 栄榮 学學斈 寿壽 会會 亀龜 万萬 与與 沖冲 峰峯 館舘 鶴靏靍
柳栁桺 橋𣘺槗 松枩 野埜 船舩 曽曾 条條 壱壹 弐貳 実實 宝寶寳 巌巖 糸絲 児兒 剣劔劍劒 園薗 蔵藏 予豫
遥遙 弥彌 礼禮 緑綠 穂穗 芦蘆 豊豐 郎郞 鉄鐵銕 錬鍊 顕顯 鴎鷗 麦麥 黄黃 晋晉 暁曉 来來 歩步 気氣
涼凉 温溫 満滿 瀬瀨 桑桒 桧檜 栃杤 様樣 楽樂 横橫 猪豬 画畫 畑畠 尭堯 壮壯 奥奧 姉姊 姫姬 宮宫 寛寬
将將 巣巢 帯帶 当當 従從 応應 恒恆 戸戶户 挙擧 数數 旧舊 昂昻 枡桝 柏栢 検檢 権權 歓歡 浄淨 浅淺
渋澁 渓溪 湧涌 炉爐 灯燈 献獻 県縣 祢禰 稲稻 穣穰 窓窗 篭籠 経經 継繼 総總 縄繩 聡聰 舎舍 荘莊 蒋蔣
薫薰 薮藪籔 蛍螢 装裝 覚覺 観觀 証證 読讀 讃讚 頼賴 郷鄕 霊靈 頬頰 頴穎 鶏鷄雞 麹麴 齢齡 土圡 衛衞
呉吳 喜㐂 哲喆 坂阪 慎愼 誉譽 礒磯 鶯鴬 諌諫 巻卷 厳嚴 双雙 営營 団團 壷壺 岳嶽 峡峽 亘亙 亜亞 仏佛
伝傳 凛凜 勲勳 区區 参參 台臺 多夛 倶俱 侠俠 増增 晧皓 皐皋 槙槇 淵渕渊 濤涛 熙煕凞熈 耀燿 狭狹
畳疊 祷禱 縁緣 萌萠 芸藝 譲讓 鎮鎭 長镸 青靑 兎兔 隣鄰 隠隱 陥陷 駅驛 駆驅 嬢孃 祇祗 苅刈 処處 両兩
乗乘 剰剩 単單 戦戰 択擇 担擔 拝拜 拠據 拡擴 昼晝 栖棲 梅楳 槌鎚 歳歲 毎每 湾灣 瑶瑤 産產 痩瘦 発發
砺礪 称稱 粋粹 絵繪 緒緖 脇脅 蝉蟬 蝿蠅 触觸 訳譯 説說 贋贗 軽輕 辞辭 逓遞 遅遲 酔醉 釈釋 銭錢 録錄
鋳鑄 閲閱 随隨 雑雜 顔顏 騒騷 髪髮 鯵鰺 鹸鹼 麺麵 黙默 歯齒
"""
_VARIANTS: Final = {
    ord(variant): group[0]
    for group in _VARIANT_GROUPS.split()
    for variant in group[1:]
    if variant != group[0]
}

_SMALL_KANA = str.maketrans("ぁぃぅぇぉっゃゅょゎゕゖ", "あいうえおつやゆよわかけ")
_ALIKE_KANA = str.maketrans("ぢづゐゑを", "じずいえお")
_VU = re.compile("ゔ([ぁぃぇぉ]?)")
_VU_SOUND = {"": "ぶ", "ぁ": "ば", "ぃ": "び", "ぇ": "べ", "ぉ": "ぼ"}
_VARIATION_SELECTORS = re.compile("[\u180b-\u180d\ufe00-\ufe0f\U000e0100-\U000e01ef]+")
_REPEATED = re.compile("(.)([々ゝゞ])")
_ACCENTS = re.compile("[\u0300-\u036f]+")  # not the kana's voicing marks, U+3099 and U+309A
_PLAIN_LETTERS = str.maketrans("đøłı", "doli")


def normalise_text(text: str, *, multiline: bool = False) -> str:
    """Text as it may be stored: trimmed, runs of white space made one space, decomposed kana composed,
    nothing else.

    髙, 﨑, 𠮷, variation selectors and full-width letters stay as typed. With `multiline`, line ends are
    kept (as \\n). ValueError for NUL and other controls, lone surrogates, direction overrides and more than
    10,000 characters.
    """
    if len(text) > MAX_TEXT:
        raise ValueError("text is too long")
    lines = text.splitlines() if multiline else [text]
    trimmed = [_SPACES.sub(" ", line).strip(_INVISIBLE_EDGES + " ") for line in lines]
    for line in trimmed:
        for character in line:
            if character in _BIDI_OVERRIDES or unicodedata.category(character) in ("Cc", "Cs"):
                raise ValueError(f"text holds U+{ord(character):04X}, which cannot be stored")
    return "\n".join(_compose(line) for line in trimmed).strip("\n")


def to_hiragana(text: str) -> str:
    """Katakana of either width as hiragana, one space between words. For a ふりがな field; ー and kanji
    stay."""
    full = unicodedata.normalize("NFKC", text)
    return _SPACES.sub(" ", jaconv.kata2hira(full)).strip()


def kana_key(text: str) -> str:
    """A reading as it is searched and sorted: the same folding as `search_key`.

    Decided: voicing marks stay, for たかた and たかだ are different people; small kana, ー, ヴ, ぢ and づ
    are folded, because forms and cards from elsewhere write シヨウコ for しょうこ, and one name too many in
    a list costs less than one person not found. Code points of hiragana are in 五十音 order, so the
    database can sort by it.
    """
    return search_key(text)


def search_key(text: str) -> str:
    """What two spellings of one name have in common. Used for the stored column and for what is typed to
    find it.

    Folded: width, capitals, katakana, small kana (しよう = しょう), ヴ (= ぶ), ぢづゐゑを, ヶ, 々ゝゞ, long
    vowel marks, spaces, middle dots and every other sign, variation selectors, character variants (髙 = 高,
    渡邉 = 渡辺), accents of Latin letters (Nguyễn = nguyen). Voicing marks stay. Any text is accepted; the
    key of a text with no letter is empty.
    """
    return _short_key(text) if len(text) <= _SHORT_TEXT else _key(text[:MAX_TEXT])


def _key(text: str) -> str:
    text = _VARIATION_SELECTORS.sub("", text)
    text = unicodedata.normalize("NFKC", text).lower()
    text = jaconv.kata2hira(text)
    text = _REPEATED.sub(_repeat, text)
    text = _VU.sub(lambda match: _VU_SOUND[match[1]], text)
    text = text.translate(_SMALL_KANA).translate(_ALIKE_KANA).translate(_VARIANTS)
    letters = "".join(c for c in text.translate(_PLAIN_LETTERS) if _is_letter(c) and c != "ー")
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", letters)))


# The same families, given names and towns again and again, while a call is compared with hundreds.
_short_key = lru_cache(maxsize=16384)(_key)


_HONORIFIC = re.compile(r"(?<=\S\S)\s*(?:様|さま|サマ|さん|サン|氏|殿)$")
_ASIDE = re.compile(r"[(（〔［\[][^)）〕］\]]*[)）〕］\]]?")


def bare_name(text: str) -> str:
    """A name without 様・さん and without what somebody noted in brackets behind it. For keys; the name stays as typed."""
    text = _ASIDE.sub("", _SPACES.sub(" ", text[:MAX_TEXT])).strip()
    return _HONORIFIC.sub("", text)


def split_name(text: str) -> tuple[str, str]:
    """Family and given name as far as a space or a middle dot parts them; all of it is the family's where nothing does."""
    family, _, given = re.sub("[・･]", " ", bare_name(text)).strip().partition(" ")
    return family, given.strip()


def family_first_letter(family: str, given: str) -> str:
    """The name a tablet at the door shows: 佐藤 花… (the family name and the first letter of the given
    name)."""
    family, given = family.strip(), given.strip()
    if not given:
        return family
    end = 1
    while end < len(given) and _belongs_to_the_letter_before(given[end]):
        end += 1
    return f"{family} {given[:end]}{'…' if end < len(given) else ''}".strip()


def phone_digits(text: str) -> str:
    """A telephone number as it is compared: digits only, +81 and 0081 read as the leading 0.

    A number of another country keeps its +. Empty when there is no digit.
    """
    text = unicodedata.normalize("NFKC", text[:MAX_TEXT])
    text = re.split("内線|ext|x", text, maxsplit=1, flags=re.IGNORECASE)[0].replace("(0)", "")
    digits = "".join(c for c in text if c in "0123456789")
    if text.lstrip().startswith("+") and digits:
        return "0" + digits[2:].removeprefix("0") if digits.startswith("81") else "+" + digits
    if digits.startswith("0081"):
        return "0" + digits[4:].removeprefix("0")
    return digits


def phone_key(text: str) -> str:
    """`phone_digits` with the leading 0 that a spreadsheet took away put back: 9000000012 → 09000000012, 223686300 →
    0223686300."""
    digits = phone_digits(text)
    lost_zero = re.fullmatch("[1-9][0-9]{8}|[789]0[0-9]{8}", digits)
    return f"0{digits}" if lost_zero else digits


_BETWEEN_NUMBERS: Final = re.compile("[、,;/・\n]|または|もしくは|及び|および")


def phone_numbers(text: str) -> list[str]:
    """Each number of a field that holds several, as it was typed but for its width: 「022-… / 090-…」, 「022-… 090-…」.
    A text that is none comes back whole."""
    found: list[str] = []
    for part in _BETWEEN_NUMBERS.split(unicodedata.normalize("NFKC", text[:MAX_TEXT])):
        words = part.split()
        while words:
            ends = [n for n in range(1, len(words) + 1) if is_phone("".join(words[:n]))]
            rest_begins_anew = ends and words[ends[0] :] and words[ends[0]].startswith(("0", "+"))
            taken = ends[0] if rest_begins_anew else len(words)
            found.append(" ".join(words[:taken]))
            words = words[taken:]
    return found


def is_phone(text: str) -> bool:
    """Whether a number has the length of a Japanese one (10 or 11 digits with a leading 0) or is a foreign
    one."""
    digits = phone_digits(text)
    if digits.startswith("+"):
        return 8 <= len(digits) <= 16
    return digits.startswith("0") and len(digits) in (10, 11)


_HYPHENATED_PHONE: Final = re.compile(r"0[0-9]{1,4}-[0-9]{1,4}-[0-9]{3,4}")


def format_phone(text: str) -> str:
    """A number with its hyphens, as people read it: 090-0000-0012, 022-368-6300. As typed when it is none.

    Hyphens that were typed stay where they are: whoever gives a number knows how it is read.
    """
    typed = unicodedata.normalize("NFKC", text).strip()
    if _HYPHENATED_PHONE.fullmatch(typed):
        return typed
    digits = phone_digits(text)
    try:
        number = phonenumbers.parse(digits, "JP")
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_possible_number(number):
        return text
    style = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(
        number, style.NATIONAL if number.country_code == 81 else style.INTERNATIONAL
    )


@dataclass(frozen=True, slots=True)
class Era:
    """A Japanese era: its names and its first day."""

    name: str
    letter: str
    first_day: date


# Newest first. Dates before Meiji are written with the western year alone.
ERAS: Final = (
    Era("令和", "R", date(2019, 5, 1)),
    Era("平成", "H", date(1989, 1, 8)),
    Era("昭和", "S", date(1926, 12, 25)),
    Era("大正", "T", date(1912, 7, 30)),
    Era("明治", "M", date(1868, 1, 25)),
)


def era_date(day: date) -> str:
    """A date on paper, in both calendars: 令和8年11月23日（2026年）."""
    for era in ERAS:
        if day >= era.first_day:
            year = day.year - era.first_day.year + 1
            return f"{era.name}{'元' if year == 1 else year}年{day.month}月{day.day}日（{day.year}年）"
    return f"{day.year}年{day.month}月{day.day}日"


_DATE = re.compile(
    r"(?P<era>令和|平成|昭和|大正|明治|[RHSTM])?\s*(?P<year>[0-9]{1,4}|元)\s*[-/.年]\s*(?P<month>[0-9]{1,2})\s*[-/.月]"
    r"\s*(?P<day>[0-9]{1,2})\s*日?(?:生まれ|生)?",
)
_EIGHT_DIGITS = re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")
_LONGEST_DATE = 40


def parse_date_ja(text: str) -> date:
    """A date as people write it: 1961-5-4, 1961/05/04, 19610504, S36.5.4, 昭和36年5月4日, 平成元年…, in
    either width.

    ValueError for anything else: a day that is not in the calendar, a year of an era that it never had
    (昭和70年), and two-digit years without an era, which nobody can tell apart.
    """
    cleaned = re.sub(
        "[‐‑‒–—―−ー]", "-", unicodedata.normalize("NFKC", text[: _LONGEST_DATE + 1]).strip()
    ).upper()
    match = _DATE.fullmatch(cleaned) or _EIGHT_DIGITS.fullmatch(cleaned)
    if match is None or len(text) > _LONGEST_DATE:
        raise ValueError("not a date: write 1961-5-4, S36.5.4 or 昭和36年5月4日")
    fields = match.groupdict()
    year = _western_year(fields.get("era"), fields["year"])
    return date(year, int(fields["month"]), int(fields["day"]))


_TIME = re.compile(r"([0-9]{1,2})(?:[:.時]([0-9]{1,2})分?|([0-9]{2}))|([0-9]{1,2})時?")
_LONGEST_TIME = 20


def parse_time_ja(text: str) -> time:
    """A time of day as people write it: 9:40, 09:40, 940, 9.40, 9時40分, 9時, 9, in either width.

    ValueError for anything else, and for a time that no clock shows (25:99).
    """
    match = _TIME.fullmatch(unicodedata.normalize("NFKC", text[: _LONGEST_TIME + 1]).replace(" ", ""))
    if match is None or len(text) > _LONGEST_TIME:
        raise ValueError("not a time: write 9:40, 940 or 9時40分")
    return time(int(match[1] or match[4]), int(match[2] or match[3] or 0))


def how_long(minutes: int) -> str:
    """A stretch of time as people say it: 45分, 3時間, 2時間30分."""
    hours, rest = divmod(minutes, 60)
    return f"{hours}時間{rest}分" if hours and rest else f"{hours}時間" if hours else f"{rest}分"


_LAST_MINUTE = time(23, 59)


def said_hours(begin: time | None, end: time | None) -> str:
    """From when until when something may be done: 9:00～15:30, 13:00から, 15:30まで; いつでも, when neither the one nor
    the other keeps anybody. None as 0:00 and 23:59."""
    since = f"{begin:%-H:%M}" if begin is not None and begin > time.min else ""
    until = f"{end:%-H:%M}" if end is not None and end < _LAST_MINUTE else ""
    if since and until:
        return f"{since}～{until}"
    return f"{since}から" if since else f"{until}まで" if until else "いつでも"


def _western_year(era_text: str | None, year_text: str) -> int:
    year = 1 if year_text == "元" else int(year_text)
    if era_text is None:
        if year < 1000 or year_text == "元":
            raise ValueError("a year needs four digits or an era")
        return year
    place, era = next((i, era) for i, era in enumerate(ERAS) if era_text in (era.name, era.letter))
    western = era.first_day.year + year - 1
    last = ERAS[place - 1].first_day.year if place else date.max.year
    if year < 1 or western > last:
        raise ValueError(f"{era.name} had no year {year}")
    return western


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"  # marks too: they are the vowels of नेपाल and ไทย


def _repeat(match: re.Match[str]) -> str:
    voiced = "\u3099" if match[2] == "ゞ" else ""
    return match[1] + unicodedata.normalize("NFC", match[1] + voiced)


def _compose(line: str) -> str:
    parts = _COMPATIBILITY_IDEOGRAPHS.split(line)
    return "".join(part if i % 2 else unicodedata.normalize("NFC", part) for i, part in enumerate(parts))


def _belongs_to_the_letter_before(character: str) -> bool:
    return unicodedata.category(character).startswith("M") or character in "゛゜ﾞﾟ\u200d"

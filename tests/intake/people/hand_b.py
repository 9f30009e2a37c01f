"""Labelled pairs of request records, written from stories of a flood in Tagajo. Invented and seeded.

Written by a helper who had not read the rule (`intake.people.likeness`) nor `fresh_pairs`, and before anybody scored these
pairs. Read before: `pairs.py`, the README, and `test_likeness.py` for how sets are consumed, where some sentences of the rule
and one of its cases (a caller for many houses) are to be seen. A label says what a careful veteran of the desk would want
from the two records alone: "look at that one before you open a new request", or not. What nobody could tell is left out:
whoever is told badly in one way is told well enough in another.

People are drawn as often as their names are (one in eight is a 佐藤), a record is written the way it came in (`Way`), and at
most one thing of a pair is wrong (`by_ear`). Telephone numbers begin with a 0 after the area, so nobody has them.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

from tests.intake.people.pairs import House, Pair, Person, Told, another, kanji, katakana, wide

Way = Literal["desk", "web", "slip", "ledger", "hotline"]
How = Literal["full", "block", "town", "none"]
Two = tuple[Told, Told]

FAMILIES: Final = {
    ("佐藤", "さとう"): 70, ("鈴木", "すずき"): 52, ("高橋", "たかはし"): 45, ("佐々木", "ささき"): 40, ("阿部", "あべ"): 30,
    ("千葉", "ちば"): 26, ("伊藤", "いとう"): 24, ("菅原", "すがわら"): 20, ("渡辺", "わたなべ"): 20, ("遠藤", "えんどう"): 16,
    ("加藤", "かとう"): 16, ("三浦", "みうら"): 15, ("齋藤", "さいとう"): 15, ("小野寺", "おのでら"): 14, ("後藤", "ごとう"): 13,
    ("菊地", "きくち"): 13, ("今野", "こんの"): 13, ("熊谷", "くまがい"): 12, ("庄子", "しょうじ"): 12, ("相澤", "あいざわ"): 11,
    ("赤間", "あかま"): 10, ("鎌田", "かまた"): 9, ("及川", "おいかわ"): 9, ("大友", "おおとも"): 8, ("早坂", "はやさか"): 8,
    ("木村", "きむら"): 8, ("郷古", "ごうこ"): 4, ("加川", "かがわ"): 3, ("柏倉", "かしわぐら"): 3, ("角田", "かくた"): 4,
    ("雁部", "がんべ"): 1, ("髙倉", "たかくら"): 3, ("渥美", "あつみ"): 3, ("昆", "こん"): 2, ("竹谷", "たけや"): 3, ("桜井", "さくらい"): 5,
}  # fmt: skip
# (written, read, written otherwise by whoever only hears it)
OLD_WOMEN: Final = [
    ("和子", "かずこ", "一子"), ("幸子", "さちこ", "祥子"), ("節子", "せつこ", "せつ子"), ("洋子", "ようこ", "陽子"),
    ("京子", "きょうこ", "恭子"), ("恵子", "けいこ", "敬子"), ("とし子", "としこ", "敏子"), ("きみ子", "きみこ", "君子"),
    ("みよ子", "みよこ", "美代子"), ("ヒデ子", "ひでこ", "秀子"), ("はるの", "はるの", "春乃"), ("ふじ", "ふじ", "フジ"),
    ("つや子", "つやこ", "艶子"), ("勝子", "かつこ", "克子"), ("美津子", "みつこ", "光子"), ("ゑい子", "えいこ", "栄子"),
    ("たけよ", "たけよ", "竹代"), ("喜美恵", "きみえ", "君江"),
]  # fmt: skip
OLD_MEN: Final = [
    ("清", "きよし", "喜代志"), ("勝", "まさる", "優"), ("弘", "ひろし", "博"), ("正雄", "まさお", "政雄"), ("功", "いさお", "勲"),
    ("稔", "みのる", "実"), ("昭", "あきら", "明"), ("忠", "ただし", "正"), ("幸一", "こういち", "浩一"), ("善次郎", "ぜんじろう", "善二郎"),
    ("辰男", "たつお", "達夫"), ("留吉", "とめきち", "とめ吉"), ("勇治", "ゆうじ", "雄二"), ("喜一", "きいち", "喜市"),
]  # fmt: skip
WOMEN: Final = [
    ("裕子", "ゆうこ", "優子"), ("真由美", "まゆみ", "真弓"), ("由美", "ゆみ", "友美"), ("久美子", "くみこ", "公美子"),
    ("直美", "なおみ", "尚美"), ("明美", "あけみ", "朱美"), ("祥子", "しょうこ", "翔子"), ("千鶴", "ちづる", "千津留"),
    ("香", "かおり", "香織"), ("恵美", "えみ", "絵美"), ("智恵", "ちえ", "千恵"), ("かおる", "かおる", "薫"),
]  # fmt: skip
MEN: Final = [
    ("浩", "ひろし", "博"), ("隆", "たかし", "孝"), ("誠", "まこと", "真"), ("和彦", "かずひこ", "一彦"), ("秀樹", "ひでき", "英樹"),
    ("俊哉", "としや", "敏也"), ("修", "おさむ", "治"), ("健", "けん", "謙"), ("哲也", "てつや", "徹也"), ("克明", "かつあき", "勝明"),
    ("聡", "さとし", "智"), ("洋一", "よういち", "陽一"),
]  # fmt: skip
GRANDDAUGHTERS: Final = [
    ("美優", "みゆ", "美結"), ("彩花", "あやか", "綾香"), ("七海", "ななみ", "菜々美"), ("遥", "はるか", "春香"), ("莉子", "りこ", "理子"),
    ("萌", "もえ", "もえ"), ("葵", "あおい", "あおい"), ("結衣", "ゆい", "唯"),
]  # fmt: skip
SAME_LETTERS: Final = {
    "高橋": ("髙橋",), "渡辺": ("渡邊", "渡邉", "渡部"), "齋藤": ("斎藤", "斉藤", "齊藤"), "相澤": ("相沢",), "髙倉": ("高倉",),
    "桜井": ("櫻井",), "佐々木": ("佐佐木",),
}  # fmt: skip
BY_EAR: Final = {
    "庄子": ("庄司", "東海林"), "今野": ("紺野", "金野"), "菊地": ("菊池",), "阿部": ("安部", "阿倍"), "伊藤": ("伊東",), "郷古": ("郷子",),
    "加川": ("香川",), "昆": ("今",), "鎌田": ("釜田",), "千葉": ("千羽",),
}  # fmt: skip
READ_OTHERWISE: Final = {
    "すがわら": "すがはら", "くまがい": "くまがや", "こんの": "いまの", "かくた": "つのだ", "あいざわ": "あいさわ", "かまた": "かまだ",
    "たけや": "たけたに", "かしわぐら": "かしわくら", "しょうじ": "しょうし", "さちこ": "ゆきこ", "かずこ": "わこ", "まさる": "かつ",
    "ようこ": "ひろこ", "かつこ": "まさこ", "ちづる": "ちずる", "みのる": "みのり", "たけよ": "たけお", "つやこ": "つあこ",
}  # fmt: skip

CHOME: Final = {
    "町前": 4, "桜木": 3, "栄": 4, "明月": 2, "宮内": 2, "八幡": 4, "大代": 6, "笠神": 5, "下馬": 5, "高橋": 5, "留ケ谷": 3, "鶴ケ谷": 3,
}  # fmt: skip
AZA: Final = {
    "山王千刈田": "山王字千刈田", "南宮庚田": "南宮字庚田", "新田後": "新田字後", "市川奏社": "市川字奏社", "八幡庚田": "八幡字庚田",
}  # fmt: skip
OLD_LOTS: Final = ["八幡字二の坪", "八幡字一本柳", "笠神字二月田", "大代字西原", "下馬字蓑輪", "高橋字樋ノ口"]
# Each as it stands on its sign and as people say it.
BUILDINGS: Final = [
    ("コーポさくら", "コーポ桜"), ("メゾン・ド・砂押", "メゾンド砂押"), ("パルハイツ2", "パルハイツⅡ"), ("第一庄子荘", "庄子荘"),
    ("リバーサイド鎮守橋", "リバーサイド鎮守橋"), ("ハイツ・アベ", "ハイツアベ"),
]  # fmt: skip
TOWNS_OUTSIDE: Final = [
    "利府町しらかし台",
    "塩竈市伊保石",
    "仙台市宮城野区岩切",
    "七ヶ浜町汐見台",
    "富谷市成田",
]
SHOPS: Final = [
    "さくら食堂",
    "ヘアサロン・ルナ",
    "町前クリーニング",
    "スナック都",
    "みやぎ整骨院",
    "やきとり大将",
    "手芸のまつや",
]


HALF: Final = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)} | {
    "\u3099": "ﾞ",
    "\u309a": "ﾟ",
}
# Older machines know no small kana: ｼﾖｳｼﾞ.
LARGE: Final = str.maketrans("ァィゥェォッャュョ", "アイウエオツヤユヨ")


@dataclass(frozen=True)
class One:
    """Somebody as they are; how that comes to stand in a record is `Tagajo.write`."""

    family: tuple[str, str]
    given: tuple[str, str, str]
    born: int
    mobile: str
    landline: str

    @property
    def read(self) -> str:
        return f"{self.family[1]} {self.given[1]}"


def half(text: str) -> str:
    """Katakana as a mainframe prints it: ｻﾄｳ ｶｽﾞｺ."""
    return "".join(HALF.get(c, c) for c in unicodedata.normalize("NFD", text))


class Tagajo:
    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    # ── who lives there ──

    def landline(self) -> str:
        return (
            f"022-0{self.dice.choice(['36', '36', '38', '09', '78', '52'])}-{self.dice.randrange(10000):04d}"
        )

    def mobile(self) -> str:
        return f"{self.dice.choice(['090', '090', '080', '070'])}-0{self.dice.randrange(1000):03d}-{self.dice.randrange(10000):04d}"

    def family(self) -> tuple[str, str]:
        return self.dice.choices(list(FAMILIES), list(FAMILIES.values()))[0]

    def one(
        self,
        names: list[tuple[str, str, str]],
        born: tuple[int, int],
        *,
        family: tuple[str, str] | None = None,
        landline: str = "",
    ) -> One:
        return One(
            family or self.family(),
            self.dice.choice(names),
            self.dice.randint(*born),
            self.mobile(),
            landline or self.landline(),
        )

    def old(self, *, family: tuple[str, str] | None = None, landline: str = "") -> One:
        names = OLD_WOMEN if self.chance(0.65) else OLD_MEN
        return self.one(names, (1931, 1955), family=family, landline=landline)

    def younger(self, *, family: tuple[str, str] | None = None) -> One:
        return self.one(WOMEN if self.chance(0.5) else MEN, (1956, 1988), family=family)

    def anybody(self, *, family: tuple[str, str] | None = None) -> One:
        return self.old(family=family) if self.chance(0.65) else self.younger(family=family)

    def child_of(self, parent: One) -> One:
        """A son has the parent's name; of the daughters seven in ten have another since they married."""
        while True:
            if self.chance(0.5):
                child = self.one(MEN, (1958, 1985), family=parent.family)
            else:
                child = self.one(WOMEN, (1958, 1985), family=None if self.chance(0.7) else parent.family)
            if child.given[1] != parent.given[1]:
                return child

    def unlike(
        self, *others: One, family: tuple[str, str] | None = None, apart: bool = True, old: bool = False
    ) -> One:
        """Somebody who has neither the given name nor (when `apart`) the family of those."""
        while True:
            one = self.old(family=family) if old else self.anybody(family=family)
            if any(one.given[1] == other.given[1] for other in others):
                continue
            if apart and any(one.family[1] == other.family[1] for other in others):
                continue
            return one

    # ── where ──

    def house(self, *, flat: bool = False) -> House:
        dice = self.dice
        building, room = (
            (dice.choice(BUILDINGS)[0], f"{dice.randint(1, 3)}0{dice.randint(1, 6)}") if flat else ("", "")
        )
        if self.chance(0.78):
            town = dice.choice(list(CHOME))
            chome = dice.randint(1, CHOME[town])
            return House(town, chome, dice.randint(1, 32), dice.randint(1, 30), building, room)
        return House(
            dice.choice(list(AZA)), 0, dice.randint(3, 180), dice.choice([0, 1, 1, 2, 3, 5]), building, room
        )

    def home(self) -> House:
        return self.house(flat=self.chance(0.15))

    def elsewhere(self, *houses: House, flat: bool = False) -> House:
        while True:
            house = self.house(flat=flat)
            if all(house.town != other.town for other in houses):
                return house

    def beside(self, house: House, steps: int = 1) -> House:
        if house.go:
            down = house.go > steps and self.chance(0.5)
            return replace(house, go=house.go - steps if down else house.go + steps, building="", room="")
        return replace(house, ban=house.ban + steps, building="", room="")

    # ── what goes wrong ──

    def by_ear(self, one: One, house: House, share: float = 0.3) -> tuple[One, House]:
        """In this share of the records one thing is not as it is, and only one."""
        if not self.chance(share):
            return one, house
        dice = self.dice
        what = dice.choices(["given", "family", "reading", "phone", "house"], [30, 15, 20, 15, 20])[0]
        if what == "family" and one.family[0] in BY_EAR:
            return replace(one, family=(dice.choice(BY_EAR[one.family[0]]), one.family[1])), house
        if what == "reading":
            family, given = one.family, one.given
            if family[1] in READ_OTHERWISE:
                family = (family[0], READ_OTHERWISE[family[1]])
            elif given[1] in READ_OTHERWISE:
                given = (given[0], READ_OTHERWISE[given[1]], given[2])
            return replace(one, family=family, given=given), house
        if what == "phone":
            return replace(
                one, mobile=self.wrong_number(one.mobile), landline=self.wrong_number(one.landline)
            ), house
        if what == "house":
            if house.go and self.chance(0.6):
                return one, replace(house, go=self.misread(house.go))
            return one, replace(house, ban=self.misread(house.ban))
        return replace(one, given=(one.given[2], one.given[1], one.given[0])), house

    def wrong_number(self, phone: str) -> str:
        tail, at = phone[-4:], self.dice.randrange(3)
        if self.chance(0.4) and tail[at] != tail[at + 1]:
            return phone[:-4] + tail[:at] + tail[at + 1] + tail[at] + tail[at + 2 :]
        return phone[:-4] + another(self.dice, tail, "0123456789")

    def misread(self, number: int) -> int:
        """1 and 7, 4 and 9, 3 and 8, or 5 and 6, as a pencil leaves them."""
        pencil = {"1": "7", "7": "1", "4": "9", "9": "4", "3": "8", "8": "3", "5": "6", "6": "5", "2": "3"}
        text = str(number)
        at = self.dice.choice([place for place, digit in enumerate(text) if digit != "0"])
        return int(text[:at] + pencil[text[at]] + text[at + 1 :])

    # ── how it is written down ──

    def name(self, one: One, way: Way) -> tuple[str, str]:
        """(the field for the name, the field for the reading)"""
        dice = self.dice
        family, given = one.family[0], one.given[0]
        if family in SAME_LETTERS and self.chance(0.35):
            family = dice.choice(SAME_LETTERS[family])
        read = one.read
        if way == "ledger":
            kana = katakana(read)
            return f"{family}　{given}", half(kana.translate(LARGE) if self.chance(0.25) else kana)
        if way == "hotline":
            return (katakana(read) if self.chance(0.7) else read), ""
        if way == "web":
            gap = dice.choice(["　", " ", ""])
            return f"{family}{gap}{given}", katakana(read.replace(" ", dice.choice(["　", " ", ""])))
        if way == "slip":
            name = f"{family}{dice.choice([' ', ' ', '　', ''])}{given}"
            return name, read if self.chance(0.3) else ""
        if self.chance(0.15):  # the caller did not spell it and the desk did not ask
            return (read if self.chance(0.6) else katakana(read)), ""
        kana = dice.choice(["", "", read, read, read, katakana(read)])
        return f"{family}{dice.choice([' ', ' ', ' ', '　', ''])}{given}", kana

    def number(self, phone: str, way: Way) -> str:
        if not phone:
            return ""
        dice, digits = self.dice, phone.replace("-", "")
        fixed = phone.startswith("022")
        if way == "web":
            return dice.choices([digits, phone, wide(phone)], [50, 35, 15])[0]
        if way == "ledger":
            return dice.choices([digits, wide(phone), digits[1:]], [60, 25, 15])[0]
        if way == "hotline":
            return dice.choices([phone, digits, f"+81{digits[1:]}"], [60, 32, 8])[0]
        if way == "slip":
            area, middle, last = phone.split("-")
            short = f"{middle}-{last}" if fixed else phone
            return dice.choices([phone, f"{area}({middle}){last}", short], [60, 20, 20])[0]
        note = dice.choice(
            ["（自宅）", " 留守電可", "（夕方以降）"]
            if fixed
            else ["（携帯）", "（日中）", " ショートメール可"]
        )
        return dice.choices(
            [phone, digits, phone.replace("-", " "), phone + note, phone[4:] if fixed else phone],
            [55, 18, 7, 10, 10],
        )[0]

    def write(self, one: One, way: Way, phone: str = "") -> Person:
        name, kana = self.name(one, way)
        asked = {"desk": 0.25, "web": 0.3, "slip": 0.25, "ledger": 0.7, "hotline": 0.1}[way]
        born = one.born + self.dice.choice([0] * 8 + [1, -1]) if self.chance(asked) else None
        return Person(name, kana, self.number(phone, way), born)

    def place(self, house: House, way: Way, how: How) -> tuple[str, str]:
        """(the field for the town, the field for the address)"""
        if how == "none":
            return "", ""
        dice, chome = self.dice, house.chome
        listed = house.town + (f"{kanji(chome)}丁目" if chome else "")
        free = house.town.replace("ケ谷", dice.choice(["ケ谷", "ケ谷", "ヶ谷", "が谷"]))
        if house.town in AZA and self.chance(0.6):
            free = AZA[house.town]
        picked = self.chance({"desk": 0.6, "web": 0.0, "slip": 0.4, "ledger": 0.25, "hotline": 0.3}[way])
        if how == "town":
            said = dice.choice([f"{chome}丁目", f"{kanji(chome)}丁目", f"{chome}"]) if chome else ""
            return (listed, "") if picked else ("", free + said)
        numbers = [house.ban, house.go] if how == "full" and house.go else [house.ban]
        door = self.door(house, way) if how == "full" else ""
        if picked:
            return listed, self.numbers(chome, numbers, way)[1] + door
        city = {"web": ["宮城県多賀城市", "宮城県多賀城市", "多賀城市", ""], "ledger": ["多賀城市"]}
        before = dice.choice(city.get(way, ["", "", "", "多賀城市"]))
        return "", before + free + "".join(self.numbers(chome, numbers, way)) + door

    def numbers(self, chome: int, numbers: list[int], way: Way) -> tuple[str, str]:
        """(the 丁目, the numbers after it), both in one manner: 3-12-5, 3丁目12番5号, 三の十二の五."""
        dice = self.dice
        ban, go = f"{numbers[0]}", f"{numbers[1]}" if numbers[1:] else ""
        lot = f"{ban}番地{go}"
        block = f"{ban}番{go}号" if go else f"{ban}番"
        official = block if chome else lot
        if way == "ledger":
            return f"{kanji(chome)}丁目" if chome else "", wide(official)
        if way == "slip" and self.chance(0.12):
            return f"{kanji(chome)}の" if chome else "", "の".join(kanji(number) for number in numbers)
        dashed = f"{ban}-{go}" if go else dice.choice([ban, f"{ban}番地"])
        if way == "web":
            if not chome:
                return "", dice.choice([dashed, wide(dashed), lot])
            letters = wide if self.chance(0.3) else str
            if self.chance(0.4):
                return letters(f"{chome}-"), letters(dashed)
            return dice.choice([letters(f"{chome}丁目"), f"{kanji(chome)}丁目"]), letters(
                dice.choice([dashed, official])
            )
        manner = dice.choices(["dash", "の", "ー", "丁目"], [40, 12, 8, 40])[0]
        if manner == "dash":
            return f"{chome}-" if chome else "", dashed
        if manner == "丁目":
            return f"{chome}丁目" if chome else "", dice.choice([dashed, official, lot])
        return f"{chome}{manner}" if chome else "", manner.join(map(str, numbers))

    def door(self, house: House, way: Way) -> str:
        building = next(
            (self.dice.choice(both) for both in BUILDINGS if both[0] == house.building), house.building
        )
        room = house.room
        if room.isdigit():
            room = self.dice.choice([room, room, f"{room}号", f"{room}号室"])
        if way == "ledger":
            building, room = f"　{building}" if building else "", wide(room)
            return f"{building}{room}"
        return "".join(f" {part}" for part in (building, room) if part)

    def told(self, way: Way, house: House, *people: Person, how: How = "full") -> Told:
        return Told(people, *self.place(house, way, how))

    # ── what is said again and again ──

    def reached_at(self, one: One) -> str:
        """The old answer at home, everybody else carries it with them."""
        return one.landline if self.chance(0.65 if one.born < 1956 else 0.15) else one.mobile

    def herself(self, one: One, house: House, *, way: Way = "desk", how: How = "full") -> Told:
        return self.told(way, house, self.write(one, way, self.reached_at(one)), how=how)

    def spoken_of(self, one: One, relation: str, *, phone: str = "", fully: bool = False) -> Person:
        """The resident in somebody else's words."""
        said = self.write(one, "desk", phone)
        if fully or self.chance(0.65):
            return said
        family = one.family[0]
        return replace(
            said,
            name=self.dice.choice([f"{family}（{relation}）", f"{family}さん"]),
            kana="",
            birth_year=None,
        )

    def parent(self, one: One) -> str:
        return "母" if one.given in OLD_WOMEN else "父"

    def official(self, one: One, title: str, phone: str) -> Person:
        family, given = one.family[0], one.given[0]
        name = self.dice.choice([f"{title} {family}", f"{family} {given}（{title}）", f"{family} {given}"])
        return Person(name, "", self.number(phone, "desk"))

    def couple(self) -> tuple[One, One]:
        wife = self.one(OLD_WOMEN, (1934, 1956))
        husband = self.one(OLD_MEN, (1932, 1954), family=wife.family, landline=wife.landline)
        return wife, husband


Maker = Callable[[Tagajo], Two]

# ── one household ──────────────────────────────────────────────────────────────────────────────


def _the_son_in_sendai_at_noon(t: Tagajo) -> Two:
    """She called in the morning; he has three minutes at work and does not know her number by heart."""
    mother, home = t.old(), t.home()
    child = t.child_of(mother)
    said, where = t.by_ear(mother, home)
    first = t.herself(mother, home)
    caller = t.write(child, "desk", child.mobile)
    if child.family == mother.family and where == home and t.chance(0.2):
        return first, t.told("desk", home, caller)
    known = said.landline if t.chance(0.35) else ""
    resident = t.spoken_of(said, t.parent(mother), phone=known, fully=where != home)
    return first, t.told("desk", where, caller, resident)


def _from_the_list_of_nine_houses(t: Tagajo) -> Two:
    """The 民生委員 wrote down who needs help; of the place the list has the block, of most the full name."""
    mother, home, welfare = t.old(), t.home(), t.anybody()
    resident = t.write(mother, "slip")
    if t.chance(0.3):
        resident = replace(resident, name=mother.read, kana="")
    listed = t.told(
        "slip",
        home,
        t.official(welfare, "民生委員", welfare.mobile),
        resident,
        how=t.dice.choice(["full", "block"]),
    )
    return t.herself(mother, home), listed


def _the_list_faxed_and_telephoned(t: Tagajo) -> Two:
    mother, home, welfare = t.old(), t.home(), t.anybody()
    said, where = t.by_ear(mother, home, 0.4)
    faxed = t.told(
        "slip",
        home,
        t.official(welfare, "民生委員", welfare.landline),
        t.write(mother, "slip", mother.landline),
    )
    called = t.told(
        "desk",
        where,
        t.official(welfare, "民生委員", welfare.mobile),
        t.spoken_of(said, "独居", fully=where != home),
    )
    return faxed, called


def _the_web_form_at_night_in_kana(t: Tagajo) -> Two:
    """The granddaughter never wrote her grandmother's name in kanji."""
    mother, home = t.old(), t.home()
    girl = t.one(GRANDDAUGHTERS, (1994, 2008), family=mother.family if t.chance(0.6) else None)
    letters = katakana if t.chance(0.5) else str
    caller = Person(letters(girl.read), "", t.number(girl.mobile, "web"))
    resident = Person(
        letters(mother.read).replace(" ", t.dice.choice([" ", "　", ""])),
        "",
        t.number(mother.landline, "web") if t.chance(0.4) else "",
    )
    where = home if t.chance(0.85) else replace(home, building="", room="")
    return t.herself(mother, home), t.told("web", where, caller, resident)


def _the_slip_from_the_shelter(t: Tagajo) -> Two:
    mother, home = t.old(), t.home()
    said, where = t.by_ear(mother, home, 0.4)
    slip = t.told(
        "slip",
        where,
        t.write(said, "slip", t.dice.choice([said.mobile, said.landline, ""])),
        how="full" if t.chance(0.75) else "block",
    )
    return t.herself(mother, home), slip


def _a_line_of_the_ledger(t: Tagajo) -> Two:
    one, home = t.anybody(), t.home()
    said, where = t.by_ear(one, home)
    phone = one.landline if t.chance(0.6) else ""
    line = t.told("ledger", home, t.write(one, "ledger", phone))
    return line, t.herself(said, where, way=t.dice.choice(["desk", "desk", "web"]))


def _the_ledger_has_her_husband(t: Tagajo) -> Two:
    """The head of the household, who died some years ago."""
    wife, husband = t.couple()
    home = t.house()
    line = t.told("ledger", home, t.write(husband, "ledger", wife.landline if t.chance(0.7) else ""))
    return line, t.herself(wife, home)


def _the_call_that_broke_off(t: Tagajo) -> Two:
    """The display kept the number; the name, perhaps the town, was all there was time for."""
    one, home = t.anybody(), t.home()
    phone = t.reached_at(one)
    heard = t.dice.choice([one.family[0], one.family[1], katakana(one.family[1]), ""])
    broken = t.told(
        "desk", home, Person(heard, "", t.number(phone, "hotline")), how="town" if t.chance(0.5) else "none"
    )
    return broken, t.told("desk", home, t.write(one, "desk", phone))


def _the_old_lot_or_the_bus_stop(t: Tagajo) -> Two:
    """The address before the blocks were numbered says nothing to the desk: then the telephone must be the same."""
    one, home = t.old(), t.house()
    phone = called_from = t.reached_at(one)
    if t.chance(0.5):
        where = f"{t.dice.choice(OLD_LOTS)}{t.dice.randint(5, 190)}{t.dice.choice(['', '-1', '-2', '番地'])}"
    else:
        mark = [
            "のバス停の向かい",
            "公民館の裏",
            "のコンビニの角を入って2軒目",
            "の踏切のそば",
            "のお地蔵さんの隣",
        ]
        where = home.town + t.dice.choice(mark)
        called_from = one.mobile if t.chance(0.2) else phone
    vague = Told((t.write(one, "desk", called_from),), "", where)
    return t.told("desk", home, t.write(one, "desk", phone)), vague


def _she_is_at_her_daughters(t: Tagajo) -> Two:
    """Her own house, told from the daughter's telephone, sometimes with where she sleeps now."""
    mother, home = t.old(), t.home()
    daughter = t.one(WOMEN, (1958, 1982))
    said, where = t.by_ear(mother, home, 0.15)
    town, address = t.place(where, "desk", "full")
    if t.chance(0.4):
        address += t.dice.choice(
            ["（今は娘宅）", "（避難中）", f"（現在は{t.dice.choice(TOWNS_OUTSIDE)}の娘宅）"]
        )
    phone = t.dice.choice([daughter.landline, daughter.mobile])
    return t.herself(mother, home), Told((t.write(said, "desk", phone),), town, address)


def _husband_and_wife(t: Tagajo) -> Two:
    """Each from a telephone of their own; neither knew that the other had called."""
    wife, husband = t.couple() if t.chance(0.5) else (t.one(WOMEN, (1956, 1992)), t.one(MEN, (1956, 1992)))
    husband = replace(husband, family=wife.family)
    home = t.home()
    first = t.told("desk", home, t.write(wife, "desk", wife.mobile))
    way: Way = t.dice.choice(["desk", "web"])
    return first, t.told(
        way, home, t.write(husband, way, t.dice.choice([husband.mobile, husband.mobile, wife.landline]))
    )


def _the_landlord_and_the_tenant(t: Tagajo) -> Two:
    tenant, home = t.anybody(), t.house(flat=True)
    landlord = t.unlike(tenant)
    resident = Person(
        t.dice.choice(
            [f"{tenant.family[0]}さん", tenant.family[0], " ".join((tenant.family[0], tenant.given[0]))]
        )
    )
    caller = t.official(landlord, "大家", t.dice.choice([landlord.mobile, landlord.landline]))
    return t.told("desk", home, t.write(tenant, "desk", tenant.mobile)), t.told(
        "desk", home, caller, resident
    )


def _the_shop_and_who_runs_it(t: Tagajo) -> Two:
    """The shop's sign once, its owner's name the other time; both at the shop's telephone."""
    owner, home = t.anybody(), t.house()
    shop = t.dice.choice([*SHOPS, f"{owner.family[0]}酒店", f"{owner.family[0]}鮮魚店"])
    named = Person(shop, "", t.number(owner.landline, "desk"))
    first = t.told("desk", home, named)
    if t.chance(0.3):
        first = t.told("web", home, Person(f"{shop} {owner.family[0]}", "", t.number(owner.landline, "web")))
    return first, t.told("desk", home, t.write(owner, "desk", owner.landline))


def _she_forgot_that_she_called(t: Tagajo) -> Two:
    mother, home = t.old(), t.home()
    if t.chance(0.2):
        return t.herself(mother, home), t.herself(mother, home, how="town")
    said, where = t.by_ear(mother, home, 0.5)
    return t.herself(mother, home), t.herself(said, where)


def _the_care_manager_and_herself(t: Tagajo) -> Two:
    client, home, manager = t.old(), t.home(), t.younger()
    said, where = t.by_ear(client, home)
    office = t.dice.choice(["あやめ居宅介護支援", "ケアプラン多賀城", "地域包括支援センター"])
    caller = Person(f"{office} {manager.family[0]}", "", t.number(manager.landline, "desk"))
    resident = t.write(said, "desk", said.landline if t.chance(0.3) else "")
    return t.herself(client, home), t.told("desk", where, caller, resident)


def _the_slip_typed_twice(t: Tagajo) -> Two:
    """Two desks had the same sheet before them; each read the pencil their own way."""
    one, home = t.anybody(), t.home()
    phone = t.reached_at(one)
    mobile = phone == one.mobile
    said, where = t.by_ear(one, home, 0.9)
    return (
        t.told("slip", home, t.write(one, "slip", phone)),
        t.told("slip", where, t.write(said, "slip", said.mobile if mobile else said.landline)),
    )


def _a_voice_on_the_machine(t: Tagajo) -> Two:
    """「アベですけれども、先ほどの件で…」: a surname and the number on the display, of whoever called for her."""
    mother, home = t.old(), t.home()
    child = t.child_of(mother)
    first = t.told("desk", home, t.write(child, "desk", child.mobile), t.spoken_of(mother, t.parent(mother)))
    heard = t.dice.choice(
        [
            katakana(child.family[1]),
            f"{child.family[1]}さん",
            child.family[0],
            f"{katakana(child.family[1])}様",
        ]
    )
    return first, Told((Person(heard, "", t.number(child.mobile, "hotline")),))


def _from_the_temporary_flat(t: Tagajo) -> Two:
    """Asked for the address, they gave the one they sleep at."""
    one, home = t.anybody(), t.house()
    rented = f"{t.dice.choice(TOWNS_OUTSIDE)}{t.dice.randint(1, 4)}-{t.dice.randint(1, 20)}-{t.dice.randint(1, 20)}"
    if t.chance(0.6):
        rented += (
            f" {t.dice.choice(['アパート', 'ハイツ', 'コーポ'])}{t.dice.randint(1, 2)}0{t.dice.randint(1, 4)}"
        )
    return (
        t.told("desk", home, t.write(one, "desk", one.mobile)),
        Told((t.write(one, "desk", one.mobile),), "", rented),
    )


def _the_firm_and_its_trainee(t: Tagajo) -> Two:
    """The firm rents the flat; the trainee wrote the form in letters of her own."""
    latin, kana = t.dice.choice(
        [
            ("NGUYEN THI HOA", "グエン ティ ホア"),
            ("TRAN VAN MINH", "チャン ヴァン ミン"),
            ("Dewi Lestari", "デウィ レスタリ"),
            ("SANTOS MARIA CRUZ", "サントス マリア クルズ"),
            ("PHAM QUOC BAO", "ファム クオック バオ"),
            ("Khin Myat Noe", "キン ミャット ノー"),
        ]
    )
    home, staff = t.house(flat=True), t.younger()
    form = t.told("web", home, Person(latin, kana, t.number(t.mobile(), "web")))
    caller = Person(
        f"{t.dice.choice(['丸七水産', '東北精機', '砂押食品'])} 総務 {staff.family[0]}", "", staff.landline
    )
    named = t.dice.choice([kana, kana.replace(" ", "・"), f"{kana.split()[0]}さん", latin.title()])
    return form, t.told("desk", home, caller, Person(named))


def _the_mail_from_the_hotline(t: Tagajo) -> Two:
    """The prefecture's call centre passes on what it heard: kana, a number, a town."""
    one, home = t.anybody(), t.home()
    phone = t.reached_at(one)
    if t.chance(0.75):
        mail = t.told(
            "hotline", home, t.write(one, "hotline", phone), how=t.dice.choice(["town", "block", "full"])
        )
    else:
        mail = t.told("hotline", home, t.write(one, "hotline", one.mobile), how="full")
    return mail, t.told("desk", home, t.write(one, "desk", phone))


def _two_generations_in_one_house(t: Tagajo) -> Two:
    """The parents below, the young above, one door and one floor full of mud."""
    parent, home = t.old(), t.house()
    young = t.younger(family=parent.family)
    way: Way = t.dice.choice(["desk", "web"])
    where = replace(home, room=t.dice.choice(["", "", "2階"]))
    return t.herself(parent, home), t.told(way, where, t.write(young, way, young.mobile))


def _the_neighbour_who_worries(t: Tagajo) -> Two:
    """Nobody opens next door; of her the neighbour knows the name by ear and about where the house is."""
    mother, home = t.old(), t.house()
    neighbour = t.unlike(mother)
    resident = t.dice.choice(
        [
            Person(f"{mother.family[0]} {mother.given[2]}"),
            Person(f"{mother.family[0]}さん（隣）", mother.family[1], t.number(mother.landline, "desk")),
            Person(mother.read.replace(" ", "")),
        ]
    )
    how: How = "full" if resident.phone or t.chance(0.7) else "block"
    caller = t.write(neighbour, "desk", t.reached_at(neighbour))
    return t.herself(mother, home), t.told("desk", home, caller, resident, how=how)


# ── two households ─────────────────────────────────────────────────────────────────────────────


def _two_of_the_nine_houses(t: Tagajo) -> Two:
    welfare, home = t.anybody(), t.house()
    f = t.old()
    g = t.unlike(f, family=f.family, apart=False) if t.chance(0.2) else t.unlike(f)
    other = (
        t.beside(home, t.dice.randint(1, 4))
        if t.chance(0.6)
        else replace(t.house(), town=home.town, chome=home.chome)
    )
    while (other.ban, other.go) == (home.ban, home.go):
        other = t.beside(home, 2)
    phone = welfare.mobile
    return (
        t.told("slip", home, t.official(welfare, "民生委員", phone), t.write(f, "slip")),
        t.told("slip", other, t.official(welfare, "民生委員", phone), t.write(g, "slip")),
    )


def _the_neighbour_for_himself(t: Tagajo) -> Two:
    """Last week he called for her; today it is his own house."""
    mother, home = t.old(), t.house()
    neighbour = t.unlike(mother)
    caller = t.write(neighbour, "desk", neighbour.mobile)
    for_her = t.told("desk", home, caller, t.spoken_of(mother, "隣"))
    return for_her, t.told("desk", t.beside(home), t.write(neighbour, "desk", neighbour.mobile))


def _his_mothers_house_and_his_own(t: Tagajo) -> Two:
    mother, home = t.old(), t.house()
    child = t.child_of(mother)
    for_her = t.told(
        "desk", home, t.write(child, "desk", child.mobile), t.spoken_of(mother, t.parent(mother), fully=True)
    )
    return for_her, t.told(
        "desk", t.elsewhere(home, flat=t.chance(0.2)), t.write(child, "desk", child.mobile)
    )


def _a_stranger_of_the_same_name(t: Tagajo) -> Two:
    one, home = t.old(), t.home()
    names = OLD_WOMEN if one.given in OLD_WOMEN else OLD_MEN
    stranger = replace(t.one(names, (1931, 1960), family=one.family), given=one.given)
    ways: tuple[Way, Way] = ("desk", t.dice.choice(["desk", "web", "slip", "ledger"]))
    return (
        t.herself(one, home, way=ways[0]),
        t.herself(stranger, t.elsewhere(home), way=ways[1]),
    )


def _a_namesake_of_another_age(t: Tagajo) -> Two:
    """The same 丁目, but thirty years, the house number and the telephone lie between them."""
    one, home = t.old(), t.house()
    young = replace(
        t.younger(family=one.family), given=(one.given[2], one.given[1], one.given[0]), born=one.born + 30
    )
    other = replace(home, ban=home.ban + t.dice.randint(4, 12), go=t.dice.randint(1, 28))
    first, second = t.write(one, "desk", one.landline), t.write(young, "web", young.mobile)
    return (
        t.told("desk", home, replace(first, birth_year=one.born)),
        t.told("web", other, replace(second, birth_year=young.born)),
    )


def _two_brothers_on_one_plot(t: Tagajo) -> Two:
    family = t.family()
    given = t.dice.choice(
        [
            (("幸一", "こういち", "浩一"), ("幸二", "こうじ", "浩二")),
            (("正", "ただし", "忠"), ("正雄", "まさお", "政雄")),
            (("勇一", "ゆういち", "雄一"), ("勇治", "ゆうじ", "雄二")),
            (("清", "きよし", "喜代志"), ("清治", "せいじ", "誠二")),
            (("隆", "たかし", "孝"), ("隆之", "たかゆき", "孝之")),
            (("善一", "ぜんいち", "善市"), ("善次郎", "ぜんじろう", "善二郎")),
        ]
    )
    born = t.dice.randint(1938, 1962)
    elder, younger = (
        One(family, name, born + 3 * place, t.mobile(), t.landline()) for place, name in enumerate(given)
    )
    home = t.house()
    home = replace(home, go=home.go or 1)
    way: Way = t.dice.choice(["desk", "slip", "ledger"])
    return t.herself(elder, home), t.herself(younger, replace(home, go=home.go + 1), way=way)


def _the_shop_below_and_others_above(t: Tagajo) -> Two:
    upstairs, home = t.anybody(), t.house(flat=True)
    owner = t.unlike(upstairs)
    above = replace(home, room=t.dice.choice(["201", "202", "301"]))
    shop = Person(t.dice.choice(SHOPS), "", t.number(owner.landline, "desk"))
    if t.chance(0.4):
        shop = replace(shop, name=f"{shop.name} {owner.family[0]}")
    below = replace(home, room=t.dice.choice(["1F", "1階", "101"]))
    return t.told("desk", above, t.write(upstairs, "desk", upstairs.mobile)), t.told("desk", below, shop)


def _the_same_surname_two_doors_on(t: Tagajo) -> Two:
    home = t.house(flat=True)
    f = t.anybody()
    g = t.unlike(f, family=f.family, apart=False)
    room = (
        f"{home.room[:2]}{int(home.room[2]) % 6 + 1}"
        if t.chance(0.6)
        else f"{int(home.room[0]) % 3 + 1}{home.room[1:]}"
    )
    way: Way = t.dice.choice(["desk", "web", "slip"])
    return t.herself(f, home), t.herself(g, replace(home, room=room), way=way)


def _the_landlord_for_two_rooms(t: Tagajo) -> Two:
    """Two tenants, or a tenant and then the landlord's own house round the corner."""
    home = t.house(flat=True)
    f, landlord = t.anybody(), t.anybody()
    while landlord.family[1] == f.family[1]:
        landlord = t.anybody()
    phone = t.reached_at(landlord)
    first = t.told("desk", home, t.official(landlord, "大家", phone), t.spoken_of(f, "入居者"))
    if t.chance(0.3):
        return first, t.told("desk", t.beside(home, 2), t.write(landlord, "desk", phone))
    g = t.unlike(f, landlord)
    other = replace(home, room=f"{int(home.room[0]) % 3 + 1}{home.room[1:]}")
    return first, t.told("desk", other, t.official(landlord, "大家", phone), t.spoken_of(g, "入居者"))


def _two_clients_of_one_care_manager(t: Tagajo) -> Two:
    manager, f = t.younger(), t.old()
    g, home = t.unlike(f, old=True), t.home()
    office = t.dice.choice(["あやめ居宅介護支援", "ケアプラン多賀城", "地域包括支援センター"])
    caller = Person(f"{office} {manager.family[0]}", "", manager.landline)
    return (
        t.told("desk", home, caller, t.write(f, "desk")),
        t.told("desk", t.elsewhere(home), caller, t.write(g, "desk")),
    )


def _the_telephone_of_the_shelter(t: Tagajo) -> Two:
    """Both stay in the gymnasium and gave its number."""
    f, home, gym = t.old(), t.home(), t.landline()
    g = t.unlike(f, old=True)
    return (
        t.told("slip", home, t.write(f, "slip", gym)),
        t.told("slip", t.elsewhere(home), t.write(g, "slip", gym)),
    )


def _the_commonest_name_of_the_town(t: Tagajo) -> Two:
    """Every fifth house of the 丁目 is one of them."""
    family = t.dice.choice(
        [("佐藤", "さとう"), ("鈴木", "すずき"), ("高橋", "たかはし"), ("佐々木", "ささき")]
    )
    f, home = t.anybody(family=family), t.house()
    g = t.unlike(f, family=family, apart=False)
    other = replace(home, ban=home.ban + t.dice.randint(3, 15), go=t.dice.randint(1, 28))
    way: Way = t.dice.choice(["desk", "web", "slip", "ledger"])
    return t.herself(f, home), t.herself(g, other, way=way)


def _the_next_telephone_number(t: Tagajo) -> Two:
    f, home = t.old(), t.home()
    g = t.unlike(f)
    last = (int(f.landline[-4:]) + t.dice.choice([1, 1, 10, 100])) % 10000
    g = replace(g, landline=f"{f.landline[:-4]}{last:04d}")
    return (
        t.told("desk", home, t.write(f, "desk", f.landline)),
        t.told("desk", t.elsewhere(home), t.write(g, "desk", g.landline)),
    )


def _two_lines_of_the_ledger(t: Tagajo) -> Two:
    f, home = t.anybody(), t.house()
    g = t.unlike(f)
    phones = [one.landline if t.chance(0.6) else "" for one in (f, g)]
    return (
        t.told("ledger", home, t.write(f, "ledger", phones[0])),
        t.told("ledger", t.beside(home), t.write(g, "ledger", phones[1])),
    )


def _the_same_room_in_the_next_block(t: Tagajo) -> Two:
    """市営住宅: one house number for all of them."""
    base = t.house(flat=True)
    estate = t.dice.choice([f"市営{base.town}住宅", f"県営{base.town}住宅", "災害公営住宅"])
    one, two = t.dice.sample(range(1, 6), 2)
    f = t.old()
    g = t.unlike(f)
    way: Way = t.dice.choice(["desk", "slip", "web"])
    return (
        t.herself(f, replace(base, building=f"{estate}{one}号棟")),
        t.herself(g, replace(base, building=f"{estate}{two}号棟"), way=way),
    )


def _numbers_that_look_alike(t: Tagajo) -> Two:
    """町前2-3-15 and 町前3-2-15, or 1-23 and 12-3."""
    f, town = t.anybody(), t.dice.choice(["町前", "栄", "八幡", "大代", "笠神", "下馬", "高橋"])
    g = t.unlike(f)
    a, b = t.dice.sample(range(1, 5), 2)
    tens, ones, go = t.dice.randint(1, 2), t.dice.randint(1, 9), t.dice.randint(1, 9)
    one, two = t.dice.choice(
        [
            (House(town, a, b, 10 + go), House(town, b, a, 10 + go)),
            (House(town, a, tens, ones * 10 + go), House(town, a, tens * 10 + ones, go)),
            (House(town, a, 10 + ones, go), House(town, b, 10 + ones, go)),
        ]
    )
    return t.herself(f, one), t.herself(g, two)


def _the_hall_and_its_chairman(t: Tagajo) -> Two:
    """The head of the 町内会 asks for the meeting hall, and for his own house."""
    chairman, home = t.one(OLD_MEN, (1942, 1958)), t.house()
    hall = t.dice.choice(["集会所", "町内会館", "公民館", "コミュニティセンター"])
    at_hall = replace(home, ban=home.ban + t.dice.randint(2, 6), go=t.dice.randint(1, 12))
    caller = t.official(chairman, "町内会長", chairman.mobile)
    return (
        t.told("desk", at_hall, caller, Person(f"{home.town}{hall}")),
        t.told("desk", home, t.write(chairman, "desk", chairman.mobile)),
    )


def _her_mother_and_her_husbands(t: Tagajo) -> Two:
    mother, home = t.old(), t.home()
    other = t.unlike(mother, old=True)
    daughter = t.one(WOMEN, (1958, 1982), family=other.family)
    phone = daughter.mobile
    return (
        t.told("desk", home, t.write(daughter, "desk", phone), t.write(mother, "desk")),
        t.told("desk", t.elsewhere(home), t.write(daughter, "desk", phone), t.write(other, "desk")),
    )


def _no_telephone_at_all(t: Tagajo) -> Two:
    """What a desk puts where something must stand."""
    nothing = t.dice.choice(["なし", "不明", "000-0000-0000", "0", "電話なし", "-", "99999999999"])
    f, home = t.old(), t.home()
    g = t.unlike(f)
    return (
        t.told("slip", home, replace(t.write(f, "slip"), phone=nothing)),
        t.told("slip", t.elsewhere(home), replace(t.write(g, "slip"), phone=nothing)),
    )


def _next_door_and_nothing_else(t: Tagajo) -> Two:
    f, home = t.anybody(), t.house()
    g = t.unlike(f)
    ways: list[Way] = ["desk", "desk", "web", "slip", "hotline"]
    return (
        t.herself(f, home, way=t.dice.choice(ways)),
        t.herself(g, t.beside(home, t.dice.randint(1, 3)), way=t.dice.choice(ways)),
    )


def _the_same_given_name_in_one_street(t: Tagajo) -> Two:
    f, home = t.one(OLD_WOMEN, (1935, 1950)), t.house()
    g = t.one(OLD_WOMEN, (1935, 1950))
    while g.family[1] == f.family[1]:
        g = replace(g, family=t.family())
    g = replace(g, given=f.given)
    return t.herself(f, home), t.herself(g, t.beside(home, t.dice.randint(2, 6)))


def _two_calls_that_broke_off(t: Tagajo) -> Two:
    """The same town, two surnames, two numbers on the display."""
    f, home = t.anybody(), t.house()
    g = t.unlike(f)
    heard = [
        Person(t.dice.choice([one.family[0], katakana(one.family[1])]), "", t.number(one.mobile, "hotline"))
        for one in (f, g)
    ]
    return (
        t.told("desk", home, heard[0], how="town"),
        t.told("desk", home, heard[1], how="town"),
    )


SAME: Final[dict[str, Maker]] = {
    "the son in Sendai at noon": _the_son_in_sendai_at_noon, "from the list of nine houses": _from_the_list_of_nine_houses,
    "the list faxed and telephoned": _the_list_faxed_and_telephoned,
    "the web form at night in kana": _the_web_form_at_night_in_kana, "the slip from the shelter": _the_slip_from_the_shelter,
    "a line of the ledger": _a_line_of_the_ledger, "the ledger has her husband": _the_ledger_has_her_husband,
    "the call that broke off": _the_call_that_broke_off, "the old lot or the bus stop": _the_old_lot_or_the_bus_stop,
    "she is at her daughter's": _she_is_at_her_daughters, "husband and wife": _husband_and_wife,
    "the landlord and the tenant": _the_landlord_and_the_tenant, "the shop and who runs it": _the_shop_and_who_runs_it,
    "she forgot that she called": _she_forgot_that_she_called,
    "the care manager and herself": _the_care_manager_and_herself, "the slip typed twice": _the_slip_typed_twice,
    "a voice on the machine": _a_voice_on_the_machine, "from the temporary flat": _from_the_temporary_flat,
    "the firm and its trainee": _the_firm_and_its_trainee, "the mail from the hotline": _the_mail_from_the_hotline,
    "two generations in one house": _two_generations_in_one_house, "the neighbour who worries": _the_neighbour_who_worries,
}  # fmt: skip
TWO: Final[dict[str, Maker]] = {
    "two of the nine houses": _two_of_the_nine_houses, "the neighbour for himself": _the_neighbour_for_himself,
    "his mother's house and his own": _his_mothers_house_and_his_own,
    "a stranger of the same name": _a_stranger_of_the_same_name, "a namesake of another age": _a_namesake_of_another_age,
    "two brothers on one plot": _two_brothers_on_one_plot,
    "the shop below and others above": _the_shop_below_and_others_above,
    "the same surname two doors on": _the_same_surname_two_doors_on,
    "the landlord for two rooms": _the_landlord_for_two_rooms,
    "two clients of one care manager": _two_clients_of_one_care_manager,
    "the telephone of the shelter": _the_telephone_of_the_shelter,
    "the commonest name of the town": _the_commonest_name_of_the_town,
    "the next telephone number": _the_next_telephone_number, "two lines of the ledger": _two_lines_of_the_ledger,
    "the same room in the next block": _the_same_room_in_the_next_block,
    "numbers that look alike": _numbers_that_look_alike, "the hall and its chairman": _the_hall_and_its_chairman,
    "her mother and her husband's": _her_mother_and_her_husbands, "no telephone at all": _no_telephone_at_all,
    "next door and nothing else": _next_door_and_nothing_else,
    "the same given name in one street": _the_same_given_name_in_one_street,
    "two calls that broke off": _two_calls_that_broke_off,
}  # fmt: skip


def hand_b(seed: int = 20150911, *, each: int = 20) -> list[Pair]:
    """Stories of the desk. With 20 of each: 440 pairs of one household and 440 of two."""
    tagajo = Tagajo(seed)
    pairs: list[Pair] = []
    for same, kinds in ((True, SAME), (False, TWO)):
        for kind, make in kinds.items():
            for _ in range(each):
                one, other = make(tagajo)
                if tagajo.chance(0.5):  # either may have come first
                    one, other = other, one
                pairs.append(Pair(kind, same, one, other))
    return pairs

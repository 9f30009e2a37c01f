"""The sample drill, as pure data: who comes, who calls, and what happens when. Invented people only: real town names of
Tagajo, house numbers that do not exist, phone numbers nobody has (domain.md §2.12, §7.5)."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, Literal

StepKind = Literal[
    "prepare",
    "arrive",
    "orient",
    "call",
    "match",
    "accept",
    "depart",
    "on_site",
    "report",
    "go_home",
    "finish",
]


@dataclass(frozen=True, slots=True)
class Player:
    """An invented volunteer. `exp` 0 … 3; `born` year of birth; `group` an index of `GROUPS`, −1 for none;
    `guardian` the index of the adult a minor comes with, −1 for none."""

    family: str
    given: str
    family_kana: str
    given_kana: str
    born: int
    gender: str
    exp: int
    stamina: int
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    vehicle: str = ""
    seats: int = 0
    insured: bool = True
    group: int = -1
    guardian: int = -1
    avoids: tuple[str, ...] = ()

    def birthday(self, index: int) -> date:
        """A date of birth that differs from player to player and is the same in every play."""
        return date(self.born, 1 + index % 12, 1 + index * 7 % 28)


@dataclass(frozen=True, slots=True)
class Work:
    """What a request takes; field for field a work item."""

    category: str
    detail: str
    people: tuple[int, int, int]
    minutes: int
    skills: Mapping[str, int] = field(default_factory=dict)
    tools: Mapping[str, int] = field(default_factory=dict)
    truck: bool = False
    women_min: int = 0
    stamina: int = 1
    minors_ok: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """An invented request. `ending`: ready, survey (a crisis: looked at first), declined, duplicate (of call 0)."""

    family: str
    given: str
    kana: str
    town: str
    lat: float
    lng: float
    house: str
    summary: str
    said: str
    work: Work
    alone: bool = False
    crisis: bool = False
    watch: bool = False
    hazards: tuple[str, ...] = ()
    relation: str = ""
    ending: Literal["ready", "survey", "declined", "duplicate"] = "ready"
    days_ago: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One scripted event, `minute` minutes after 8:20 on the drill's clock. `which` indexes players or calls, or
    counts the rounds of matching."""

    minute: float
    kind: StepKind
    which: int = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything a drill needs. Steps are in the order of their minutes."""

    code: str
    name: str
    groups: Sequence[str]
    players: Sequence[Player]
    calls: Sequence[Call]
    tools: Mapping[str, int]
    vehicles: Sequence[tuple[str, str, int]]
    steps: Sequence[Step]


START_MINUTE: Final = 8 * 60 + 20
GROUPS: Final = ("多賀城さくら高校ボランティア部（架空）", "みちのく物産（架空）", "鈴木さん一家")

# Family name and its reading; variants of 髙 﨑 斎 𠮷 and long foreign names are there on purpose.
_FAMILIES: Final = (
    ("髙橋", "たかはし"), ("𠮷﨑", "よしざき"), ("齋藤", "さいとう"), ("渡邉", "わたなべ"), ("佐藤", "さとう"),
    ("鈴木", "すずき"), ("阿部", "あべ"), ("千葉", "ちば"), ("菅原", "すがわら"), ("三浦", "みうら"),
    ("後藤", "ごとう"), ("工藤", "くどう"), ("加藤", "かとう"), ("小野寺", "おのでら"), ("庄司", "しょうじ"),
    ("遠藤", "えんどう"), ("早坂", "はやさか"), ("熊谷", "くまがい"), ("大友", "おおとも"), ("相澤", "あいざわ"),
)  # fmt: skip
_WOMEN: Final = (
    ("花子", "はなこ"),
    ("美咲", "みさき"),
    ("よし子", "よしこ"),
    ("恵", "めぐみ"),
    ("千尋", "ちひろ"),
)
_MEN: Final = (
    ("一郎", "いちろう"),
    ("健太", "けんた"),
    ("茂", "しげる"),
    ("大輔", "だいすけ"),
    ("誠", "まこと"),
)
_FOREIGN: Final = (
    ("NGUYEN", "VAN AN", "", "", "vi"), ("Fitzgerald-Okonkwo", "Alexandria", "", "", "en"),
    ("王", "小明", "", "", "zh"),
)  # fmt: skip

# Town names of Tagajo with a centroid rounded to about 100 m.
TOWNS: Final = (
    ("町前一丁目", 38.288, 141.007), ("桜木二丁目", 38.288, 141.016), ("栄三丁目", 38.291, 141.017),
    ("八幡三丁目", 38.292, 141.010), ("明月一丁目", 38.289, 141.003), ("大代五丁目", 38.300, 141.031),
    ("笠神二丁目", 38.304, 141.020), ("下馬四丁目", 38.303, 141.010), ("中央二丁目", 38.294, 141.003),
    ("高崎三丁目", 38.300, 141.000), ("留ケ谷一丁目", 38.299, 141.008), ("鶴ケ谷一丁目", 38.299, 141.013),
    ("伝上山二丁目", 38.296, 141.002), ("新田", 38.300, 140.966), ("山王", 38.301, 140.973), ("高橋五丁目", 38.287, 140.985),
)  # fmt: skip

# Roughly where the city lies towards the port: drawn for the drill, copied from no hazard map.
EXAMPLE_ZONE: Final = ("海沿い（訓練の例。ハザードマップではありません）", [[38.2905, 141.004], [38.2905, 141.022], [38.301, 141.024], [38.301, 141.04], [38.265, 141.04], [38.265, 141.004]])  # fmt: skip

_MUD = Work(
    "mud_removal", "庭と玄関、土のう約30袋", (3, 5, 8), 120, tools={"shovel": 4, "wheelbarrow": 1}, stamina=2
)
_UNDER = Work(
    "under_floor",
    "床下の泥、6畳2間",
    (3, 4, 6),
    150,
    tools={"shovel": 2, "crowbar": 1},
    stamina=3,
    minors_ok=False,
)
_FURNITURE = Work("furniture_out", "ぬれた畳12枚とたんす2つ", (3, 5, 7), 90, truck=True, stamina=2)
_CLEAN = Work("cleaning", "台所と廊下の拭き掃除", (2, 3, 5), 90, tools={"brush": 2})
_TIDY = Work("tidy_up", "写真と衣類の仕分け", (2, 3, 4), 90, women_min=1)
_DEBRIS = Work("debris", "仮置場まで軽トラ2回", (2, 3, 4), 120, skills={"driver": 1}, truck=True, stamina=2)
_COMPANY = Work("company", "話し相手と買い物の手伝い", (1, 2, 3), 60)
_SUPPLIES = Work("supplies", "水と食料の仕分け", (2, 4, 8), 90)
_WASH = Work("cleaning", "高圧洗浄機で外まわり", (2, 3, 5), 90, tools={"washer": 1, "brush": 1}, stamina=2)

_WORKS: Final = (
    ("床下に泥が入った", "夕べの雨で床下まで水がきて、泥が残っています。においがひどいです。", _UNDER),
    ("玄関と庭の泥かき", "玄関の前から庭にかけて泥が10センチくらいたまっています。", _MUD),
    ("ぬれた家具を外に出したい", "畳とたんすがぬれて重く、夫婦では動かせません。", _FURNITURE),
    ("台所を掃除したい", "水が引いたあと、台所の床が泥だらけです。", _CLEAN),
    ("写真と服を分けたい", "母の写真と着物を残したいので、女性に手伝ってほしいです。", _TIDY),
    ("ごみを仮置場へ運びたい", "片付けたごみが家の前に山になっています。車がありません。", _DEBRIS),
    ("買い物と話し相手", "道が悪くて3日買い物に行けていません。一人で心細いです。", _COMPANY),
    ("集会所の物資の仕分け", "集会所に水と食料が届きましたが、人手が足りません。", _SUPPLIES),
    ("家のまわりを洗いたい", "塀と玄関に泥がこびりついています。水道は使えます。", _WASH),
)  # fmt: skip


def sample(seed: int = 1) -> Scenario:
    """「砂押川流域 豪雨（訓練）」: 60 people, 25 calls, one Saturday. The same seed gives the same drill."""
    dice = random.Random(seed)
    players, calls = _players(dice), _calls(dice)
    return Scenario(
        code="tagajo-sample",
        name="砂押川流域 豪雨（訓練）",
        groups=GROUPS,
        players=players,
        calls=calls,
        tools={
            "shovel": 40,
            "wheelbarrow": 12,
            "brush": 12,
            "crowbar": 6,
            "washer": 2,
            "sheet": 20,
            "cart": 4,
        },
        vehicles=(("軽トラ1号", "kei_truck", 2), ("軽トラ2号", "kei_truck", 2), ("ワゴン車", "van", 8)),
        steps=_steps(len(players), len(calls)),
    )


def _players(dice: random.Random) -> list[Player]:
    players: list[Player] = []
    for index in range(60):
        woman = index % 5 in (1, 3)
        family, family_kana = _FAMILIES[index % len(_FAMILIES)]
        given, given_kana = (_WOMEN if woman else _MEN)[index // len(_FAMILIES) + (index % 2)]
        languages: tuple[str, ...] = ("ja",)
        if index % 20 == 19:
            family, given, family_kana, given_kana, language = _FOREIGN[index // 20]
            languages = (language,)
        players.append(
            Player(
                family=family, given=given, family_kana=family_kana, given_kana=given_kana,
                born=dice.randint(1955, 2004), gender="F" if woman else "M",
                exp=dice.choice((0, 0, 1, 1, 2, 2, 3)), stamina=dice.choice((1, 2, 2, 3, 3)),
                skills=("driver",) if index % 4 == 0 else ("nurse",) if index % 23 == 5 else (),
                languages=languages,
                vehicle="kei_truck" if index % 20 == 4 else "car" if index % 6 == 0 else "",
                seats=2 if index % 20 == 4 else 5 if index % 6 == 0 else 0,
                insured=index % 15 != 7,
                avoids=("under_floor",) if index % 9 == 2 else (),
            )
        )  # fmt: skip
    return _with_groups(players)


def _with_groups(players: list[Player]) -> list[Player]:
    """A school club with its teacher, a company, and a family with two children."""
    for index in range(10, 16):
        teacher = index == 10
        players[index] = replace(
            players[index], group=0, born=1982 if teacher else 2009, exp=3 if teacher else 0,
            guardian=-1 if teacher else 10, vehicle="", seats=0, skills=(), stamina=2,
        )  # fmt: skip
    for index in range(30, 38):
        players[index] = replace(players[index], group=1, exp=2 if index == 30 else 1)
    family = ((44, 1979, "健二", "けんじ"), (45, 1981, "裕子", "ゆうこ"), (46, 2011, "空", "そら"))
    for index, born, given, given_kana in family:
        players[index] = replace(
            players[index], group=2, family="鈴木", given=given, family_kana="すずき", given_kana=given_kana, born=born,
            guardian=44 if born > 2008 else -1, vehicle="", seats=0, skills=(), languages=("ja",),
        )  # fmt: skip
    return players


def _calls(dice: random.Random) -> list[Call]:
    calls: list[Call] = []
    for index in range(25):
        town, lat, lng = TOWNS[index % len(TOWNS)]
        family, kana = _FAMILIES[(index * 7 + 3) % len(_FAMILIES)]
        given, given_kana = (_WOMEN if index % 3 else _MEN)[index % 5]
        summary, said, work = _WORKS[index % len(_WORKS)]
        calls.append(
            Call(
                family=family, given=given, kana=f"{kana} {given_kana}", town=town,
                lat=round(lat + dice.uniform(-0.002, 0.002), 5), lng=round(lng + dice.uniform(-0.002, 0.002), 5),
                house=f"99-{index + 1}", summary=summary, said=said, work=work,
                alone=index % 4 == 0, watch=index % 8 == 6, days_ago=3 if index < 12 else 0,
            )
        )  # fmt: skip
    calls[6] = replace(
        calls[6], crisis=True, ending="survey", summary="水が使えず、困っている",
        said="断水で、水を運べません。心臓が悪くて薬を飲んでいます。一人なので、どうしたらいいか。",
    )  # fmt: skip
    calls[13] = replace(
        calls[13], hazards=("height",), ending="declined", summary="屋根にブルーシートを張ってほしい",
        said="屋根がめくれて雨もりがします。すぐに上がって張ってください。",
    )  # fmt: skip
    calls[20] = replace(
        calls[0], given="次郎", kana=calls[0].kana.split()[0] + " じろう", relation="息子", ending="duplicate",
        said="母の家の床下の件です。朝に母が電話したと思いますが、心配で。", days_ago=0,
    )  # fmt: skip
    return calls


def _steps(players: int, calls: int) -> list[Step]:
    steps = [Step(0, "prepare")]
    steps += [Step(2 + index * 0.5, "call", index) for index in range(12)]
    steps += [Step(30 + index, "call", index) for index in range(12, calls)]
    steps += [Step(10 + index * 65 / players, "arrive", index) for index in range(players)]
    steps += [Step(minute, "orient") for minute in (30, 50, 70, 80)]
    for turn, minute in enumerate((52, 72, 85, 100)):
        steps += [
            Step(minute, "match", turn),
            Step(minute + 2, "accept", turn),
            Step(minute + 10, "depart", turn),
        ]
        steps += [Step(minute + 35, "on_site", turn)]
    steps += [Step(210, "report", 0), Step(225, "report", 1)]
    steps += [Step(280, "match", 4), Step(282, "accept", 4), Step(290, "depart", 4), Step(310, "on_site", 4)]
    steps += [Step(330, "report", 2), Step(340, "report", 3), Step(410, "report", 4)]
    steps += [Step(430, "go_home"), Step(440, "finish")]
    return sorted(steps, key=lambda step: step.minute)

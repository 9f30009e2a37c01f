"""What the phone desk may choose from: code lists and presets (source: domain.md §2.11). Words, no rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django.db import models

from intake.help_requests.models import NeedState as S
from intake.help_requests.models import Tool
from intake.volunteers.models import Skill
from intake.volunteers.models import WorkCategory as C


class Judgement(models.TextChoices):
    """What the desk decides at the end of the call."""

    SURVEY = "survey", "現地調査が必要"
    PHONE = "phone", "電話だけで決められる"
    ASK = "ask", "判断できない（班長に相談）"


class Lifeline(models.TextChoices):
    WATER = "water", "水道"
    POWER = "power", "電気"
    GAS = "gas", "ガス"
    TOILET = "toilet", "トイレ"
    BATH = "bath", "風呂"
    PHONE = "phone", "電話・ネット"


class Damage(models.TextChoices):
    FLOOD_ABOVE = "flood_above_floor", "床上浸水"
    FLOOD_BELOW = "flood_below_floor", "床下浸水"
    MUD_INFLOW = "mud_inflow", "土砂流入"
    TOTAL = "total", "全壊"
    HALF = "half", "半壊"
    PARTIAL = "partial", "一部破損"
    ROOF = "roof", "屋根"
    WALL = "wall", "ブロック塀"
    BUSINESS = "business", "店・農地など仕事の場所"
    OTHER = "other", "その他"


SELF: Final = "本人"
RELATIONS: Final = (
    SELF, "家族・親族", "近所・友人", "民生委員", "ケアマネジャー・事業所", "市・包括支援センター", "その他",
)  # fmt: skip

# Why: a code that is counted, and its words. Whatever fits none of them is OTHER_REASON.
OTHER_REASON: Final = "other"
REASONS: Final[Mapping[S, Mapping[str, str]]] = {
    S.ON_HOLD: {
        "rain": "雨天", "certificate": "罹災調査待ち", "insurance": "保険会社の確認待ち", "nobody_home": "立ち会う人がいない",
        "road": "道が通れない", "no_water": "断水", "their_day": "本人の希望日待ち", "mourning": "喪中・お盆",
    },
    S.DECLINED: {
        "unsafe_house": "建物が危険", "height": "屋根・高所", "machines": "重機や専門技術が必要",
        "asbestos": "石綿（アスベスト）", "electricity": "電気・ガス", "business": "営業・農地",
        "outside": "対象区域の外", "no_consent": "家主の同意がない", "trade": "業者の仕事の範囲",
        "period_over": "募集期間の終了", "unclear": "依頼の内容が分からない",
    },
    S.REFERRED: {
        "city": "市の担当課", "council": "県社協", "technical_npo": "技術系NPO", "care_centre": "地域包括支援センター",
        "nurse": "保健師", "commissioner": "民生委員", "self_reliance": "自立相談支援", "loans": "生活福祉資金",
        "lawyers": "弁護士会", "architects": "建築士会", "commerce": "商工会・JA", "exchange": "国際交流協会",
        "dwat": "DWAT（災害派遣福祉チーム）", "school": "学校・児童相談所", "police_fire": "警察・消防",
        "contractor": "業者",
    },
    S.WITHDRAWN: {"by_family": "本人・家族で済んだ", "by_themself": "本人が取り下げた", "moved_away": "引っ越した・家を離れた"},
    S.UNREACHABLE: {
        "no_answer": "何度かけても出ない", "no_such_number": "番号が使われていない", "not_at_home": "訪ねても不在",
    },
    S.DONE_OTHERS: {
        "by_npo": "ほかの団体が行った", "by_contractor": "業者に頼んだ", "by_city": "市・自衛隊などが行った",
        "by_neighbours": "近所・知人が行った",
    },
    S.DUPLICATE: {"family_called": "家族から同じ内容の連絡", "called_again": "本人から2回目の連絡", "entered_twice": "入力の重複"},
}  # fmt: skip

# Who was told about an ending. Of whom nobody has told yet a call is due.
NOT_TOLD_YET: Final = "まだ伝えていない"
TOLD: Final = ("本人に電話", "家族に電話", "本人に会って", "留守番電話", "手紙・FAX", NOT_TOLD_YET)


@dataclass(frozen=True, slots=True)
class Kit:
    """A first guess for a kind of work: people, minutes and what to carry. The desk changes what it knows better."""

    people_min: int
    people_ideal: int
    people_max: int
    minutes: int
    stamina_min: int = 1
    tools: Mapping[str, int] = field(default_factory=dict)
    skills: Mapping[str, int] = field(default_factory=dict)
    needs_truck: bool = False
    minors_ok: bool = True


KITS: Final[Mapping[C, Kit]] = {
    C.FURNITURE_OUT: Kit(3, 5, 8, 120, 2, {Tool.CART: 1, Tool.ROPE: 1}, needs_truck=True),
    C.MUD_REMOVAL: Kit(3, 6, 10, 180, 2, {Tool.SHOVEL: 4, Tool.WHEELBARROW: 2, Tool.SANDBAG: 5}),
    C.UNDER_FLOOR: Kit(2, 4, 6, 180, 3, {Tool.SPADE: 2, Tool.SANDBAG: 3, Tool.BLOWER: 1}, minors_ok=False),
    C.CLEANING: Kit(2, 4, 6, 120, 1, {Tool.BRUSH: 3, Tool.WASHER: 1}),
    C.DEBRIS: Kit(3, 4, 8, 120, 2, {Tool.WHEELBARROW: 1}, {Skill.DRIVER: 1}, needs_truck=True),
    C.TIDY_UP: Kit(2, 3, 6, 120),
    C.MOVING: Kit(3, 4, 6, 180, 2, {Tool.CART: 1}, {Skill.DRIVER: 1}, needs_truck=True),
    C.SUPPLIES: Kit(2, 5, 10, 120),
    C.MEALS: Kit(2, 3, 6, 90, 1, {}, {Skill.DRIVER: 1}),
    C.COMPANY: Kit(2, 2, 2, 60),
    C.CHILDREN: Kit(2, 3, 4, 120, minors_ok=False),
    C.PAPERWORK: Kit(1, 2, 2, 60, minors_ok=False),
    C.CENTER_STAFF: Kit(1, 3, 8, 240),
    C.OTHER: Kit(2, 2, 4, 120),
}

ORDINARY_CATEGORIES: Final = (
    C.MEALS, C.COMPANY, C.CHILDREN, C.PAPERWORK, C.TIDY_UP, C.CLEANING, C.MOVING, C.SUPPLIES, C.CENTER_STAFF,
    C.OTHER,
)  # fmt: skip

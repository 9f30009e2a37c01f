"""Words of other systems and of paper lists, and the codes they stand for here (source: domain.md §2.11, §3.1). No rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dvc.core.japanese import search_key
from intake.help_requests.answers import Damage
from intake.help_requests.models import Method
from intake.help_requests.models import NeedState as S
from intake.volunteers.models import Gender, InsurancePlan, Skill, VehicleKind
from intake.volunteers.models import WorkCategory as C


def _keys(table: Mapping[str, str]) -> dict[str, str]:
    return {search_key(word): code for word, code in table.items()}


METHODS: Final = _keys(
    {
        **{label: code for code, label in Method.choices},
        "TEL": "phone", "電話受付": "phone", "来所": "counter", "来所受付": "counter", "窓口受付": "counter", "訪問調査": "visit", "ローラー": "outreach",
        "メール": "web", "WEB": "web", "インターネット": "web", "フォーム": "web", "ファックス": "fax", "不明": "other",
        "他機関から": "partner", "民生委員": "partner", "包括": "partner",
    }
)  # fmt: skip
DAMAGES: Final = _keys(
    {
        **{label: code for code, label in Damage.choices},
        "一部損壊": "partial", "床上": "flood_above_floor", "床下": "flood_below_floor", "土砂": "mud_inflow", "泥": "mud_inflow",
        "大規模半壊": "half", "準半壊": "partial", "屋根破損": "roof", "塀": "wall", "店舗": "business", "農地": "business",
        "断水": "other", "停電": "other",
    }
)  # fmt: skip
CATEGORIES: Final = _keys(
    {
        **{label: code for code, label in C.choices},
        "家財搬出": C.FURNITURE_OUT, "家財の搬出": C.FURNITURE_OUT, "荷物運び出し": C.FURNITURE_OUT, "家具の搬出": C.FURNITURE_OUT,
        "家財": C.FURNITURE_OUT, "畳上げ": C.FURNITURE_OUT, "土砂撤去": C.MUD_REMOVAL, "泥出し": C.MUD_REMOVAL, "泥かき": C.MUD_REMOVAL,
        "床下": C.UNDER_FLOOR, "床下作業": C.UNDER_FLOOR, "床下の泥出し": C.UNDER_FLOOR, "清掃": C.CLEANING, "掃除": C.CLEANING,
        "洗浄": C.CLEANING, "清掃・洗浄": C.CLEANING, "災害ごみ": C.DEBRIS, "ごみ出し": C.DEBRIS, "ごみ運搬": C.DEBRIS,
        "災害ごみ運搬": C.DEBRIS, "片付け": C.TIDY_UP, "片づけ": C.TIDY_UP, "引越し": C.MOVING, "引っ越し": C.MOVING,
        "物資仕分け": C.SUPPLIES, "炊き出し": C.MEALS, "配食": C.MEALS, "見守り": C.COMPANY, "話し相手": C.COMPANY,
        "子ども": C.CHILDREN, "申請手伝い": C.PAPERWORK, "書類": C.PAPERWORK, "その他": C.OTHER,
    }
)  # fmt: skip
# A state of ours, or None: a team is or was there, which no file can say for us; it comes back for a look.
_WITH_A_TEAM: Final = frozenset({S.ASSIGNED, S.IN_PROGRESS, S.CONTINUING})
_STATES: Final[Mapping[str, S | None]] = {
    **{state.label: None if state in _WITH_A_TEAM else state for state in S},
    "受付中": S.TRIAGE, "未対応": S.TRIAGE, "新規": S.TRIAGE, "未着手": S.TRIAGE, "受付済": S.TRIAGE, "受付済み": S.TRIAGE,
    "調査中": S.SURVEY_WAIT, "現地調査中": S.SURVEY_WAIT, "現地調査待ち": S.SURVEY_WAIT, "要調査": S.SURVEY_WAIT,
    "調査済み": S.SURVEYED, "現地調査済": S.SURVEYED, "現地調査済み": S.SURVEYED,
    "派遣待ち": S.READY, "活動待ち": S.READY, "対応中": None, "派遣中": None, "終了": S.COMPLETED, "対応済": S.COMPLETED,
    "対応済み": S.COMPLETED, "活動完了": S.COMPLETED, "取消": S.WITHDRAWN, "取り消し": S.WITHDRAWN, "キャンセル": S.WITHDRAWN,
    "お断り": S.DECLINED, "不可": S.DECLINED, "他機関": S.REFERRED, "つなぎ": S.REFERRED, "不通": S.UNREACHABLE,
    # Of what it is a duplicate, the file cannot say.
    "重複": S.WITHDRAWN,
}  # fmt: skip
STATES: Final[Mapping[str, S | None]] = {search_key(word): state for word, state in _STATES.items()}
YES_SIGNS: Final = frozenset("○〇◯●◎✓✔☑レ")
NO_SIGNS: Final = frozenset("×✕✖-－―ー☐□")
YES: Final = frozenset(map(search_key, ("1", "はい", "有", "あり", "有り", "要", "必要", "true", "yes", "y", "x", "済", "同意", "同意する", "同意あり", "該当", "要見守り", "独居", "危機介入")))  # fmt: skip
NO: Final = frozenset(map(search_key, ("0", "いいえ", "無", "なし", "無し", "不要", "false", "no", "n", "未", "同意しない", "同意なし", "非該当", "否", "しない")))  # fmt: skip


# ── of volunteers ──────────────────────────────────────────────────────────────────────────────

INSURED: Final = frozenset(map(search_key, ("加入", "加入済", "加入済み", "加入している")))
NOT_INSURED: Final = frozenset(map(search_key, ("未加入", "加入していない", "これから")))
SKILLS: Final = _keys(
    {
        **{label: code for code, label in Skill.choices},
        "運転": Skill.DRIVER, "普通免許": Skill.DRIVER, "普通自動車": Skill.DRIVER, "自動車免許": Skill.DRIVER, "運転免許": Skill.DRIVER,
        "軽トラ運転": Skill.DRIVER, "チェンソー": Skill.CHAINSAW, "伐木": Skill.CHAINSAW, "ユンボ": Skill.HEAVY, "バックホー": Skill.HEAVY,
        "重機操作": Skill.HEAVY, "重機免許": Skill.HEAVY, "電気工事": Skill.ELECTRIC, "電気工事士": Skill.ELECTRIC, "大工": Skill.CARPENTRY,
        "建築": Skill.CARPENTRY, "建築士": Skill.CARPENTRY, "看護": Skill.NURSE, "看護師": Skill.NURSE, "保健師": Skill.NURSE,
        "介護": Skill.CARE, "介護福祉士": Skill.CARE, "ヘルパー": Skill.CARE, "社会福祉士": Skill.CARE, "福祉": Skill.CARE,
        "相談": Skill.COUNSELOR, "傾聴": Skill.COUNSELOR, "臨床心理士": Skill.COUNSELOR, "調理": Skill.COOK, "調理師": Skill.COOK,
        "炊き出し": Skill.COOK, "配食": Skill.COOK, "通訳": Skill.INTERPRETER, "手話通訳": Skill.INTERPRETER, "パソコン": Skill.PC,
        "事務": Skill.PC, "PC": Skill.PC,
    }
)  # fmt: skip
GENDERS: Final = _keys({"女": Gender.FEMALE, "女性": Gender.FEMALE, "F": Gender.FEMALE, "男": Gender.MALE, "男性": Gender.MALE, "M": Gender.MALE})  # fmt: skip
VEHICLES: Final = _keys(
    {
        **{label: code for code, label in VehicleKind.choices if code},
        "普通車": VehicleKind.CAR, "自家用車": VehicleKind.CAR, "車": VehicleKind.CAR, "軽トラ": VehicleKind.KEI_TRUCK,
        "ダンプ": VehicleKind.TRUCK, "バン": VehicleKind.VAN, "ワゴン": VehicleKind.VAN,
    }
)  # fmt: skip
PLANS: Final = _keys(
    {
        **{label: code for code, label in InsurancePlan.choices},
        "基本": InsurancePlan.BASIC, "天災": InsurancePlan.QUAKE, "天災プラン": InsurancePlan.QUAKE, "天災・地震": InsurancePlan.QUAKE,
        "天災・地震補償": InsurancePlan.QUAKE, "特定感染症": InsurancePlan.INFECTION, "特定感染症プラン": InsurancePlan.INFECTION,
    }
)  # fmt: skip

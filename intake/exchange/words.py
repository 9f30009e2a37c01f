"""Words of other systems and of paper lists, and the codes they stand for here (source: domain.md §2.11, §3.1). No rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dvc.core.japanese import search_key
from intake.help_requests.answers import Damage
from intake.help_requests.models import Method
from intake.help_requests.models import NeedState as S
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

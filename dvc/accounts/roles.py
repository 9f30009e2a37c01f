"""Roles and what they may do, in one table (source: reliability.md §4; words: domain.md §1.1).

A person may hold several. 班長 leads a section (受付班, ニーズ班, …): what a leader of any section is called for, whatever
else comes with the section's own role.
"""

from __future__ import annotations

from typing import Final

from django.db import models


class Role(models.TextChoices):
    CHIEF = "chief", "センター長"
    LEAD = "lead", "班長"
    OFFICE = "office", "総務・監査"
    NEEDS_DESK = "needs_desk", "ニーズ受付"
    SURVEY = "survey", "現地調査"
    MATCHING = "matching", "マッチング"
    RECEPTION = "reception", "ボランティア受付"
    EQUIPMENT = "equipment", "資材・車両"
    TRANSPORT = "transport", "送迎"
    ENGINEER = "engineer", "技術管理者"


class May(models.TextChoices):
    """What a signed-in person may do. A page or an endpoint asks for exactly one of these (see policy.py)."""

    SEE_BOARD = "see_board", "ボードを見る"
    RECEIVE = "receive", "受付をする（到着・帰り・カード）"
    KEEP_VOLUNTEERS = "keep_volunteers", "ボランティア名簿とカードを扱う"
    KEEP_NEEDS = "keep_needs", "困りごと（ニーズ）を扱う"
    NOTE_CRISIS = "note_crisis", "危機介入を、班長として確認する"
    SEE_PINS = "see_pins", "お宅の場所を地図で見る（ほかの人には町丁目の中心）"
    EXCHANGE = "exchange", "困りごとや住民の表を取り込む・書き出す"
    MATCH = "match", "マッチングをする"
    SETTLE = "settle", "食い違いや帰宅を確かめて片づける"
    DISPATCH = "dispatch", "班を送り出す・帰着を受ける"
    RECALL = "recall", "全班を呼び戻す・呼び戻しの電話を記録する"
    END_RECALL = "end_recall", "呼び戻しを終わる（また出発できるようにする）"
    CLOSE_DAY = "close_day", "一日を閉じる（全員と全部が戻ったかの確認）"
    RUN_CENTER = "run_center", "開設・閉所・職員・設定"
    KEEP_DEVICES = "keep_devices", "端末を足す・止める"
    RUN_DRILL = "run_drill", "訓練を動かす"
    SEE_AUDIT = "see_audit", "操作の記録を見る"


_EVERYBODY = frozenset(Role)
ROLES_THAT_MAY: Final[dict[May, frozenset[Role]]] = {
    May.SEE_BOARD: _EVERYBODY,
    May.RECEIVE: frozenset({Role.CHIEF, Role.LEAD, Role.OFFICE, Role.RECEPTION, Role.MATCHING}),
    May.KEEP_VOLUNTEERS: frozenset({Role.CHIEF, Role.LEAD, Role.OFFICE, Role.RECEPTION, Role.MATCHING}),
    May.KEEP_NEEDS: frozenset(
        {Role.CHIEF, Role.LEAD, Role.OFFICE, Role.NEEDS_DESK, Role.SURVEY, Role.MATCHING}
    ),
    May.NOTE_CRISIS: frozenset({Role.LEAD}),
    May.SEE_PINS: frozenset(
        {Role.CHIEF, Role.LEAD, Role.NEEDS_DESK, Role.SURVEY, Role.MATCHING, Role.TRANSPORT}
    ),
    May.EXCHANGE: frozenset({Role.CHIEF, Role.OFFICE}),
    May.MATCH: frozenset({Role.CHIEF, Role.MATCHING}),
    May.SETTLE: frozenset({Role.CHIEF, Role.LEAD, Role.OFFICE, Role.RECEPTION}),
    May.DISPATCH: frozenset({Role.CHIEF, Role.MATCHING, Role.EQUIPMENT, Role.TRANSPORT}),
    # Whoever sees danger begins it and helps to telephone: all who see the numbers of leaders anyway. That it is over, and
    # teams may leave again, says who answers for them.
    May.RECALL: frozenset(
        {
            Role.CHIEF,
            Role.LEAD,
            Role.OFFICE,
            Role.MATCHING,
            Role.RECEPTION,
            Role.EQUIPMENT,
            Role.TRANSPORT,
        }
    ),
    May.END_RECALL: frozenset({Role.CHIEF, Role.LEAD, Role.MATCHING}),
    May.CLOSE_DAY: frozenset({Role.CHIEF, Role.OFFICE, Role.RECEPTION, Role.MATCHING}),
    May.RUN_CENTER: frozenset({Role.CHIEF}),
    May.KEEP_DEVICES: frozenset({Role.CHIEF, Role.OFFICE}),
    May.RUN_DRILL: frozenset({Role.CHIEF, Role.OFFICE}),
    May.SEE_AUDIT: frozenset({Role.CHIEF, Role.OFFICE}),
}

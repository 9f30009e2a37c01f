"""Every refusal of the system, in plain Japanese: what is the matter and what to do next.

Keys are `area.reason`. Sentences may hold `{placeholders}`, filled by `Refused(code, name=…)`.
Sections are in the order of the house; keys inside a section are alphabetical.
"""

from __future__ import annotations

from typing import Final

REFUSALS: Final[dict[str, str]] = {
    # operations and accounts
    "account.inactive": "この利用者は停止されています。センター長に確認してください。",
    "account.link_used": "このリンクは使用済みか期限切れです。センター長に新しいリンクを発行してもらってください。",
    "account.not_allowed": "この操作はあなたの役割ではできません。担当の班長かセンター長に頼んでください。",
    "device.revoked": "この端末は使用停止になっています。別の端末を使い、センター長に知らせてください。",
    "device.unknown": "この端末は登録されていません。職員がサインインして端末を登録してください。",
    "operation.closed": "「{name}」は閉所しています。記録を足すには、センター長に再開を頼んでください。",
    "operation.not_drill": "「{name}」は訓練ではないので、消去できません。",
    "operation.teams_out": "まだ{count}チームが現地に出ています。全員の帰着を確認してから閉所してください。",
    "operation.people_present": "まだ{count}人が受付中のままです。帰りの受付をするか、理由を書いて締めてください。",
}

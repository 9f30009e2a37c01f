"""In which order needs wait, and what keeps one from being proposed. Pure: used by the board and by the problem."""

from __future__ import annotations

from datetime import time
from typing import Final

# What a need weighs in the objective, shown on the board as it stands here. No health note is ever counted.
WEIGHTS: Final[dict[str, tuple[int, str]]] = {
    "base": (10, "すべての困りごと"),
    "day": (2, "待っている1日ごと（15日まで）"),
    "alone": (30, "一人暮らし"),
    "watch": (30, "見守りが必要"),
    "crisis": (100, "危機介入が必要"),
}
MOST_DAYS: Final = 15


def weight(*, days: int, crisis: bool, alone: bool, watch: bool) -> int:
    """What the need is worth (WEIGHTS)."""
    return (
        WEIGHTS["base"][0]
        + WEIGHTS["day"][0] * min(days, MOST_DAYS)
        + WEIGHTS["crisis"][0] * crisis
        + WEIGHTS["alone"][0] * alone
        + WEIGHTS["watch"][0] * watch
    )


def tier(*, crisis: bool, alone: bool, watch: bool) -> int:
    """1 crisis, 2 alone or to be watched, 3 everybody else."""
    return 1 if crisis else 2 if alone or watch else 3


def blocked_by(
    *, held: str | None, lat: float | None, lng: float | None, open_items: int, opens: time, closes: time
) -> tuple[str, str] | None:
    """Code and sentence of what must happen before anybody can be proposed, or None. `held`: why it is held back, ""
    where that is nobody's business."""
    if held is not None:
        return "held", f"見合わせ中です：{held}" if held else "見合わせ中です。"
    if lat is None or lng is None:
        return "no_place", "場所が決まっていません。困りごとの画面で場所を入れてください。"
    if not open_items:
        return "no_work", "作業が登録されていません。困りごとの画面で足してください。"
    if opens > closes:
        return "no_hours", "作業できる時刻の「から」と「まで」が逆です。直してください。"
    return None

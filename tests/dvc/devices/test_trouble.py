"""What the fleet page says of a tablet: a row and a moment in, sentences out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dvc.accounts.models import Device
from dvc.devices.trouble import duration, state_of
from tests import make

NOW = make.at(12)


def device(**said: Any) -> Device:
    values: dict[str, Any] = {
        "last_seen_at": NOW - timedelta(minutes=1), "unsent": 0, "storage": "persisted", "secure_context": True,
        "clock_error_ms": 400, "app_version": "1.0", **said,
    }  # fmt: skip
    return Device(name="受付1番", **values)


def ago(**span: float) -> Any:
    return NOW - timedelta(**span)


@pytest.mark.parametrize(
    ("said", "level", "first"),
    [
        ({}, "ok", "問題ありません。"),
        ({"last_seen_at": None}, "warn", "まだ一度も連絡がありません。"),
        ({"last_seen_at": ago(minutes=9)}, "ok", "問題ありません。"),
        ({"last_seen_at": ago(minutes=35)}, "warn", "35分連絡がありません。"),
        (
            {"last_seen_at": ago(hours=2), "unsent": 12},
            "stop",
            "2時間連絡がありません。未送信の記録12件が、端末にだけあります。",
        ),
        (
            {"last_seen_at": ago(hours=2), "unsent": 0, "unsent_photos": 3, "open_drafts": 1},
            "stop",
            "2時間連絡がありません。写真3枚・書きかけの調査票1件が、端末にだけあります。",
        ),
        ({"last_seen_at": ago(days=3)}, "warn", "3日連絡がありません。"),
        # The server's clock was ahead when it was heard.
        ({"last_seen_at": ago(hours=-26)}, "warn", "26時間連絡がありません。"),
        (
            {"unsent": 7, "oldest_unsent_at": ago(hours=3)},
            "stop",
            "3時間前からの記録が7件、送れていません。",
        ),
        ({"unsent": 7, "oldest_unsent_at": ago(minutes=3)}, "ok", "問題ありません。"),
        (
            {"clock_error_ms": 11 * 60_000},
            "warn",
            "時計が11分遅れています。記録には印が付きます。",
        ),
        (
            {"clock_error_ms": -26 * 3_600_000},
            "warn",
            "時計が26時間進んでいます。記録には印が付きます。",
        ),
        ({"clock_jumped_at": ago(hours=1)}, "warn", "1時間前に、時計が大きく変わりました。"),
        ({"storage": "best_effort"}, "warn", "ブラウザーが記録を消すことがあります。"),
        ({"secure_context": False}, "warn", "安全な接続（https）ではありません。"),
        ({"quota_bytes": 100, "used_bytes": 90}, "stop", "端末の空きが、もうすぐなくなります。"),
        ({"app_version": "0.9"}, "warn", "画面が古い版（0.9）です。"),
    ],
)
def test_each_trouble_is_a_sentence_with_what_to_do(said: dict[str, Any], level: str, first: str) -> None:
    state = state_of(device(**said), at=NOW, app="1.0")
    assert (state.level, state.says[0]) == (level, first)
    assert bool(state.do) == (level != "ok")


def test_the_gravest_is_said_first() -> None:
    state = state_of(device(storage="best_effort", last_seen_at=ago(hours=5), unsent=1), at=NOW, app="1.0")
    assert state.level == "stop"
    assert state.says[0].startswith("5時間連絡がありません")
    assert len(state.says) == 2


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=5), "1分"),
        (timedelta(minutes=59), "59分"),
        (timedelta(hours=47), "47時間"),
        (timedelta(days=2), "2日"),
    ],
)
def test_one_unit_is_enough(span: timedelta, words: str) -> None:
    assert duration(span) == words

"""How a tablet is doing, in words a center leader understands. Pure: a row and a moment in, sentences out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dvc.accounts.models import Device, Storage
from dvc.devices.reports import CLOCK_DOUBTED

SILENT: Final = timedelta(minutes=10)
SILENT_LONG: Final = timedelta(hours=2)
WAITING_LONG: Final = timedelta(hours=2)
JUMP_SHOWN: Final = timedelta(hours=12)
NEARLY_FULL: Final = 0.8
LEVELS: Final = ("ok", "warn", "stop")


@dataclass(frozen=True, slots=True)
class State:
    """`level`: ok | warn | stop. `says`: what is the matter, the gravest first; `do`: what to do about the first."""

    level: str
    says: tuple[str, ...]
    do: str

    @property
    def rank(self) -> int:
        """Bigger is worse."""
        return LEVELS.index(self.level)


def state_of(device: Device, *, at: datetime, app: str) -> State:
    """How the device is doing at `at`. `app`: the version the server serves now."""
    found = [
        *_silence(device, at),
        *_queue(device, at),
        *_clock(device, at),
        *_storage(device),
        *_version(device, app),
    ]
    if not found:
        return State("ok", ("問題ありません。",), "")
    found.sort(key=lambda each: -LEVELS.index(each[0]))
    return State(found[0][0], tuple(says for _level, says, _do in found), found[0][2])


Finding = tuple[str, str, str]


def _silence(device: Device, at: datetime) -> list[Finding]:
    if device.last_seen_at is None:
        return [("warn", "まだ一度も連絡がありません。", "端末で受付の画面を開いてください。")]
    silent = abs(at - device.last_seen_at)  # heard while the server's clock was ahead: nobody knows when
    if silent < SILENT:
        return []
    left = left_words(device)
    do = "端末のあるところへ行き、電源とWi-Fiを確かめてください。記録は端末に残っています。"
    level = "stop" if silent >= SILENT_LONG and left else "warn"
    return [
        (
            level,
            f"{duration(silent)}連絡がありません。{f'{left}が、端末にだけあります。' if left else ''}",
            do,
        )
    ]


def left_words(device: Device) -> str:
    """What nobody but this tablet has, as far as it has told; empty when that is nothing."""
    counted = (
        (device.unsent, "未送信の記録{}件"),
        (device.unsent_photos, "写真{}枚"),
        (device.open_drafts, "書きかけの調査票{}件"),
    )
    return "・".join(words.format(count) for count, words in counted if count)


def _queue(device: Device, at: datetime) -> list[Finding]:
    if not device.unsent or device.oldest_unsent_at is None or at - device.oldest_unsent_at < WAITING_LONG:
        return []
    if device.last_seen_at is not None and abs(at - device.last_seen_at) >= SILENT:
        return []  # said already
    says = f"{duration(at - device.oldest_unsent_at)}前からの記録が{device.unsent}件、送れていません。"
    return [("stop", says, "端末の「送信」を押し、画面に出る言葉を読んでください。")]


def _clock(device: Device, at: datetime) -> list[Finding]:
    if device.clock_error_ms is not None:
        error = timedelta(milliseconds=device.clock_error_ms)
        if abs(error) > CLOCK_DOUBTED:
            which = "遅れて" if error > timedelta() else "進んで"
            do = "端末の設定で、日付と時刻を「自動」にしてください。"
            return [("warn", f"時計が{duration(abs(error))}{which}います。記録には印が付きます。", do)]
    if device.clock_jumped_at is not None and at - device.clock_jumped_at < JUMP_SHOWN:
        do = "その前の記録の時刻を、端末を使った人に確かめてください。"
        return [("warn", f"{duration(at - device.clock_jumped_at)}前に、時計が大きく変わりました。", do)]
    return []


def _storage(device: Device) -> list[Finding]:
    if device.quota_bytes and device.used_bytes and device.used_bytes > NEARLY_FULL * device.quota_bytes:
        return [
            ("stop", "端末の空きが、もうすぐなくなります。", "端末で使わない写真やアプリを消してください。")
        ]
    if device.secure_context is False:
        return [
            (
                "warn",
                "安全な接続（https）ではありません。",
                "「設定」の「タブレットをつなぐ」を見て、端末に証明書を入れてください。",
            )
        ]
    if device.storage == Storage.BEST_EFFORT:
        return [("warn", "ブラウザーが記録を消すことがあります。", "こまめに「送信」を押してください。")]
    return []


def _version(device: Device, app: str) -> list[Finding]:
    if device.app_version and device.app_version != app[:20]:
        do = "電波のあるところで、画面を開き直してください。"
        return [("warn", f"画面が古い版（{device.app_version}）です。", do)]
    return []


def duration(span: timedelta) -> str:
    """2時間, 35分, 3日: one unit is enough to act on."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        return f"{max(minutes, 1)}分"
    if minutes < 48 * 60:
        return f"{minutes // 60}時間"
    return f"{minutes // (24 * 60)}日"


def clock_words(device: Device) -> str:
    """How far the clock is off, as one says it."""
    if device.clock_error_ms is None:
        return "まだ分かりません"
    seconds = abs(device.clock_error_ms) // 1000
    if seconds < 60:
        return "ほぼ正確" if seconds < 10 else f"{seconds}秒"
    return duration(timedelta(seconds=seconds))

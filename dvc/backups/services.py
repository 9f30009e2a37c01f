"""When a backup is due, how it is written, which ones are kept, and what to tell about it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from dvc.audit.models import Entry
from dvc.audit.services import By, record
from dvc.backups import archive, recovery
from dvc.backups.models import Backup
from dvc.outbox import services as outbox

KIND: Final = "backup.write"
SHEET: Final = "recovery_sheet.shown"
EVERY = timedelta(minutes=settings.BACKUP_MINUTES)
KEEP_LAST: Final = 12
KEEP_HOURLY = timedelta(days=1)
KEEP_DAILY = timedelta(days=14)
KEEP_ROWS = timedelta(days=60)
LATE: Final = 3  # rounds without a backup, although something changed, after which it is said in red
_NAME = re.compile(r"dvc-(\d{8}-\d{6})\.backup")
_TICK_SECONDS: Final = 2.0


def request_due(*, at: datetime) -> Backup | None:
    """Ask for a backup when the last one is BACKUP_MINUTES old and something changed since, or when it failed or did
    not reach the second folder. The sweeper calls this every second: one query while nothing is due."""
    if not EVERY:
        return None
    last = Backup.objects.first()
    if last is not None and abs(at - last.started_at) < EVERY:
        return None
    entry = _newest_entry()
    if last is not None and last.entry == entry and _is_good(last):
        return None
    with transaction.atomic():
        backup = Backup.objects.create(started_at=at, entry=entry)
        outbox.put(KIND, backup.pk, dedupe_key=str(backup.pk))
    return backup


def write(backup: Backup, *, at: datetime, tick: Callable[[], None]) -> Backup:
    """Write the file, copy it to the second folder, and remove what is too old. The row is changed and not saved:
    that belongs into the transaction of the caller's promise.

    `tick` is called every other second while the file is written. Raises `archive.BackupFailed` and `OSError` when
    there is no backup; a second folder that cannot be written is told in `backup.error`.
    """
    folder = settings.BACKUPS_DIR
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    archive.clear_away(settings.DATA, folder)
    name = f"dvc-{timezone.localtime(at):%Y%m%d-%H%M%S}.backup"
    backup.started_at, backup.entry, backup.name = at, _newest_entry(), name
    _while_ticking(
        lambda: archive.write(
            folder / name,
            data=settings.DATA,
            database=settings.DATABASES["default"],
            at=at,
            secret=recovery.secret(),
        ),
        tick,
    )
    backup.size = (folder / name).stat().st_size
    backup.error = _write_elsewhere(folder / name, at=at, tick=tick)
    backup.elsewhere = settings.BACKUP_TO is not None and not backup.error
    _rotate(folder, at)
    return backup


def forget_old_rows(*, at: datetime) -> None:
    """The list of backups is for people to look at, not a history."""
    Backup.objects.filter(started_at__lt=at - KEEP_ROWS).delete()


def note_failure(backup: Backup, error: Exception) -> None:
    """A person reads this on the backup page."""
    Backup.objects.filter(pk=backup.pk).update(error=_say(error))


@transaction.atomic
def note_sheet(center: models.Model, *, by: By, at: datetime) -> None:
    """Somebody is shown the recovery key of this server; the log says who, and not the key."""
    record(SHEET, center, by=by, at=at, center_id=center.pk)


def sheet_shown_at(center: models.Model) -> datetime | None:
    """When the recovery sheet of this center was last shown (and, one hopes, printed)."""
    shown = Entry.objects.about(center).filter(action=SHEET)
    return shown.order_by("-id").values_list("at", flat=True).first()


def sheet_is_missing(center: models.Model) -> bool:
    """Whether the backups are sealed with a key nobody outside this laptop has ever seen."""
    return not settings.BACKUP_PASSPHRASE and sheet_shown_at(center) is None


@dataclass(frozen=True, slots=True)
class Status:
    """`tone` ok | warn | stop, and one sentence for the chief. `last` is the newest backup that is whole."""

    tone: str
    text: str
    last: Backup | None


def status(*, at: datetime) -> Status:
    """How it stands with the backups. Three queries."""
    if not EVERY:
        return Status("warn", "自動のバックアップは止めてあります。技術管理者に知らせてください。", None)
    newest, last = Backup.objects.first(), Backup.objects.written().first()
    if last is None:
        if newest is not None and newest.error:
            return Status("stop", f"バックアップがまだ一つもできていません。{newest.error}", None)
        return Status(
            "warn", f"はじめのバックアップを待っています（{settings.BACKUP_MINUTES}分ごと）。", None
        )
    minutes = last.minutes_since(at)
    since = f"最後のバックアップ {ago(minutes)}"
    if newest is not None and newest.pk != last.pk and newest.error:
        return Status("stop", f"{since}。その後のバックアップができていません。{newest.error}", last)
    if minutes >= LATE * settings.BACKUP_MINUTES and _newest_entry() != last.entry:
        return Status("stop", f"{since}。その後が止まっています。技術管理者に知らせてください。", last)
    if last.error:
        return Status("stop", f"{since}。{last.error}", last)
    if settings.BACKUP_TO is None:
        return Status(
            "warn",
            f"{since}。このパソコンの中だけです。USBメモリーにも書くようにしてください。",
            last,
        )
    return Status("ok", f"{since}（2か所）", last)


def ago(minutes: int) -> str:
    """12分前, 3時間前, 2日前."""
    if minutes < 60:
        return f"{minutes}分前"
    return f"{minutes // 60}時間前" if minutes < 48 * 60 else f"{minutes // (24 * 60)}日前"


def too_old(names: Sequence[str], *, at: datetime) -> list[str]:
    """Which of these files may go: all but the newest KEEP_LAST, one an hour for a day, and one a day for two weeks.
    Names that are not ours are never among them."""
    stamps = {name: match[1] for name in names if (match := _NAME.fullmatch(name))}
    ordered = sorted(stamps, key=lambda name: stamps[name])
    kept = set(ordered[-KEEP_LAST:])
    local = timezone.localtime(at)
    hours, days = f"{local - KEEP_HOURLY:%Y%m%d-%H}", f"{local - KEEP_DAILY:%Y%m%d}"
    seen: set[str] = set()
    for name in ordered:
        for period, since in ((stamps[name][:11], hours), (stamps[name][:8], days)):
            if period >= since and period not in seen:
                seen.add(period)
                kept.add(name)
    return [name for name in ordered if name not in kept]


def _is_good(backup: Backup) -> bool:
    return backup.finished_at is not None and (backup.elsewhere or settings.BACKUP_TO is None)


def _newest_entry() -> int:
    return Entry.objects.order_by("-id").values_list("id", flat=True).first() or 0


def _write_elsewhere(file: Path, *, at: datetime, tick: Callable[[], None]) -> str:
    """What went wrong with the second copy, "" when it is there or not wanted."""
    second: Path | None = settings.BACKUP_TO
    if second is None:
        return ""
    # Never made here: a stick that was pulled out leaves an empty place on this very disk.
    if not second.is_dir():
        return "USBメモリーなどの2か所目が見つかりません。差し込んであるか確かめてください。"
    try:
        archive.clear_away(second)
        _while_ticking(lambda: archive.put_copy(file, second / file.name), tick)
        _rotate(second, at)
    except OSError as error:
        return f"USBメモリーなどの2か所目に書けません。{_say(error)}"
    return ""


def _rotate(folder: Path, at: datetime) -> None:
    for name in too_old([path.name for path in folder.iterdir()], at=at):
        (folder / name).unlink(missing_ok=True)


def _while_ticking(work: Callable[[], object], tick: Callable[[], None]) -> None:
    with ThreadPoolExecutor(max_workers=1) as pool:
        done = pool.submit(work)
        while True:
            try:
                done.result(timeout=_TICK_SECONDS)
                return
            except NotYet:
                if done.done():
                    raise
                tick()


def _say(error: Exception) -> str:
    if isinstance(error, OSError):
        return {
            28: "空きがありません。古いファイルを消すか、別のUSBメモリーにしてください。",
            13: "書き込みが許されていません。",
            30: "書き込み禁止になっています。USBメモリーのスイッチを確かめてください。",
        }.get(error.errno or 0, os.strerror(error.errno) if error.errno else str(error))[:300]
    return str(error)[:300]

"""Backups that happen by themselves: due, written, copied, rotated, told."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.accounts.sessions import SessionStore
from dvc.audit.services import SYSTEM
from dvc.backups import recovery, services
from dvc.backups.models import Backup
from dvc.backups.sealed import is_sealed
from dvc.operations import services as operations
from dvc.outbox import services as outbox
from dvc.outbox.models import Row, State
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def stick(tmp_path: Path, settings: Any) -> Path:
    settings.DATA = tmp_path / "data"
    settings.KEYS_DIR = settings.DATA / "keys"
    settings.BACKUPS_DIR = settings.DATA / "backups"
    settings.KEYS_DIR.mkdir(parents=True)
    settings.BACKUP_TO = tmp_path / "stick"
    settings.BACKUP_TO.mkdir()
    return settings.BACKUP_TO  # type: ignore[no-any-return]


def work(backup: Backup | None) -> Backup:
    assert backup is not None
    row = Row.objects.get(kind=services.KIND, dedupe_key=str(backup.pk))
    outbox.work(row.pk, now=timezone.now)
    backup.refresh_from_db()
    return backup


def change() -> None:
    operations.add_site(
        make.center(), name="東", address="", lat=38.0, lng=141.0, by=SYSTEM, at=timezone.now()
    )


def test_the_next_backup_removes_what_a_killed_one_left_here_and_on_the_stick(
    stick: Path, settings: Any
) -> None:
    copy, half = settings.DATA / ".backup-killed", stick / ".dvc-20260101-000000.backup.aa.part"
    copy.mkdir()
    (copy / "database").write_bytes(b"all names in the clear")
    half.write_bytes(b"half of a file")
    for left in (copy, half):
        os.utime(left, (0, 0))
    change()
    assert work(services.request_due(at=timezone.now())).elsewhere
    assert not copy.exists()
    assert not half.exists()


def test_a_backup_does_not_carry_what_the_sessions_of_earlier_days_quote(stick: Path) -> None:
    for ended in (True, False):
        session = SessionStore()
        session["said"] = "伊藤さんを登録しました。"
        session.set_expiry(timezone.now() + timedelta(hours=-1 if ended else 1))
        session.save()
    kept = session.session_key
    change()
    work(services.request_due(at=timezone.now()))
    assert list(Session.objects.values_list("session_key", flat=True)) == [kept]


def test_a_backup_is_asked_for_once_and_again_only_after_ten_minutes_with_a_change(stick: Path) -> None:
    change()
    now = timezone.now()
    first = work(services.request_due(at=now))
    assert first.elsewhere
    assert services.request_due(at=now + timedelta(minutes=9)) is None
    assert services.request_due(at=now + timedelta(minutes=11)) is None  # nothing changed
    change()
    assert services.request_due(at=now + timedelta(minutes=9)) is None
    assert services.request_due(at=now + timedelta(minutes=11)) is not None
    assert services.request_due(at=now + timedelta(minutes=11)) is None


def test_both_files_are_sealed_equal_and_nobody_elses(stick: Path, settings: Any) -> None:
    change()
    backup = work(services.request_due(at=timezone.now()))
    here, there = settings.BACKUPS_DIR / backup.name, stick / backup.name
    assert here.read_bytes() == there.read_bytes()
    assert is_sealed(here.read_bytes())
    assert here.stat().st_mode & 0o077 == 0
    assert [path.name for path in stick.iterdir()] == [backup.name]
    assert [path.name for path in settings.DATA.glob(".backup-*")] == []


@pytest.mark.parametrize("trouble", ["pulled out", "full", "read-only"])
def test_a_stick_that_cannot_be_written_is_told_and_tried_again(
    stick: Path, settings: Any, trouble: str
) -> None:
    if trouble == "pulled out":
        stick.rmdir()
    else:
        # Root may write anywhere: a device that is always full, and a file where the folder should be.
        settings.BACKUP_TO = Path("/dev/full") if trouble == "full" else stick / "file"
        (stick / "file").write_text("")
    change()
    now = timezone.now()
    backup = work(services.request_due(at=now))
    assert (backup.elsewhere, backup.finished_at is not None) == (False, True)
    assert "2か所目" in backup.error
    status = services.status(at=now)
    assert (status.tone, backup.error in status.text) == ("stop", True)
    again = services.request_due(at=now + timedelta(minutes=11))
    assert again is not None  # although nothing changed


def test_a_backup_that_fails_is_told_and_the_next_one_is_made(stick: Path, settings: Any) -> None:
    change()
    settings.BACKUPS_DIR = stick / "not a folder"
    settings.BACKUPS_DIR.write_text("")
    now = timezone.now()
    failed = work(services.request_due(at=now))
    assert failed.finished_at is None
    assert failed.error
    assert (
        Row.objects.get(dedupe_key=str(failed.pk)).state == State.PENDING
    )  # the outbox tries again by itself
    assert services.status(at=now).tone == "stop"
    assert services.request_due(at=now + timedelta(minutes=11)) is not None


def test_what_is_kept_is_the_last_twelve_then_hours_then_days() -> None:
    now = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.get_current_timezone())
    times = [now - timedelta(minutes=10 * i) for i in range(20 * 144)]
    names = [f"dvc-{at:%Y%m%d-%H%M%S}.backup" for at in times] + ["photo.jpg", "dvc-monday.backup"]
    kept = sorted(set(names) - set(services.too_old(names, at=now)), reverse=True)
    assert kept[:2] == ["photo.jpg", "dvc-monday.backup"]
    ours = kept[2:]
    assert ours[:12] == names[:12]
    hours = [name for name in ours if name.endswith("0000.backup")]
    assert len(hours) >= 24
    assert len(ours) == 12 + 23 + 14  # two full hours and the running one are among the twelve
    assert not set(services.too_old(ours, at=now)) & set(ours)


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "0分前"), (59, "59分前"), (60, "1時間前"), (3000, "2日前")]
)
def test_ages_are_said_in_words(minutes: int, words: str) -> None:
    assert services.ago(minutes) == words


def test_the_chief_reads_how_old_the_last_backup_is_and_others_do_not(stick: Path) -> None:
    operation = make.operation()
    work(services.request_due(at=timezone.now()))
    for role, sees in ((Role.CHIEF, True), (Role.RECEPTION, False)):
        client = Client()
        client.force_login(make.user(operation.center, role))
        page = client.get(f"/o/{operation.pk}/")
        assert ("最後のバックアップ 0分前" in page.content.decode()) is sees
        listed = client.get(f"/o/{operation.pk}/settings/backups/")
        assert listed.status_code == (200 if sees else 403)
        sheet = client.post(f"/o/{operation.pk}/settings/backups/sheet/")
        assert (recovery.display(recovery.secret()) in sheet.content.decode()) is sees
    stranger = Client().post(f"/o/{operation.pk}/settings/backups/sheet/")
    assert stranger.status_code in (302, 404)
    assert services.sheet_shown_at(operation.center) is not None


def test_healthz_tells_how_old_the_last_backup_is_and_a_failed_one_does_not_make_it_sick(stick: Path) -> None:
    change()
    work(services.request_due(at=timezone.now()))
    body = Client().get("/healthz").json()
    assert body["backup"] == {"state": "ok", "minutes_since": 0}
    assert "backup" not in body["missing"]

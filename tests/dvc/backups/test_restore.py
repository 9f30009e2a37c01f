"""A backup that was not restored is no backup."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection

from dvc.backups import archive
from tests.infra.center import BASE
from tests.infra.shell import Shell
from tests.infra.template import migrated_postgres, migrated_sqlite, new_database

pytestmark = pytest.mark.parts

USERS = "import json; from dvc.accounts.models import User; print(json.dumps(sorted(User.objects.values_list('sign_in_name', flat=True))))"
ADD = "from dvc.accounts.models import User; User.objects.create_user('{}', '伊藤', 'a-long-password')"

# An entry of the log; on PostgreSQL written by a server that has counted far more transactions than the next one.
LOG = """
import json
from django.db import connection, transaction
from dvc.accounts.models import User
from dvc.audit.services import SYSTEM, record
from dvc.sync.models import InboxSweep
from django.utils import timezone
from tests import make
with transaction.atomic():
    record("test.entry", User.objects.get(), by=SYSTEM, at=timezone.now())
if connection.vendor == "postgresql":
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_entry SET xact = '99999999999'")
        cursor.execute("ALTER TABLE audit_entry ENABLE TRIGGER USER")
    InboxSweep.objects.create(operation=make.operation(), ahead=7, ahead_place=99999999999, at=timezone.now())
print(json.dumps("written"))
"""
# All entries, those that are read again from the present place on, and who waits for a place that will not come.
READ = """
import json
from dvc.audit import places
from dvc.audit.models import Entry
from dvc.sync.models import InboxSweep
place = places.place()
waiting = InboxSweep.objects.filter(ahead_place__gt=place).count()
print(json.dumps([Entry.objects.filter(action="test.entry").count(), places.since(place).count(), waiting]))
"""


class Place:
    """A DATA folder with a database of the kind the tests run on: empty, or `migrated`."""

    def __init__(self, data: Path, *, migrated: bool = False) -> None:
        self.data = data
        self.variables = {**os.environ, "DATA": str(data), "DJANGO_SETTINGS_MODULE": "dvc.settings"}
        server = os.environ.get("DATABASE_URL", "")
        if server.startswith("postgres"):
            self.variables["DATABASE_URL"] = migrated_postgres(server) if migrated else new_database(server)
        elif migrated:
            data.mkdir(mode=0o700)
            shutil.copy(migrated_sqlite(), data)
        # One process for all looks: it connects anew for each.
        self.shell = Shell(self.variables, data.with_name(f"{data.name}.log"))

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def users(self) -> list[str]:
        return list(self.shell.run(USERS))


@pytest.fixture
def shells() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def old(tmp_path: Path, shells: ExitStack) -> Place:
    place = Place(tmp_path / "old", migrated=True)
    shells.callback(place.shell.close)
    place.shell.run(ADD.format("itou"))
    (place.data / "media").mkdir()
    (place.data / "media" / "photo.jpg").write_bytes(b"\xff\xd8 photo")
    return place


@pytest.mark.long
def test_what_was_backed_up_is_there_after_a_restore_and_nothing_else(
    old: Place, tmp_path: Path, shells: ExitStack
) -> None:
    file = tmp_path / "monday.backup"
    old.shell.run(LOG)
    assert old.manage("backup", str(file)).returncode == 0
    assert file.stat().st_mode & 0o077 == 0
    old.shell.run(ADD.format("too-late"))

    new = Place(tmp_path / "new")
    shells.callback(new.shell.close)
    new.variables["SECRET_KEY"] = "x" * 50  # so that looking at it makes no key of its own
    done = new.manage("restore", str(file))
    assert done.returncode == 0, done.stderr
    assert new.users() == ["itou"]
    assert new.shell.run(READ) == [1, 0, 0]
    assert old.users() == ["itou", "too-late"]
    assert (new.data / "media" / "photo.jpg").read_bytes() == b"\xff\xd8 photo"
    assert (new.data / "secret_key").read_text() == (old.data / "secret_key").read_text()

    # A second restore would destroy what has happened since.
    again = new.manage("restore", str(file))
    assert again.returncode == 1
    assert "すでにデータがあります" in again.stderr
    assert [path.name for path in tmp_path.glob(".backup-*")] == []


@pytest.mark.long
def test_a_damaged_backup_changes_nothing(old: Place, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    assert old.manage("backup", str(file)).returncode == 0
    whole = file.read_bytes()
    new = Place(tmp_path / "new")
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :]
    for damaged in (whole[: len(whole) // 3], b"not a tar", flipped):
        file.write_bytes(damaged)
        done = new.manage("restore", str(file))
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert not (new.data / "db.sqlite3").exists()
        assert not (new.data / "media").exists()


@pytest.mark.long
def test_a_restore_whose_last_step_fails_leaves_no_center_and_is_done_again(
    old: Place, tmp_path: Path, shells: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, stick = tmp_path / "monday.backup", tmp_path / "stick"
    assert old.manage("backup", str(file)).returncode == 0
    new = Place(tmp_path / "new")
    shells.callback(new.shell.close)
    if connection.vendor == "postgresql":
        name = urlsplit(new.variables["DATABASE_URL"]).path[1:]
        monkeypatch.setattr(archive, "_FORGET_PLACES", "SELECT 1 / 0")
    else:  # the medium the database is to be on is not there
        name = str(stick / "db.sqlite3")
        new.variables["DATABASE_URL"] = f"sqlite:///{name}"
    database = {**connection.settings_dict, "NAME": name}
    with pytest.raises((archive.BackupFailed, FileNotFoundError)):
        archive.restore(file, data=new.data, database=database)
    stick.mkdir()
    done = new.manage("restore", str(file))
    assert done.returncode == 0, done.stderr
    assert new.users() == ["itou"]

"""What stands in a file that calls itself a backup and is none of ours."""

from __future__ import annotations

import io
import os
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dvc.backups import archive
from tests import make

SQLITE = {"ENGINE": "django.db.backends.sqlite3"}


def link(name: str, target: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    return entry


def pipe(name: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type = tarfile.FIFOTYPE
    return entry


@pytest.mark.parametrize(
    "make",
    [
        lambda outside: tarfile.TarInfo("../outside"),
        lambda outside: tarfile.TarInfo("media/../../outside"),
        lambda outside: tarfile.TarInfo(str(outside)),
        lambda outside: link("media", str(outside.parent)),
        lambda outside: pipe("media"),
    ],
)
def test_nothing_is_written_elsewhere_and_nothing_but_files(
    make: Callable[[Path], tarfile.TarInfo], tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    entry = make(outside)
    entry.size = 5 if entry.isreg() else 0
    source = tmp_path / "backup"
    with tarfile.open(source, "w:gz") as tar:
        tar.addfile(entry, io.BytesIO(b"stray") if entry.isreg() else None)
    data = tmp_path / "data"
    with pytest.raises(archive.BackupFailed, match="バックアップとして読めません"):
        archive.restore(source, data=data, database=SQLITE)
    assert not outside.exists()
    assert list(data.iterdir()) == []


def test_what_is_taken_out_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    (kept / "media" / "photos").mkdir(parents=True)
    (kept / "media" / "photos" / "one.jpg").write_bytes(b"picture" * 300_000)
    (kept / "media" / "photos" / "one.jpg").chmod(0o644)
    with tarfile.open(tmp_path / "backup", "w:gz") as tar:
        tar.add(kept / "media", "media")
    out = tmp_path / "out"
    with tarfile.open(tmp_path / "backup", "r|*") as tar:
        archive._take_out(tar, out)
    taken = out / "media" / "photos" / "one.jpg"
    assert taken.read_bytes() == b"picture" * 300_000
    assert [path.stat().st_mode & 0o077 for path in (taken, taken.parent, taken.parent.parent)] == [0, 0, 0]


# ── restoring ──────────────────────────────────────────────────────────────────────────────────
def of(data: Path, name: str = "db.sqlite3") -> dict[str, Any]:
    return {**SQLITE, "NAME": data / name}


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    old = tmp_path / "old"
    (old / "keys").mkdir(parents=True)
    (old / "keys" / "cards.pem").write_text("signs cards")
    with closing(sqlite3.connect(old / "db.sqlite3")) as made, made:
        made.execute("CREATE TABLE people (name TEXT)")
    archive.write(tmp_path / "backup", data=old, database=of(old), at=make.at(9))
    return tmp_path / "backup"


def test_a_restore_that_was_cut_off_is_done_again_and_has_its_keys(backup: Path, tmp_path: Path) -> None:
    """A center that started with the database and without its keys would make others: no card would be good."""
    new = tmp_path / "new"
    with pytest.raises(OSError, match="disk-that-is-not-there"):
        archive.restore(backup, data=new, database=of(new, "disk-that-is-not-there/db.sqlite3"))
    assert (new / "keys" / "cards.pem").read_text() == "signs cards"
    archive.restore(backup, data=new, database=of(new))
    assert (new / "keys" / "cards.pem").read_text() == "signs cards"
    assert (new / "db.sqlite3").stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(new / "db.sqlite3")) as restored:
        assert restored.execute("SELECT count(*) FROM people").fetchone() == (0,)


def test_beside_what_another_database_left_nothing_is_restored(backup: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()
    (new / "db.sqlite3-wal").write_bytes(b"pages of the database before")
    with pytest.raises(archive.BackupFailed, match="すでにデータがあります"):
        archive.restore(backup, data=new, database=of(new))
    assert sorted(path.name for path in new.iterdir()) == ["db.sqlite3-wal"]


def test_what_a_killed_backup_left_goes_and_what_somebody_is_at_stays(tmp_path: Path) -> None:
    names = [".backup-old", ".restore-old", ".backup-now", ".dvc-1.backup.aa.part", ".dvc-2.backup.bb.part"]
    for name in names:
        if name.endswith(".part"):
            (tmp_path / name).write_bytes(b"half of a file")
        else:
            (tmp_path / name).mkdir()
            (tmp_path / name / "database").write_bytes(b"all names in the clear")
    (tmp_path / "db.sqlite3").touch()
    for name in (".backup-old", ".restore-old", ".dvc-1.backup.aa.part", "db.sqlite3"):
        os.utime(tmp_path / name, (0, 0))
    archive.clear_away(tmp_path)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [".backup-now", ".dvc-2.backup.bb.part", "db.sqlite3"]

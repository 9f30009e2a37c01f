"""What stands in a file that calls itself a backup and is none of ours."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dvc.backups import archive

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

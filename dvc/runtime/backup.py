"""One file with all of a center: database, photos, keys. And back again.

A tar of `manifest.json`, `database` (a SQLite file, or pg_dump's custom format) and the folders of DATA
that hold what cannot be made again. The broker is not in it: it only carries hints.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from dvc import __version__

KEPT = ("secret_key", "keys", "media")


class BackupFailed(Exception):
    """Nothing was changed; `str()` says what to do, in English and Japanese."""


def write(target: Path, *, data: Path, database: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Write a backup while the center runs; returns its manifest. The file appears whole or not at all."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        copy = Path(folder) / "database"
        kind = _copy_database(database, copy)
        manifest = {
            "version": __version__,
            "at": at.isoformat(),
            "database": kind,
            "sha256": _sha256(copy),
        }
        aside = Path(folder) / "backup"
        with (
            os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
            tarfile.open(fileobj=file, mode="w") as tar,
        ):
            text = json.dumps(manifest, indent=1).encode()
            entry = tarfile.TarInfo("manifest.json")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))
            tar.add(copy, "database")
            for name in KEPT:
                if (data / name).exists():
                    tar.add(data / name, name)
        with aside.open("rb") as done:
            os.fsync(done.fileno())
        aside.replace(target)
    return manifest


def restore(source: Path, *, data: Path, database: Mapping[str, Any]) -> dict[str, Any]:
    """Fill an empty `data` (and an empty PostgreSQL) from a backup; returns its manifest.

    Raises `BackupFailed` before anything is changed: for a damaged file, a center that is already there,
    or a backup of the other kind of database.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data, prefix=".restore-") as folder:
        try:
            with tarfile.open(source) as tar:
                tar.extractall(folder, filter="data")
            manifest: dict[str, Any] = json.loads((Path(folder) / "manifest.json").read_text())
            whole = _sha256(Path(folder) / "database") == manifest["sha256"]
        except (tarfile.TarError, OSError, ValueError, KeyError) as error:
            raise BackupFailed(
                f"{source} is not a backup that can be read / バックアップとして読めません: {source}"
            ) from error
        if not whole:
            raise BackupFailed(f"{source} is damaged / バックアップが壊れています: {source}")
        if manifest["database"] != _kind(database):
            raise BackupFailed(
                f"this backup is of {manifest['database']}; set DATABASE_URL accordingly / "
                f"{manifest['database']} のバックアップです。DATABASE_URL を合わせてください"
            )
        if not _is_empty(database):
            raise BackupFailed(
                "there is a center already; restore into an empty DATA folder and database / "
                "すでにデータがあります。空の DATA フォルダーとデータベースに戻してください"
            )
        _put_database(Path(folder) / "database", database)
        for name in KEPT:
            if (Path(folder) / name).exists():
                _replace(Path(folder) / name, data / name)
    return manifest


def _kind(database: Mapping[str, Any]) -> str:
    return "sqlite" if database["ENGINE"].endswith("sqlite3") else "postgres"


def _copy_database(database: Mapping[str, Any], target: Path) -> str:
    if _kind(database) == "postgres":
        _run(["pg_dump", "--format=custom", f"--file={target}"], database)
        return "postgres"
    with closing(sqlite3.connect(database["NAME"])) as source, closing(sqlite3.connect(target)) as copy:
        # SQLite's own way: a consistent copy while others write.
        source.backup(copy)
    return "sqlite"


def _put_database(source: Path, database: Mapping[str, Any]) -> None:
    if _kind(database) == "postgres":
        into = ["--no-owner", "--exit-on-error", "--single-transaction", "-d", database["NAME"]]
        _run(["pg_restore", *into, str(source)], database)
        return
    target = Path(database["NAME"])
    shutil.copyfile(source, target.with_name(".restored"))
    target.with_name(".restored").chmod(0o600)
    target.with_name(".restored").replace(target)


def _is_empty(database: Mapping[str, Any]) -> bool:
    if _kind(database) == "postgres":
        counted = _run(
            ["psql", "-XAtc", "SELECT count(*) FROM pg_tables WHERE schemaname='public'"], database
        )
        return counted.strip() == "0"
    return not Path(database["NAME"]).exists()


def _run(command: list[str], database: Mapping[str, Any]) -> str:
    """A PostgreSQL client program; the password goes by the environment, where others cannot read it."""
    names = {
        "NAME": "PGDATABASE",
        "USER": "PGUSER",
        "PASSWORD": "PGPASSWORD",
        "HOST": "PGHOST",
        "PORT": "PGPORT",
    }
    own = {variable: str(database[name]) for name, variable in names.items() if database[name]}
    try:
        done = subprocess.run(
            command, env={**os.environ, **own}, capture_output=True, text=True, check=True, timeout=3600
        )
    except FileNotFoundError as error:
        raise BackupFailed(
            f"{command[0]} is missing: install postgresql-client / {command[0]} がありません"
        ) from error
    except subprocess.CalledProcessError as error:
        raise BackupFailed(f"{command[0]}: {error.stderr.strip()}") from error
    return done.stdout


def _replace(source: Path, target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    elif target.exists():
        target.unlink()
    shutil.move(source, target)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

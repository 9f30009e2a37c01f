"""One file with all of a center: database, photos, keys. And back again.

A gzipped tar of `manifest.json`, `database` (a SQLite file, or pg_dump's custom format) and the folders of DATA
that hold what cannot be made again; sealed (`sealed.py`) when a secret is given. The broker is not in it: it only
carries hints.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO, Final

from dvc import __version__
from dvc.backups.sealed import Damaged, Opener, Sealer, Secret, WrongSecret, is_sealed, kind_of
from dvc.core import durable

KEPT = ("secret_key", "keys", "media")
# Longer than any backup or restore takes (`_run` gives up after an hour).
_LEFT_SECONDS: Final = 2 * 3600


class BackupFailed(Exception):
    """Nothing was changed; `str()` says what to do, in English and Japanese."""


def write(
    target: Path,
    *,
    data: Path,
    database: Mapping[str, Any],
    at: datetime,
    secret: Secret | None = None,
) -> dict[str, Any]:
    """Write a backup while the center runs; returns its manifest. The file appears whole or not at all.

    The copy of the database lies in `data` meanwhile, never beside `target`: that may be a stick.
    """
    with tempfile.TemporaryDirectory(dir=data, prefix=".backup-") as folder:
        copy = Path(folder) / "database"
        kind = _copy_database(database, copy)
        manifest = {
            "version": __version__,
            "at": at.isoformat(),
            "database": kind,
            "sha256": _sha256(copy),
        }
        with durable.appearing(target) as file, ExitStack() as layers:
            outer = layers.enter_context(Sealer(file, secret)) if secret else file
            packed = layers.enter_context(gzip.GzipFile(fileobj=outer, mode="wb", compresslevel=1))
            tar = layers.enter_context(tarfile.open(fileobj=packed, mode="w|"))
            text = json.dumps(manifest, indent=1).encode()
            entry = tarfile.TarInfo("manifest.json")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))
            tar.add(copy, "database")
            for name in KEPT:
                if (data / name).exists():
                    tar.add(data / name, name)
    return manifest


def put_copy(source: Path, target: Path) -> None:
    """Copy a backup to another medium and read it back; `target` appears whole or not at all. Raises `OSError`."""
    with source.open("rb") as file, durable.appearing(target) as out:
        shutil.copyfileobj(file, out, 1024 * 1024)
    if _sha256(source) != _sha256(target):
        target.unlink()
        raise OSError(f"{target} does not read back as it was written")


def clear_away(*folders: Path) -> None:
    """Remove what a backup or restore that was killed has left in these folders: the copy of the database, which lies
    there readable, and halves of files. What was touched within _LEFT_SECONDS may be somebody's who is at it now."""
    before = time.time() - _LEFT_SECONDS
    for folder in folders:
        for left in (*folder.glob(".backup-*"), *folder.glob(".restore-*"), *folder.glob(".dvc-*.part")):
            if left.stat().st_mtime >= before:
                continue
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


Keyring = Callable[[str], Secret | None]


def no_secret(kind: str) -> Secret | None:
    """A keyring for who has none."""
    return None


def restore(
    source: Path, *, data: Path, database: Mapping[str, Any], keyring: Keyring = no_secret
) -> dict[str, Any]:
    """Fill an empty `data` (and an empty PostgreSQL) from a backup; returns its manifest. The center gets a new
    generation, so that tablets send again what the backup lacks.

    `keyring` is asked for the secret of a sealed file by its kind ("key" or "passphrase").
    Raises `BackupFailed` before anything is changed: for a damaged file, a secret that does not open it, a center that
    is already there, or a backup of the other kind of database.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data, prefix=".restore-") as folder:
        manifest = _unpack(source, Path(folder), keyring)
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
        # First the generation: a database without it would let tablets believe that nothing was lost.
        durable.write(data / "generation", secrets.token_hex(8).encode())
        for name in KEPT:
            if (Path(folder) / name).exists():
                _replace(Path(folder) / name, data / name)
        # Last: with it there is a center. One that was cut off before is restored again, and starts with its own keys.
        _put_database(Path(folder) / "database", database)
    return manifest


def _take_out(tar: tarfile.TarFile, folder: Path) -> None:
    """Write the files into `folder`, for their owner alone. Raises `TarError` for what is no file, or lies elsewhere.

    Python can do this by itself (`filter="data"`) from 3.11.4 on; Debian 12 has 3.11.2.
    """
    for member in tar:
        place = PurePosixPath(member.name)
        if place.is_absolute() or ".." in place.parts or not (member.isreg() or member.isdir()):
            raise tarfile.TarError(member.name)
        target = folder / place
        if member.isdir():
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
            continue
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        packed = tar.extractfile(member)
        assert packed is not None
        with open(target, "xb", opener=partial(os.open, mode=0o600)) as file:
            shutil.copyfileobj(packed, file, 1024 * 1024)


def _unpack(source: Path, folder: Path, keyring: Keyring) -> dict[str, Any]:
    unreadable = f"{source} is not a backup that can be read / バックアップとして読めません: {source}"
    damaged = f"{source} is damaged / バックアップが壊れています: {source}"
    try:
        with source.open("rb") as file:
            start = file.read(64)
            file.seek(0)
            plain: IO[bytes] = io.BufferedReader(_opened(file, start, keyring)) if is_sealed(start) else file
            with tarfile.open(fileobj=plain, mode="r|*") as tar:
                _take_out(tar, folder)
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
        whole = _sha256(folder / "database") == manifest["sha256"]
    except WrongSecret as error:
        raise BackupFailed(
            f"this key does not open {source}; look at the recovery sheet again / "
            f"この番号では開けません。復旧シートの番号を確かめてください: {source}"
        ) from error
    except Damaged as error:
        raise BackupFailed(damaged) from error
    except (tarfile.TarError, OSError, EOFError, ValueError, KeyError, zlib.error) as error:
        raise BackupFailed(unreadable) from error
    if not whole:
        raise BackupFailed(damaged)
    return manifest


def _opened(file: BinaryIO, start: bytes, keyring: Keyring) -> Opener:
    kind = kind_of(start)
    secret = keyring(kind)
    if secret is None:
        need = {
            "key": "--key (from the recovery sheet) / 復旧シートの番号を --key で指定してください",
            "passphrase": "BACKUP_PASSPHRASE / 合言葉を BACKUP_PASSPHRASE に設定してください",
        }[kind]
        raise BackupFailed(f"this backup is sealed; it needs {need}")
    return Opener(file, secret)


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


# Places in the log (dvc.audit.places) are numbers of transactions of the server that wrote it. One that has counted less
# would take every entry for one that is still being written, and what waits for a place would wait until it has counted
# as far: all are at its beginning, and what was read to a place is read again. 3 is the first number PostgreSQL gives.
# What was put in by the same transaction is checked again when it is changed: at once, or the table could not be altered.
_FORGET_PLACES: Final = """
ALTER TABLE public.audit_entry DISABLE TRIGGER USER;
UPDATE public.audit_entry SET xact = '3';
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE public.audit_entry ENABLE TRIGGER USER;
UPDATE public.sync_inboxsweep SET place = 0, volunteer = 0, ahead = 0, ahead_place = 0;
"""


def _put_database(source: Path, database: Mapping[str, Any]) -> None:
    if _kind(database) == "postgres":
        # In one transaction: cut off between the two it would be a center whose log waits for places that never come.
        tables, places = source.with_name("tables.sql"), source.with_name("places.sql")
        _run(["pg_restore", "--no-owner", f"--file={tables}", str(source)], database)
        places.write_text(_FORGET_PLACES)
        files = [f"--file={tables}", f"--file={places}"]
        once = ["-Xq", "--set=ON_ERROR_STOP=1", "--single-transaction", "-d", database["NAME"]]
        _run(["psql", *once, *files], database)
        return
    with source.open("rb") as file, durable.appearing(Path(database["NAME"])) as target:
        shutil.copyfileobj(file, target, 1024 * 1024)


def _is_empty(database: Mapping[str, Any]) -> bool:
    if _kind(database) == "postgres":
        counted = _run(
            ["psql", "-XAtc", "SELECT count(*) FROM pg_tables WHERE schemaname='public'"], database
        )
        return counted.strip() == "0"
    # What is left of a log belongs to another database, and SQLite would play it into this one.
    name = str(database["NAME"])
    return not any(Path(name + end).exists() for end in ("", "-wal", "-journal"))


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

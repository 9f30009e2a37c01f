"""`manage.py restore FILE`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dvc.backups import archive, recovery
from dvc.backups.sealed import Secret
from dvc.runtime.lock import AlreadyRunning, take_lock


class Command(BaseCommand):
    help = "Fill an empty DATA folder (and an empty PostgreSQL) from a backup. The center must not run."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--key", default="", help="the letters on the recovery sheet, for a sealed backup"
        )

    def handle(self, *args: Any, file: Path, key: str, **options: Any) -> None:
        settings.RUN_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            lock = take_lock(settings.RUN_DIR / "up.lock")
            manifest = archive.restore(
                file,
                data=settings.DATA,
                database=settings.DATABASES["default"],
                keyring=lambda kind: _secret(kind, key),
            )
            os.close(lock)
        except AlreadyRunning as error:
            raise CommandError(
                f"stop the center first (process {error.pid}) / 先にセンターを止めてください"
            ) from error
        except (archive.BackupFailed, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"restored the state of {manifest['at']} (version {manifest['version']})")


def _secret(kind: str, key: str) -> Secret | None:
    """What opens a sealed backup: the option, the settings, the keys of this DATA folder, or what somebody types."""
    if kind == "passphrase":
        return recovery.passphrase(settings.BACKUP_PASSPHRASE) if settings.BACKUP_PASSPHRASE else None
    if not key and (own := recovery.kept()) is not None:
        return own
    if not key and sys.stdin.isatty():
        key = input("復旧シートの番号 (recovery key): ")
    if not key:
        return None
    try:
        return Secret("key", recovery.parse(key))
    except recovery.Mistyped as error:
        raise archive.BackupFailed(
            "this is no recovery key; look at the sheet again / 番号が違います。復旧シートを見て、もう一度入力してください"
        ) from error

"""`manage.py restore FILE`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dvc.runtime import backup
from dvc.runtime.lock import AlreadyRunning, take_lock


class Command(BaseCommand):
    help = "Fill an empty DATA folder (and an empty PostgreSQL) from a backup. The center must not run."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        settings.RUN_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            lock = take_lock(settings.RUN_DIR / "up.lock")
            manifest = backup.restore(file, data=settings.DATA, database=settings.DATABASES["default"])
            os.close(lock)
        except AlreadyRunning as error:
            raise CommandError(
                f"stop the center first (process {error.pid}) / 先にセンターを止めてください"
            ) from error
        except (backup.BackupFailed, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"restored the state of {manifest['at']} (version {manifest['version']})")

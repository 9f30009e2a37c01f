"""`manage.py backup FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dvc.runtime import backup


class Command(BaseCommand):
    help = "Write all of the center (database, photos, keys) into one file, while it runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            manifest = backup.write(
                file.absolute(),
                data=settings.DATA,
                database=settings.DATABASES["default"],
                at=timezone.now(),
            )
        except (backup.BackupFailed, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{file}: {file.stat().st_size} bytes, {manifest['database']}, {manifest['at']}")

"""`manage.py backup FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dvc.backups import archive, recovery


class Command(BaseCommand):
    help = "Write all of the center (database, photos, keys) into one file, while it runs."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--sealed", action="store_true", help="encrypt it with the center's recovery key")

    def handle(self, *args: Any, file: Path, sealed: bool, **options: Any) -> None:
        try:
            manifest = archive.write(
                file.absolute(),
                data=settings.DATA,
                database=settings.DATABASES["default"],
                at=timezone.now(),
                secret=recovery.secret() if sealed else None,
            )
        except (archive.BackupFailed, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{file}: {file.stat().st_size} bytes, {manifest['database']}, {manifest['at']}")

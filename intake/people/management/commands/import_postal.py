"""manage.py import_postal FILE [--center ID]: the postal codes a center's imports are checked with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils import timezone

from dvc.audit.services import By
from intake.people import postal_file
from intake.people.management.file_command import FileCommand, center_of, rows_of
from intake.people.services import keep_postal


class Command(FileCommand):
    help = "Loads the postal codes of Japan Post (KEN_ALL.CSV or utf_ken_all.csv, of one prefecture or of all Japan)."

    def handle(self, *args: Any, file: Path, center: int | None, **options: Any) -> None:
        rows = rows_of(file, postal_file.read)
        keep_postal(center_of(center), rows, by=By(via="command"), at=timezone.now())
        self.stdout.write(
            f"郵便番号 {len({row.code for row in rows})}件を読みました。前に読んだものと入れ替えました。"
        )

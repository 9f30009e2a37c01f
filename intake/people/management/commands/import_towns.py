"""manage.py import_towns FILE [--center ID]: the 町丁目 of a center, from a Geolonia-style JSON list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils import timezone

from dvc.audit.services import By
from intake.people import town_file
from intake.people.management.file_command import FileCommand, center_of, rows_of
from intake.people.services import keep_towns


class Command(FileCommand):
    help = 'Imports towns for the map: FILE holds [{"town": …, "koaza": …, "lat": …, "lng": …}, …] (kana optional).'

    def handle(self, *args: Any, file: Path, center: int | None, **options: Any) -> None:
        rows = rows_of(file, town_file.read)
        new, changed = keep_towns(center_of(center), rows, by=By(via="command"), at=timezone.now())
        self.stdout.write(f"{len(rows)}件を読みました。新しい町丁目 {new}件、直したもの {changed}件。")
        self.stdout.write("住所の位置は、地図の印がないときは町丁目の中心になります（精度：町丁目の中心）。")

"""manage.py import_postal FILE [--center ID]: the postal codes a center's imports are checked with."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dvc.audit.services import By
from dvc.core.refused import Refused
from intake.people import postal_file
from intake.people.management.commands.import_towns import center_of
from intake.people.services import keep_postal


class Command(BaseCommand):
    help = "Loads the postal codes of Japan Post (KEN_ALL.CSV or utf_ken_all.csv, of one prefecture or of all Japan)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--center", type=int, help="the center's id; needed only when there are several")

    def handle(self, *args: Any, file: Path, center: int | None, **options: Any) -> None:
        try:
            with file.open("rb") as opened:
                rows = postal_file.read(opened)
        except OSError as error:
            raise CommandError(f"{file} を開けません：{error.strerror}") from None
        except Refused as refusal:
            raise CommandError(f"{file}：{refusal.text}") from None
        keep_postal(center_of(center), rows, by=By(via="command"), at=timezone.now())
        self.stdout.write(
            f"郵便番号 {len({row.code for row in rows})}件を読みました。前に読んだものと入れ替えました。"
        )

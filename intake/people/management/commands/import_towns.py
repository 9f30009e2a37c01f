"""manage.py import_towns FILE [--center ID]: the 町丁目 of a center, from a Geolonia-style JSON list."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dvc.audit.services import By
from dvc.core.refused import Refused
from dvc.operations.models import Center
from intake.people import town_file
from intake.people.services import keep_towns


class Command(BaseCommand):
    help = 'Imports towns for the map: FILE holds [{"town": …, "koaza": …, "lat": …, "lng": …}, …] (kana optional).'

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--center", type=int, help="the center's id; needed only when there are several")

    def handle(self, *args: Any, file: Path, center: int | None, **options: Any) -> None:
        try:
            with file.open("rb") as opened:
                rows = town_file.read(opened)
        except OSError as error:
            raise CommandError(f"{file} を開けません：{error.strerror}") from None
        except Refused as refusal:
            raise CommandError(f"{file}：{refusal.text}") from None
        new, changed = keep_towns(center_of(center), rows, by=By(via="command"), at=timezone.now())
        self.stdout.write(f"{len(rows)}件を読みました。新しい町丁目 {new}件、直したもの {changed}件。")
        self.stdout.write("住所の位置は、地図の印がないときは町丁目の中心になります（精度：町丁目の中心）。")


def center_of(pk: int | None) -> Center:
    centers = list(Center.objects.filter(pk=pk) if pk is not None else Center.objects.all()[:2])
    if len(centers) == 1:
        return centers[0]
    if not centers:
        raise CommandError(
            "センターがまだないか、その番号のセンターがありません。先に最初の画面で準備してください。"
        )
    raise CommandError("センターが2つ以上あります。--center で番号を選んでください。")

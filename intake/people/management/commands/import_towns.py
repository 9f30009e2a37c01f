"""manage.py import_towns FILE [--center ID]: the 町丁目 of a center, from a Geolonia-style JSON list."""

from __future__ import annotations

import json
import math
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dvc.audit.services import By
from dvc.core.japanese import normalise_text
from dvc.operations.models import Center
from intake.people.services import TownRow, keep_towns

LARGEST_BYTES: Final = 50_000_000  # all towns of Japan are below


class Command(BaseCommand):
    help = 'Imports towns for the map: FILE holds [{"town": …, "koaza": …, "lat": …, "lng": …}, …] (kana optional).'

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--center", type=int, help="the center's id; needed only when there are several")

    def handle(self, *args: Any, file: Path, center: int | None, **options: Any) -> None:
        rows = read_towns(file)
        new, changed = keep_towns(_center(center), rows, by=By(via="command"), at=timezone.now())
        self.stdout.write(f"{len(rows)}件を読みました。新しい町丁目 {new}件、直したもの {changed}件。")
        self.stdout.write("住所の位置は、地図の印がないときは町丁目の中心になります（精度：町丁目の中心）。")


def read_towns(file: Path) -> list[TownRow]:
    """The rows of the file, each (town, koaza) once. CommandError names the first row that cannot be used."""
    try:
        if file.stat().st_size > LARGEST_BYTES:
            raise CommandError(f"{file} が大きすぎます。市町村ごとのファイルにしてください。")
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CommandError(f"{file} を開けません：{error.strerror}") from None
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise CommandError(f"{file} は、UTF-8 の JSON ではありません。") from None
    if not isinstance(content, list):
        raise CommandError(f"{file} の一番外側は [ … ] の並びにしてください。")
    rows = [_row(number, entry) for number, entry in enumerate(content, start=1)]
    return list({(row.name, row.koaza): row for row in rows}.values())


def _row(number: int, entry: Any) -> TownRow:
    try:
        name, koaza, kana = (_text(entry, key) for key in ("town", "koaza", "kana"))
        lat, lng = float(entry["lat"]), float(entry["lng"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise CommandError(f"{number}件目を読めません。town・koaza・lat・lng が必要です。") from None
    if not name or len(name) > 60 or len(koaza) > 60 or len(kana) > 120:
        raise CommandError(f"{number}件目の町丁目の名前が空か、長すぎます。")
    if not (math.isfinite(lat) and math.isfinite(lng) and 20 <= lat <= 46 and 122 <= lng <= 154):
        raise CommandError(f"{number}件目の緯度・経度が日本の外です。")
    return TownRow(name=name, koaza=koaza, kana=kana, lat=lat, lng=lng)


def _text(entry: Any, key: str) -> str:
    value = entry.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return normalise_text(value)


def _center(pk: int | None) -> Center:
    centers = list(Center.objects.filter(pk=pk) if pk is not None else Center.objects.all()[:2])
    if len(centers) == 1:
        return centers[0]
    if not centers:
        raise CommandError(
            "センターがまだないか、その番号のセンターがありません。先に最初の画面で準備してください。"
        )
    raise CommandError("センターが2つ以上あります。--center で番号を選んでください。")

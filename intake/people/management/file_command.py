"""The frame of a command that loads a file into the register of a center."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeVar

from django.core.management.base import BaseCommand, CommandError

from dvc.core.refused import Refused
from dvc.operations.models import Center

Rows = TypeVar("Rows")


class FileCommand(BaseCommand):
    """`manage.py … FILE [--center ID]`."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--center", type=int, help="the center's id; needed only when there are several")


def rows_of(file: Path, read: Callable[[IO[bytes]], Rows]) -> Rows:
    """What `read` finds in the file. Raises `CommandError`, in words."""
    try:
        with file.open("rb") as opened:
            return read(opened)
    except OSError as error:
        raise CommandError(f"{file} を開けません：{error.strerror}") from None
    except Refused as refusal:
        raise CommandError(f"{file}：{refusal.text}") from None


def center_of(pk: int | None) -> Center:
    """The center with that id, or the only one. Raises `CommandError` where there is none, or where there are several."""
    centers = list(Center.objects.filter(pk=pk) if pk is not None else Center.objects.all()[:2])
    if len(centers) == 1:
        return centers[0]
    if not centers:
        raise CommandError(
            "センターがまだないか、その番号のセンターがありません。先に最初の画面で準備してください。"
        )
    raise CommandError("センターが2つ以上あります。--center で番号を選んでください。")

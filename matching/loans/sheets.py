"""Cards of numbered pieces on paper: the same A4 sheet as the volunteers' cards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.utils.safestring import mark_safe

from dvc.core import qr
from intake.volunteers.sheets import PER_SHEET, Face, name_size
from matching.equipment.models import ToolItem

KIND: Final = "資機材"


def pages(items: Iterable[ToolItem]) -> list[list[Face]]:
    """Faces in pages of ten. The items need `operation` selected with them."""
    drawn = [_face(item) for item in items]
    return [drawn[i : i + PER_SHEET] for i in range(0, len(drawn), PER_SHEET)]


def _face(item: ToolItem) -> Face:
    name = str(item)
    return Face(
        symbol=mark_safe(qr.card_svg_path(item.token)),  # noqa: S308  our own drawing of letters and digits
        code=item.code, name=name, kana=item.about, size=name_size(name), drill=item.operation.is_drill,
    )  # fmt: skip

"""Badges on paper: the same sheet of ten as the volunteers' cards."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.safestring import mark_safe

from dvc.core import qr, short_code
from intake.operators.models import Badge
from intake.volunteers.sheets import Face, name_size


def faces(badges: Iterable[Badge]) -> list[Face]:
    """What is printed of each badge; `kana` holds where the person comes from. Needs `user` selected with it."""
    return [
        Face(
            symbol=mark_safe(qr.card_svg_path(badge.token)),  # noqa: S308  our own drawing of letters and digits
            code=short_code.display(badge.short_code),
            name=badge.user.display_name,
            kana=badge.user.origin,
            size=name_size(badge.user.display_name),
            drill=False,
        )
        for badge in badges
    ]

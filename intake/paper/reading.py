"""What people write on paper and type from it: times without a colon, a name, a card's number."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import Final

from django.utils import timezone

from dvc.core.japanese import kana_key, normalise_text, parse_time_ja, search_key
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.volunteers import services as volunteers
from intake.volunteers.models import Volunteer

MOST_CHOICES: Final = 6


def clean(text: str, longest: int) -> str:
    """One line that can be stored: what cannot is left out, the rest stays as typed."""
    kept = "".join(c for c in text[: longest * 4] if unicodedata.category(c) not in ("Cc", "Cs"))
    try:
        return normalise_text(kept)[:longest]
    except ValueError:
        return ""


def moment(text: str, day: date) -> datetime | None:
    """That local time of the day; None for what is no time."""
    try:
        return datetime.combine(day, parse_time_ja(text), timezone.get_current_timezone())
    except ValueError:
        return None


def people(operation: Operation, text: str) -> list[Volunteer]:
    """Whom a card's number, a reading, a name or a telephone number may mean: who fits it whole first. At most
    MOST_CHOICES; two queries."""
    try:
        found = list(volunteers.find(operation, text)[: MOST_CHOICES * 10])
    except Refused:
        return []
    kana, name = kana_key(text), search_key(text)
    whole = [one for one in found if one.kana_key == kana or one.name_key == name]
    return (whole or found)[:MOST_CHOICES]

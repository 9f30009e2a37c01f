"""The calendar at the center. Whoever folds a thousand scans asks for the day six times each; Django's own looks every time
whether this thread has a time zone of its own, which none of ours has."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone


def local_day(at: datetime) -> date:
    """The date at the center at this moment."""
    return at.astimezone(timezone.get_default_timezone()).date()

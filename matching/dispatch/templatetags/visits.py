"""What the pages about a team ask of its visits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django import template
from django.utils import timezone

from dvc.core.japanese import how_long
from matching.dispatch.models import Dispatch
from matching.dispatch.times import Span

register = template.Library()
FIVE: Final = timedelta(minutes=5)


@register.filter
def about(moment: datetime | None) -> str:
    """A planned time as people say it, on the nearest five minutes: 9:30. Empty without one."""
    if moment is None:
        return ""
    local = timezone.localtime(moment) + FIVE / 2
    near = local - timedelta(minutes=local.minute % 5, seconds=local.second, microseconds=local.microsecond)
    return f"{near.hour}:{near.minute:02d}"


@register.filter
def of_visit(spans: Mapping[int, Span], visit: Dispatch) -> Span | None:
    """When the team is at this visit, where that was worked out."""
    return spans.get(visit.pk)


@register.filter
def hours_minutes(span: timedelta | None) -> str:
    """「2時間30分」, 「45分」. Empty without one."""
    return "" if span is None else how_long(int(span.total_seconds() // 60))

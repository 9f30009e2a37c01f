"""The heat of the day in a template."""

from __future__ import annotations

from django import template
from django.utils import timezone

from dvc.operations.models import Operation
from matching.safety.queries import working_band

register = template.Library()


@register.simple_tag
def work_rhythm(operation: Operation) -> str:
    """「20分作業・10分休憩」, as the day's heat wants it."""
    return working_band(operation, at=operation.moment(timezone.now())).rhythm

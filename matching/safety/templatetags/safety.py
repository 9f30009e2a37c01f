"""The heat of the day in a template."""

from __future__ import annotations

from django import template
from django.utils import timezone

from dvc.operations.models import Operation
from matching.safety.policy import USUAL_BANDS
from matching.safety.queries import conditions

register = template.Library()


@register.simple_tag
def work_rhythm(operation: Operation) -> str:
    """「20分作業・10分休憩」, as the day's heat wants it."""
    band = conditions(operation, at=operation.moment(timezone.now())).band
    return (USUAL_BANDS[0] if band is None or band.stop else band).rhythm

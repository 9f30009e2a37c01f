"""Hours and durations of a need, as its pages say them."""

from __future__ import annotations

from django import template

from dvc.core import japanese
from intake.help_requests.models import Need

register = template.Library()
register.filter("how_long", japanese.how_long)


@register.filter
def open_hours(need: Need) -> str:
    """When people may work there."""
    return japanese.said_hours(need.open_from, need.open_until)

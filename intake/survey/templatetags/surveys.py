"""The survey of a need on the need's own page: templates below may show what Python below may not import."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from intake.help_requests.models import Need, NeedState
from intake.survey import queries
from intake.survey.models import AppointmentState

register = template.Library()


@register.inclusion_tag("intake/survey/_of_need.html", takes_context=True)
def survey_of(context: Context, need: Need) -> dict[str, Any]:
    """Its visits and results, and the next step. Two queries."""
    visits, surveys = queries.of_need(need)
    return {
        "operation": context.get("operation"),
        "need": need,
        "waiting": need.state == NeedState.SURVEY_WAIT,
        "booked": next((visit for visit in visits if visit.state == AppointmentState.BOOKED), None),
        "visits": visits,
        "surveys": surveys,
    }

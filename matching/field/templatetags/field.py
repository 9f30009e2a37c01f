"""What a team told, for the pages of its dispatch: templates below may show what Python below may not import."""

from __future__ import annotations

from uuid import uuid4

from django import template

from matching.dispatch.models import Dispatch
from matching.field import queries
from matching.field.models import FieldNote

register = template.Library()


@register.simple_tag
def field_notes(dispatch: Dispatch) -> list[FieldNote]:
    """One query."""
    return queries.of_team(dispatch)


@register.simple_tag
def page_mark(dispatch: Dispatch) -> str:
    """One query."""
    return queries.page_mark(dispatch)


@register.simple_tag
def new_op() -> str:
    """What a form without a script calls its record: sent twice, it is told once."""
    return str(uuid4())

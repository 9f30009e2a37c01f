"""How many matters wait, for the menu and the first page: templates below may show what Python below may not import."""

from __future__ import annotations

from django import template
from django.template import Context

from dvc.operations.models import Operation
from dvc.sync.inbox_queries import open_count

register = template.Library()


@register.simple_tag(takes_context=True)
def inbox_open(context: Context) -> int:
    """0 for whoever may not open the inbox. One query."""
    request, operation = context.get("request"), context.get("operation")
    if not isinstance(operation, Operation) or "inbox_list" not in (context.get("allowed") or ()):
        return 0
    return open_count(operation, getattr(request, "roles", frozenset()))

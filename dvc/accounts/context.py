"""What every template knows: the center, the operation it stands in, and which pages this person may open."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from dvc import __version__
from dvc.accounts import access, tickets
from dvc.accounts.models import User
from dvc.accounts.policy import allowed_names
from dvc.accounts.roles import May

# The menu entry (a URL name) of every page whose address begins with /o/<operation>/<word>/.
SECTIONS = {
    "volunteers": "volunteer_list",
    "needs": "need_list",
    "web": "need_list",
    "files": "need_list",
    "tablet": "tablet_reception",
    "orientation": "tablet_reception",
    "self": "tablet_reception",
    "paper": "tablet_reception",
    "matching": "matching_board",
    "dispatch": "dispatch_board",
    "loans": "dispatch_board",
    "inbox": "inbox_list",
    "board": "board",
    "drill": "drill_home",
    "settings": "settings",
}


def center(request: HttpRequest) -> dict[str, Any]:
    """Template context: `center`, `operation`, `mode_label`, `allowed` (set of URL names), `version`, `alerts_ticket`, and
    `section` (the menu entry the page belongs to; a view may set another)."""
    operation = getattr(request, "operation", None)
    return {
        "center": getattr(request, "center", None),
        "operation": operation,
        "mode_label": operation.get_mode_display() if operation else "",
        "allowed": allowed_names(getattr(request, "roles", frozenset())),
        "alerts_ticket": lambda: _alerts_ticket(request),
        "version": __version__,
        "section": _section(request.path_info) if operation else "",
    }


def _alerts_ticket(request: HttpRequest) -> str:
    """For the banner of 危機介入, where there is one; empty for whoever may not see it."""
    operation = getattr(request, "operation", None)
    may_see = access.may(getattr(request, "roles", frozenset()), May.SEE_BOARD)
    if operation is None or not may_see or not isinstance(request.user, User):
        return ""
    return tickets.issue(tickets.Ticket(operation.pk, request.user.pk, "alerts"))


def _section(path: str) -> str:
    words = path.split("/")
    return SECTIONS.get(words[3], "") if len(words) > 4 else ""

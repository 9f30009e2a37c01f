"""What every template knows: the center, the operation it stands in, and which pages this person may open."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from dvc import __version__
from dvc.accounts.policy import allowed_names


def center(request: HttpRequest) -> dict[str, Any]:
    """Template context: `center`, `operation`, `mode_label`, `allowed` (set of URL names), `version`."""
    operation = getattr(request, "operation", None)
    return {
        "center": getattr(request, "center", None),
        "operation": operation,
        "mode_label": operation.get_mode_display() if operation else "",
        "allowed": allowed_names(getattr(request, "roles", frozenset())),
        "version": __version__,
    }

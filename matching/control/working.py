"""Who has a page of a team open. Real time, also in a drill: it is about the people at the tablets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from dvc.accounts.models import User
from dvc.operations.models import Operation
from matching.control.models import Working
from matching.teams.models import Team

SEEN_FOR: Final = timedelta(seconds=40)  # a page says that it is open every 12 seconds


def at_work(operation_id: int, *, real: datetime) -> dict[int, list[str]]:
    """Team pk → names of who has it open now. One query."""
    rows = Working.objects.filter(operation=operation_id, at__gt=real - SEEN_FOR).order_by("pk")
    found: dict[int, list[str]] = {}
    for team, name in rows.values_list("team", "user__display_name"):
        found.setdefault(team, []).append(name)
    return found


def open_team(operation: Operation, team: Team, user: User, *, real: datetime) -> list[str]:
    """This person has the team open; returns who else has."""
    Working.objects.update_or_create(operation=operation, user=user, defaults={"team": team, "at": real})
    others = Working.objects.filter(team=team, at__gt=real - SEEN_FOR).exclude(user=user)
    return list(others.order_by("pk").values_list("user__display_name", flat=True))


def leave(operation: Operation, user: User) -> None:
    """The person is back at the board."""
    Working.objects.filter(operation=operation, user=user).delete()

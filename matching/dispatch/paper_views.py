"""The teams outside, on paper: whom to telephone when the screens are dark. No address; the town is enough to ask after
a team (source: reliability.md §4)."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from dvc.accounts.policy import StaffRequest, by
from dvc.audit.services import looked
from intake.paper.models import SheetKind
from intake.paper.services import print_sheets
from matching.dispatch.models import IN_FIELD
from matching.dispatch.paper_lists import TITLE
from matching.dispatch.queries import board_rows, places_of
from matching.dispatch.surroundings import dangers, inside

PER_PAGE: Final = 12  # also when each of them has two vehicles whose keys are ticked off


@require_POST
def paper_teams(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The list of this moment under serials of its own. The leaders' numbers on it are looked at, and logged so."""
    teams = list(board_rows(request.operation, at=request.now).filter(state__in=IN_FIELD))
    places = places_of([team.team_id for team in teams])
    here = dangers(request.operation)
    for team in teams:
        team.later = places[team.team_id].later  # type: ignore[attr-defined]  # for the template
        team.inside = inside(here.zones, team.need.household)  # type: ignore[attr-defined]
        team.keys = [drive for drive in team.team.drives if drive.vehicle]  # type: ignore[attr-defined]
    pages = [teams[i : i + PER_PAGE] for i in range(0, len(teams), PER_PAGE)] or [[]]
    sheets = print_sheets(
        request.operation, kind=SheetKind.LIST, count=len(pages), title=TITLE, by=by(request), at=request.now
    )
    for team in teams:
        if team.team.leader is not None:
            looked(team.team.leader, by=by(request), classes="V2", why="paper list of teams", at=request.now)
    context = {
        "title": TITLE,
        "sheets": list(zip(sheets, pages, strict=True)),
        "count": len(teams),
        "zones": here.zones,
    }
    return render(request, "matching/dispatch/paper_teams.html", context)

"""What a team should take along, what of it has been handed over, and what is missing before it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from intake.help_requests.models import Need, Tool, WorkState
from matching.dispatch.models import Dispatch, DispatchState
from matching.equipment import kits
from matching.loans import queries
from matching.loans.models import Loan
from matching.teams.models import Team


def asked_for(needs: Iterable[Need]) -> dict[str, int]:
    """Tool → the largest count any open work of these needs asks for: a team carries its tools from house to house."""
    most: dict[str, int] = {}
    for need in needs:
        for item in need.items.exclude(state__in=[WorkState.DONE, WorkState.NOT_POSSIBLE]):
            for tool, count in item.tools.items():
                most[tool] = max(most.get(tool, 0), int(count))
    return most


def suggested_for(team: Team, people: int) -> dict[str, int]:
    """Tool → how many to offer a team of `people`: what its needs ask for; the usual kit where a piece of work says
    nothing. What it has already is taken off."""
    offers = suggested_for_all([team], {team.pk: people})
    return _less(offers.get(team.pk, {}), queries.of_team(team.pk))


def suggested_for_all(teams: Iterable[Team], people: Mapping[int, int]) -> dict[int, dict[str, int]]:
    """Team pk → what `suggested_for` would offer if it had nothing yet. `people`: team pk → heads. One query."""
    visits = Dispatch.objects.filter(team__in=list(teams)).exclude(state=DispatchState.CANCELLED)
    over = (WorkState.DONE, WorkState.NOT_POSSIBLE)
    todo = visits.filter(need__items__state__in=[state for state in WorkState if state not in over])
    offers: dict[int, dict[str, int]] = {}
    for team, category, tools in todo.values_list("team_id", "need__items__category", "need__items__tools"):
        most = offers.setdefault(team, {})
        for tool, count in (tools or kits.suggested(category, people.get(team, 1))).items():
            most[tool] = max(most.get(tool, 0), int(count))
    return offers


def not_handed_over(dispatch: Dispatch) -> list[str]:
    """「角スコップがあと2」 for each tool the team's needs ask for and nobody has recorded as lent. Nothing where the
    operation records no loans: then nobody is kept waiting."""
    if not queries.records_loans(dispatch.operation):
        return []
    visits = Dispatch.objects.of_team(dispatch.team_id).select_related("need")
    asked = asked_for(visit.need for visit in visits)
    if not asked:
        return []
    lacking = _less(asked, queries.of_team(dispatch.team_id))
    return [f"{tool.label}があと{lacking[tool]}" for tool in Tool if lacking.get(tool)]


def _less(most: dict[str, int], loans: Iterable[Loan]) -> dict[str, int]:
    left = dict(most)
    for loan in loans:
        if loan.tool in left:
            left[loan.tool] = max(0, left[loan.tool] - loan.out)
    return left

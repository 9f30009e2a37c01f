"""Tools of a team: what its work asks for, what it has, lend and take back."""

from __future__ import annotations

from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest
from matching.dispatch.handing_over import suggested_for
from matching.loans import queries
from matching.loans.forms import LendForm
from matching.loans.models import Outcome
from matching.loans.services import Borrower
from matching.loans.views import FORM, SECTION, lend, site_of, sites_of
from matching.teams.models import Team
from matching.teams.services import people_of


@never_cache
@FORM
def team_tools(request: StaffRequest, operation_id: int, team_id: int) -> HttpResponse:
    """The desk before which a team stands."""
    team = access.of_operation(request.operation, Team.objects.select_related("leader", "operation"), team_id)
    form = LendForm.read(request.operation, site_of(request), request.POST)
    if request.method != "POST":
        form.offer(suggested_for(team, len(people_of(team))))
        return _show(request, team, form)
    answer = lend(request, form, Borrower(team=team))
    if isinstance(answer, str):
        return _show(request, team, form, refusal=answer)
    messages.success(request, f"{team}に{queries.said(answer)}を貸しました。")
    return redirect("team_tools", operation_id, team_id)


def _show(request: StaffRequest, team: Team, form: LendForm, *, refusal: str = "") -> HttpResponse:
    context = {
        **SECTION,
        "team": team,
        "people": len(people_of(team)),
        "form": form,
        "has": queries.of_team(team.pk),
        "outcomes": Outcome,
        "back_token": uuid4(),
        "sites": sites_of(request),
        "refusal": refusal,
    }
    return render(request, "matching/loans/team.html", context, status=409 if refusal else 200)

"""Who leads a team and who is in it, changed at the desk: somebody has gone home."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from matching.dispatch.models import Dispatch
from matching.teams import services as teams


@require_POST
def dispatch_member(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """`lead`: this member leads from now on. `out`: this member is in the team no more, before it leaves. `here`: this one
    did not come back with it, and is here after all."""
    rows = Dispatch.objects.select_related("team__operation")
    team = access.of_operation(request.operation, rows, dispatch_id).team
    what, chosen = request.POST.get("what", ""), request.POST.get("person", "")
    if what == "here":
        for member in team.members.away().select_related("volunteer", "team__operation"):
            if str(member.volunteer_id) == chosen:
                teams.is_here_after_all(member, by=by(request), at=request.now)
                messages.success(
                    request, f"{member.volunteer.name}さんは、ここにいます。また班に入れられます。"
                )
        return redirect("dispatch_detail", operation_id, dispatch_id)
    person = next((one for one in teams.people_of(team) if str(one.pk) == chosen), None)
    if person is None or what not in ("lead", "out"):
        raise Http404
    try:
        if what == "lead":
            teams.set_leader(team, person, by=by(request), at=request.now)
            said = f"{team}のリーダーを{person.name}さんにしました。本人と、班の人に伝えてください。"
        else:
            teams.remove_member(team, person, by=by(request), at=request.now)
            said = f"{person.name}さんを{team}から外しました。"
    except Refused as refused:
        messages.error(request, refused.text)
    else:
        messages.success(request, said)
    return redirect("dispatch_detail", operation_id, dispatch_id)

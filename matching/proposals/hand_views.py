"""「手で決めたこと」: fixed teams, destinations, who is kept from where, held needs; and taking each back."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from matching.proposals.forms import PIN_REASON
from matching.proposals.hands import by_hand, pin_proposal
from matching.proposals.models import Proposal
from matching.queue import services as queue
from matching.queue.models import Ban, Lock, Pin


@never_cache
@require_safe
def hand(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The list."""
    context = {
        "decided": by_hand(request.operation, at=request.now), "today": timezone.localdate(request.now), "section": "matching_board"
    }  # fmt: skip
    return render(request, "matching/proposals/hand.html", context)


@require_POST
def pin(request: StaffRequest, operation_id: int, proposal_id: int) -> HttpResponse:
    """「この班を固定」 on a proposal."""
    rows = Proposal.objects.select_related("need__operation", "leader")
    proposal = access.of_operation(request.operation, rows, proposal_id)
    try:
        pin_proposal(proposal, reason=PIN_REASON, by=by(request), at=request.now)
    except Refused as refused:
        messages.error(request, refused.text)
    else:
        messages.success(
            request, "この班を固定しました。提案を作り直しても変わりません。「固定をはずす」で戻せます。"
        )
    return redirect("matching_board", operation_id)


@require_POST
def unpin(request: StaffRequest, operation_id: int, pin_id: int) -> HttpResponse:
    """「固定をはずす」. Gone already: nothing to do."""
    rows = Pin.objects.filter(operation=request.operation).select_related("need", "operation")
    found = rows.filter(pk=pin_id).first()
    if found is not None:
        queue.unpin(found, by=by(request), at=request.now)
    messages.success(request, "固定をはずしました。つぎの提案から、組み合わせが変わることがあります。")
    return _back(request, operation_id)


@require_POST
def unlock(request: StaffRequest, operation_id: int, lock_id: int) -> HttpResponse:
    """「取り消す」 of a destination."""
    rows = Lock.objects.filter(operation=request.operation).select_related("need", "operation")
    found = rows.filter(pk=lock_id).first()
    if found is not None:
        queue.unlock(found, by=by(request), at=request.now)
    messages.success(request, "行き先を決めたのを取り消しました。")
    return _back(request, operation_id)


@require_POST
def unban(request: StaffRequest, operation_id: int, ban_id: int) -> HttpResponse:
    """「取り消す」 of a ban."""
    rows = Ban.objects.filter(operation=request.operation).select_related("need__operation", "volunteer")
    found = rows.filter(pk=ban_id).first()
    if found is not None:
        queue.unban(found.need, found.volunteer, by=by(request), at=request.now)
    messages.success(request, "行かせないと決めたのを取り消しました。")
    return _back(request, operation_id)


def _back(request: StaffRequest, operation_id: int) -> HttpResponse:
    """To the page the button stood on."""
    if request.POST.get("back") == "day":
        day = urlencode({"day": request.POST.get("day", "")})
        return redirect(f"{reverse('day_before', args=[operation_id])}?{day}")
    board = request.POST.get("back") == "board"
    return redirect("matching_board" if board else "matching_hand", operation_id)

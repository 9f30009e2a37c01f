"""What staff do about residents' own requests: who is still to be phoned, what residents answered, links, the paper."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.core import qr
from dvc.core.http import opens_here_only, outside_address
from dvc.core.refused import Refused
from intake.help_requests import services as needs
from intake.help_requests.models import Need
from intake.web_requests import links, services
from intake.web_requests.models import ResidentAnswer


def _need(request: StaffRequest, need_id: int) -> Need:
    return access.of_operation(
        request.operation,
        Need.objects.select_related("operation__center", "requester", "resident", "household"),
        need_id,
    )


@never_cache
@require_safe
def web_request_home(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Who is still to be phoned, longest waiting first, and what residents answered that nobody has read."""
    waiting = Need.objects.open().filter(operation=request.operation, unconfirmed=True)
    answers = ResidentAnswer.objects.filter(need__operation=request.operation, seen_at=None)
    context = {
        "section": "need_list",
        "waiting": waiting.select_related("household__town", "requester", "resident").order_by("received_at"),
        "answers": answers.select_related("need__requester", "need__resident"),
        "form_address": outside_address(request) + reverse("help_form", args=[operation_id]),
        "unreachable": opens_here_only(request),
    }
    return render(request, "intake/web_requests/staff_home.html", context)


@require_safe
def web_request_poster(request: StaffRequest, operation_id: int) -> HttpResponse:
    """A4 for evacuation centers and notice boards: the address of the form as a symbol, and the telephone."""
    address = outside_address(request) + reverse("help_form", args=[operation_id])
    context = {
        "section": "need_list",
        "symbol": mark_safe(qr.svg(address, label="お手伝いの相談のQRコード")),  # noqa: S308 - our own drawing
        "address": address,
        "unreachable": opens_here_only(request),
    }
    return render(request, "intake/web_requests/poster.html", context)


@require_POST
def web_request_confirm(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """Somebody has phoned."""
    need = needs.confirm(_need(request, need_id), by=by(request), at=request.now)
    messages.success(
        request,
        f"N{need.number} を電話で確かめたことにしました。分からなかったことを「内容を直す」で入れてください。",
    )
    return redirect("need_detail", operation_id, need.pk)


@never_cache
@require_POST
def web_request_link(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """A new link for the resident, shown this once as an address and a symbol."""
    need = _need(request, need_id)
    try:
        secret = links.make(need, by=by(request), at=request.now)
    except Refused as refused:
        messages.error(request, refused.text)
        return redirect("need_detail", operation_id, need.pk)
    address = outside_address(request) + reverse("help_link", args=[secret])
    context = {
        "section": "need_list",
        "need": need,
        "address": address,
        "symbol": mark_safe(qr.svg(address, label="本人用リンクのQRコード")),  # noqa: S308 - our own drawing
        "hours": int(links.LASTS.total_seconds() // 3600),
        "unreachable": opens_here_only(request),
    }
    return render(request, "intake/web_requests/link.html", context)


@require_POST
def web_request_link_stop(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """Take the link back."""
    need = _need(request, need_id)
    if links.stop(need, by=by(request), at=request.now):
        messages.success(request, "本人用のリンクを止めました。")
    return redirect("need_detail", operation_id, need.pk)


def _resident_answer(request: StaffRequest, need_id: int, answer_id: int) -> ResidentAnswer:
    made = _need(request, need_id).resident_answers.filter(pk=min(answer_id, 2**63 - 1)).first()
    if made is None:
        raise Http404
    return made


@require_POST
def web_request_take_in(
    request: StaffRequest, operation_id: int, need_id: int, answer_id: int
) -> HttpResponse:
    """What the resident corrected becomes the need's."""
    made = _resident_answer(request, need_id, answer_id)
    services.take_in(made, by=by(request), at=request.now)
    messages.success(request, "本人の申し出どおりに直しました。")
    return redirect("need_detail", operation_id, need_id)


@require_POST
def web_request_seen(request: StaffRequest, operation_id: int, need_id: int, answer_id: int) -> HttpResponse:
    """Somebody has read the answer."""
    services.mark_seen(_resident_answer(request, need_id, answer_id), by=by(request), at=request.now)
    return redirect("need_detail", operation_id, need_id)

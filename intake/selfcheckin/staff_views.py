"""The staff's side of self check-in: the number of the day, the poster on a screen or on paper, the kiosk."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dvc.accounts.models import User
from dvc.accounts.policy import StaffRequest
from dvc.core import qr, rotating
from dvc.core.http import opens_here_only, outside_address
from intake.selfcheckin import codes


def _symbol(address: str) -> SafeString:
    return mark_safe(qr.svg(address, label="自分で受付するQR"))  # noqa: S308  our own drawing


@never_cache
@require_safe
def self_home(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Which ways there are, and today's number."""
    context = {
        "word": codes.word(request.operation, at=timezone.now()),
        "unreachable": opens_here_only(request),
        "address": outside_address(request) + reverse("phone_check_in", args=[operation_id]),
    }
    return render(request, "intake/selfcheckin/staff_home.html", context)


@never_cache
@require_safe
def self_screen(request: StaffRequest, operation_id: int) -> HttpResponse:
    """For a screen at the entrance: a code that changes every five minutes."""
    context = {**_code(request), "unreachable": opens_here_only(request)}
    return render(request, "intake/selfcheckin/screen.html", context)


@never_cache
@require_safe
def self_code(request: StaffRequest, operation_id: int) -> HttpResponse:
    """204 while the code on the screen is still the newest, otherwise the part of the page with the next."""
    context = _code(request)
    if request.GET.get("version") == context["version"]:
        return HttpResponse(status=204)
    return render(request, "intake/selfcheckin/_code.html", context)


def _code(request: StaffRequest) -> dict[str, object]:
    at = timezone.now()
    path = reverse("phone_scan", args=[request.operation.pk, codes.code(request.operation, at=at)])
    return {
        "symbol": _symbol(outside_address(request) + path),
        "version": str(rotating.step(at, codes.EVERY)),
        "open": request.operation.is_open,
    }


@require_safe
def self_poster(request: StaffRequest, operation_id: int) -> HttpResponse:
    """A4 for the wall; it stays the same, so the number of the day is asked for beside it."""
    context = {
        "symbol": _symbol(outside_address(request) + reverse("phone_check_in", args=[operation_id])),
        "unreachable": opens_here_only(request),
    }
    return render(request, "intake/selfcheckin/poster.html", context)


@require_safe
def kiosk(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The shell of the tablet without an operator. It does not start while a member of staff is signed in on it."""
    context = {
        "staff": isinstance(request.user, User),
        "snapshot_url": reverse("sync_snapshot") + f"?operation={operation_id}",
        "ops_url": reverse("sync_ops"),
    }
    return render(request, "intake/selfcheckin/kiosk.html", context)

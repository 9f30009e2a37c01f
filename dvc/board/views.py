"""The live board for desk, tablet and wall, and the log of what was done. Reads only."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dvc.accounts import access, tickets
from dvc.accounts.models import User
from dvc.accounts.policy import StaffRequest, allowed_names
from dvc.accounts.roles import May
from dvc.audit.models import Entry
from dvc.audit.services import version_of
from dvc.board import queries, words
from dvc.operations.models import Operation

PER_PAGE: Final = 30
PARTS: Final = {"desk": "dvc/board/_board.html", "wall": "dvc/board/_wall.html"}


@never_cache
@require_safe
def board(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Numbers, teams, needs, people, the last lines of the log."""
    return render(request, "dvc/board/board.html", _whole(request, "desk"))


@never_cache
@require_safe
def board_wall(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The same for a television: huge numbers, no personal data."""
    return render(request, "dvc/board/wall.html", _whole(request, "wall"))


def _whole(request: StaffRequest, screen: tickets.Screen) -> dict[str, Any]:
    may_names, page = access.may(request.roles, May.KEEP_VOLUNTEERS), _page(request)
    ticket = tickets.issue(tickets.Ticket(request.operation.pk, request.user.pk, screen))
    return {
        "section": "board",
        "poll_url": reverse("board_poll", args=[request.operation.pk, ticket])
        + (f"?teams={page}" if page > 1 else ""),
        "board": queries.shown(
            request.operation, at=request.now, names=may_names, wall=screen == "wall", page=page
        ),
    }


def _page(request: HttpRequest) -> int:
    """Which page of the teams the address asks for."""
    number = request.GET.get("teams", "")
    return int(number) if number.isdecimal() and len(number) < 4 else 1


@require_safe
def board_poll(request: HttpRequest, operation_id: int, token: str) -> HttpResponse:
    """204 or 304 while nothing has changed (one query); otherwise the part of the page that shows it.

    A ticket alone opens no data: session, account and role are asked again before anything is rendered.
    """
    ticket = tickets.read(token)
    if ticket is None or ticket.operation != operation_id:
        return _again()
    etag = f'"v{version_of(operation_id)}"'
    if request.headers.get("If-None-Match") == etag:
        return _marked(HttpResponse(status=304), etag)
    if request.GET.get("version") == etag[2:-1]:
        return _marked(HttpResponse(status=204), etag)
    user = request.user
    if not isinstance(user, User) or user.pk != ticket.user:
        return _again()
    real = timezone.now()
    operation, roles = access.operation_and_roles(user, operation_id, at=real)
    if not access.may(roles, May.SEE_BOARD):
        return _again()
    found = queries.shown(
        operation,
        at=operation.moment(real),
        names=access.may(roles, May.KEEP_VOLUNTEERS),
        wall=ticket.screen == "wall",
        page=_page(request),
    )
    context = {"board": found, "operation": operation, "allowed": allowed_names(roles)}
    response = render(request, PARTS[ticket.screen], context)
    response["X-Version"] = str(found.version)
    return _marked(response, f'"v{found.version}"')


def _again() -> HttpResponse:
    return HttpResponseForbidden("画面を開き直してください。", content_type="text/plain; charset=utf-8")


def _marked(response: HttpResponse, etag: str) -> HttpResponse:
    response["ETag"] = etag
    response["Cache-Control"] = "no-cache, private"
    return response


# ── the log ────────────────────────────────────────────────────────────────────────────────────
@never_cache
@require_safe
def audit_log(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Who did what, newest first, in plain words; narrowed by day, person and area."""
    operation = request.operation
    day = _day(request.GET.get("day", ""))
    area = request.GET.get("area", "")
    actor = request.GET.get("who", "")
    page = Paginator(_entries(operation, day=day, area=area, actor=actor), PER_PAGE).get_page(
        request.GET.get("page")
    )
    narrowed = request.GET.copy()
    narrowed.pop("page", None)
    context = {
        "section": "settings",
        "page": page,
        "lines": words.lines(page, names=access.may(request.roles, May.KEEP_VOLUNTEERS)),
        "areas": [(key, label) for key, (label, _) in words.AREAS.items()],
        "people": _actors(operation),
        "day": day.isoformat() if day else "",
        "area": area,
        "who": actor,
        "query": f"&{narrowed.urlencode()}" if narrowed else "",
    }
    return render(request, "dvc/board/audit_log.html", context)


def _day(text: str) -> date | None:
    try:
        return parse_date(text[:10])
    except ValueError:
        return None


def _all_entries(operation: Operation) -> QuerySet[Entry]:
    """Those of the operation, and those of its center that belong to none: staff, devices, cards."""
    of_center = Q(operation__isnull=True, center=operation.center_id)
    return Entry.objects.filter(Q(operation=operation) | of_center)


def _entries(operation: Operation, *, day: date | None, area: str, actor: str) -> QuerySet[Entry]:
    found = _all_entries(operation)
    if day is not None and date(1970, 1, 2) < day < date(9999, 1, 1):
        start = timezone.make_aware(datetime.combine(day, time.min))
        found = found.filter(at__gte=start, at__lt=start + timedelta(days=1))
    if area in words.AREAS:
        kinds = Q()
        for prefix in words.AREAS[area][1]:
            kinds |= Q(subject_type__startswith=prefix)
        found = found.filter(kinds)
    if actor.isdecimal() and len(actor) < 10:
        found = found.filter(actor_id=int(actor))
    return found.select_related("actor", "device").order_by("-id")


def _actors(operation: Operation) -> list[User]:
    """Everybody who did something here."""
    ids = _all_entries(operation).order_by().values("actor")
    return list(User.objects.filter(pk__in=ids).order_by("display_name"))

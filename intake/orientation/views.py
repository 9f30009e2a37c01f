"""The briefing desk: open a session, tick what was said, show the code, mark the room."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.core import qr, rotating
from dvc.core.http import opens_here_only, outside_address
from dvc.core.refused import Refused
from intake.orientation import codes, services
from intake.orientation.forms import ChecklistForm, SessionForm
from intake.orientation.models import OrientationSession, Way

FORM = require_http_methods(["GET", "HEAD", "POST"])


def _session(request: StaffRequest, session_id: int) -> OrientationSession:
    return access.of_operation(
        request.operation, OrientationSession.objects.select_related("operation"), session_id
    )


@FORM
def orientation_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Today's sessions, and opening the next one."""
    form = SessionForm(
        request.POST if request.method == "POST" else None,
        initial={"starts_at": timezone.localtime(request.now).time(), "speaker": request.user.display_name},
    )
    if request.method == "POST" and form.is_valid():
        starts_at = datetime.combine(
            timezone.localdate(request.now), form.cleaned_data["starts_at"], timezone.get_current_timezone()
        )
        session = services.open_session(
            request.operation, starts_at=starts_at, place=form.cleaned_data["place"],
            speaker=form.cleaned_data["speaker"], by=by(request), at=request.now,
        )  # fmt: skip
        return redirect("orientation_page", operation_id, session.pk)
    context = {"form": form, "sessions": services.of_the_day(request.operation, at=request.now)}
    return render(request, "intake/orientation/list.html", context, status=422 if form.errors else 200)


@require_safe
def orientation_page(request: StaffRequest, operation_id: int, session_id: int) -> HttpResponse:
    """One session from the first item to the last person."""
    return _page(request, _session(request, session_id))


def _page(
    request: StaffRequest, session: OrientationSession, *, refusal: str = "", others: str = ""
) -> HttpResponse:
    """`others`: the items somebody wrote that are not stored."""
    valid = session.attendances.valid()
    context = {
        "session": session,
        "another_day": session.is_of_another_day(request.now),
        "mark": services.mark_of(session),
        "others": others or "\n".join(item["text"] for item in session.checklist if not item["must"]),
        "others_open": bool(others),
        "attended": valid.count(),
        "of_the_room": valid.filter(way=Way.ROOM).count(),
        "here": len(services.of_the_room(session)),
        "refusal": refusal,
    }
    return render(request, "intake/orientation/page.html", context, status=409 if refusal else 200)


def _seen(request: StaffRequest) -> str | None:
    """The mark of the list on the page this was sent from."""
    return request.POST.get("mark") or None


@require_POST
def orientation_tick(request: StaffRequest, operation_id: int, session_id: int) -> HttpResponse:
    """The items that have been said."""
    session = _session(request, session_id)
    places = request.POST.getlist("said")[:100]
    said = {int(place) for place in places if place.isdecimal() and len(place) < 4}
    try:
        services.tick(session, said=said, by=by(request), at=request.now, seen=_seen(request))
    except Refused as refused:
        return _page(request, session, refusal=refused.text)
    messages.success(request, "話したことに印をつけました。")
    return redirect("orientation_page", operation_id, session_id)


@require_POST
def orientation_checklist(request: StaffRequest, operation_id: int, session_id: int) -> HttpResponse:
    """Other items than the four."""
    session = _session(request, session_id)
    form = ChecklistForm(request.POST)
    if form.is_valid():
        others = form.cleaned_data["others"]
        try:
            services.set_checklist(
                session, others=others, by=by(request), at=request.now, seen=_seen(request)
            )
        except Refused as refused:
            return _page(request, session, refusal=refused.text, others="\n".join(others))
        messages.success(request, "話すことを直しました。次の回にも引き継がれます。")
    else:
        messages.error(request, "長すぎて保存できません。1行を短くして、30行までにしてください。")
    return redirect("orientation_page", operation_id, session_id)


@never_cache
@require_safe
def orientation_screen(request: StaffRequest, operation_id: int, session_id: int) -> HttpResponse:
    """For a projector or a tablet at the exit: the code everybody scans."""
    session = _session(request, session_id)
    context = {**_code(request, session), "unreachable": opens_here_only(request)}
    return render(request, "intake/orientation/screen.html", context)


@never_cache
@require_safe
def orientation_code(request: StaffRequest, operation_id: int, session_id: int) -> HttpResponse:
    """204 while the code on the screen is still the newest, otherwise the part of the page with the next."""
    context = _code(request, _session(request, session_id))
    if request.GET.get("version") == context["version"]:
        return HttpResponse(status=204)
    return render(request, "intake/orientation/_code.html", context)


def _code(request: StaffRequest, session: OrientationSession) -> dict[str, object]:
    at = timezone.now()  # the code lives in real time, also in a drill whose clock runs fast
    path = reverse("phone_orientation_scan", args=[session.pk, codes.code(session, at=at)])
    count = session.attendances.valid().count()
    over = session.is_over or session.is_of_another_day(session.operation.moment(at))
    step = "over" if over else str(rotating.step(at, codes.EVERY))
    return {
        "session": session,
        "over": over,
        "symbol": mark_safe(qr.svg(outside_address(request) + path, label="説明を受けた印のQR")),  # noqa: S308  our own
        "attended": count,
        "version": f"{step}.{count}",
    }


@FORM
def orientation_room(request: StaffRequest, operation_id: int, session_id: int) -> HttpResponse:
    """Everybody who was here when it began, with exceptions by name."""
    session = _session(request, session_id)
    if request.method == "POST":
        without = {int(one) for one in request.POST.getlist("without") if one.isdecimal() and len(one) < 18}
        count = services.attend_room(session, without=without, by=by(request), at=request.now)
        messages.success(
            request,
            f"{count}人に「説明を受けた」の印をつけました。間違えたときは、下の「取り消す」で戻せます。",
        )
        return redirect("orientation_page", operation_id, session_id)
    context = {"session": session, "visits": services.of_the_room(session)}
    return render(request, "intake/orientation/room.html", context)


@require_POST
def orientation_room_undo(request: StaffRequest, operation_id: int, session_id: int) -> HttpResponse:
    """It was a slip."""
    count = services.undo_room(_session(request, session_id), by=by(request), at=request.now)
    messages.success(request, f"{count}人の印を取り消しました。")
    return redirect("orientation_page", operation_id, session_id)


@require_POST
def orientation_end(request: StaffRequest, operation_id: int, session_id: int) -> HttpResponse:
    """Over, when all that must be said was said."""
    session = _session(request, session_id)
    try:
        services.end(session, by=by(request), at=request.now)
    except Refused as refused:
        return _page(request, session, refusal=refused.text)
    messages.success(
        request,
        "この回を終わりました。QRはもう使えません。出口のタブレットの記録は、30分はこの回に入ります。",
    )
    return redirect("orientation_page", operation_id, session_id)


@require_POST
def orientation_go_on(request: StaffRequest, operation_id: int, session_id: int) -> HttpResponse:
    """Not over after all."""
    services.go_on(_session(request, session_id), by=by(request), at=request.now)
    return redirect("orientation_page", operation_id, session_id)

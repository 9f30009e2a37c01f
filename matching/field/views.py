"""The leader's phone tells; the desk reads and answers."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.audit.services import looked_all
from dvc.core.japanese import normalise_text, parse_time_ja
from dvc.core.refused import Refused
from dvc.photos import services as photos
from dvc.photos.models import Photo, Purpose
from matching.dispatch import services as dispatches
from matching.dispatch import throttle, tokens
from matching.dispatch.field_views import LEADER
from matching.dispatch.forms import ReportForm, moment_of
from matching.dispatch.models import Dispatch
from matching.dispatch.times import happened
from matching.field import queries, services
from matching.field.models import FieldNote, Said
from matching.safety.models import How
from matching.trips import services as trips
from matching.trips.models import DumpSite

# What a phone kept without a signal may come after its page has ended; it shows nothing, so nothing is lost by it.
TAKEN_FOR: Final = timedelta(days=7)
LONGEST_KEPT: Final = timedelta(days=7)
RECALLED: Final = {"recall_safe": How.PAGE, "recall_help": How.HELP}
# Two words for each: what the desk did, and what it did not do.
ANSWERS: Final = {
    Said.SOS: ("無事を確かめ、対応した", "まちがいだった"),
    Said.INJURY: ("話を聞き、対応した", "対応しない"),
    Said.REPORT: ("読んで、困りごとの記録を直した", "直さない"),
    Said.GONE: ("出発を記録した", "まちがいだった"),
    Said.EXTRA: ("困りごととして受け付けた", "お断りした"),
    Said.LATER: ("のばす", "のばさない"),
    Said.PEOPLE: ("人を送る", "送れない"),
    Said.TOOLS: ("届ける", "届けられない"),
    Said.NEAR_MISS: ("聞きました", "対応しない"),
    Said.PHOTO: ("見ました", "使わない"),
}


class _Unclear(Exception):
    """The phone sent something that no version of the page sends."""


# ── from the phone ─────────────────────────────────────────────────────────────────────────────
@csrf_exempt  # the secret in the address is all the right there is; no cookie stands for anybody here
@require_POST
def leader_tell(request: HttpRequest, token: str) -> HttpResponseBase:
    """One record of a leader's phone, now or kept since it had no signal: a fact of the dispatch (arrived, on to the next
    house, going back, the report), how long it waited at a dump site, what it answers to a recall, or a note. The same record again has the same answer.

    200 {"said": …}: it is here. 409 {"refusal": …}: it will not be, and why. 422: the form has to be looked at again.
    """
    try:
        dispatch = tokens.find_by_leader_token(token)
        if dispatch is None:
            throttle.count_wrong(str(request.META.get("REMOTE_ADDR", "")))
            return JsonResponse(
                {"refusal": "この依頼書は見つかりません。センターに電話してください。"}, status=404
            )
        throttle.check_token(token)
        at = dispatch.operation.moment(timezone.now())
        if at > (dispatch.returned_at or dispatch.departed_at or dispatch.accepted_at) + TAKEN_FOR:
            return JsonResponse(
                {"refusal": "日にちがたちすぎています。センターに電話してください。"}, status=404
            )
        told_at = at - _kept_for(request) * (dispatch.operation.clock_speed or 1)
        said = _take(request, dispatch, told_at=told_at, at=at)
    except Refused as refused:
        status = 429 if refused.code == "field.too_many" else 409
        return _answer(request, token, {"refusal": refused.text}, status)
    except _Unclear:
        return JsonResponse({"refusal": "送られたものが読めません。画面を開き直してください。"}, status=400)
    if said is None:
        return JsonResponse({"refusal": "書き直すところがあります。"}, status=422)
    return _answer(request, token, {"said": said}, 200)


def _answer(request: HttpRequest, token: str, said: dict[str, str], status: int) -> HttpResponse:
    """JSON for the script; without one the page again."""
    if request.headers.get("X-Requested-With") == "fetch":
        return JsonResponse(said, status=status)
    if status == 200:
        response = redirect("leader_page", token)
        response["Location"] += "?said=told"
        return response
    return render(request, "matching/dispatch/field_busy.html", said, status=status)


def _kept_for(request: HttpRequest) -> timedelta:
    """How long the phone has kept it: a difference of its own clock, which may be wrong as a whole."""
    typed = request.POST.get("age_ms", "0")
    if not typed.isdecimal() or len(typed) > 12:
        return timedelta()
    return min(timedelta(milliseconds=int(typed)), LONGEST_KEPT)


def _take(request: HttpRequest, dispatch: Dispatch, *, told_at: datetime, at: datetime) -> str | None:
    """What is said to the leader; None for a report that has to be looked at again."""
    kind = request.POST.get("kind", "")
    if kind in services.FACTS or kind == "report":
        if kind == "report":
            form = ReportForm(request.POST)
            if not form.is_valid():
                return None
            op = _op(request) if "op" in request.POST else uuid4()
            services.report(dispatch, form.story(), op=op, by=LEADER, told_at=told_at, at=at)
            return kind
        op = _op(request) if "op" in request.POST else uuid4()
        noted = services.fact(dispatch, kind, op=op, by=LEADER, told_at=told_at, at=at)
        return "told" if noted else kind
    if kind in RECALLED:
        op = _op(request) if "op" in request.POST else uuid4()
        services.answer_recall(dispatch, RECALLED[kind], op=op, by=LEADER, told_at=told_at, at=at)
        return "told"
    if kind == "dump":
        _waited(request, dispatch, at=happened(dispatch, told_at, at=at))
        return "told"
    if kind not in Said.values:
        raise _Unclear
    _tell(request, dispatch, Said(kind), told_at=told_at, at=at)
    return "told"


def _waited(request: HttpRequest, dispatch: Dispatch, *, at: datetime) -> None:
    minutes, pk = _count(request, "minutes"), _count(request, "site") or 0
    site = DumpSite.objects.filter(operation=dispatch.operation, pk=pk).first()
    if site is None or minutes is None:
        raise _Unclear
    trips.waited(site, minutes=minutes, op=_op(request), by=LEADER, at=at)
    dispatches.heard(dispatch.team_id, at=at)


def _count(request: HttpRequest, name: str) -> int | None:
    typed = request.POST.get(name, "")
    return int(typed) if typed.isdecimal() and len(typed) < 10 else None


def _op(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("op", ""))
    except ValueError:
        raise _Unclear from None


def _tell(
    request: HttpRequest, dispatch: Dispatch, said: Said, *, told_at: datetime, at: datetime
) -> FieldNote:
    try:
        text = normalise_text(request.POST.get("text", "")[:2000])[:500]
    except ValueError:
        raise _Unclear from None
    photo = _photo(request, dispatch, at=at)
    if said == Said.PHOTO and photo is None:
        raise Refused("field.photo_needed")
    count = request.POST.get("count", "")
    return services.tell(
        dispatch, said, op=_op(request), text=text, count=int(count) if count.isdecimal() and len(count) < 4 else None,
        until=_until(request, at=told_at), place=_place(request), photo=photo, by=LEADER, told_at=told_at, at=at,
    )  # fmt: skip


def _photo(request: HttpRequest, dispatch: Dispatch, *, at: datetime) -> Photo | None:
    file = request.FILES.get("photo")
    if file is None or not file.size:
        return None
    return photos.add(
        dispatch.operation,
        file,
        purpose=Purpose.REPORT,
        size=file.size,
        by=LEADER,
        at=at,
    )


def _until(request: HttpRequest, *, at: datetime) -> datetime | None:
    try:
        return moment_of(parse_time_ja(request.POST.get("until", "")), at=at)
    except ValueError:
        return None


def _place(request: HttpRequest) -> services.Place | None:
    try:
        lat, lng = float(request.POST.get("lat", "")), float(request.POST.get("lng", ""))
    except ValueError:
        return None
    if not (math.isfinite(lat) and math.isfinite(lng) and abs(lat) <= 90 and abs(lng) <= 180):
        return None
    return services.Place(lat, lng)


# ── at the desk ────────────────────────────────────────────────────────────────────────────────
@never_cache
@require_safe
def field_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """「現地からの連絡」: what waits, then what was answered today."""
    return _show(request)


def _show(request: StaffRequest, *, refusal: str = "") -> HttpResponse:
    notes = queries.waiting(request.operation)
    answered = FieldNote.objects.filter(
        operation=request.operation, answered_at__date=timezone.localdate(request.now)
    ).select_related("dispatch__team", "answered_by", "photo")
    leaders = [note.dispatch.team.leader for note in notes if note.dispatch.team.leader]
    looked_all(leaders, by=by(request), classes="V2", why="現地からの連絡", at=request.now)
    context: dict[str, Any] = {
        "section": "dispatch_board",
        "rows": [(note, ANSWERS[Said(note.said)], _map_url(note)) for note in notes],
        "answered": answered.order_by("-answered_at"),
        "refusal": refusal,
    }
    return render(request, "matching/field/list.html", context, status=409 if refusal else 200)


def _map_url(note: FieldNote) -> str:
    if note.lat is None or note.lng is None:
        return ""
    return str(settings.MAP_LINK).replace("{lat}", f"{note.lat:.6f}").replace("{lng}", f"{note.lng:.6f}")


@require_POST
def field_answer(request: StaffRequest, operation_id: int, note_id: int) -> HttpResponse:
    """What the center says to it."""
    notes = FieldNote.objects.select_related("dispatch__team", "dispatch__operation")
    note = access.of_operation(request.operation, notes, note_id)
    try:
        text = normalise_text(request.POST.get("answer", ""))
        services.answer(
            note, agreed=request.POST.get("agreed") == "yes", text=text, by=by(request), at=request.now
        )
    except ValueError:
        return _show(request, refusal=Refused("inbox.text").text)
    except Refused as refused:
        return _show(request, refusal=refused.text)
    messages.success(request, f"{note.dispatch.team}への返事を記録しました。リーダーの画面にも出ます。")
    return redirect("field_list", operation_id)

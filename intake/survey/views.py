"""The pages of the survey: who waits, the rounds of a day, a visit, its result. Rules live in the services."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.models import User
from dvc.accounts.policy import StaffRequest, by
from dvc.audit.services import looked
from dvc.core.refused import Refused
from dvc.photos import services as photos
from dvc.photos.models import Purpose
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState
from intake.survey import queries, reports, services
from intake.survey.forms import (
    BookForm,
    DayForm,
    ReasonForm,
    RoundForm,
    SurveyForm,
    estimates_of,
    in_words,
)
from intake.survey.models import Appointment, AppointmentState, Round, Survey
from intake.survey.reports import Findings
from intake.survey.services import RoundAnswers, Window

FORM = require_http_methods(["GET", "HEAD", "POST"])
WAITING_SHOWN: Final = 20
MOST_PHOTOS: Final = 20
SECTION: Final = {"section": "survey_home"}


# ── the plan ───────────────────────────────────────────────────────────────────────────────────


@never_cache
@require_safe
def survey_home(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The rounds of one day, and everybody who waits for a visit, oldest first; on request those of one town, where a round
    is best filled up."""
    operation, today = request.operation, timezone.localdate(request.now)
    day = DayForm.asked(request.GET, today=today)
    towns = queries.waiting_towns(operation)
    town = next((one for one in towns if one.key == request.GET.get("town")), None)
    everybody = sum(one.count for one in towns)
    page = Paginator(range(town.count if town else everybody), WAITING_SHOWN).get_page(
        request.GET.get("page")
    )
    waiting = queries.waiting(
        operation, town=town.key if town else "", first=max(0, page.start_index() - 1), most=WAITING_SHOWN
    )
    start = services.place_of_site(operation)
    pages = queries.day_page(operation, day, start=start, at=request.now)
    context = {
        **SECTION,
        "day": day,
        "today": today,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "pages": pages,
        "calendar": queries.calendar(operation, first=min(day, today)),
        "waiting": [(one, one.need.days_waited(request.now)) for one in waiting],
        "everybody": everybody,
        "towns": towns,
        "town": town,
        "page": page,
        "query": "&" + urlencode({"day": day.isoformat()} | ({"town": town.key} if town else {})),
        "map_rounds": [{"name": str(page.round), "points": page.points} for page in pages],
        "start": start,
        **_tiles(),
    }
    return render(request, "intake/survey/home.html", context)


def _tiles() -> dict[str, str]:
    return {"tile_url": settings.MAP_TILE_URL, "tile_credit": settings.MAP_TILE_CREDIT}


@never_cache
@FORM
def survey_round_new(request: StaffRequest, operation_id: int) -> HttpResponse:
    day = DayForm.asked(request.GET, today=timezone.localdate(request.now))
    form = _round_form(request)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.make_round(
                request.operation, _round_answers(form), day=day, by=by(request), at=request.now
            )
        except Refused as refused:
            form.add_error(None, refused.text)
        else:
            messages.success(request, f"{made}をつくりました。")
            return _to_day(request, made)
    return _show(request, "round.html", form, day=day)


@never_cache
@FORM
def survey_round_edit(request: StaffRequest, operation_id: int, round_id: int) -> HttpResponse:
    found = _round(request, round_id)
    form = _round_form(request, found)
    if request.method == "POST" and form.is_valid():
        try:
            services.edit_round(found, _round_answers(form), by=by(request), at=request.now)
        except Refused as refused:
            form.add_error(None, refused.text)
        else:
            messages.success(request, f"{found}を直しました。")
            return _to_day(request, found)
    return _show(request, "round.html", form, found=found, day=found.day)


def _round_form(request: StaffRequest, found: Round | None = None) -> RoundForm:
    data = request.POST if request.method == "POST" else None
    return RoundForm(data, staff=queries.surveyors(request.center, at=timezone.now()), found=found)


def _round_answers(form: RoundForm) -> RoundAnswers:
    said = form.cleaned_data
    return RoundAnswers(said["first"], said["second"], said["companion"], said["car"], said["starts"])


@require_POST
def survey_round_drop(request: StaffRequest, operation_id: int, round_id: int) -> HttpResponse:
    found = _round(request, round_id)
    day = found.day
    services.drop_round(found, by=by(request), at=request.now)
    messages.success(request, "班を消しました。")
    return redirect(f"{reverse('survey_home', args=[operation_id])}?day={day.isoformat()}")


@require_POST
def survey_order(request: StaffRequest, operation_id: int, round_id: int) -> HttpResponse:
    """Put the visits still to come in a good order."""
    found = _round(request, round_id)
    services.put_in_order(found, by=by(request), at=request.now)
    messages.success(request, f"{found}の回る順を、道のりと約束の時刻から決めました。手で直せます。")
    return _to_day(request, found)


@require_POST
def survey_move(request: StaffRequest, operation_id: int, visit_id: int) -> HttpResponse:
    visit = _visit(request, visit_id)
    services.move_visit(visit, up=request.POST.get("to") == "up", by=by(request), at=request.now)
    return _to_day(request, visit.round)


@never_cache
@FORM
def survey_book(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """Agree with a household on a visit, or decide on the phone that none is needed."""
    need = _need(request, need_id)
    rounds = queries.rounds_to_book(request.operation, at=request.now)
    form = BookForm(request.POST if request.method == "POST" else None, rounds=rounds)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.book(
                need, form.cleaned_data["round"], _window(form), by=by(request), at=request.now
            )
        except Refused as refused:
            form.add_error(None, refused.text)
        else:
            messages.success(
                request,
                f"N{need.number} の調査を {made.round.day:%-m月%-d日} {made.window} に約束しました。電話の方に伝えてください。",
            )
            return _to_day(request, made.round)
    visits, _ = queries.of_need(need)
    return _show(
        request, "book.html", form, need=need, rounds=rounds, visits=visits, desk_form=ReasonForm(prefix="desk"),
        waiting=need.state == NeedState.SURVEY_WAIT,
    )  # fmt: skip


def _window(form: BookForm) -> Window:
    said = form.cleaned_data
    return Window(said["window_from"], said["window_until"], said["note"])


@require_POST
def survey_desk_only(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    need = _need(request, need_id)
    form = ReasonForm(request.POST, prefix="desk")
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    services.desk_only(need, reason=reason, by=by(request), at=request.now)
    messages.success(request, f"N{need.number} は、調査をしないで進めます。")
    return redirect("need_detail", operation_id, need.pk)


@never_cache
@FORM
def survey_visit(request: StaffRequest, operation_id: int, visit_id: int) -> HttpResponse:
    """One appointment: another time, cancelled, nobody there, or its result from paper."""
    visit = _visit(request, visit_id)
    rounds = queries.rounds_to_book(request.operation, at=request.now)
    form = BookForm(request.POST if request.method == "POST" else None, rounds=rounds, found=visit)
    if request.method == "POST" and form.is_valid():
        try:
            services.rebook(visit, form.cleaned_data["round"], _window(form), by=by(request), at=request.now)
        except Refused as refused:
            form.add_error(None, refused.text)
        else:
            messages.success(
                request, f"N{visit.need.number} の調査の日時を変えました。電話の方に伝えてください。"
            )
            return _to_day(request, visit.round)
    return _show(
        request, "visit.html", form, visit=visit, need=visit.need, rounds=rounds,
        booked=visit.state == AppointmentState.BOOKED,
    )  # fmt: skip


@require_POST
def survey_cancel(request: StaffRequest, operation_id: int, visit_id: int) -> HttpResponse:
    visit = _visit(request, visit_id)
    services.cancel(visit, reason=_reason(request), by=by(request), at=request.now)
    messages.success(request, f"N{visit.need.number} の約束を取りやめました。「待っている調査」に戻ります。")
    return _to_day(request, visit.round)


@require_POST
def survey_absent(request: StaffRequest, operation_id: int, visit_id: int) -> HttpResponse:
    visit = _visit(request, visit_id)
    if not reports.nobody_there(visit, note=_reason(request), by=by(request), at=request.now):
        raise Refused("survey.over")
    messages.success(request, f"N{visit.need.number} は不在でした。「待っている調査」に戻ります。")
    return _to_day(request, visit.round)


def _reason(request: StaffRequest) -> str:
    form = ReasonForm(request.POST)
    return form.cleaned_data["reason"] if form.is_valid() else ""


# ── the result ─────────────────────────────────────────────────────────────────────────────────


@never_cache
@FORM
def survey_key(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """A survey that was written on paper, keyed in at the desk."""
    need = _need(request, need_id)
    asked = request.POST.get("visit") or request.GET.get("visit") or ""
    visit = _visit(request, int(asked)) if asked.isdecimal() and len(asked) < 18 else None
    if visit is not None and visit.need_id != need.pk:
        visit = None
    form = SurveyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            told = _report(request, need, visit, form)
        except Refused as refused:
            form.add_error(None, refused.text)
        else:
            _say_told(request, told)
            return redirect("survey_result", operation_id, told.survey.pk)
    token = request.POST.get("form_token") or str(uuid.uuid4())
    return _show(request, "key.html", form, need=need, visit=visit, form_token=token)


def _report(request: StaffRequest, need: Need, visit: Appointment | None, form: SurveyForm) -> reports.Told:
    if not form.answers() and not request.FILES:
        raise Refused("survey.nothing_written")  # one press too many must not end a visit
    sent = _photos_sent(request)
    findings = Findings(form.answers(), {}, [{"sent": each, "caption": ""} for each in dict.fromkeys(sent)])
    return reports.report(
        need, findings, appointment=visit, key=_token(request), by=by(request), at=request.now
    )


def _photos_sent(request: StaffRequest) -> list[str]:
    """Refused survey.too_many_photos, survey.photo (which file, and why): a browser forgets what was chosen, so that all
    are chosen anew. Those that were good are known by then."""
    files = [file for file in request.FILES.getlist("photos") if isinstance(file, UploadedFile)]
    if len(files) > MOST_PHOTOS:
        raise Refused("survey.too_many_photos", count=len(files), most=MOST_PHOTOS)
    sent = []
    for file in files:
        try:
            kept = photos.add(
                request.operation, file, purpose=Purpose.SURVEY, size=file.size or 0, by=by(request), at=request.now
            )  # fmt: skip
        except Refused as refused:
            raise Refused("survey.photo", name=(file.name or "")[:60], why=refused.text) from None
        sent.append(kept.sent)
    return sent


def _token(request: StaffRequest) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get("form_token", ""))
    except ValueError:
        return uuid.uuid4()


def _say_told(request: StaffRequest, told: reports.Told) -> None:
    if told.survey.counts:
        messages.success(request, "調査の結果を記録しました。見立てを確かめて、作業をつくってください。")
    else:
        messages.warning(
            request,
            "先に決まっていたことがあるので、この調査はまだ使っていません。センター長が「確かめること」で決めます。",
        )


@never_cache
@require_safe
def survey_result(request: StaffRequest, operation_id: int, survey_id: int) -> HttpResponse:
    """What was found, with photos and signature; its estimate becomes work items here. Opening it is logged."""
    survey = _survey(request, survey_id)
    looked(survey.need, by=by(request), classes="P1 P2 P3 P5", why="survey result", at=request.now)
    return _show_result(request, survey)


def _show_result(
    request: StaffRequest, survey: Survey, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    found = photos.found(request.operation, survey.sent_photos, purpose=Purpose.SURVEY)
    context = {
        **SECTION,
        "survey": survey,
        "need": survey.need,
        "rows": in_words(survey.answers),
        "unread": survey.unread,
        "estimates": [
            (estimate, reports.item_of(estimate, survey.answers)) for estimate in estimates_of(survey.answers)
        ],
        "photos": [(found[p["sent"]], p.get("caption", "")) for p in survey.photos if p["sent"] in found],
        "missing": reports.photos_missing(survey, found),
        "signature": _paths(survey.signature),
        "blocking": needs.blocking_hazards(survey.need),
        "refusal": refusal,
    }
    return render(request, "intake/survey/result.html", context, status=status)


def _paths(signature: list[list[int]]) -> list[str]:
    """SVG polylines."""
    return [
        " ".join(f"{x},{y}" for x, y in zip(stroke[::2], stroke[1::2], strict=False)) for stroke in signature
    ]


@require_POST
def survey_items(request: StaffRequest, operation_id: int, survey_id: int) -> HttpResponse:
    """The coordinator confirms the estimate; with `ready` the need goes into the queue when nothing is missing."""
    survey = _survey(request, survey_id)
    try:
        made = reports.make_items(survey, by=by(request), at=request.now)
    except Refused as refused:
        return _show_result(request, survey, refusal=refused.text, status=409)
    messages.success(request, f"見立てから作業を{len(made)}件つくりました。")
    need = _need(request, survey.need_id)
    if "ready" in request.POST:
        try:
            needs.make_ready(need, by=by(request), at=request.now)
            messages.success(request, f"N{need.number} をマッチング待ちにしました。")
        except Refused as refused:
            messages.warning(request, f"まだマッチング待ちにはできません。{refused.text}")
    return redirect("need_detail", operation_id, need.pk)


# ── the tablet ─────────────────────────────────────────────────────────────────────────────────


@require_safe
def tablet_survey(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The shell of the off-line kit: the empty form; everything else comes from the tablet's own shelf."""
    context = {
        # Nobody, when a paired tablet opens the page by its cookie: the operator comes by badge and PIN.
        "actor": request.user if isinstance(request.user, User) else None,
        "form": SurveyForm(auto_id="s_%s"),
        "register_url": reverse("survey_register", args=[operation_id]),
        "day_url": reverse("sync_survey") + f"?operation={operation_id}",
        "ops_url": reverse("sync_ops"),
        "photo_url": reverse("sync_photo", args=["0" * 64]).removesuffix("0" * 64),
        "operators_url": reverse("sync_operators") + f"?operation={operation_id}",
        "operator_url": reverse("sync_operator"),
    }
    return render(request, "intake/survey/tablet.html", context)


# ── fetching ───────────────────────────────────────────────────────────────────────────────────


def _need(request: StaffRequest, need_id: int) -> Need:
    rows = Need.objects.select_related("operation__center", "household__town", "resident", "requester")
    return access.of_operation(request.operation, rows, need_id)


def _round(request: StaffRequest, round_id: int) -> Round:
    rows = Round.objects.select_related("operation__center", "first", "second")
    return access.of_operation(request.operation, rows, round_id)


def _visit(request: StaffRequest, visit_id: int) -> Appointment:
    rows = Appointment.objects.select_related(
        "operation__center", "round__operation__center", "round__first", "round__second", "need__household__town",
        "need__resident", "need__requester", "need__operation",
    )  # fmt: skip
    return access.of_operation(request.operation, rows, visit_id)


def _survey(request: StaffRequest, survey_id: int) -> Survey:
    rows = Survey.objects.select_related(
        "operation__center", "need__operation__center", "need__household__town", "need__resident", "need__requester",
        "appointment__round", "by", "device", "items_made_by",
    )  # fmt: skip
    return access.of_operation(request.operation, rows, survey_id)


def _to_day(request: StaffRequest, found: Round) -> HttpResponse:
    """The day of this round; whoever fills it up with the houses of one town goes on in that town."""
    asked = {"day": found.day.isoformat()} | (
        {"town": request.GET["town"]} if request.GET.get("town") else {}
    )
    return redirect(f"{reverse('survey_home', args=[request.operation.pk])}?{urlencode(asked)}")


def _show(request: StaffRequest, template: str, form: Any, **context: Any) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, f"intake/survey/{template}", {**SECTION, "form": form, **context}, status=status)

"""What opens on a volunteer's phone: no account, three languages, and never more than the family name and a letter."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.core import languages
from dvc.core.japanese import family_first_letter
from dvc.core.languages import LANGUAGES
from dvc.operations.models import Mode, Operation
from intake.checkin.services import departure_blocks
from intake.orientation import codes as orientation_codes
from intake.orientation.models import OrientationSession
from intake.questions.catalog import QUESTIONS, Words
from intake.questions.services import Answers, Standing
from intake.selfcheckin import codes, identify, phone, services, throttle
from intake.selfcheckin.texts import texts
from intake.volunteers.models import Volunteer

FORM = require_http_methods(["GET", "HEAD", "POST"])


def _page(
    request: HttpRequest, template: str, operation: Operation | None, *, status: int = 200, **context: Any
) -> HttpResponse:
    language = languages.chosen(request)
    response = render(
        request,
        f"intake/selfcheckin/{template}.html",
        {
            "t": texts(language),
            "language": language,
            "languages": LANGUAGES.items(),
            "world": operation,
            "is_drill": operation is not None and operation.is_drill,
            "place": operation.center if operation else None,
            **context,
        },
        status=status,
    )
    if "lang" in request.GET:
        languages.keep(response, language)
    return response


def _operation(operation_id: int) -> Operation | None:
    """The operation when it is open; a closed one and none at all look the same."""
    found = Operation.objects.select_related("center").filter(pk=operation_id).first()
    return found if found is not None and found.is_open else None


def _session(session_id: int) -> OrientationSession | None:
    found = OrientationSession.objects.select_related("operation__center").filter(pk=session_id).first()
    return found if found is not None and found.operation.is_open else None


def _closed(request: HttpRequest) -> HttpResponse:
    return _page(request, "closed", None, status=404)


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


@never_cache
@require_safe
def phone_scan(request: HttpRequest, operation_id: int, code: str) -> HttpResponse:
    """The poster's code: shows that this phone is in the center now, and is forgotten from the address."""
    operation = _operation(operation_id)
    if operation is None:
        return _closed(request)
    if not codes.opens(operation, code, at=timezone.now()):
        return redirect(f"{reverse('phone_check_in', args=[operation_id])}?old=1")
    response = redirect("phone_check_in", operation_id)
    phone.keep_here(response, operation_id, phone.new_mark())
    return response


@never_cache
@FORM
def phone_check_in(request: HttpRequest, operation_id: int) -> HttpResponse:
    """Card code or phone number, and the family name; the number of the day for who came by the paper poster."""
    operation = _operation(operation_id)
    if operation is None:
        return _closed(request)
    here = phone.here(request, operation_id)
    problem = "old_code" if "old" in request.GET else ""
    if request.method != "POST":
        return _check_in_page(request, operation, problem, ask_word=not here)
    if not here and not _knows_the_word(request, operation):
        throttle.count_wrong(address=_address(request))
        problem = "too_many" if throttle.is_stopped(address=_address(request)) else "word_wrong"
        return _check_in_page(request, operation, problem, ask_word=True)
    mark = here or phone.new_mark()
    person, problem = _asked_for(request, operation, mark)
    response = (
        _check_in(operation, person)
        if person
        else _check_in_page(request, operation, problem, ask_word=False)
    )
    if not here:
        phone.keep_here(response, operation_id, mark)  # one right number of the day is enough
    return response


def _knows_the_word(request: HttpRequest, operation: Operation) -> bool:
    """Whether they typed the number of the day; who has guessed too often is not asked."""
    said = request.POST.get("word", "")[:20].strip()
    return not throttle.is_stopped(address=_address(request)) and codes.is_word(
        operation, said, at=timezone.now()
    )


def _check_in_page(
    request: HttpRequest, operation: Operation, problem: str, *, ask_word: bool
) -> HttpResponse:
    return _page(
        request, "check_in", operation,
        ask_word=ask_word, problem=problem, can_register=_can_register(operation), status=422 if request.method == "POST" else 200,
    )  # fmt: skip


def _can_register(operation: Operation) -> bool:
    """The public form belongs to real days: nobody registers for good during a drill."""
    return operation.mode != Mode.DRILL and operation.recruiting


def _asked_for(request: HttpRequest, operation: Operation, here: str) -> tuple[Volunteer | None, str]:
    """The person whom both answers fit, or the key of what to say. `here`: the mark of the phone."""
    ident = request.POST.get("ident", "")[: identify.LONGEST + 1]
    proof = request.POST.get("proof", "")[: identify.LONGEST + 1]
    if throttle.is_stopped(address=_address(request), here=here, ident=ident):
        return None, "too_many"
    # A card ends by the calendar outside, also in a drill whose clock is months ahead.
    person = identify.who(operation, ident=ident, proof=proof, on=timezone.localdate())
    if person is None:
        throttle.count_wrong(address=_address(request), here=here, ident=ident)
        return None, "wrong"
    return person, ""


def _check_in(operation: Operation, person: Volunteer) -> HttpResponse:
    at = operation.moment(timezone.now())
    services.check_in(operation, person, at=at)
    response = redirect("phone_done", operation.pk)
    phone.keep_me(response, phone.Me(operation.pk, person.pk, timezone.localdate(at)))
    return response


@never_cache
@require_safe
def phone_done(request: HttpRequest, operation_id: int) -> HttpResponse:
    """Checked in: the number of the day and what to do next. Loading it again changes nothing."""
    operation, me = _operation(operation_id), phone.me(request)
    if operation is None:
        return _closed(request)
    at = operation.moment(timezone.now())
    visit = None
    if me is not None and me.operation == operation_id:
        visit = services.visit_today(operation, me.volunteer, at=at)
    if visit is None:
        return redirect("phone_check_in", operation_id)
    answers = Answers(operation, [visit.volunteer_id], [timezone.localdate(at)])
    standing = answers.standing(visit.volunteer_id, timezone.localdate(at))
    blocks = [*departure_blocks(visit, at=at), *answers.blocks(visit.volunteer_id, timezone.localdate(at))]
    todo = [f"todo_{block.code}" for block in blocks]
    session = None
    if "todo_orientation" in todo:
        session = OrientationSession.objects.filter(operation=operation).to_come(at).first()
    return _page(
        request, "done", operation,
        questions=_to_ask(standing, languages.chosen(request)),
        name=_short(visit.volunteer), number=services.number_of(visit), todo=todo or ["todo_none"], session=session,
    )  # fmt: skip


def _to_ask(standing: Standing | None, language: str) -> list[tuple[str, Words]]:
    """What nobody has answered yet, in the phone's language."""
    return [(code, QUESTIONS[code].words(language)) for code in standing.left] if standing else []


@never_cache
@require_POST
def phone_answers(request: HttpRequest, operation_id: int) -> HttpResponse:
    """What whoever checked in on this phone says to the questions of the day. Only theirs, only today."""
    operation = _operation(operation_id)
    if operation is None:
        return _closed(request)
    person = _mine(request, operation)
    if person is not None:
        said = {code: request.POST.get(f"q_{code}", "")[:3] for code in operation.day_questions}
        services.answer(operation, person, said, at=operation.moment(timezone.now()))
    return redirect("phone_done", operation_id)


def _short(person: Volunteer) -> str:
    return family_first_letter(person.family_name, person.given_name)


@never_cache
@require_safe
def phone_orientation_scan(request: HttpRequest, session_id: int, code: str) -> HttpResponse:
    """The code at the end of a briefing, good for a minute."""
    session = _session(session_id)
    if session is None:
        return _closed(request)
    if not orientation_codes.opens(session, code, at=timezone.now()):
        return _page(request, "old_code", session.operation, status=410)
    response = redirect("phone_orientation", session_id)
    phone.keep_heard(response, session_id, phone.new_mark())
    return response


@never_cache
@FORM
def phone_orientation(request: HttpRequest, session_id: int) -> HttpResponse:
    """One tap for who checked in on this phone; the two questions for everybody else."""
    session = _session(session_id)
    if session is None:
        return _closed(request)
    heard = phone.heard(request, session_id)
    if not heard:
        return _page(request, "old_code", session.operation, status=410)
    mine = _mine(request, session.operation)
    problem = ""
    if request.method == "POST":
        person = mine if "mine" in request.POST else None
        if person is None:
            person, problem = _asked_for(request, session.operation, heard)
        if person is not None:
            at = session.operation.moment(timezone.now())
            happened = services.heard(session, person, at=at)
            known = "" if happened.visit is not None else "?arrival=1"
            return redirect(reverse("phone_orientation_done", args=[session_id]) + known)
    return _page(
        request, "orientation", session.operation,
        mine=_short(mine) if mine else "", problem=problem, status=422 if request.method == "POST" else 200,
    )  # fmt: skip


def _mine(request: HttpRequest, operation: Operation) -> Volunteer | None:
    me = phone.me(request)
    at = operation.moment(timezone.now())
    if me is None or me.operation != operation.pk:
        return None
    visit = services.visit_today(operation, me.volunteer, at=at)
    return visit.volunteer if visit and me.day in (timezone.localdate(at), visit.day) else None


@never_cache
@require_safe
def phone_orientation_done(request: HttpRequest, session_id: int) -> HttpResponse:
    """Thanks. Nothing about the person: it may be shown to anybody."""
    session = _session(session_id)
    if session is None:
        return _closed(request)
    return _page(request, "orientation_done", session.operation, arrival_missing="arrival" in request.GET)

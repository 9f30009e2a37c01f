"""What is asked (the chief), and today's list (the reception)."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.accounts.roles import May
from dvc.audit.services import looked
from dvc.operations.models import QuestionsStop
from intake.questions import catalog, day, services
from intake.questions.catalog import QUESTIONS
from intake.questions.forms import QuestionsForm
from intake.volunteers.models import Volunteer


@require_http_methods(["GET", "HEAD", "POST"])
def questions_settings(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Choose what is asked in this operation."""
    operation = request.operation
    chosen = {
        kind: [code for code in operation.day_questions if code in QUESTIONS and QUESTIONS[code].kind == kind]
        for kind in ("health", "gear", "info")
    }
    form = QuestionsForm(
        request.POST if request.method == "POST" else None,
        initial={**chosen, "stop": operation.questions_stop},
    )
    if request.method == "POST" and form.is_valid():
        services.set_asked(
            operation, codes=form.codes(), stop=QuestionsStop(form.cleaned_data["stop"]), by=by(request),
            at=request.now,
        )  # fmt: skip
        messages.success(request, "変更しました。タブレットには、つながったときに届きます。")
        return redirect("settings", operation_id)
    return render(
        request, "intake/questions/settings.html", {"form": form}, status=422 if form.errors else 200
    )


_TALK = (
    "本人に話を聞いてください。活動してよいと決めたら「話を聞いた。活動してよい」を押します。"
    "休むときは、「帰り」を記録してください。"
)
_NOT_SHOWN = "体調の答えは、センター長の画面にだけ出ます。班長は、どう答えたかを本人に聞きます。"


@require_safe
@never_cache  # health answers: not for the browser's cache of a shared computer
def questions_day(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Who still has to be asked, talked with, or lent something."""
    # What people said about their health is for those who decide whether they go out.
    decides = access.may(request.roles, May.RUN_CENTER)
    today = day.today(request.operation, health=decides, at=request.now)
    if decides:
        for row in today.talk:
            looked(row.visit.volunteer, by=by(request), classes="V2", why="今日の質問の答え", at=request.now)
    talk = _TALK if decides else f"{_NOT_SHOWN}{_TALK}"
    return render(request, "intake/questions/day.html", {"today": today, "talk": talk})


@require_POST
def questions_answer(request: StaffRequest, operation_id: int, volunteer_id: int) -> HttpResponse:
    """Somebody asked at the desk. `pick`: question.answer, "all.yes" for everything that nobody has answered, "health.yes"
    after a talk for every answer about health: whoever talked need not know which one it was about."""
    operation = request.operation
    person = access.of_center(request.center, Volunteer.objects.known_in(operation).living(), volunteer_id)
    pick = request.POST.get("pick", "")[:40]
    code, _, said = pick.partition(".")
    at_once = pick == "all.yes"
    codes = [code]
    if at_once:
        codes = catalog.at_once(operation.day_questions)
    elif pick == "health.yes":
        codes = services.answered_of_health(operation, person, at=request.now)
    changed = services.say(
        operation, person, answers=dict.fromkeys(codes, said), by=by(request), at=request.now,
        only_new=at_once,
    )  # fmt: skip
    anchor = day.anchor(volunteer_id)
    if changed:
        saved = _saved(changed, said)
        messages.success(request, f"{person.name}さんの答えを記録しました：{saved}", extra_tags=anchor)
    elif at_once:  # each has been answered since the page was opened
        messages.info(request, f"{person.name}さんの答えは、もう記録されています。", extra_tags=anchor)
    else:
        messages.error(
            request,
            "答えを記録できませんでした。画面を開き直して、もう一度押してください。",
            extra_tags=anchor,
        )
    return redirect(reverse("questions_day", args=[operation_id]) + f"#{anchor}")


def _saved(codes: Collection[str], said: str) -> str:
    """What was recorded, in words. Of health only that it was asked: a message lies in the session's table until it is
    shown, and what somebody said about it stands in one table only."""
    asked = [QUESTIONS[code] for code in codes]
    words = (
        question.name if question.kind == "health" else f"{question.name}「{getattr(question.ja, said)}」"
        for question in asked
    )
    return "・".join(words)

"""「もし…だったら」 and 「何を大事にするか」: ask, wait, compare, take over."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from intake.help_requests.models import Need
from intake.help_requests.numbers import number_of
from matching.proposals import what_if
from matching.proposals.compare import Comparison, sentences
from matching.proposals.forms import one_id
from matching.proposals.models import MatchRun, RunState, WhatIf
from matching.proposals.runs import OFFERED_FOR
from matching.proposals.status import SILENT_AFTER
from matching.proposals.weights import ASPECTS, STEPS, set_weights, steps_of, told
from matching.proposals.what_if import Change

SHOWN = 8
TABLE = (
    ("served", "行ける困りごと", "件"),
    ("crisis", "うち危機介入", "件"),
    ("people", "活動する人", "人"),
    ("teams", "班", "班"),
    ("travel", "移動（全部の班の合計）", "分"),
)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: StaffRequest, operation_id: int) -> HttpResponse:
    """What would be different, and what was asked before."""
    steps, refusal = steps_of(request.operation), ""
    if request.method == "POST":
        steps = _steps(request.POST)
        try:
            asked = what_if.ask(request.operation, _change(request, steps), by=by(request), at=request.now)
        except Refused as refused:
            refusal = refused.text
        else:
            return redirect("what_if_result", operation_id, asked.pk)
    before = WhatIf.objects.filter(operation=request.operation, state=RunState.DONE)
    context = {
        "aspects": [(name, label, steps.get(name, 0)) for name, label in ASPECTS.items()],
        "steps": STEPS.items(), "sent": request.POST, "refusal": refusal, "now_told": told(steps_of(request.operation)),
        "before": [(one, _sentences(one)) for one in before[:SHOWN]], "section": "matching_board",
    }  # fmt: skip
    return render(request, "matching/proposals/what_if.html", context, status=409 if refusal else 200)


def _steps(sent: QueryDict) -> dict[str, int]:
    names = {str(step): step for step in STEPS}
    return {name: names.get(sent.get(name, ""), 0) for name in ASPECTS}


def _change(request: StaffRequest, steps: dict[str, int]) -> Change:
    sent = request.POST
    number = number_of(sent.get("closed", ""))
    return Change(
        steps=steps,
        leaders=_few(sent.get("leaders")),
        trucks=_few(sent.get("trucks")),
        people=_few(sent.get("people")),
        closed=what_if.need_numbered(request.operation, number).pk if number else 0,
        earlier=min(_few(sent.get("earlier")) * 30, 240),
    )


def _few(text: str | None) -> int:
    return min(one_id(text) or 0, what_if.MOST)


def _sentences(asked: WhatIf) -> list[str]:
    change = Change.from_json(asked.change)
    closed = Need.objects.filter(pk=change.closed).values_list("number", flat=True) if change.closed else ()
    return change.sentences(number=next(iter(closed), 0))


@never_cache
@require_safe
def result(request: StaffRequest, operation_id: int, what_if_id: int) -> HttpResponse:
    """The two plans beside one another; until they are made, how far the engine is."""
    context = _result_context(request, what_if_id) | {"section": "matching_board"}
    return render(request, "matching/proposals/compared.html", context)


@never_cache
@require_safe
def result_part(request: StaffRequest, operation_id: int, what_if_id: int) -> HttpResponse:
    """The part that changes, or 204."""
    context = _result_context(request, what_if_id)
    if request.GET.get("version") == context["version"]:
        return HttpResponse(status=204)
    response = render(request, "matching/proposals/_compared.html", context)
    response["X-Version"] = context["version"]
    return response


def _result_context(request: StaffRequest, what_if_id: int) -> dict[str, Any]:
    asked = access.of_operation(request.operation, WhatIf.objects.all(), what_if_id)
    waits = asked.state == RunState.REQUESTED
    heard = asked.preparing_at or asked.asked_at
    silent = waits and not asked.done and timezone.now() - heard > SILENT_AFTER
    preparing = waits and not asked.done and not silent and asked.preparing_at is not None
    context: dict[str, Any] = {
        "asked": asked, "asked_for": _sentences(asked), "percent": round(100 * asked.done), "silent": silent,
        "preparing": preparing, "version": f"{asked.state}.{asked.done:.2f}.{silent}.{preparing}",
        "only_weights": Change.from_json(asked.change).only_weights,
    }  # fmt: skip
    if asked.result is not None:
        found = Comparison.from_json(asked.result)
        numbers = dict(Need.objects.filter(pk__in=(*found.gained, *found.lost)).values_list("pk", "number"))
        # A proposal of then would not be offered any more either.
        past = asked.finished_at is not None and request.now - asked.finished_at > OFFERED_FOR
        said = list(sentences(found, numbers=numbers, past=past))
        context |= _comparison(found) | {"said": said, "past": past}
    return context


def _comparison(found: Comparison) -> dict[str, Any]:
    needs = Need.objects.select_related("household__town").order_by("number")
    return {
        "table": [
            (label, getattr(found.before, name), getattr(found.after, name), unit)
            for name, label, unit in TABLE
        ],
        "gained": needs.filter(pk__in=found.gained),
        "lost": needs.filter(pk__in=found.lost),
    }


@never_cache
@require_safe
def last_two(request: StaffRequest, operation_id: int) -> HttpResponse:
    """What the newest proposals changed against those before them."""
    answered = MatchRun.objects.filter(operation=request.operation, state=RunState.DONE)
    after, before = (*answered.only("finished_at", "changed")[:2], None, None)[:2]
    context: dict[str, Any] = {"after": after, "before": before, "section": "matching_board"}
    if after is not None and after.changed is not None:
        found = Comparison.from_json(after.changed)
        context |= _comparison(found) | {"moved": found.moved}
    return render(request, "matching/proposals/last_two.html", context)


@require_POST
def take_over(request: StaffRequest, operation_id: int, what_if_id: int) -> HttpResponse:
    """「この重みにする」"""
    asked = access.of_operation(request.operation, WhatIf.objects.all(), what_if_id)
    reason = request.POST.get("reason", "").replace("\x00", "")
    return _set(request, operation_id, Change.from_json(asked.change).steps or {}, reason)


@require_POST
def usual(request: StaffRequest, operation_id: int) -> HttpResponse:
    """「すべてふつうに戻す」"""
    return _set(request, operation_id, {}, "ふつうに戻す")


def _set(request: StaffRequest, operation_id: int, steps: Any, reason: str) -> HttpResponse:
    try:
        set_weights(request.operation, steps, reason=reason, by=by(request), at=request.now)
    except Refused as refused:
        messages.error(request, refused.text)
        return redirect("what_if", operation_id)
    messages.success(
        request, "つぎの提案から、この大事さで組みます。「何を大事にするか」でいつでも戻せます。"
    )
    return redirect("matching_board", operation_id)

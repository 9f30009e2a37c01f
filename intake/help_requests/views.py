"""The page of a need: what is known, its work, its steps and the calls about it. Rules live in the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts.policy import StaffRequest, by
from dvc.audit.models import Entry, Look
from dvc.audit.services import looked
from dvc.core.japanese import said_hours
from dvc.core.refused import Refused
from intake.help_requests import call_backs, crisis, services
from intake.help_requests.answers import Damage, Lifeline
from intake.help_requests.call_forms import PromiseForm, TryForm
from intake.help_requests.finding import need_of
from intake.help_requests.item_forms import ItemForm, item_forms
from intake.help_requests.models import (
    WITH_A_TEAM,
    CallBack,
    CallTry,
    Hazard,
    Need,
    NeedState,
    Tool,
    WorkItem,
)
from intake.help_requests.sheet_form import NeedForm
from intake.help_requests.sheet_views import everything_said, show_sheet
from intake.help_requests.states import CHIPS, COARSE, ENDINGS, STEPS
from intake.help_requests.step_forms import CallForm, ClearForm, StepForm
from intake.help_requests.triage import Ending, advice_for_need, suggested_ending
from intake.volunteers.models import Skill

LATEST_LOOKS: Final = 20
FORM = require_http_methods(["GET", "HEAD", "POST"])
S = NeedState

# Steps the desk takes on this page. Teams take the others: dispatch and report.
DESK_STEPS: Final = (
    S.TRIAGE, S.SURVEY_WAIT, S.SURVEYED, S.ON_HOLD, S.REFERRED, S.DECLINED, S.WITHDRAWN, S.DONE_OTHERS, S.UNREACHABLE,
    S.DUPLICATE,
)  # fmt: skip
STEP_WORDS: Final[Mapping[NeedState, str]] = {
    S.TRIAGE: "確認中に戻す",
    S.SURVEY_WAIT: "現地調査を頼む",
    S.SURVEYED: "調査が済んだ",
    S.ON_HOLD: "保留にする",
    S.REFERRED: "ほかの機関へつなぐ",
    S.DECLINED: "お断りする（対応できない）",
    S.WITHDRAWN: "取下げにする",
    S.DONE_OTHERS: "ほかで済んだ",
    S.UNREACHABLE: "連絡がつかないので終える",
    S.DUPLICATE: "重複にする",
}

ACTION_WORDS: Final[Mapping[str, str]] = {
    "need.received": "受け付けた",
    "need.edited": "内容を直した",
    "need.moved": "手順を進めた",
    "need.confirmed": "電話で確かめた",
    "need.imported": "ファイルから取り込んだ",
    "web_request.answered": "本人がリンクから答えた",
    "web_request.answer_seen": "本人の申し出を読んだ",
    "web_request.link_made": "本人用のリンクを出した",
    "web_request.link_stopped": "本人用のリンクを止めた",
    "need.hazards_cleared": "危険を確認済みにした",
    "need.item_added": "作業を追加した",
    "need.item_edited": "作業を直した",
    "need.item_removed": "作業を消した",
    "need.caller_added": "電話の内容を追加した",
    "need.item_cleared": "作業の危険を確認済みにした",
    "need.call_promised": "折り返しを約束した",
    "need.call_tried": "電話をかけた",
    "need.crisis_raised": "危機介入をボードに出した",
    "need.crisis_seen": "危機介入を確認した",
    "need.crisis_called_off": "危機介入の印を外した",
    "need.edit_not_saved": "同時に直した内容を残した",
}


@never_cache
@require_safe
def need_detail(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """Everything about one need. Opening it is logged (この人を誰が見たか). A duplicate leads to the one that stands, unless its
    own page is asked for (`?own=1`)."""
    need = need_of(request, need_id)
    if need.duplicate_of is not None and "own" not in request.GET:
        messages.info(request, f"N{need.number} は、この依頼（N{need.standing.number}）にまとめてあります。")
        return redirect("need_detail", operation_id, need.standing.pk)
    looked(need, by=by(request), classes="P1 P2 P3 P4", why="need page", at=request.now)
    return show_need(request, need)


def show_need(
    request: StaffRequest,
    need: Need,
    *,
    refusal: str = "",
    step_form: StepForm | None = None,
    call_form: CallForm | None = None,
    clear_form: ClearForm | None = None,
    try_form: TryForm | None = None,
    promise_form: PromiseForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, with what was sent and refused still in its forms."""
    state = NeedState(need.state)
    items = list(need.items.all())
    advice = advice_for_need(request.center, need, {item.category for item in items})
    ending = suggested_ending(advice)
    can_be_ready = S.READY in STEPS[state] and state not in WITH_A_TEAM
    entries = Entry.objects.about(need).select_related("actor").order_by("-id")[:LATEST_LOOKS]
    context = {
        "section": "need_list",
        "need": need,
        "title": need.summary or "、".join(dict.fromkeys(item.get_category_display() for item in items)),
        "word": COARSE[state],
        "chip": CHIPS[COARSE[state]],
        "days": need.days_waited(request.now),
        "age": _age(need, request.now.year),
        "facts": _facts(need),
        "items": [(item, _item_words(item)) for item in items],
        "advice": advice,
        "blocking": services.blocking_hazards(need),
        "can_be_ready": can_be_ready,
        "missing": [refused.text for refused in services.what_is_missing(need)] if can_be_ready else [],
        "steps": _steps(state, step_form, ending),
        "with_a_team": state in WITH_A_TEAM,
        "can_be_completed": S.COMPLETED in STEPS[state] and state not in WITH_A_TEAM,
        "changes": need.changes.select_related("by").order_by("-at", "-id"),
        "callers": need.callers.select_related("person").order_by("-at"),
        "duplicates": need.duplicates.all(),
        "dispatches": need.dispatches.select_related("team", "report").all(),
        "entries": [(entry, _entry_words(entry)) for entry in entries],
        "looks": Look.objects.filter(subject_type="help_requests.need", subject_id=str(need.pk))
        .select_related("actor")
        .order_by("-id")[:LATEST_LOOKS],
        "alerts": [
            (
                alert,
                crisis.sides(alert, request.center, request.roles, user=by(request).user, at=timezone.now()),
            )
            for alert in crisis.standing(request.operation)
            if alert.need_id == need.pk
        ],
        **_calls(need),
        "try_form": try_form or TryForm(),
        "promise_form": promise_form or PromiseForm(),
        "suggested": ending.to if ending else None,
        "call_form": call_form or CallForm(),
        "clear_form": clear_form or ClearForm(),
        "refusal": refusal,
        "tile_url": settings.MAP_TILE_URL,
        "tile_credit": settings.MAP_TILE_CREDIT,
    }
    return render(request, "intake/help_requests/need_detail.html", context, status=status)


def _calls(need: Need) -> dict[str, Any]:
    """The call that is due, how often it was tried in vain, and every try. Three queries at most."""
    call = CallBack.objects.open().filter(need=need).first()
    in_vain = call_backs.in_vain(call) if call else 0
    return {
        "call": call,
        "in_vain": in_vain,
        "give_up": in_vain >= call_backs.TRIES_BEFORE_UNREACHABLE,
        "tries": CallTry.objects.filter(call_back__need=need).select_related("by").order_by("-at", "-id"),
    }


def _entry_words(entry: Entry) -> str:
    words = ACTION_WORDS.get(entry.action, entry.action)
    to = entry.details.get("to", "")
    return f"{words}：{NeedState(to).label}" if to in NeedState.values else words


def _age(need: Need, year: int) -> int | None:
    born = need.resident.birth_year if need.resident else None
    return year - born if born else None


def _facts(need: Need) -> dict[str, list[str]]:
    """The ticked codes in words; a code from elsewhere is shown as it is."""
    kinds: dict[str, tuple[Any, list[str]]] = {
        "damage_kinds": (Damage, need.damage_kinds),
        "lifelines": (Lifeline, need.lifelines),
        "hazards": (Hazard, need.hazards),
    }
    return {name: [_label(choices, code) for code in codes] for name, (choices, codes) in kinds.items()}


def _label(choices: Any, code: str) -> str:
    return str(choices(code).label) if code in choices.values else code


def _item_words(item: WorkItem) -> list[str]:
    """What the work asks for, beside people and time."""
    words = [f"{_label(Skill, code)} {count}人" for code, count in item.skills.items()]
    words += [f"{_label(Tool, code)} {count}" for code, count in item.tools.items()]
    words += ["軽トラック"] if item.needs_truck else []
    words += ["女性だけ"] if item.women_only else [f"女性{item.women_min}人以上"] if item.women_min else []
    words += [item.language] if item.language else []
    words += [] if item.minors_ok else ["大人だけ"]
    words += [f"{item.visits}回伺う見込み"] if item.visits > 1 else []
    if item.open_from or item.open_until:
        words.append(f"時刻は{said_hours(item.open_from, item.open_until)}")
    words += [f"危険：{_label(Hazard, code)}" for code in item.hazards]
    words += [f"確認済み（{item.hazards_cleared_note}）"] if item.hazards_cleared_note else []
    return words


def _steps(
    state: NeedState, sent: StepForm | None, ending: Ending | None
) -> list[tuple[NeedState, str, StepForm, bool]]:
    """(step, words of its button, its form, opened because it was sent back) for what the desk may do next. The ending
    that a rule advises has its reason chosen already."""
    if state in WITH_A_TEAM:
        return []
    sent_to = sent["to"].value() if sent else None
    return [
        (
            to,
            _words_of(state, to),
            sent
            if sent and sent_to == to
            else StepForm(to=to, ending=ending if ending and ending.to == to else None),
            sent_to == to,
        )
        for to in DESK_STEPS
        if to in STEPS[state]
    ]


def _words_of(state: NeedState, to: NeedState) -> str:
    return "もう一度、現地調査を頼む" if (state, to) == (S.SURVEYED, S.SURVEY_WAIT) else STEP_WORDS[to]


# ── work ───────────────────────────────────────────────────────────────────────────────────────


@never_cache
@FORM
def need_item_add(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    return _item(request, need_of(request, need_id), None)


@never_cache
@FORM
def need_item_edit(request: StaffRequest, operation_id: int, need_id: int, item_id: int) -> HttpResponse:
    need = need_of(request, need_id)
    return _item(request, need, _item_of(need, item_id))


def _item_of(need: Need, item_id: int) -> WorkItem:
    item = need.items.filter(pk=item_id).first() if item_id <= 2**63 - 1 else None
    if item is None:
        raise Http404
    return item


def _item(request: StaffRequest, need: Need, item: WorkItem | None) -> HttpResponse:
    form = ItemForm(
        request.POST if request.method == "POST" else None, operation=need.operation, prefix="w1", item=item
    )
    status, stands = 200, None
    seen = request.POST.get("seen", "")[:64]
    if request.method == "POST":
        status = 422
        if form.is_valid() and form.is_blank:
            form.add_error("category", "何をするかを選んでください。")
        if form.is_valid():
            try:
                if item is None:
                    services.add_item(need, form.answers(), by=by(request), at=request.now)
                else:
                    services.edit_item(item, form.answers(), seen=seen, by=by(request), at=request.now)
            except Refused as refused:
                form.add_error(None, refused.text)
                status = 409
                if item is not None and refused.code == "need.item_changed":
                    stands = _item_of(need, item.pk)
                    seen = services.mark_of_item(stands)
            else:
                messages.success(request, "作業の内容を保存しました。")
                return redirect("need_detail", request.operation.pk, need.pk)
    elif item is not None:
        seen = services.mark_of_item(item)
    context = {
        "section": "need_list", "need": need, "form": form, "item": item, "seen": seen, "stands": stands,
        "stands_words": _item_words(stands) if stands else [],
    }  # fmt: skip
    return render(request, "intake/help_requests/need_item.html", context, status=status)


@require_POST
def need_item_remove(request: StaffRequest, operation_id: int, need_id: int, item_id: int) -> HttpResponse:
    need = need_of(request, need_id)
    try:
        services.remove_item(_item_of(need, item_id), by=by(request), at=request.now)
    except Refused as refused:
        return show_need(request, need, refusal=refused.text, status=409)
    messages.success(request, "作業を消しました。")
    return redirect("need_detail", operation_id, need.pk)


@require_POST
def need_item_clear(request: StaffRequest, operation_id: int, need_id: int, item_id: int) -> HttpResponse:
    """Somebody made sure that this one piece of work may be done."""
    need = need_of(request, need_id)
    form = ClearForm(request.POST)
    if not form.is_valid():
        return show_need(
            request, need, refusal="だれが何を確認したかを、120文字以内で書いてください。", status=422
        )
    try:
        services.clear_item(
            _item_of(need, item_id), note=form.cleaned_data["note"], by=by(request), at=request.now
        )
    except Refused as refused:
        return show_need(request, need, refusal=refused.text, status=409)
    messages.success(request, "この作業の危険は確認済みにしました。")
    return redirect("need_detail", operation_id, need.pk)


# ── steps ──────────────────────────────────────────────────────────────────────────────────────


@require_POST
def need_ready(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    need = need_of(request, need_id)
    try:
        services.make_ready(need, by=by(request), at=request.now)
    except Refused as refused:
        return show_need(request, need, refusal=refused.text, status=409)
    messages.success(request, f"N{need.number} をマッチング待ちにしました。")
    return redirect("need_detail", operation_id, need.pk)


@require_POST
def need_step(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """One of `DESK_STEPS`, or 完了 where the table allows it without a team."""
    need = need_of(request, need_id)
    asked = request.POST.get("to", "")
    to = NeedState(asked) if asked in NeedState.values else None
    form = StepForm(request.POST, to=to)
    if to not in (*DESK_STEPS, S.COMPLETED) or need.state in WITH_A_TEAM:
        refusal = Refused(
            "need.step_not_allowed", now=NeedState(need.state).label, to=to.label if to else "？"
        )
        return show_need(request, need, refusal=refusal.text, status=409)
    if not form.is_valid():
        return show_need(request, need, step_form=form, status=422)
    if _taken_just_now(request, need, to, form):
        messages.info(request, f"N{need.number} は、もう「{to.label}」になっています。")
        return redirect("need_detail", operation_id, need.pk)
    try:
        _take_step(request, need, to, form)
    except Refused as refused:
        if refused.code in ("need.changed", "need.step_not_allowed"):
            said = [
                ("進め方", str(to.label)),
                ("理由", form.full_reason()),
                ("伝えた人", form.cleaned_data["told"]),
            ]
            services.keep_unsaved(need, said, by=by(request), at=request.now)
        return show_need(request, need_of(request, need_id), refusal=refused.text, step_form=form, status=409)
    messages.success(request, f"N{need.number} を「{to.label}」にしました。")
    return redirect("need_detail", operation_id, need.pk)


def _taken_just_now(request: StaffRequest, need: Need, to: NeedState, form: StepForm) -> bool:
    """The same press a second time: this person has taken this step with these words, and nothing has followed."""
    last = need.changes.order_by("at", "id").last()
    same = (last.to_state, last.by_id, last.reason) if last else None
    return need.state == to and same == (to, request.user.pk, form.full_reason()[:200])


def _take_step(request: StaffRequest, need: Need, to: NeedState, form: StepForm) -> None:
    reason, told = form.full_reason(), form.cleaned_data["told"]
    if to == S.ON_HOLD:
        services.hold(
            need, code=form.code, reason=reason, told=told, review_on=form.cleaned_data["review_on"], by=by(request),
            at=request.now,
        )  # fmt: skip
        return
    if to not in ENDINGS:
        services.move(need, to, reason=reason, code=form.code, told=told, by=by(request), at=request.now)
        return
    number = form.cleaned_data["first_number"]
    first = Need.objects.filter(operation=request.operation, number=number).first() if number else None
    services.end(
        need, to, code=form.code, reason=reason, told=told, first=first, by=by(request), at=request.now
    )


@require_POST
def need_clear_hazards(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    need = need_of(request, need_id)
    form = ClearForm(request.POST)
    if not form.is_valid():
        return show_need(request, need, clear_form=form, status=422)
    try:
        services.clear_hazards(need, note=form.cleaned_data["note"], by=by(request), at=request.now)
    except Refused as refused:
        return show_need(request, need, refusal=refused.text, status=409)
    messages.success(request, "危険は確認済みにしました。")
    return redirect("need_detail", operation_id, need.pk)


@require_POST
def need_add_call(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """A further call about this need, from its page."""
    need = need_of(request, need_id)
    if "form_token" in request.POST:
        return _add_call_of_sheet(request, need)
    form = CallForm(request.POST)
    if not form.is_valid():
        return show_need(request, need, call_form=form, status=422)
    return _add_call(request, need, form, form.cleaned_data["description"])


def _add_call_of_sheet(request: StaffRequest, need: Need) -> HttpResponse:
    """The desk saw on a new sheet that the need is known: every word of the sheet is kept with the call."""
    sheet = NeedForm(request.POST, operation=request.operation, year=request.now.year)
    items = item_forms(request.POST, operation=request.operation)
    form = CallForm(request.POST, from_sheet=True)
    if not all([form.is_valid(), sheet.is_valid(), *(item.is_valid() for item in items)]):
        return show_sheet(request, sheet, items, status=422)
    if sheet.cleaned_data["needs_crisis"]:
        services.flag_crisis(need, by=by(request), at=request.now)
        messages.error(
            request,
            "危機介入の印を付け、すべてのボードに出しました。いますぐ班長とセンター長に口頭でも知らせてください。",
        )
    return _add_call(
        request, need, form, everything_said(sheet, items), form_token=sheet.cleaned_data["form_token"]
    )


def _add_call(
    request: StaffRequest, need: Need, form: CallForm, note: str, *, form_token: UUID | None = None
) -> HttpResponse:
    services.add_call(
        need, form.caller(), relation=form.cleaned_data["relation"], note=note, by=by(request), at=request.now,
        form_token=form_token,
    )  # fmt: skip
    messages.success(request, f"N{need.number} に電話の内容を追加しました。")
    return redirect("need_detail", request.operation.pk, need.pk)

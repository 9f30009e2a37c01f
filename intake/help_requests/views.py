"""The phone desk: receive a call, find what is known, keep a need right and bring it to a team. Rules live in the
services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.audit.models import Entry, Look
from dvc.audit.services import looked
from dvc.core.refused import Refused
from intake.help_requests import duplicates, services
from intake.help_requests.answers import Damage, Judgement, Lifeline
from intake.help_requests.forms import (
    CallForm,
    ClearForm,
    ItemForm,
    NeedForm,
    StepForm,
    item_forms,
    sheet_of,
)
from intake.help_requests.models import Hazard, Need, NeedChange, NeedQuerySet, NeedState, Tool, WorkItem
from intake.help_requests.referrals import advice_for
from intake.help_requests.states import CHIPS, COARSE, STEPS
from intake.people import services as people
from intake.people import towns
from intake.people.models import Person, Town
from intake.people.services import HouseholdAnswers
from intake.volunteers.models import Skill, WorkCategory

PER_PAGE: Final = 30
LONGEST_QUESTION: Final = 100
LATEST_LOOKS: Final = 20
TOWNS_IN_THE_PAGE: Final = 800
FORM = require_http_methods(["GET", "HEAD", "POST"])
S = NeedState

# The tabs of the list: the word people know → the states behind it.
TABS: Final[dict[str, tuple[str, frozenset[NeedState]]]] = {
    "open": ("続いているもの", frozenset(s for s in S if COARSE[s] not in ("完了", "終了"))),
    "received": ("受付中", frozenset(s for s in S if COARSE[s] == "受付中")),
    "call_back": ("折り返し・確認", frozenset({S.TRIAGE})),
    "survey": ("調査中", frozenset(s for s in S if COARSE[s] == "調査中")),
    "ready": ("マッチング待ち", frozenset(s for s in S if COARSE[s] == "マッチング待ち")),
    "active": ("活動中", frozenset(s for s in S if COARSE[s] == "活動中")),
    "hold": ("保留", frozenset({S.ON_HOLD})),
    "done": ("完了", frozenset({S.COMPLETED})),
    "closed": ("終了", frozenset(s for s in S if COARSE[s] == "終了")),
}

# Steps the desk takes on this page. Teams take the others: dispatch and report.
DESK_STEPS: Final = (
    S.TRIAGE, S.SURVEY_WAIT, S.SURVEYED, S.ON_HOLD, S.REFERRED, S.DECLINED, S.WITHDRAWN, S.UNREACHABLE, S.DUPLICATE,
)  # fmt: skip
WITH_A_TEAM: Final = frozenset({S.ASSIGNED, S.IN_PROGRESS})
STEP_WORDS: Final[Mapping[NeedState, str]] = {
    S.TRIAGE: "確認中に戻す",
    S.SURVEY_WAIT: "現地調査を頼む",
    S.SURVEYED: "調査が済んだ",
    S.ON_HOLD: "保留にする",
    S.REFERRED: "ほかの機関へつなぐ",
    S.DECLINED: "お断りする（対応できない）",
    S.WITHDRAWN: "取下げにする",
    S.UNREACHABLE: "連絡がつかないので終える",
    S.DUPLICATE: "重複にする",
}

ACTION_WORDS: Final[Mapping[str, str]] = {
    "need.received": "受け付けた",
    "need.edited": "内容を直した",
    "need.moved": "手順を進めた",
    "need.hazards_cleared": "危険を確認済みにした",
    "need.item_added": "作業を追加した",
    "need.item_edited": "作業を直した",
    "need.item_removed": "作業を消した",
    "need.caller_added": "電話の内容を追加した",
}


# ── the list ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Row:
    """One need in the list: P1 fields and the name, nothing more (reliability.md §4)."""

    need: Need
    word: str
    chip: str
    days: int
    works: str
    people: int
    why: str


@never_cache
@require_safe
def need_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Needs by coarse state or found by a search; crisis first, then who has waited longest."""
    question = request.GET.get("q", "")[:LONGEST_QUESTION].replace("\0", "").strip()
    tab = request.GET.get("tab", "open")
    tab = tab if tab in TABS else "open"
    counts = dict(
        Need.objects.filter(operation=request.operation)
        .values_list("state")
        .annotate(n=Count("id"))
        .order_by()
    )
    needs = Need.objects.filter(operation=request.operation)
    needs = needs.matching(towns.town_writing(question)) if question else needs.filter(state__in=TABS[tab][1])
    page = Paginator(_in_order(needs, newest_first=tab in ("done", "closed")), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "section": "need_list",
        "question": question,
        "tab": tab,
        "tabs": [
            (name, word, sum(counts.get(s, 0) for s in states)) for name, (word, states) in TABS.items()
        ],
        "page": page,
        "rows": [_row(request, need) for need in page],
        "query": "&" + urlencode({"q": question} if question else {"tab": tab}),
        "total": sum(counts.values()),
    }
    return render(request, "intake/help_requests/need_list.html", context)


def _in_order(needs: NeedQuerySet, *, newest_first: bool) -> NeedQuerySet:
    why = NeedChange.objects.filter(need=OuterRef("pk")).order_by("-id").values("reason")[:1]
    order = ("-id",) if newest_first else ("-needs_crisis", "received_at", "id")
    listed = needs.select_related("household__town", "resident", "requester").prefetch_related("items")
    return listed.annotate(why=Subquery(why)).order_by(*order)


def _row(request: StaffRequest, need: Need) -> Row:
    items = list(need.items.all())
    state = NeedState(need.state)
    return Row(
        need=need,
        word=COARSE[state],
        chip=CHIPS[COARSE[state]],
        days=need.days_waited(request.now),
        works="、".join(dict.fromkeys(WorkCategory(item.category).label for item in items)),
        people=sum(item.people_ideal for item in items),
        why=need.why if state in (S.TRIAGE, S.ON_HOLD) else "",  # type: ignore[attr-defined]
    )


# ── the call ───────────────────────────────────────────────────────────────────────────────────


@never_cache
@FORM
def need_new(request: StaffRequest, operation_id: int) -> HttpResponse:
    """One call, from the first sentence to the judgement. What is missing makes a draft, never a loss."""
    if request.method != "POST":
        form = NeedForm(operation=request.operation, year=request.now.year)
        return _show_sheet(request, form, item_forms(operation=request.operation))
    form = NeedForm(request.POST, operation=request.operation, year=request.now.year)
    items = item_forms(request.POST, operation=request.operation)
    if not all([form.is_valid(), *(item.is_valid() for item in items)]):
        return _show_sheet(request, form, items, status=422)
    try:
        need = _receive(request, form, items)
    except Refused as refused:
        form.add_error(None, refused.text)
        return _show_sheet(request, form, items, status=409)
    messages.success(request, f"N{need.number} を受け付けました。番号を電話の方に伝えてください。")
    if need.needs_crisis:
        messages.error(
            request, "危機介入の印が付いています。いますぐ班長とセンター長に口頭で知らせてください。"
        )
    return redirect("need_detail", operation_id, need.pk)


def _receive(request: StaffRequest, form: NeedForm, items: list[ItemForm]) -> Need:
    operation, at = request.operation, request.now
    caller = _known_caller(request, form)
    household: Any = form.household()
    if (
        caller is not None
        and caller.household is not None
        and form.asks_for_self
        and household == HouseholdAnswers()
    ):
        household = caller.household
    return services.receive(
        operation,
        caller=form.caller()
        if caller is None
        else people.fill_gaps(operation, caller, form.caller(), by=by(request), at=at),
        resident=form.resident(),
        household=household,
        answers=form.answers(),
        items=[item.answers() for item in items if not item.is_blank],
        judgement=form.judged(),
        judgement_reason=form.cleaned_data["judgement_reason"],
        form_token=form.cleaned_data["form_token"],
        by=by(request),
        at=at,
    )


def _known_caller(request: StaffRequest, form: NeedForm) -> Person | None:
    """The person of the register the desk picked, if they are of this operation's register."""
    pk = form.cleaned_data["known_caller"]
    if not pk or pk > 2**63 - 1:
        return None
    return Person.objects.known_in(request.operation).select_related("household").filter(pk=pk).first()


def _show_sheet(
    request: StaffRequest,
    form: NeedForm,
    items: list[ItemForm],
    *,
    need: Need | None = None,
    status: int = 200,
) -> HttpResponse:
    known = list(request.operation.center.towns.all()[: TOWNS_IN_THE_PAGE + 1])
    signs = [
        value
        for name in ("hazards", "damage_kinds")
        if name in form.fields
        for value in form[name].value() or []
    ]
    context = {
        "section": "need_list",
        "form": form,
        "items": items,
        "need": need,
        **_map(known),
        "advice": advice_for([value for value in signs if isinstance(value, str)]),
        "errors": [field for part in (form, *items) for field in part if field.errors],
        "phone": Judgement.PHONE,
    }
    return render(request, "intake/help_requests/need_sheet.html", context, status=status)


def _map(known: list[Town]) -> dict[str, Any]:
    """What the pin map and the list of 町丁目 need. A file with too many towns is searched on the server only."""
    shown = known if len(known) <= TOWNS_IN_THE_PAGE else []
    return {
        "towns": shown,
        "has_towns": bool(known),
        "town_points": [{"name": str(town), "lat": town.lat, "lng": town.lng} for town in shown],
        "tile_url": settings.MAP_TILE_URL,
        "tile_credit": settings.MAP_TILE_CREDIT,
    }


@never_cache
@require_POST
def need_similar(request: StaffRequest, operation_id: int) -> HttpResponse:
    """While the desk types: needs and people that may be the same, with the reason. A part of the sheet.

    By POST, so that no name or number gets into an address line or a log.
    """
    typed = {name: request.POST.get(name, "")[:LONGEST_QUESTION] for name in NeedForm.base_fields}
    town = towns.exactly(request.operation.center, typed["town"]) if typed["town"] else None
    asked = duplicates.asked(
        request.operation,
        people=[
            (typed[f"{who}_name"], typed[f"{who}_kana"], typed[f"{who}_phone"])
            for who in ("caller", "resident")
        ],
        town=town or towns.of_address(request.operation.center, typed["address"]),
        address=typed["address"],
    )
    found = duplicates.likely(request.operation, asked)
    rows = [
        {
            "found": one,
            "word": COARSE[NeedState(one.need.state)],
            "chip": CHIPS[COARSE[NeedState(one.need.state)]],
        }
        if one.need
        else {"found": one}
        for one in found
    ]
    context = {"rows": rows, "asked": asked.says_anything, "picked": typed["known_caller"]}
    return render(request, "intake/help_requests/_similar.html", context)


@never_cache
@require_POST
def need_town(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Which 町丁目 is meant by what is typed so far. A part of the sheet."""
    center = request.operation.center
    typed, address = (request.POST.get(name, "")[:LONGEST_QUESTION] for name in ("town", "address"))
    found = towns.find(center, typed) if typed else []
    town = towns.exactly(center, typed) if typed else towns.of_address(center, address)
    context = {"typed": typed, "town": town, "found": found, "asked": bool(typed or address)}
    return render(request, "intake/help_requests/_town.html", context)


@never_cache
@require_safe
def need_advice(request: StaffRequest, operation_id: int) -> HttpResponse:
    """What to say on the phone about the dangers that are ticked. A part of the sheet."""
    signs = [sign for name in ("hazards", "damage_kinds") for sign in request.GET.getlist(name)[:50]]
    signs += [request.GET.get(f"w{n}-category", "") for n in range(1, 4)]
    return render(request, "intake/help_requests/_advice.html", {"advice": advice_for(signs)})


# ── the page of a need ─────────────────────────────────────────────────────────────────────────


@never_cache
@require_safe
def need_detail(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """Everything about one need. Opening it is logged (この人を誰が見たか)."""
    need = _need(request, need_id)
    looked(need, by=by(request), classes="P1 P2 P3 P4", why="need page", at=request.now)
    return _show_need(request, need)


def _need(request: StaffRequest, need_id: int) -> Need:
    needs = Need.objects.select_related(
        "operation__center", "household__town", "household__center", "requester", "resident", "received_by",
        "duplicate_of",
    )  # fmt: skip
    return access.of_operation(request.operation, needs, need_id)


def _show_need(
    request: StaffRequest,
    need: Need,
    *,
    refusal: str = "",
    step_form: StepForm | None = None,
    call_form: CallForm | None = None,
    clear_form: ClearForm | None = None,
    status: int = 200,
) -> HttpResponse:
    state = NeedState(need.state)
    items = list(need.items.all())
    advice = advice_for([*need.hazards, *need.damage_kinds, *(item.category for item in items)])
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
        "steps": _steps(state, step_form),
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
        "call_form": call_form or CallForm(),
        "clear_form": clear_form or ClearForm(),
        "refusal": refusal,
        "tile_url": settings.MAP_TILE_URL,
        "tile_credit": settings.MAP_TILE_CREDIT,
    }
    return render(request, "intake/help_requests/need_detail.html", context, status=status)


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
    return words


def _steps(state: NeedState, sent: StepForm | None) -> list[tuple[NeedState, str, StepForm, bool]]:
    """(step, words of its button, its form, opened because it was sent back) for what the desk may do next."""
    if state in WITH_A_TEAM:
        return []
    sent_to = sent["to"].value() if sent else None
    return [
        (to, STEP_WORDS[to], sent if sent and sent_to == to else StepForm(to=to), sent_to == to)
        for to in DESK_STEPS
        if to in STEPS[state]
    ]


@never_cache
@FORM
def need_edit(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """The sheet again, as it was filled in. Of two people who save, the second is told."""
    need = _need(request, need_id)
    looked(need, by=by(request), classes="P1 P2 P3 P4", why="need edit", at=request.now)
    year = request.now.year
    if request.method != "POST":
        form = NeedForm(operation=request.operation, year=year, initial=sheet_of(need, year=year))
        return _show_sheet(request, form, [], need=need)
    form = NeedForm(request.POST, operation=request.operation, year=year)
    if not form.is_valid():
        return _show_sheet(request, form, [], need=need, status=422)
    try:
        services.correct(
            need,
            caller=form.caller(),
            resident=form.resident(),
            household=form.household(),
            answers=form.answers(),
            version=form.cleaned_data["version"] or 0,
            by=by(request),
            at=request.now,
        )
    except Refused as refused:
        form.add_error(None, refused.text)
        if refused.code == "need.changed":
            services.keep_unsaved(need, _typed(form), by=by(request), at=request.now)
        return _show_sheet(request, form, [], need=need, status=409)
    messages.success(request, "直した内容を保存しました。")
    return redirect("need_detail", operation_id, need.pk)


# ── work ───────────────────────────────────────────────────────────────────────────────────────


@never_cache
@FORM
def need_item_add(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    return _item(request, _need(request, need_id), None)


@never_cache
@FORM
def need_item_edit(request: StaffRequest, operation_id: int, need_id: int, item_id: int) -> HttpResponse:
    need = _need(request, need_id)
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
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and form.is_blank:
            form.add_error("category", "何をするかを選んでください。")
        if form.is_valid():
            try:
                if item is None:
                    services.add_item(need, form.answers(), by=by(request), at=request.now)
                else:
                    services.edit_item(item, form.answers(), by=by(request), at=request.now)
            except Refused as refused:
                form.add_error(None, refused.text)
                status = 409
            else:
                messages.success(request, "作業の内容を保存しました。")
                return redirect("need_detail", request.operation.pk, need.pk)
    context = {"section": "need_list", "need": need, "form": form, "item": item}
    return render(request, "intake/help_requests/need_item.html", context, status=status)


@require_POST
def need_item_remove(request: StaffRequest, operation_id: int, need_id: int, item_id: int) -> HttpResponse:
    need = _need(request, need_id)
    try:
        services.remove_item(_item_of(need, item_id), by=by(request), at=request.now)
    except Refused as refused:
        return _show_need(request, need, refusal=refused.text, status=409)
    messages.success(request, "作業を消しました。")
    return redirect("need_detail", operation_id, need.pk)


# ── steps ──────────────────────────────────────────────────────────────────────────────────────


@require_POST
def need_ready(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    need = _need(request, need_id)
    try:
        services.make_ready(need, by=by(request), at=request.now)
    except Refused as refused:
        return _show_need(request, need, refusal=refused.text, status=409)
    messages.success(request, f"N{need.number} をマッチング待ちにしました。")
    return redirect("need_detail", operation_id, need.pk)


@require_POST
def need_step(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """One of `DESK_STEPS`, or 完了 where the table allows it without a team."""
    need = _need(request, need_id)
    asked = request.POST.get("to", "")
    to = NeedState(asked) if asked in NeedState.values else None
    form = StepForm(request.POST, to=to)
    if to not in (*DESK_STEPS, S.COMPLETED) or need.state in WITH_A_TEAM:
        refusal = Refused(
            "need.step_not_allowed", now=NeedState(need.state).label, to=to.label if to else "？"
        )
        return _show_need(request, need, refusal=refusal.text, status=409)
    if not form.is_valid():
        return _show_need(request, need, step_form=form, status=422)
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
        return _show_need(request, _need(request, need_id), refusal=refused.text, step_form=form, status=409)
    messages.success(request, f"N{need.number} を「{to.label}」にしました。")
    return redirect("need_detail", operation_id, need.pk)


def _take_step(request: StaffRequest, need: Need, to: NeedState, form: StepForm) -> None:
    reason, told = form.full_reason(), form.cleaned_data["told"]
    if to != S.DUPLICATE:
        services.move(need, to, reason=reason, told=told, by=by(request), at=request.now)
        return
    number = form.cleaned_data["first_number"]
    first = Need.objects.filter(operation=request.operation, number=number).first() if number else None
    if first is None:
        raise Refused("need.duplicate_of_what")
    services.mark_duplicate(need, first, reason=reason, told=told, by=by(request), at=request.now)


@require_POST
def need_clear_hazards(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    need = _need(request, need_id)
    form = ClearForm(request.POST)
    if not form.is_valid():
        return _show_need(request, need, clear_form=form, status=422)
    try:
        services.clear_hazards(need, note=form.cleaned_data["note"], by=by(request), at=request.now)
    except Refused as refused:
        return _show_need(request, need, refusal=refused.text, status=409)
    messages.success(request, "危険は確認済みにしました。")
    return redirect("need_detail", operation_id, need.pk)


@require_POST
def need_add_call(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """A further call about this need, from its page."""
    need = _need(request, need_id)
    if "form_token" in request.POST:
        return _add_call_of_sheet(request, need)
    form = CallForm(request.POST)
    if not form.is_valid():
        return _show_need(request, need, call_form=form, status=422)
    return _add_call(request, need, form, form.cleaned_data["description"])


def _add_call_of_sheet(request: StaffRequest, need: Need) -> HttpResponse:
    """The desk saw on a new sheet that the need is known: every word of the sheet is kept with the call."""
    sheet = NeedForm(request.POST, operation=request.operation, year=request.now.year)
    items = item_forms(request.POST, operation=request.operation)
    form = CallForm(request.POST, from_sheet=True)
    if not all([form.is_valid(), sheet.is_valid(), *(item.is_valid() for item in items)]):
        return _show_sheet(request, sheet, items, status=422)
    if sheet.cleaned_data["needs_crisis"]:
        messages.error(
            request, "危機介入の印が付いていました。いますぐ班長とセンター長に口頭で知らせてください。"
        )
    return _add_call(request, need, form, _everything_said(sheet, items))


def _add_call(request: StaffRequest, need: Need, form: CallForm, note: str) -> HttpResponse:
    services.add_call(
        need, form.caller(), relation=form.cleaned_data["relation"], note=note, by=by(request), at=request.now
    )
    messages.success(request, f"N{need.number} に電話の内容を追加しました。")
    return redirect("need_detail", request.operation.pk, need.pk)


_NOT_SAID: Final = frozenset({
    "form_token", "version", "known_caller", "caller_name", "caller_kana", "caller_phone", "relation", "method",
    "description", "open_from", "open_until", "judgement",
})  # fmt: skip


def _typed(sheet: NeedForm) -> list[tuple[str, str]]:
    """Every field of the sheet that was filled in, by its label, in words."""
    typed = []
    for field in sheet:
        value = sheet.cleaned_data.get(field.name)
        if field.name in ("form_token", "version") or value in (None, "", False, []):
            continue
        if isinstance(value, list):
            words = dict(field.field.choices)  # type: ignore[attr-defined]
            value = "、".join(str(words[code]) for code in value)
        typed.append((str(field.label), "はい" if value is True else str(value)))
    return typed


def _everything_said(sheet: NeedForm, items: list[ItemForm]) -> str:
    """The call in words, then every other field that was filled in, by its label."""
    lines = [sheet.cleaned_data["description"]]
    for field in sheet:
        value = sheet.cleaned_data[field.name]
        if field.name in _NOT_SAID or value in (None, "", False, []):
            continue
        if isinstance(value, list):
            words = dict(field.field.choices)  # type: ignore[attr-defined]
            value = "、".join(str(words[code]) for code in value)
        lines.append(f"{field.label}：{'はい' if value is True else value}")
    for item in items:
        if not item.is_blank:
            data = item.cleaned_data
            lines.append(f"作業：{WorkCategory(data['category']).label} {data['detail']}".strip())
    return "\n".join(line for line in lines if line)

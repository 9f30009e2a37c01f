"""The sheet of one call: filled in while somebody speaks, found again, and put right. Rules live in the services."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dvc.accounts.policy import StaffRequest, by
from dvc.audit.services import By, looked
from dvc.core.refused import Refused
from intake.help_requests import corrections, drafts, duplicates, services
from intake.help_requests.finding import need_of
from intake.help_requests.item_forms import ItemForm, item_forms
from intake.help_requests.models import Need, NeedState
from intake.help_requests.sheet_form import NeedForm, differences, in_words, sheet_of, typed
from intake.help_requests.states import CHIPS, COARSE
from intake.help_requests.triage import advice_for
from intake.people import postal, towns
from intake.people.models import Person, Town
from intake.people.services import HouseholdAnswers
from intake.volunteers.models import WorkCategory

LONGEST_QUESTION: Final = 100
TOWNS_IN_THE_PAGE: Final = 800
MOST_SAID: Final = 5000
# The parts of a conversation: (key, id on the page, word).
PARTS: Final = (
    ("1", "who", "どなた"), ("2", "place", "どこ"), ("3", "home", "家の方"), ("4", "what", "何が"), ("5", "work", "手伝い"),
    ("6", "judge", "判断"),
)  # fmt: skip
FORM = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@FORM
def need_new(request: StaffRequest, operation_id: int) -> HttpResponse:
    """One call, from the first sentence to the judgement. What is missing makes a call back, never a loss."""
    if request.method != "POST":
        form = NeedForm(operation=request.operation, year=request.now.year)
        return show_sheet(request, form, item_forms(operation=request.operation))
    form = NeedForm(request.POST, operation=request.operation, year=request.now.year)
    items = item_forms(request.POST, operation=request.operation)
    if not all([form.is_valid(), *(item.is_valid() for item in items)]):
        return show_sheet(request, form, items, status=422)
    try:
        need = receive(request, form, items)
    except Refused as refused:
        form.add_error(None, refused.text)
        return show_sheet(request, form, items, status=409)
    return redirect("need_detail", operation_id, need.pk)


def receive(
    request: StaffRequest,
    form: NeedForm,
    items: list[ItemForm],
    *,
    who: By | None = None,
    received_at: datetime | None = None,
) -> Need:
    """The need of a valid sheet, said on the next page. A sheet that was sent before makes no second need; what it says
    otherwise is kept. Refused: what `services.receive` refuses."""
    who = who or by(request)
    before = services.sent_before(request.operation, form.cleaned_data["form_token"])
    need = _receive(request, form, items, who, received_at)
    if before is None and received_at is not None:
        messages.success(request, f"用紙を N{need.number} として受け付けました。用紙に番号を書いてください。")
    elif before is None:
        messages.success(request, f"N{need.number} を受け付けました。番号を電話の方に伝えてください。")
    elif not form.cleaned_data["known_caller"] and differences(need, form):
        services.keep_unsaved(need, typed(form), by=who, at=request.now)
        messages.warning(
            request,
            f"この電話は、N{need.number} としてもう受け付けています。違う内容は「確かめること」に残しました。",
        )
    if need.needs_crisis:
        messages.error(
            request,
            "危機介入の印が付いています。すべてのボードに出しました。いますぐ班長とセンター長に口頭でも知らせてください。",
        )
    return need


def _receive(
    request: StaffRequest, form: NeedForm, items: list[ItemForm], who: By, received_at: datetime | None
) -> Need:
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
        else corrections.fill_gaps(operation, caller, form.caller(), by=who, at=at),
        resident=form.resident(),
        household=household,
        answers=form.answers(),
        items=[item.answers() for item in items if not item.is_blank],
        judgement=form.judged(),
        judgement_reason=form.cleaned_data["judgement_reason"],
        form_token=form.cleaned_data["form_token"],
        received_at=received_at,
        call_back_at=_next(form.cleaned_data["call_back_at"], at),
        by=who,
        at=at,
    )


def _next(clock: time | None, at: datetime) -> datetime | None:
    """That time of today, or of tomorrow where it is over."""
    if clock is None:
        return None
    today = datetime.combine(timezone.localdate(at), clock, timezone.get_current_timezone())
    return today if today > at else today + timedelta(days=1)


def _known_caller(request: StaffRequest, form: NeedForm) -> Person | None:
    """The person of the register the desk picked, if they are of this operation's register; of an entry that was merged
    meanwhile the one that stands."""
    pk = form.cleaned_data["known_caller"]
    if not pk or pk > 2**63 - 1:
        return None
    known = Person.objects.known_in(request.operation)
    found = known.select_related("household", "merged_into__household").filter(pk=pk).first()
    return found.merged_into or found if found else None


def show_sheet(
    request: StaffRequest,
    form: NeedForm,
    items: list[ItemForm],
    *,
    need: Need | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The page. `more`: `draft` (a CallDraft that goes on), `both` (rows of `differences`), `paper` (a PaperSheet)."""
    known = list(request.operation.center.towns.all()[: TOWNS_IN_THE_PAGE + 1])
    signs = [
        value
        for name in ("hazards", "damage_kinds")
        if name in form.fields
        for value in form[name].value() or []
    ]
    said = f"{form['summary'].value() or ''}\n{form['description'].value() or ''}"
    context = {
        "section": "need_list",
        "form": form,
        "items": items,
        "need": need,
        **_map(known),
        "advice": advice_for(
            request.center, [value for value in signs if isinstance(value, str)], said[:MOST_SAID]
        ),
        "errors": [field for part in (form, *items) for field in part if field.errors],
        "parts": PARTS,
        "draft_version": _draft_version(request),
        **more,
    }
    return render(request, "intake/help_requests/need_sheet.html", context, status=status)


def _draft_version(request: StaffRequest) -> str:
    """The version the next saving goes on from. A saving of the same words that was still on its way when the sheet was
    sent has moved the draft on: that was this page, and no other machine."""
    posted = request.POST.get("draft_version", "")[:9]
    try:
        token = UUID(request.POST.get("form_token", ""))
    except ValueError:
        return posted
    version = drafts.version_with(request.operation, token, drafts.typed(dict(request.POST.lists())))
    return str(version) if version is not None else posted


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
    code = postal.code_in(typed) or postal.code_in(address)
    context = {
        "typed": typed, "town": town, "found": found, "asked": bool(typed or address),
        "code": f"{code[:3]}-{code[3:]}" if code else "", "places": postal.Known(center).of(code) if code else None,
    }  # fmt: skip
    return render(request, "intake/help_requests/_town.html", context)


@never_cache
@require_POST
def need_advice(request: StaffRequest, operation_id: int) -> HttpResponse:
    """What to say on the phone about what is ticked and told. A part of the sheet; by POST, as `need_similar`."""
    signs = [sign for name in ("hazards", "damage_kinds") for sign in request.POST.getlist(name)[:50]]
    signs += [request.POST.get(f"w{n}-category", "") for n in range(1, 4)]
    said = "\n".join(request.POST.get(name, "")[:MOST_SAID] for name in ("summary", "description"))
    advice = advice_for(request.center, signs, said)
    return render(request, "intake/help_requests/_advice.html", {"advice": advice})


@never_cache
@FORM
def need_edit(request: StaffRequest, operation_id: int, need_id: int) -> HttpResponse:
    """The sheet again, as it was filled in. Of two people who save, the second is told."""
    need = need_of(request, need_id)
    looked(need, by=by(request), classes="P1 P2 P3 P4", why="need edit", at=request.now)
    year = request.now.year
    if request.method != "POST":
        form = NeedForm(operation=request.operation, year=year, initial=sheet_of(need, year=year))
        return show_sheet(request, form, [], need=need)
    form = NeedForm(request.POST, operation=request.operation, year=year)
    if not form.is_valid():
        return show_sheet(request, form, [], need=need, status=422)
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
        both = []
        if refused.code == "need.changed":
            services.keep_unsaved(need, typed(form), by=by(request), at=request.now)
            need = need_of(request, need_id)
            both = differences(need, form)
            form = _over(need, request, year)
        form.add_error(None, refused.text)
        return show_sheet(request, form, [], need=need, status=409, both=both)
    messages.success(request, "直した内容を保存しました。")
    return redirect("need_detail", operation_id, need.pk)


def _over(need: Need, request: StaffRequest, year: int) -> NeedForm:
    """What was sent over the need as it is now: whoever saves it next has seen both texts."""
    data = request.POST.copy()
    data["version"] = str(need.version)
    form = NeedForm(data, operation=request.operation, year=year)
    form.is_valid()
    return form


_NOT_SAID: Final = frozenset({
    "form_token", "version", "known_caller", "caller_name", "caller_kana", "caller_phone", "relation", "method",
    "description", "open_from", "open_until", "judgement", "call_back_at",
})  # fmt: skip


def everything_said(sheet: NeedForm, items: list[ItemForm]) -> str:
    """The call in words, then every other field that was filled in, by its label."""
    lines = [sheet.cleaned_data["description"]]
    for field in sheet:
        words = in_words(sheet, field.name, sheet.cleaned_data[field.name])
        if words and field.name not in _NOT_SAID:
            lines.append(f"{field.label}：{words}")
    for item in items:
        if not item.is_blank:
            data = item.cleaned_data
            lines.append(f"作業：{WorkCategory(data['category']).label} {data['detail']}".strip())
    return "\n".join(line for line in lines if line)

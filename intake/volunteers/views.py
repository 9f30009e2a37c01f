"""The register at the desk: find, register, correct, insure, give a card, print cards. Rules live in the
services."""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import quote

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.audit.services import looked
from dvc.core import card_token, japanese, short_code
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.volunteers import cards, services, sheets
from intake.volunteers.forms import (
    EXPERIENCE,
    JOINED,
    SEEN,
    CardForm,
    CorrectionForm,
    DeskForm,
    InsuranceForm,
    ReasonForm,
    StockForm,
)
from intake.volunteers.models import (
    Card,
    CardState,
    CardStock,
    InsurancePlan,
    InsurancePolicy,
    Skill,
    Volunteer,
    VolunteerQuerySet,
    WorkCategory,
)

PER_PAGE: Final = 30
LATEST: Final = 20
LONGEST_QUESTION: Final = 1024
MERGED: Final = (
    "開いていた登録は、ほかの人がこの登録と1つにまとめました。まだ何も変えていません。"
    "この画面の内容を確かめてから、もう一度ボタンを押してください。"
)
FORM = require_http_methods(["GET", "HEAD", "POST"])


# ── find ───────────────────────────────────────────────────────────────────────────────────────


@never_cache
@require_safe
def volunteer_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """One box for kana, kanji, phone, short code or a scanned card; a card leads straight to its holder."""
    question = request.GET.get("q", "")[:LONGEST_QUESTION].strip()
    refusal, people = "", _latest(request.operation)
    if question:
        try:
            people = services.find(request.operation, question).select_related("group")
        except Refused as refused:
            refusal, people = refused.text, Volunteer.objects.none()
    page = Paginator(people, PER_PAGE if question else LATEST).get_page(request.GET.get("page"))
    if _is_card(question) and len(page) == 1:
        return redirect("volunteer_page", operation_id, page[0].pk)
    is_card = card_token.looks_like_card(question)
    context = {
        "question": "" if is_card else question,
        "encoded": quote(question),
        "asked": bool(question),
        "page": page,
        "refusal": refusal,
        "section": "volunteer_list",
        "registered": Volunteer.objects.known_in(request.operation).living().count(),
    }
    return render(request, "intake/volunteers/volunteer_list.html", context)


def _latest(operation: Operation) -> VolunteerQuerySet:
    people = Volunteer.objects.known_in(operation).living().select_related("group")
    return people.order_by("-registered_at", "-id")[:LATEST]


def _is_card(question: str) -> bool:
    try:
        return card_token.looks_like_card(question) or bool(short_code.parse(question))
    except card_token.CardError:
        return False


# ── write down ─────────────────────────────────────────────────────────────────────────────────


@never_cache
@FORM
def volunteer_new(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The paper form from top to bottom. People who look alike are shown before anybody is registered
    twice."""
    if request.method != "POST":
        form = DeskForm.blank({"family_name": request.GET.get("name", "")[:40]})
        return _show_new(request, form)
    form = DeskForm(request.POST)
    if not form.is_valid():
        return _show_new(request, form, status=422)
    alike = _look_alikes(request, form)
    if alike and not form.cleaned_data["different_person"]:
        return _show_new(request, form, alike=alike, status=409)
    try:
        person = _enrol(request, form, at=request.now)
    except Refused as refused:
        form.add_error("card" if refused.code.startswith("card.") else None, refused.text)
        return _show_new(request, form, status=409)
    messages.success(request, f"{person.name} さんを登録しました。")
    return redirect("volunteer_page", operation_id, person.pk)


def _show_new(
    request: StaffRequest, form: DeskForm, *, alike: list[Volunteer] | None = None, status: int = 200
) -> HttpResponse:
    if form.is_bound:
        form.start_at_first_error()
    context = {"form": form, "alike": alike, "section": "volunteer_list"}
    return render(request, "intake/volunteers/volunteer_new.html", context, status=status)


def _enrol(request: StaffRequest, form: DeskForm, *, at: datetime) -> Volunteer:
    data = form.cleaned_data
    return services.enrol(
        request.operation,
        {**form.person_fields(), "consented_at": at},
        form_token=data["form_token"],
        by=by(request),
        at=at,
        group_name=data["group_name"],
        insured=InsurancePlan(data["plan"] or InsurancePlan.BASIC) if data["insurance"] else None,
        joined_today=data["insurance"] == JOINED,
        card=data["card"],
    )


def _look_alikes(request: StaffRequest, form: DeskForm) -> list[Volunteer]:
    data = form.cleaned_data
    alike = Volunteer.objects.known_in(request.operation).look_alikes(
        name=data["family_name"] + data["given_name"],
        kana=data["family_kana"] + data["given_kana"],
        phone_digits=japanese.phone_digits(data["phone"]),
        birth_date=data["birth_date"],
    )
    # Sent twice: the person whom the first sending registered is no look-alike.
    return list(alike.exclude(form_token=data["form_token"]).select_related("group")[:5])


@never_cache
@FORM
def volunteer_edit(request: StaffRequest, operation_id: int, volunteer_id: int) -> HttpResponse:
    """Correct what is written about a person."""
    person, merged = _whom(request, volunteer_id)
    if merged and request.method != "POST":
        return redirect("volunteer_page", operation_id, person.pk)
    form = CorrectionForm(request.POST or None, initial=CorrectionForm.initial_of(person))
    status, stands = 200, None
    if request.method == "POST":
        status = 422
        if merged:
            form.add_error(None, Refused("volunteer.merged", name=person.name).text)
            status = 409
        elif form.is_valid():
            try:
                _correct(request, person, form)
            except Refused as refused:
                form.add_error(None, refused.text)
                if refused.code == "volunteer.changed":
                    status, stands = 409, _person(request, volunteer_id)
                elif refused.code == "volunteer.merged":
                    status, (person, merged) = 409, _whom(request, volunteer_id)
            else:
                messages.success(request, "直しました。")
                return redirect("volunteer_page", operation_id, person.pk)
    else:
        _log_look(request, person, "volunteer_edit")
    context = {
        "form": form, "person": person, "section": "volunteer_list", "merged": merged,
        "stands": form.differing(stands) if stands else None, "mark": services.mark_of(stands) if stands else "",
    }  # fmt: skip
    return render(request, "intake/volunteers/volunteer_edit.html", context, status=status)


def _correct(request: StaffRequest, person: Volunteer, form: CorrectionForm) -> None:
    services.correct(
        person, by=by(request), at=request.now, group_name=form.cleaned_data["group_name"],
        seen=form.cleaned_data["mark"] or None, **form.person_fields(),
    )  # fmt: skip


# ── one person ─────────────────────────────────────────────────────────────────────────────────


@never_cache
@require_safe
def volunteer_page(request: StaffRequest, operation_id: int, volunteer_id: int) -> HttpResponse:
    """Everything about one person, and what to do next. Looking is logged."""
    merged = Volunteer.objects.known_in(request.operation).filter(pk=volunteer_id).first()
    if merged is not None and merged.merged_into_id:
        return redirect("volunteer_page", operation_id, merged.standing.pk)
    person = _person(request, volunteer_id)
    _log_look(request, person, "volunteer_page")
    return _show_person(request, person, card_form=CardForm(), insurance_form=InsuranceForm())


def _show_person(
    request: StaffRequest,
    person: Volunteer,
    *,
    card_form: CardForm,
    insurance_form: InsuranceForm,
    reason_form: ReasonForm | None = None,
    merged: bool = False,
    status: int = 200,
) -> HttpResponse:
    """`merged`: what was typed was meant for a registration that this one stands for since."""
    if merged:
        _log_look(request, person, "volunteer_page")
    reason_form = reason_form or ReasonForm()
    at = request.now
    today = timezone.localdate(at)
    context = {
        "person": person,
        "born": japanese.era_date(person.birth_date) if person.birth_date else "",
        "age": person.age_on(today),
        "minor": person.is_minor_on(today),
        "consent_old": person.consent_is_outdated(request.operation.consent_since),
        "card": person.cards.filter(state=CardState.BOUND).first(),
        "other_cards": Card.objects.filter(holder__merged_into=person, state=CardState.BOUND),
        "bindings": person.bindings.select_related("card"),
        "policies": [(policy, _last_day(policy)) for policy in person.policies.all()],
        "insured": person.policies.covering(at).first(),
        "visits": person.visits.select_related("operation").order_by("-arrived_at")[:10],
        "experience": dict(EXPERIENCE).get(person.experience, ""),
        "skills": _words(Skill.choices, person.skills),
        "avoids": _words(WorkCategory.choices, person.avoids),
        "card_form": card_form,
        "insurance_form": insurance_form,
        "reason_form": reason_form,
        "sent_back": [form for form in (card_form, insurance_form, reason_form) if form.errors],
        "merged": merged,
        "section": "volunteer_list",
    }
    return render(request, "intake/volunteers/volunteer_page.html", context, status=status)


def _last_day(policy: InsurancePolicy) -> date:
    return timezone.localdate(policy.valid_to - timedelta(seconds=1))


def _words(choices: Iterable[tuple[str, str]], codes: Container[str]) -> str:
    return "、".join(word for code, word in choices if code in codes)


@require_POST
def volunteer_card(request: StaffRequest, operation_id: int, volunteer_id: int) -> HttpResponse:
    """Give the next card: the first one, or one in place of a lost or worn one."""
    person, merged = _whom(request, volunteer_id)
    form = CardForm(request.POST)
    if not merged and form.is_valid():
        try:
            card = cards.read(request.center, form.cleaned_data["card"])
            lost = form.cleaned_data["why"] != CardForm.WORN
            shown = request.POST.get("shown", "")
            cards.reissue(
                person, card, lost=lost, by=by(request), at=request.now, on=timezone.localdate(),
                seen=int(shown) if shown.isdecimal() and len(shown) < 18 else None,
            )  # fmt: skip
        except Refused as refused:
            form.add_error("card", refused.text)
        else:
            messages.success(request, f"カード {card.short_code[:4]}-{card.short_code[4:]} を渡しました。")
            return redirect("volunteer_page", operation_id, person.pk)
    return _show_person(
        request, person, card_form=form, insurance_form=InsuranceForm(), merged=merged, status=409
    )


@require_POST
def volunteer_card_end(request: StaffRequest, operation_id: int, volunteer_id: int) -> HttpResponse:
    """The person's card is lost, or was given by mistake (`why`=mistake)."""
    person, merged = _whom(request, volunteer_id)
    if merged:
        messages.warning(request, MERGED)
        return redirect("volunteer_page", operation_id, person.pk)
    card = _card_to_end(request, person)
    if card is None or card.holder is None or card.holder.standing.pk != person.pk:
        messages.info(
            request, "そのカードは、もう使えなくしたか、未使用に戻してあります。いまのカードはそのままです。"
        )
        return redirect("volunteer_page", operation_id, person.pk)
    mistake = request.POST.get("why") == "mistake"
    end = cards.unbind if mistake else cards.lose
    end(card, by=by(request), at=request.now)
    messages.success(
        request,
        "カードを未使用に戻しました。"
        if mistake
        else "カードを使えなくしました。新しいカードを渡してください。"
        if card.holder_id == person.pk
        else "カードを使えなくしました。",
    )
    return redirect("volunteer_page", operation_id, person.pk)


def _card_to_end(request: StaffRequest, person: Volunteer) -> Card | None:
    """The card the page showed: another desk may have given a new one since."""
    if shown := request.POST.get("card"):
        of_them = Q(holder=person) | Q(holder__merged_into=person) | Q(bindings__volunteer=person)
        theirs = Card.objects.filter(of_them).select_related("holder__merged_into").distinct()
        return access.of_center(request.center, theirs, shown)
    return person.cards.filter(state=CardState.BOUND).first()


@require_POST
def volunteer_insure(request: StaffRequest, operation_id: int, volunteer_id: int) -> HttpResponse:
    """A policy seen, or joined today."""
    person, merged = _whom(request, volunteer_id)
    form = InsuranceForm(request.POST)
    if merged or not form.is_valid():
        status = 409 if merged else 422
        return _show_person(
            request, person, card_form=CardForm(), insurance_form=form, merged=merged, status=status
        )
    at = person.moment(request.operation, timezone.now())  # a real person's insurance outlives the drill
    how = form.cleaned_data["insurance"]
    policy = services.record_insurance(
        person,
        plan=InsurancePlan(form.cleaned_data["plan"]),
        joined_on=timezone.localdate(at) if how == JOINED else None,
        special_rule=request.operation.insurance_special_rule,
        evidence=SEEN if how == SEEN else JOINED,
        by=by(request),
        at=at,
    )
    messages.success(request, f"保険を記録しました。{japanese.era_date(_last_day(policy))}まで有効です。")
    return redirect("volunteer_page", operation_id, person.pk)


@require_POST
def volunteer_agree(request: StaffRequest, operation_id: int, volunteer_id: int) -> HttpResponse:
    """The person read the notes at the desk and agreed."""
    person, merged = _whom(request, volunteer_id)
    if merged:
        messages.warning(request, MERGED)
        return redirect("volunteer_page", operation_id, person.pk)
    services.agree(person, by=by(request), at=person.moment(request.operation, timezone.now()))
    messages.success(request, "注意事項への同意を記録しました。")
    return redirect("volunteer_page", operation_id, person.pk)


@require_POST
def volunteer_block(request: StaffRequest, operation_id: int, volunteer_id: int) -> HttpResponse:
    """Stop somebody at the door, with a reason."""
    person, merged = _whom(request, volunteer_id)
    form = ReasonForm(request.POST)
    status = 409 if merged else 422
    if not merged and form.is_valid():
        reason, seen = form.cleaned_data["reason"], request.POST.get("seen")
        try:
            services.block(person, reason=reason, seen=seen, by=by(request), at=request.now)
        except Refused as refused:
            form.add_error("reason", refused.text)
            status = 409
        else:
            messages.success(request, "受付を止めました。")
            return redirect("volunteer_page", operation_id, person.pk)
    return _show_person(
        request,
        person,
        card_form=CardForm(),
        insurance_form=InsuranceForm(),
        reason_form=form,
        merged=merged,
        status=status,
    )


@require_POST
def volunteer_unblock(request: StaffRequest, operation_id: int, volunteer_id: int) -> HttpResponse:
    """Let somebody in again."""
    person, merged = _whom(request, volunteer_id)
    if merged:
        messages.warning(request, MERGED)
        return redirect("volunteer_page", operation_id, person.pk)
    try:
        services.unblock(person, seen=request.POST.get("seen"), by=by(request), at=request.now)
    except Refused as refused:
        messages.error(request, refused.text)
    else:
        messages.success(request, "受付できるように戻しました。")
    return redirect("volunteer_page", operation_id, person.pk)


@require_POST
def volunteer_withdraw(request: StaffRequest, operation_id: int, volunteer_id: int) -> HttpResponse:
    """End a registration."""
    person, merged = _whom(request, volunteer_id)
    if merged:
        messages.warning(request, MERGED)
        return redirect("volunteer_page", operation_id, person.pk)
    services.withdraw(person, by=by(request), at=request.now)
    messages.success(request, f"{person.name} さんの登録を取り消しました。")
    return redirect("volunteer_list", operation_id)


# ── cards on paper ─────────────────────────────────────────────────────────────────────────────


@never_cache
@FORM
def card_stock(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The box of cards: how many are left, make more, print them."""
    form = StockForm(request.POST) if request.method == "POST" else StockForm.blank()
    if request.method == "POST" and form.is_valid():
        stock = cards.issue_stock(
            request.center,
            count=form.cleaned_data["sheets"] * sheets.PER_SHEET,
            form_token=form.cleaned_data["form_token"],
            drill=_drill(request),
            by=by(request),
            at=request.now,
        )
        return redirect("card_sheet", operation_id, stock.pk)
    people = Volunteer.objects.known_in(request.operation).living().filter(drill=_drill(request))
    blank = Card.objects.filter(center=request.center, state=CardState.BLANK, stock__drill=_drill(request))
    context = {
        "form": form,
        "blank": blank.count(),
        "cardless": people.without_card().count(),
        "most_named": sheets.PER_SHEET * sheets.MOST_SHEETS,
        "stocks": CardStock.objects.filter(center=request.center, drill=_drill(request))[:PER_PAGE],
        "section": "volunteer_list",
    }
    return render(request, "intake/volunteers/card_stock.html", context, status=422 if form.errors else 200)


@require_POST
def card_named(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Cards with names for those who have none: one person (`volunteer`), or the first hundred by kana."""
    people = (
        Volunteer.objects.known_in(request.operation).living().filter(drill=_drill(request)).without_card()
    )
    if wanted := request.POST.get("volunteer"):
        people = people.filter(pk=_person(request, wanted).pk)
    chosen = list(people[: sheets.PER_SHEET * sheets.MOST_SHEETS])
    if not chosen:
        messages.info(request, "カードを持っていない人はいません。")
        return redirect("card_stock", operation_id)
    stock = cards.issue_named(
        chosen, request.center, drill=_drill(request), by=by(request), at=request.now, on=timezone.localdate()
    )
    return redirect("card_sheet", operation_id, stock.pk)


@never_cache
@require_safe
def card_sheet(request: StaffRequest, operation_id: int, stock_id: int) -> HttpResponse:
    """Ten cards a page, for the browser to print."""
    stock, page = _stock_page(request, stock_id)
    pages = sheets.sheets(list(page.object_list))
    context = {"stock": stock, "page": page, "pages": pages, **_sheet(request, pages)}
    return render(request, "intake/volunteers/card_sheet.html", context)


@never_cache
@require_safe
def card_sheet_pdf(request: StaffRequest, operation_id: int, stock_id: int) -> HttpResponse:
    """The same pages as a PDF."""
    stock, page = _stock_page(request, stock_id)
    pages = sheets.sheets(list(page.object_list))
    return _as_pdf(sheets.pdf(pages, request.center), f"cards-{stock.pk}-{page.number}")


@never_cache
@require_safe
def volunteer_card_sheet(request: StaffRequest, operation_id: int, volunteer_id: int) -> HttpResponse:
    """One person's card again, for printing a worn one or one with a name."""
    person = _person(request, volunteer_id)
    pages = _pages_of(person)
    context = {"person": person, "pages": pages, **_sheet(request, pages)}
    return render(request, "intake/volunteers/card_sheet.html", context)


@never_cache
@require_safe
def volunteer_card_pdf(request: StaffRequest, operation_id: int, volunteer_id: int) -> HttpResponse:
    """The same as a PDF."""
    person = _person(request, volunteer_id)
    return _as_pdf(sheets.pdf(_pages_of(person), request.center), f"card-{person.pk}")


def _pages_of(person: Volunteer) -> list[list[sheets.Face]]:
    held = person.cards.filter(state=CardState.BOUND).select_related("holder", "stock")
    if pages := sheets.sheets(list(held)):
        return pages
    raise Http404


def _sheet(request: StaffRequest, pages: list[list[sheets.Face]]) -> dict[str, object]:
    return {"missing": sheets.missing_on(pages, request.center), "section": "volunteer_list"}


def _as_pdf(written: bytes, name: str) -> HttpResponse:
    response = HttpResponse(written, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


def _stock_page(request: StaffRequest, stock_id: int) -> tuple[CardStock, Page[Card]]:
    stock = access.of_center(request.center, CardStock.objects.filter(drill=_drill(request)), stock_id)
    good = stock.cards.exclude(state__in=[CardState.LOST, CardState.REPLACED])
    paginator = Paginator(good.select_related("holder", "stock"), sheets.PER_SHEET * sheets.MOST_SHEETS)
    return stock, paginator.get_page(request.GET.get("page"))


def _drill(request: StaffRequest) -> Operation | None:
    return request.operation if request.operation.is_drill else None


def _person(request: StaffRequest, volunteer_id: object) -> Volunteer:
    known = Volunteer.objects.known_in(request.operation).living().select_related("group", "guardian")
    return access.of_center(request.center, known, volunteer_id)


def _whom(request: StaffRequest, volunteer_id: int) -> tuple[Volunteer, bool]:
    """Who is meant, and whether the page was of a registration that has been merged into theirs since."""
    known = Volunteer.objects.known_in(request.operation).filter(withdrawn_at__isnull=True)
    found = access.of_center(
        request.center, known.select_related("group", "guardian", "merged_into"), volunteer_id
    )
    return (_person(request, found.standing.pk), True) if found.merged_into_id else (found, False)


def _log_look(request: StaffRequest, person: Volunteer, why: str) -> None:
    looked(person, by=by(request), classes="V1 V2", why=why, at=request.now)

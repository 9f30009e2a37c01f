"""The tool desk: who has what, numbered pieces and their cards, lending to a person, what is still out. Lending to a
team stands with its dispatch (matching.dispatch.tool_views)."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4, uuid5

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.models import User
from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from dvc.operations.models import Site
from intake.help_requests.models import Tool
from intake.volunteers import sheets as card_sheets
from matching.equipment import services as equipment
from matching.equipment.models import Condition, ToolItem
from matching.loans import find, queries, services, sheets
from matching.loans.forms import LendForm, number, outcome, text, uuid
from matching.loans.models import Loan, Outcome
from matching.loans.services import Borrower
from matching.teams.models import Team, TeamState

FORM = require_http_methods(["GET", "HEAD", "POST"])
ITEMS_PER_PAGE: Final = 50
SECTION: Final = {"section": "dispatch_board"}


def site_of(request: StaffRequest) -> Site:
    """The site that was chosen, or the center's first."""
    sites = Site.objects.filter(center=request.center)
    asked = request.POST.get("site") or request.GET.get("site")
    return access.of_center(request.center, sites, asked) if asked else sites.order_by("pk")[0]


def sites_of(request: StaffRequest) -> QuerySet[Site]:
    return Site.objects.filter(center=request.center).order_by("pk")


# ── the tablet ─────────────────────────────────────────────────────────────────────────────────
@require_safe
def tablet_tools(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The shell of the tool desk's tablet, without personal data; everything else comes from its own shelf."""
    context = {
        # Nobody, when a paired tablet opens the page by its cookie: the operator comes by badge and PIN.
        "actor": request.user if isinstance(request.user, User) else None,
        "snapshot_url": reverse("sync_tools") + f"?operation={operation_id}",
        "ops_url": reverse("sync_ops"),
        "operators_url": reverse("sync_operators") + f"?operation={operation_id}",
        "operator_url": reverse("sync_operator"),
    }
    return render(request, "matching/loans/tablet.html", context)


# ── the desk ───────────────────────────────────────────────────────────────────────────────────
@never_cache
@require_safe
def loan_desk(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Which team is before the desk, or which piece: one box for a card, a button for each team."""
    refusal, asked = "", request.GET.get("q", "").strip()
    if asked:
        try:
            found = find.piece(request.operation, asked)
        except Refused as refused:
            refusal = refused.text
        else:
            return redirect("tool_item", operation_id, found.pk)
    teams = Team.objects.filter(operation=request.operation).select_related("leader")
    live = list(teams.live().order_by("number"))
    has = queries.with_team([team.pk for team in live])
    missing = queries.unreturned(request.operation, at=request.now)
    here = {team.pk for team in live}
    context = {
        **SECTION,
        "asked": asked,
        "refusal": refusal,
        "waiting": [(team, has.get(team.pk, 0)) for team in live if team.state != TeamState.OUT],
        "out": [(team, has.get(team.pk, 0)) for team in live if team.state == TeamState.OUT],
        "missing": [one for one in missing if one.team_id not in here or one.late],
        "broken": ToolItem.objects.filter(
            operation=request.operation, condition__in=[Condition.BROKEN, Condition.LOST]
        ).count(),
    }
    return render(request, "matching/loans/desk.html", context, status=409 if refusal else 200)


@never_cache
@require_safe
def loan_unreturned(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Who still has what, since when, and whom to call. Printable."""
    rows = queries.unreturned(request.operation, at=request.now)
    return render(
        request,
        "matching/loans/unreturned.html",
        {**SECTION, "rows": rows, "outcomes": Outcome, "back_token": uuid4()},
    )


@require_POST
def loan_back(request: StaffRequest, operation_id: int, loan_id: int) -> HttpResponse:
    """Some of one loan came back, or will not."""
    loans = Loan.objects.select_related("item", "team", "operation", "site")
    loan = access.of_operation(request.operation, loans, loan_id)
    what, became = loan.what, outcome(request.POST.get("outcome", ""))
    count = number(request.POST.get("count", "1")) or 0
    # The same button pressed twice is one give-back; another count from the same page is another one.
    token = uuid5(uuid(request.POST.get("form_token", "")), f"{count} {became}")
    try:
        services.give_back_loan(
            loan, count=count, outcome=became, note=text(request.POST.get("note", "")), by=by(request),
            at=request.now, token=token,
        )  # fmt: skip
    except Refused as refused:
        messages.error(request, refused.text)
    else:
        messages.success(request, f"「{what}」を「{became.label}」と記録しました。")
    return redirect(_back_to(request, "loan_unreturned"))


def _back_to(request: StaffRequest, otherwise: str) -> str:
    """The page the button stood on."""
    asked = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(asked, allowed_hosts=None):
        return asked
    return reverse(otherwise, args=[request.operation.pk])


# ── lending to a person ────────────────────────────────────────────────────────────────────────
@never_cache
@FORM
def loan_person(request: StaffRequest, operation_id: int) -> HttpResponse:
    """To somebody who is in no team: a name, a phone, what for."""
    form = LendForm.read(request.operation, site_of(request), request.POST)
    if request.method == "POST":
        answer = lend(request, form, Borrower(person=form.person, phone=form.phone, reason=form.reason))
        if isinstance(answer, list):
            messages.success(request, f"{form.person}さんに{queries.said(answer)}を貸しました。")
            return redirect("loan_desk", operation_id)
        return _show_person(request, form, answer)
    return _show_person(request, form, "")


def _show_person(request: StaffRequest, form: LendForm, refusal: str) -> HttpResponse:
    context = {**SECTION, "form": form, "refusal": refusal, "sites": sites_of(request), "to_person": True}
    return render(request, "matching/loans/person.html", context, status=409 if refusal else 200)


def lend(request: StaffRequest, form: LendForm, borrower: Borrower) -> list[Loan] | str:
    """The loans, or why not; empty text when only a scanned piece was added to the form."""
    code = request.POST.get("code", "").strip()
    if code:
        try:
            found = find.piece(request.operation, code)
        except Refused as refused:
            return refused.text
        form.pieces.append(found.pk)
        if found not in form.offered:
            return _why_not(found)
    if code or "add" in request.POST:
        return ""
    items = [access.of_operation(request.operation, ToolItem.objects.all(), pk) for pk in form.pieces]
    try:
        return services.lend(
            request.operation, borrower, site=form.site, counts=form.counts, items=items, by=by(request), at=request.now,
            token=form.token,
        )  # fmt: skip
    except Refused as refused:
        return refused.text


def _why_not(item: ToolItem) -> str:
    loan = Loan.objects.of_item(item.pk).select_related("team").first()
    if loan is not None:
        return f"{item}は、{loan.who}に貸出中です。先に返却を記録してください。"
    return f"{item}は「{Condition(item.condition).label}」です（{item.condition_note}）。"


# ── numbered pieces ────────────────────────────────────────────────────────────────────────────
@never_cache
@FORM
def tool_items(request: StaffRequest, operation_id: int) -> HttpResponse:
    """All of them with where they are; add more."""
    refusal = ""
    if request.method == "POST":
        tool = request.POST.get("tool", "")
        try:
            made = equipment.add_items(
                request.operation, site=site_of(request), tool=tool, count=number(request.POST.get("count", "")) or 0,
                about=text(request.POST.get("about", "")), from_stock="from_stock" in request.POST, by=by(request),
                at=request.now,
            )  # fmt: skip
        except Refused as refused:
            refusal = refused.text
        else:
            names = "、".join(str(item) for item in made)
            messages.success(request, f"{names}を加えました。札を印刷して、本体に付けてください。")
            return redirect("tool_items", operation_id)
    items = ToolItem.objects.kept().filter(operation=request.operation).select_related("site")
    page = Paginator(items, ITEMS_PER_PAGE).get_page(request.GET.get("page"))
    loans = {loan.item_id: loan for loan in queries.open_loans(request.operation).filter(item__isnull=False)}
    context = {
        **SECTION, "rows": [(item, loans.get(item.pk)) for item in page], "page": page, "tools": Tool, "sites": sites_of(request),
        "refusal": refusal,
    }  # fmt: skip
    return render(request, "matching/loans/items.html", context, status=409 if refusal else 200)


def _item(request: StaffRequest, item_id: int) -> ToolItem:
    return access.of_operation(
        request.operation, ToolItem.objects.select_related("site", "operation"), item_id
    )


@never_cache
@require_safe
def tool_item(request: StaffRequest, operation_id: int, item_id: int) -> HttpResponse:
    """One piece: who has it, what can be done with it now."""
    return _show_item(request, _item(request, item_id))


def _show_item(request: StaffRequest, item: ToolItem, *, refusal: str = "") -> HttpResponse:
    teams = Team.objects.filter(operation=request.operation).live().select_related("leader")
    related = ("team__leader", "lent_by", "item")
    context: dict[str, Any] = {
        **SECTION,
        "item": item,
        "loans": list(Loan.objects.of_item(item.pk).select_related(*related)),
        "history": item.loans.exclude(closed_at=None)
        .select_related("team__leader")
        .order_by("-lent_at")[:10],
        "teams": teams.order_by("number"),
        "refusal": refusal,
        "token": uuid4(),
    }
    return render(request, "matching/loans/item.html", context, status=409 if refusal else 200)


@require_POST
def tool_item_lend(request: StaffRequest, operation_id: int, item_id: int) -> HttpResponse:
    """The scanned piece goes to the team that stands before the desk."""
    item = _item(request, item_id)
    team = access.of_operation(
        request.operation, Team.objects.select_related("leader"), request.POST.get("team")
    )
    try:
        services.lend(
            request.operation, Borrower(team=team), site=item.site, items=[item], by=by(request), at=request.now,
            token=uuid(request.POST.get("form_token", "")),
        )  # fmt: skip
    except Refused as refused:
        return _show_item(request, item, refusal=refused.text)
    messages.success(request, f"{item}を{team}に貸しました。")
    return redirect("loan_desk", operation_id)


@require_POST
def tool_item_condition(request: StaffRequest, operation_id: int, item_id: int) -> HttpResponse:
    """Broken, mended, lost, found, not used any more."""
    item = _item(request, item_id)
    wanted = request.POST.get("condition", "")
    condition = Condition(wanted) if wanted in Condition.values else Condition.FINE
    try:
        services.set_condition(
            item, condition, note=text(request.POST.get("note", "")), by=by(request), at=request.now
        )
    except Refused as refused:
        return _show_item(request, item, refusal=refused.text)
    messages.success(request, f"{item}を「{condition.label}」にしました。")
    return redirect("tool_item", operation_id, item_id)


@never_cache
@require_safe
def tool_cards(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Ten cards an A4 page, for the browser to print."""
    pages = sheets.pages(_chosen(request))
    context = {
        **SECTION,
        "pages": pages,
        "kind": sheets.KIND,
        "missing": card_sheets.missing_on(pages, request.center),
    }
    return render(request, "matching/loans/cards.html", context)


def _chosen(request: StaffRequest) -> list[ToolItem]:
    """The one that was asked for, or all."""
    items = ToolItem.objects.kept().filter(operation=request.operation).select_related("operation")
    asked = request.GET.get("item", "")
    return [access.of_operation(request.operation, items, asked)] if asked else list(items)

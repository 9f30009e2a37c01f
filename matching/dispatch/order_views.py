"""Work orders on paper: of one team, and of all teams of a morning in one go."""

from __future__ import annotations

from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts.policy import StaffRequest, by
from dvc.audit.services import looked_all
from dvc.core.http import opens_here_only, outside_address
from matching.dispatch import services, sheets
from matching.dispatch.models import Dispatch, DispatchState
from matching.dispatch.surroundings import around
from matching.dispatch.views import SECTION, one_of
from matching.teams.queries import with_rides

# Orders in one printing: as many as a person lays out on a table, and a PDF of them takes seconds.
PER_PRINT: Final = 20


# ── of one team ────────────────────────────────────────────────────────────────────────────────
@never_cache
@require_safe
def work_order(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """The sheet as it will be printed. Looking at it changes nothing."""
    dispatch = _first(request, dispatch_id)
    sheet = _order(request, dispatch)
    _look(request, [sheet], why="依頼書の印刷画面")
    context = {
        **SECTION,
        "dispatch": dispatch,
        "order": sheet,
        "missing": sheets.missing_on(sheet),
        "unreachable": opens_here_only(request),
        "sheets_printed": services.sheets_of(dispatch.team_id),
    }
    return render(request, "matching/dispatch/work_order.html", context)


@require_POST
def work_order_count(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """One more order went to the printer; nothing else changes."""
    dispatch = _first(request, dispatch_id)
    _count(request, [_order(request, dispatch)])
    return redirect("work_order", operation_id, dispatch_id)


@never_cache
@require_POST
def work_order_pdf(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """The sheet as PDF; counts its paper and changes nothing else."""
    dispatch = _first(request, dispatch_id)
    return _pdf(request, [_order(request, dispatch)], name=f"order-{dispatch.serial}")


def _first(request: StaffRequest, dispatch_id: int) -> Dispatch:
    """The visit whose number and secrets the team's order carries: its first."""
    dispatch = one_of(request, dispatch_id)
    first = Dispatch.objects.of_team(dispatch.team_id).values_list("pk", flat=True).first()
    return dispatch if first in (None, dispatch.pk) else one_of(request, first)


def _order(request: StaffRequest, dispatch: Dispatch) -> sheets.Order:
    return sheets.order(dispatch, base_url=outside_address(request), at=request.now)


# ── of a morning ───────────────────────────────────────────────────────────────────────────────
@never_cache
@require_safe
def work_orders(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The orders of the teams that have not left, by their numbers: those nobody has printed, or all (`?all=1`)."""
    page, everything = _page(request), "all" in request.GET
    orders = _orders(request, list(page))
    _look(request, orders, why="依頼書をまとめて印刷する画面")
    context: dict[str, Any] = {
        **SECTION,
        "page": page,
        "everything": everything,
        "orders": orders,
        "pages": sum(order.pages for order in orders),
        "papers_both_sides": sum(order.papers_both_sides for order in orders),
        "missing": sorted({letter for order in orders for letter in sheets.missing_on(order)}),
        "unreachable": opens_here_only(request),
    }
    return render(request, "matching/dispatch/work_orders.html", context)


@require_POST
def work_orders_count(request: StaffRequest, operation_id: int) -> HttpResponse:
    """These orders went to the printer."""
    _count(request, _orders(request, _named(request)))
    return redirect("work_orders", operation_id)


@never_cache
@require_POST
def work_orders_pdf(request: StaffRequest, operation_id: int) -> HttpResponse:
    """These orders as one PDF, counted."""
    orders = _orders(request, _named(request))
    if not orders:
        return redirect("work_orders", operation_id)
    return _pdf(request, orders, name=f"orders-{orders[0].dispatch.serial}-{orders[-1].dispatch.serial}")


def _waiting(request: StaffRequest) -> Any:
    """Teams that have not left: their visits that come first are the ones that are live."""
    rows = Dispatch.objects.filter(operation=request.operation, state=DispatchState.ACCEPTED)
    related = (
        "operation__center",
        "need__household__town",
        "need__resident",
        "need__requester",
        "team__leader",
    )
    return rows.select_related(*related).prefetch_related(with_rides()).order_by("team__number", "pk")


def _page(request: StaffRequest) -> Page[Dispatch]:
    rows = _waiting(request)
    if "all" not in request.GET:
        rows = rows.filter(sheets_printed=0)
    return Paginator(rows, PER_PRINT).get_page(request.GET.get("page"))


def _named(request: StaffRequest) -> list[Dispatch]:
    """Those the page showed and that have still not left."""
    named = [int(one) for one in request.POST.getlist("order") if one.isdecimal() and len(one) < 19]
    return list(_waiting(request).filter(pk__in=named[:PER_PRINT]))


def _orders(request: StaffRequest, dispatches: list[Dispatch]) -> list[sheets.Order]:
    here = around(request.operation)
    address = outside_address(request)
    return [sheets.order(one, base_url=address, at=request.now, here=here) for one in dispatches]


# ── both ───────────────────────────────────────────────────────────────────────────────────────
def _pdf(request: StaffRequest, orders: list[sheets.Order], *, name: str) -> HttpResponse:
    written = sheets.pdf(orders, both_sides=_both_sides(request))
    _count(request, orders)
    _look(request, orders, why="依頼書のPDF")
    response = HttpResponse(written, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


def _count(request: StaffRequest, orders: list[sheets.Order]) -> None:
    """What goes out is paper: it is counted in by the sheet, whatever is on its back."""
    for order in orders:
        papers = order.papers(both_sides=_both_sides(request))
        services.count_sheet(order.dispatch, papers=papers, by=by(request), at=request.now)


def _both_sides(request: StaffRequest) -> bool:
    return "both_sides" in request.POST


def _look(request: StaffRequest, orders: list[sheets.Order], *, why: str) -> None:
    """An order names everybody at whose house the team works."""
    visits = [stop.dispatch for order in orders for stop in order.stops]
    looked_all(visits, by=by(request), classes="P1 P2 P3 V1", why=why, at=request.now)

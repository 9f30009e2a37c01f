"""Paper mode: print before, record the period, key in afterwards, and say what became of every sheet."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from intake.paper import lists, services
from intake.paper.forms import EndForm, PeriodForm, PrintForm
from intake.paper.lists import ListKind
from intake.paper.models import ROSTER_LINES, PaperLine, PaperPeriod, PaperSheet, SheetKind, SheetState
from intake.paper.services import Keyed, Typed

AN_HOUR = timedelta(hours=1)
A_DAY = timedelta(days=1)
A_NIGHT = timedelta(hours=12)


def _period(request: StaffRequest, period_id: int) -> PaperPeriod:
    return access.of_operation(request.operation, PaperPeriod.objects.select_related("operation"), period_id)


def _sheet(request: StaffRequest, serial: int) -> PaperSheet:
    sheets = PaperSheet.objects.of_reception().filter(operation=request.operation).select_related("operation")
    found = sheets.filter(serial=serial).first() if serial < 2**31 else None
    if found is None:
        raise Http404
    return found


@never_cache
@require_safe
def paper_home(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Everything about paper on one page, in the order it is needed."""
    return _home(request)


def _home(request: StaffRequest, *, status: int = 200, refusal: str = "", **forms: Any) -> HttpResponse:
    local = timezone.localtime(request.now)
    sheets = PaperSheet.objects.of_reception().filter(operation=request.operation)
    last_list = sheets.filter(kind=SheetKind.LIST).order_by("-printed_at").first()
    context = {
        "periods": PaperPeriod.objects.filter(operation=request.operation)[:20],
        "current": services.current(request.operation),
        "missing": sheets.missing(),
        "settled": sheets.exclude(state=SheetState.OUT).order_by("-settled_at")[:10],
        "kinds": ListKind.choices,
        "last_list": last_list,
        "list_is_old": last_list is None or request.now - last_list.printed_at >= AN_HOUR,
        "period_form": PeriodForm(initial={"day": local.date(), "started": local.time()}),
        "end_form": EndForm(initial={"ended": local.time()}),
        "print_form": PrintForm(),
        "refusal": refusal,
        **forms,
    }
    return render(request, "intake/paper/home.html", context, status=status)


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, timezone.get_current_timezone())


def _end(started_at: datetime, clock: time) -> datetime:
    """That time of the same day, or after midnight where the night is meant and no slip: within A_NIGHT."""
    day = timezone.localdate(started_at)
    same_day = _at(day, clock)
    is_night = started_at - same_day >= A_DAY - A_NIGHT
    return _at(day + A_DAY, clock) if is_night and day < date.max else same_day


@require_POST
def paper_period(request: StaffRequest, operation_id: int) -> HttpResponse:
    """From when to when, and why."""
    form = PeriodForm(request.POST)
    if not form.is_valid():
        return _home(request, status=422, period_form=form)
    given = form.cleaned_data
    started_at = _at(given["day"], given["started"])
    try:
        period = services.record_period(
            request.operation,
            started_at=started_at,
            ended_at=_end(started_at, given["ended"]) if given["ended"] is not None else None,
            reason=given["reason"],
            by=by(request),
            at=request.now,
        )
    except Refused as refused:
        return _home(request, status=409, refusal=refused.text, period_form=form)
    return redirect("paper_key", operation_id, period.pk)


@require_POST
def paper_end(request: StaffRequest, operation_id: int, period_id: int) -> HttpResponse:
    """Back at the tablets."""
    period, form = _period(request, period_id), EndForm(request.POST)
    if not form.is_valid():
        return _home(request, status=422, end_form=form)
    ended_at = _end(period.started_at, form.cleaned_data["ended"])
    try:
        services.end_period(period, ended_at=ended_at, by=by(request), at=request.now)
    except Refused as refused:
        return _home(request, status=409, refusal=refused.text, end_form=form)
    messages.success(request, "紙の時間を終わりました。用紙を集めて、1枚ずつ入力してください。")
    return redirect("paper_key", operation_id, period_id)


@require_POST
def paper_print(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Count blank sheets out; the next page is what goes to the printer."""
    form = PrintForm(request.POST)
    if not form.is_valid():
        return _home(request, status=422, print_form=form)
    sheets = services.print_sheets(request.operation, **form.chosen(), by=by(request), at=request.now)
    return to_print(request, "paper_blank", sheets)


def to_print(request: StaffRequest, page: str, sheets: list[PaperSheet]) -> HttpResponse:
    """To the page that goes to the printer. Sheets that an earlier press of the same form has counted out are said to be."""
    if sheets[0].printed_at != request.now:
        messages.warning(request, services.PRINTED_BEFORE)
    return redirect(page, request.operation.pk, sheets[0].serial, sheets[-1].serial)


@never_cache
@require_safe
def paper_blank(request: StaffRequest, operation_id: int, first: int, last: int) -> HttpResponse:
    """Blank forms with their serials. Printing them again changes nothing."""
    if not 0 < first <= last < min(2**31, first + services.MOST_SHEETS):
        raise Http404
    sheets = list(PaperSheet.objects.blank().filter(operation=request.operation, serial__range=(first, last)))
    if not sheets:
        raise Http404
    context = {
        "sheets": sheets,
        "first": sheets[0].serial,
        "last": sheets[-1].serial,
        "sheets_by_page": _pages(sheets),
        "twenty": range(1, ROSTER_LINES + 1),
    }
    return render(request, "intake/paper/blank.html", context)


def _pages(sheets: list[PaperSheet]) -> list[list[PaperSheet]]:
    """Rosters fill a page, two forms share one."""
    forms = [sheet for sheet in sheets if sheet.kind == SheetKind.FORM]
    rosters = [[sheet] for sheet in sheets if sheet.kind == SheetKind.ROSTER]
    return rosters + [forms[i : i + 2] for i in range(0, len(forms), 2)]


@require_POST
def paper_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """A list of this moment under serials of its own: another print is another list."""
    if request.POST.get("kind") not in ListKind.values:
        raise Http404
    kind = ListKind(request.POST["kind"])
    found = lists.build(request.operation, kind, at=request.now)
    sheets = services.print_sheets(
        request.operation, kind=SheetKind.LIST, count=len(found.pages), title=str(kind.label), by=by(request),
        at=request.now,
    )  # fmt: skip
    context = {
        "list": found,
        "who": lists.WHO[kind],
        "sheets": list(zip(sheets, found.pages, strict=True)),
    }
    return render(request, "intake/paper/list.html", context)


@never_cache
@require_safe
def paper_key(request: StaffRequest, operation_id: int, period_id: int) -> HttpResponse:
    """Which sheet to type next; `?serial=` goes there."""
    period = _period(request, period_id)
    typed = request.GET.get("serial", "").strip()
    if typed.isdecimal() and len(typed) < 9:
        if PaperSheet.objects.blank().filter(operation=request.operation, serial=int(typed)).exists():
            return redirect("paper_sheet", operation_id, period_id, int(typed))
        messages.error(
            request, f"No. {int(typed)} の用紙は印刷されていません。用紙の右上の番号を確かめてください。"
        )
    sheets = PaperSheet.objects.blank().filter(operation=request.operation)
    context = {
        "period": period,
        "missing": sheets.missing(),
        "keyed": sheets.filter(period=period),
    }
    return render(request, "intake/paper/key.html", context)


@never_cache
@require_safe
def paper_sheet(request: StaffRequest, operation_id: int, period_id: int, serial: int) -> HttpResponse:
    """The lines of one sheet, to be typed without the mouse."""
    period, sheet = _period(request, period_id), _sheet(request, serial)
    keyed = {line.line: line for line in sheet.lines.select_related("volunteer")}
    lines = ((number, keyed.get(number)) for number in range(1, sheet.line_count + 1))
    rows = [(number, line, services.mark_of(line)) for number, line in lines]
    context = {
        "period": period,
        "sheet": sheet,
        "rows": rows,
        "words": services.WORDS,
        "unclear": sum(bool(line.problem) for line in keyed.values()),
    }
    return render(request, "intake/paper/sheet.html", context)


@require_POST
def paper_line(
    request: StaffRequest, operation_id: int, period_id: int, serial: int, number: int
) -> HttpResponse:
    """Keep one line. Answers with the line as it stands now."""
    period, sheet = _period(request, period_id), _sheet(request, serial)
    if not 1 <= number <= sheet.line_count:
        raise Http404
    chosen = request.POST.get("volunteer", "")
    typed = Typed(
        who=request.POST.get("who", ""),
        arrive=request.POST.get("arrive", ""),
        leave=request.POST.get("leave", ""),
        volunteer=int(chosen) if chosen.isdecimal() and len(chosen) < 18 else None,
    )
    refusal = ""
    try:
        keyed = services.key_line(
            sheet, number, typed, period=period, by=by(request), at=request.now,
            seen=request.POST.get("mark") or None,
        )  # fmt: skip
    except Refused as refused:
        # Empty where another desk has emptied it since.
        stands = sheet.lines.select_related("volunteer").filter(line=number).first()
        refusal, keyed = refused.text, Keyed(stands or PaperLine(sheet=sheet, line=number))
    if not request.headers.get("HX-Request"):
        if refusal:
            messages.error(request, f"{number}行目：{refusal}")
        return redirect("paper_sheet", operation_id, period_id, serial)
    return _line(request, period, sheet, number, keyed, refusal=refusal)


def _line(
    request: StaffRequest, period: PaperPeriod, sheet: PaperSheet, number: int, keyed: Keyed, *, refusal: str
) -> HttpResponse:
    context = {
        "period": period,
        "sheet": sheet,
        "number": number,
        "line": keyed.line,
        "mark": services.mark_of(keyed.line),
        "refusal": refusal,
        "choices": keyed.choices,
        "words": services.WORDS,
    }
    return render(request, "intake/paper/_line.html", context)


@require_POST
def paper_settle(request: StaffRequest, operation_id: int, serial: int) -> HttpResponse:
    """The sheet is in, was not used, or is lost; or all of that was a slip."""
    sheet = _sheet(request, serial)
    what, reason = request.POST.get("state", ""), request.POST.get("reason", "")[:500]
    if what not in SheetState.values:
        raise Http404
    try:
        if what == SheetState.IN:
            services.finish(sheet, by=by(request), at=request.now)
        elif what == SheetState.OUT:
            services.out_again(sheet, by=by(request), at=request.now)
        else:
            services.explain(sheet, state=SheetState(what), reason=reason, by=by(request), at=request.now)
    except Refused as refused:
        return _home(request, status=409, refusal=refused.text)
    messages.success(request, f"No. {serial} を「{SheetState(what).label}」にしました。")
    period = request.POST.get("period", "")
    if period.isdecimal() and len(period) < 18:
        return redirect("paper_key", operation_id, int(period))
    return redirect("paper_home", operation_id)

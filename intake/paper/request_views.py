"""Calls for help on paper: numbered sheets printed before, keyed in afterwards with the true times, and their gaps."""

from __future__ import annotations

import uuid
from datetime import datetime, time
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Max
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts.policy import StaffRequest, by
from dvc.audit.services import By
from dvc.core.fields import ClockField
from dvc.core.refused import Refused
from intake.help_requests.answers import RELATIONS, Damage, Lifeline
from intake.help_requests.item_forms import item_forms
from intake.help_requests.models import Hazard
from intake.help_requests.sheet_form import NeedForm
from intake.help_requests.sheet_views import receive, show_sheet
from intake.paper import services
from intake.paper.forms import RequestPrintForm
from intake.paper.models import PaperSheet, SheetKind, SheetState
from intake.paper.views import to_print

_LATEST: Final = 10
_NOON: Final = time(12)  # of a day whose sheet bears no time


class WrittenForm(forms.Form):
    """When the sheet was written."""

    day = forms.DateField(
        label="日付",
        widget=forms.DateInput(attrs={"type": "date", "autofocus": True}, format="%Y-%m-%d"),
        error_messages=dict.fromkeys(("required", "invalid"), "日付を選んでください。"),
    )
    clock = ClockField(label="時刻（書いてなければ空のまま）", required=False)

    def moment(self, now: datetime) -> datetime:
        """Refused: paper.future, paper.long_ago."""
        day, clock = self.cleaned_data["day"], self.cleaned_data["clock"]
        if clock is None and day == timezone.localdate(now):
            return now
        said = datetime.combine(day, clock or _NOON, timezone.get_current_timezone())
        if said > now:
            raise Refused("paper.future")
        if said < now - services.OLDEST:
            raise Refused("paper.long_ago")
        return said


@never_cache
@require_safe
def request_sheets(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The sheets of this operation: print, key in one after the other, and which serials are missing between them."""
    return _home(request)


def _home(request: StaffRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    serial = request.GET.get("serial", "").strip()
    sheets = PaperSheet.objects.requests().filter(operation=request.operation)
    if serial and status == 200:
        number = int(serial) if serial.isdecimal() and len(serial) < 9 else 0
        if sheets.filter(serial=number).exists():
            return redirect("request_key", request.operation.pk, number)
        messages.error(
            request,
            f"No. {serial[:12]} の困りごとの用紙は印刷されていません。用紙の右上の番号を確かめてください。",
        )
    last_in = sheets.filter(state=SheetState.IN).aggregate(last=Max("serial"))["last"] or 0
    missing = list(sheets.missing())
    context = {
        "section": "need_list",
        "print_form": RequestPrintForm(),
        "gaps": [sheet for sheet in missing if sheet.serial < last_in],
        "out": [sheet for sheet in missing if sheet.serial > last_in],
        "settled": sheets.exclude(state=SheetState.OUT)
        .select_related("need")
        .order_by("-settled_at")[:_LATEST],
        **more,
    }
    return render(request, "intake/paper/requests.html", context, status=status)


@require_POST
def request_print(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Count blank sheets out; the next page is what goes to the printer."""
    form = RequestPrintForm(request.POST)
    if not form.is_valid():
        return _home(request, status=422, print_form=form)
    sheets = services.print_sheets(
        request.operation,
        kind=SheetKind.REQUEST,
        count=form.cleaned_data["count"],
        token=form.cleaned_data["form_token"],
        by=by(request),
        at=request.now,
    )
    return to_print(request, "request_blank", sheets)


@never_cache
@require_safe
def request_blank(request: StaffRequest, operation_id: int, first: int, last: int) -> HttpResponse:
    """Blank sheets in the order of the conversation. Printing them again changes nothing."""
    if not 0 < first <= last < min(2**31, first + services.MOST_SHEETS):
        raise Http404
    sheets = list(
        PaperSheet.objects.requests().filter(operation=request.operation, serial__range=(first, last))
    )
    if not sheets:
        raise Http404
    context = {
        "section": "need_list", "sheets": sheets, "relations": RELATIONS, "damage": Damage.labels,
        "lifelines": Lifeline.labels, "hazards": Hazard.labels,
    }  # fmt: skip
    return render(request, "intake/paper/request_blank.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def request_key(request: StaffRequest, operation_id: int, serial: int) -> HttpResponse:
    """One sheet, keyed in like a call. It becomes one need, however often it is sent; the batch goes on."""
    sheet = _sheet(request, serial)
    if sheet.need_id is not None and request.method != "POST":
        messages.warning(request, Refused("paper.typed_already", serial=serial).text)
        return redirect("need_detail", operation_id, sheet.need_id)
    token = uuid.uuid5(uuid.NAMESPACE_OID, f"paper sheet {sheet.pk}")
    year = request.now.year
    if request.method != "POST":
        written = WrittenForm(initial={"day": timezone.localdate(request.now)})
        form = NeedForm(operation=request.operation, year=year, initial={"form_token": token})
        del form.fields["caller_name"].widget.attrs["autofocus"]
        items = item_forms(operation=request.operation)
        return show_sheet(request, form, items, paper=sheet, paper_form=written)
    written = WrittenForm(request.POST)
    form = NeedForm(request.POST, operation=request.operation, year=year)
    items = item_forms(request.POST, operation=request.operation)
    if not all([written.is_valid(), form.is_valid(), *(item.is_valid() for item in items)]):
        return show_sheet(request, form, items, paper=sheet, paper_form=written, status=422)
    form.cleaned_data["form_token"] = token
    writer = By(user=request.user, via="paper", op=f"request:{sheet.pk}")
    try:
        with transaction.atomic():
            need = receive(request, form, items, who=writer, received_at=written.moment(request.now))
            services.became(sheet, need, by=writer, at=request.now)
    except Refused as refused:
        form.add_error(None, refused.text)
        return show_sheet(request, form, items, paper=sheet, paper_form=written, status=409)
    return redirect("request_sheets", operation_id)


def _sheet(request: StaffRequest, serial: int) -> PaperSheet:
    sheets = (
        PaperSheet.objects.requests().filter(operation=request.operation).select_related("operation", "need")
    )
    found = sheets.filter(serial=serial).first() if serial < 2**31 else None
    if found is None:
        raise Http404
    return found


@require_POST
def request_settle(request: StaffRequest, operation_id: int, serial: int) -> HttpResponse:
    """A sheet that will not be keyed in: not used, or lost; or that was a slip."""
    sheet = _sheet(request, serial)
    what, reason = request.POST.get("state", ""), request.POST.get("reason", "")[:500]
    if what not in (SheetState.UNUSED, SheetState.LOST, SheetState.OUT):
        raise Http404
    try:
        if sheet.need_id is not None:
            raise Refused("paper.typed_already", serial=serial)
        if what == SheetState.OUT:
            services.out_again(sheet, by=by(request), at=request.now)
        else:
            services.explain(sheet, state=SheetState(what), reason=reason, by=by(request), at=request.now)
    except Refused as refused:
        return _home(request, status=409, refusal=refused.text)
    messages.success(request, f"No. {serial} を「{SheetState(what).label}」にしました。")
    return redirect("request_sheets", operation_id)

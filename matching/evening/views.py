"""「一日を閉じる」: what is missing by name, the way to where it is settled, exceptions, and one button."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, allowed_names, by
from dvc.audit.services import looked_all
from dvc.core.japanese import normalise_text, search_key
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.volunteers.models import Volunteer
from matching.dispatch.coming import coming_teams, expected
from matching.evening import services
from matching.evening.calls import still_open
from matching.evening.ledger import Missing, Tally, ledger, open_days
from matching.evening.models import DayClosing, Kind, NamedException
from matching.queue.queries import waiting

# At noon everybody is still here: thousands of cards, each with its form, take longer than anybody waits.
PER_PAGE: Final = 60
# So many stand open. More are a row each that opens: sixty open ones are 20,000 pixels on a phone.
FEW: Final = 10
OTHER_CLOSING: Final = (
    "開き直していません。画面を開いたあとに、ほかの人が開き直しています。"
    "いまの様子を見て、まだ閉じてあれば、もう一度理由を書いて「開き直す」を押してください。"
)
# What people say most often; typed words come instead of them or besides.
USUAL_REASONS: Final = {
    Kind.HEAD: (
        "電話で、家に着いたと確かめた",
        "家族から、帰っていると聞いた",
        "病院に行っている（付き添いあり）",
    ),
    Kind.NAMELESS: ("団体の代表から、全員帰ったと聞いた",),
    Kind.TEAM: ("帰る途中（電話で、全員の無事を確かめた）",),
    Kind.SHEET: ("リーダーが持ち帰った。明日持ってくる", "さがしている"),
    Kind.TOOL: ("お宅に置いてきた。明日続けて使う", "明日返しに来る"),
    Kind.VEHICLE: ("明日返しに来る", "修理工場にある"),
}


@never_cache
@require_safe
def evening(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The ledger of a day, today's unless `?day=` names another."""
    return _show(request, day_of(request))


def day_of(request: StaffRequest) -> date:
    """The day that is meant; a day that has not come yet is today."""
    today = timezone.localdate(request.now)
    try:
        asked = parse_date(request.POST.get("day") or request.GET.get("day") or "")
    except ValueError:
        asked = None
    return min(asked or today, today)


def _show(request: StaffRequest, day: date, *, refusal: str = "", status: int = 200) -> HttpResponse:
    operation, today = request.operation, timezone.localdate(request.now)
    found = ledger(operation, day=day, at=request.now)
    closings = DayClosing.objects.filter(operation=operation, day=day).select_related(
        "closed_by", "reopened_by"
    )
    sought = request.GET.get("q", "").replace("\x00", "").strip()[:40]
    fits = _fits(operation, sought)
    pages = [
        (tally, _page(request, tally, [one for one in tally.missing if fits(one)])) for tally in found.tallies
    ]
    people = [one.visit.volunteer for _, page in pages for one in page if one.visit]
    looked_all(people, by=by(request), classes="V1 V2", why="一日のしめ", at=request.now)
    names = allowed_names(request.roles)
    context = {
        "section": "evening",
        "day": day,
        "kept": urlencode({"day": day.isoformat()} | ({"q": sought} if sought else {})),
        "sought": sought,
        "shown": sum(page.paginator.count for _, page in pages),
        "searches": bool(sought) or len(found.missing) > FEW,
        "stand_open": sum(len(page) for _, page in pages) <= FEW,
        "is_today": day == today,
        "ledger": found,
        "parts_shown": sum(1 for _, page in pages if page.paginator.count),
        "parts": [(tally, page, [_row(one, request, names) for one in page]) for tally, page in pages],
        "closing": next((one for one in closings if one.reopened_at is None), None),
        "reopened": [one for one in closings if one.reopened_at],
        "open_days": [one for one in open_days(operation, at=request.now) if one != day],
        "tomorrow": day + timedelta(days=1),
        "coming": coming_teams(operation, day=day + timedelta(days=1)),
        "expected": expected(operation, waiting(operation, at=request.now), day=day + timedelta(days=1)),
        "open": still_open(operation, day=day),
        "refusal": refusal,
    }
    return render(request, "matching/evening/evening.html", context, status=status)


def _fits(operation: Operation, sought: str) -> Callable[[Missing], bool]:
    """Whether something missing is looked for: by what its row says, or of a person also by reading and telephone."""
    words = search_key(sought)
    if not words:
        return lambda one: not sought
    people = set(
        Volunteer.objects.known_in(operation).matching(sought).order_by().values_list("pk", flat=True)
    )

    def fits(one: Missing) -> bool:
        return words in search_key(f"{one.what} {one.note}") or (
            one.visit is not None and one.visit.volunteer_id in people
        )

    return fits


def _page(request: StaffRequest, tally: Tally, missing: list[Missing]) -> Page[Missing]:
    """What nobody answers for yet comes first: exceptions of earlier days would stand above it."""
    in_order = sorted(missing, key=lambda one: one.excused is not None)
    return Paginator(in_order, PER_PAGE).get_page(request.GET.get(tally.kind))


def _row(one: Missing, request: StaffRequest, names: frozenset[str]) -> dict[str, Any]:
    """One missing thing with the address of its page, for whoever may open that."""
    address = reverse(one.page, args=[request.operation.pk, *one.args]) if one.page in names else ""
    anchor = "#still-out" if one.kind in (Kind.SHEET, Kind.VEHICLE) and one.page == "dispatch_detail" else ""
    return {
        "missing": one,
        "address": address + anchor if address else "",
        "reasons": USUAL_REASONS[one.kind],
    }


@require_POST
def evening_close(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Close it, or say what is missing."""
    day = day_of(request)
    try:
        services.close_day(request.operation, day=day, by=by(request), at=request.now)
    except Refused as refused:
        return _show(request, day, refusal=refused.text, status=409)
    messages.success(
        request, f"{day:%-m月%-d日}を閉じました。全員と全部の行き先が分かっています。おつかれさまでした。"
    )
    return _back(request, day)


@require_POST
def evening_reopen(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The day was not over after all. The closing that was on the screen is opened again, and no other one."""
    day = day_of(request)
    closings = DayClosing.objects.filter(operation=request.operation, day=day).select_related("operation")
    seen = request.POST.get("closing", "")
    closing = closings.filter(pk=int(seen)).first() if seen.isdecimal() and len(seen) < 19 else None
    try:
        if closing is None or not services.reopen_day(
            closing, reason=text_of(request, "reason"), by=by(request), at=request.now
        ):
            return _show(request, day, refusal=OTHER_CLOSING, status=409)
    except Refused as refused:
        return _show(request, day, refusal=refused.text, status=409)
    messages.success(request, f"{day:%-m月%-d日}を開き直しました。")
    return _back(request, day)


@require_POST
def evening_except(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Somebody answers for one missing thing."""
    day = day_of(request)
    try:
        services.name_exception(
            request.operation, request.POST.get("key", "")[:60], told_by=text_of(request, "told_by"),
            reason="　".join(text for text in (text_of(request, "usual"), text_of(request, "reason")) if text), day=day,
            by=by(request), at=request.now,
        )  # fmt: skip
    except Refused as refused:
        return _show(request, day, refusal=refused.text, status=409)
    messages.success(request, "例外として書きとめました。片づくまで、次の日の一覧にも出ます。")
    return _back(request, day)


@require_POST
def evening_except_undo(request: StaffRequest, operation_id: int, exception_id: int) -> HttpResponse:
    """It was a mistake."""
    exception = access.of_operation(
        request.operation, NamedException.objects.select_related("operation"), exception_id
    )
    services.take_back(exception, by=by(request), at=request.now)
    messages.success(request, "例外を取り消しました。")
    return _back(request, day_of(request))


def text_of(request: StaffRequest, name: str) -> str:
    try:
        return normalise_text(request.POST.get(name, ""))
    except ValueError:
        raise Refused("inbox.text") from None


def _back(request: StaffRequest, day: date) -> HttpResponse:
    response = redirect("evening", request.operation.pk)
    response["Location"] += f"?day={day.isoformat()}"
    return response

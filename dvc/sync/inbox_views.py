"""確かめること: the list, one item with both views, who is not seen home, what tablets could not record."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.audit.services import looked, looked_all
from dvc.core.japanese import normalise_text, parse_time_ja
from dvc.core.refused import Refused
from dvc.sync import inbox_queries as queries
from dvc.sync import refusals, resolutions, unclear_names, wrong_holders
from dvc.sync.models import InboxItem, ItemKind, Receipt
from dvc.sync.situations import situation_of
from intake.checkin import services as checkin
from intake.checkin.models import FailedScan, Visit
from intake.help_requests.models import UnsavedEdit
from intake.volunteers.models import Volunteer
from matching.teams.models import Member

# Shown in a form of their own: the digest, the list of ops, the two registrations.
TOLD_ELSEWHERE = (ItemKind.LATE_FACTS, ItemKind.QUARANTINE, ItemKind.BROKEN_OP, ItemKind.SAME_PERSON)
KEPT = (ItemKind.QUARANTINE, ItemKind.BROKEN_OP)
HOWS = ("本人に電話した", "家族に電話した", "班のリーダーに聞いた", "会って確かめた")


@never_cache
@require_safe
def inbox_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Open first, then what was settled lately."""
    mine = InboxItem.objects.filter(
        operation=request.operation, kind__in=queries.kinds_for(request.roles)
    ).select_related("operation", "resolved_by")
    failed, refused = queries.failed_scans(request.operation), queries.refusals(request.operation)
    gone, here = queries.not_seen_leaving(request.operation, at=request.now)
    without_names = queries.nameless_not_seen_leaving(request.operation, at=request.now)
    context = {
        "open": queries.lines(list(mine.open().order_by("happened_at", "id"))),
        "done": queries.lines(list(mine.exclude(resolved_at=None).order_by("-resolved_at")[: queries.DONE_SHOWN])),
        "failed": len(failed), "refused": len(refused),
        "missing": len(gone) + len(here) + sum(each.here for each in without_names),
    }  # fmt: skip
    return render(request, "dvc/sync/inbox_list.html", context)


def _item(request: StaffRequest, item_id: int) -> InboxItem:
    items = InboxItem.objects.select_related("operation__center", "resolved_by")
    item = access.of_operation(request.operation, items, item_id)
    if not queries.may_see(item, request.roles):
        raise Http404
    return item


@never_cache
@require_safe
def inbox_item(request: StaffRequest, operation_id: int, item_id: int) -> HttpResponse:
    """Both views side by side, what is proposed, and who settled it."""
    return _show(request, _item(request, item_id))


def _show(request: StaffRequest, item: InboxItem, *, refusal: str = "", status: int = 200) -> HttpResponse:
    people = list(Volunteer.objects.filter(pk__in=item.subjects.get("volunteer", ())))
    typed = unclear_names.told(item) if item.kind == ItemKind.UNCLEAR_NAME else None
    sought = normalise_text(request.GET.get("q", "")).strip()[:100] if typed else ""
    called = unclear_names.offered(item, typed, sought) if typed and item.is_open else []
    wrong = wrong_holders.standing(item) if item.kind == ItemKind.CARD_TAKEN_BACK else None
    shown = {*people, *called, *([wrong.holder] if wrong and wrong.holder else [])}
    looked_all([*shown], by=by(request), classes="V1 V2", why="確かめること", at=request.now)
    edit = UnsavedEdit.objects.select_related("need").filter(pk=_row(item, "not_saved")).first()
    if edit is not None:
        looked(edit.need, by=by(request), classes="P1 P2 P3 P4", why="確かめること", at=request.now)
    reports = queries.reports(item)
    if reports:
        looked(reports[0].dispatch, by=by(request), classes="P5", why="確かめること", at=request.now)
    surveys = queries.surveys(item)
    for survey, _ in surveys[:1]:
        looked(survey.need, by=by(request), classes="P1 P5", why="確かめること", at=request.now)
    situation = situation_of(item)
    quarantined = queries.quarantined(item) if item.kind in KEPT else []
    context = {
        "item": item, "situation": situation, "main": situation.choices[0], "others": situation.choices[1:],
        "views": [] if item.kind in TOLD_ELSEWHERE else queries.views(item),
        "people": people,
        "typed": typed, "typed_what": queries.OP_WORDS[typed.kind] if typed else "", "called": called, "sought": sought,
        "recordable": typed is not None and unclear_names.recordable(typed),
        "most_offered": unclear_names.MOST_OFFERED, "wrong": wrong,
        "quarantined": quarantined, "on_device": any(line.on_device for line in quarantined),
        "late": queries.late_day(item) if item.kind == ItemKind.LATE_FACTS else None,
        "visit": Visit.objects.filter(pk__in=item.subjects.get("visit", ())).first(),
        "edit": edit,
        "loans": queries.loans(item),
        "reports": reports,
        "surveys": surveys,
        "ended": queries.ended(item), "refusal": refusal, "posted": request.POST,
    }  # fmt: skip
    return render(request, "dvc/sync/inbox_item.html", context, status=status)


def _row(item: InboxItem, what: str) -> int:
    """The id of the row behind this view, 0 when the item has no such view."""
    return next((view.get("row", 0) for view in item.views if view["what"] == what), 0)


@require_POST
def inbox_resolve(request: StaffRequest, operation_id: int, item_id: int) -> HttpResponse:
    """One choice, with the reason and, where it is asked for, the time on the item's day."""
    item = _item(request, item_id)
    try:
        resolutions.choose(
            item, request.POST.get("choice", ""), reason=_reason(request), told_at=_told_at(request, item.happened_at),
            by=by(request), at=request.now, person=_person(request),
        )  # fmt: skip
    except Refused as refused:
        return _show(request, _item(request, item_id), refusal=refused.text, status=409)
    messages.success(request, "片づけました。だれがどう決めたかは、「済んだこと」に残ります。")
    return redirect("inbox_list", operation_id)


@require_POST
def inbox_take_apart(request: StaffRequest, operation_id: int, item_id: int) -> HttpResponse:
    """Undo a merge: the two registrations stand again as they were."""
    item = _item(request, item_id)
    resolutions.take_apart(item, by=by(request), at=request.now)
    messages.success(request, "元の2つの登録に戻しました。")
    return redirect("inbox_item", operation_id, item_id)


def _person(request: StaffRequest) -> int | None:
    """Who was picked, where one of several people is asked for."""
    picked = request.POST.get("person", "")
    return int(picked) if picked.isdecimal() and len(picked) < 19 else None


def _reason(request: StaffRequest) -> str:
    try:
        said = [normalise_text(request.POST.get(name, "")) for name in ("how", "reason")]
    except ValueError:
        raise Refused("inbox.text") from None
    return "　".join(text for text in said if text)[:120]


def _told_at(request: StaffRequest, when: datetime) -> datetime | None:
    """The time that was typed, on the local day of `when`."""
    typed = request.POST.get("time", "").strip()
    if not typed:
        return None
    try:
        told = parse_time_ja(typed)
    except ValueError:
        raise Refused("inbox.time_shape") from None
    return timezone.make_aware(datetime.combine(timezone.localdate(when), told))


@never_cache
@require_safe
def unreturned_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """未帰着確認: whom to phone, with the numbers and one button each."""
    return _show_unreturned(request)


def _show_unreturned(request: StaffRequest, *, refusal: str = "", status: int = 200) -> HttpResponse:
    gone, here = queries.not_seen_leaving(request.operation, at=request.now)
    without_names = queries.nameless_not_seen_leaving(request.operation, at=request.now)
    leaders = {each.group.leader for each in without_names if each.group and each.group.leader}
    # After a day without a network these are everybody who came.
    looked_all(
        [*(visit.volunteer for visit in (*gone, *here)), *leaders],
        by=by(request), classes="V1 V2", why="未帰着確認", at=request.now,
    )  # fmt: skip
    members = Member.objects.filter(visit__in=[*gone, *here]).select_related("team")
    teams = {member.visit_id: member.team for member in members}
    groups = [
        ("きのうまでに来て、帰りの記録がない人", [(visit, teams.get(visit.pk)) for visit in gone]),
        ("今日まだ帰りの記録がない人", [(visit, teams.get(visit.pk)) for visit in here]),
    ]
    context = {
        "groups": [group for group in groups if group[1]], "hows": HOWS, "refusal": refusal,
        "nameless": without_names,
    }  # fmt: skip
    return render(request, "dvc/sync/unreturned_list.html", context, status=status)


@require_POST
def unreturned_close(request: StaffRequest, operation_id: int, visit_id: int) -> HttpResponse:
    """電話で帰宅を確認."""
    visit = access.of_operation(
        request.operation, Visit.objects.select_related("operation__center", "volunteer"), visit_id
    )
    try:
        resolutions.seen_home(
            visit, reason=_reason(request), told_at=_told_at(request, visit.arrived_at), by=by(request),
            at=request.now,
        )  # fmt: skip
    except Refused as refused:
        return _show_unreturned(request, refusal=refused.text, status=409)
    messages.success(request, f"{visit.volunteer.name}さんの帰宅を記録しました。")
    return redirect("unreturned_list", operation_id)


@never_cache
@require_safe
def failed_scan_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """What was tried, where and why it did not work; from there to the person or the card."""
    return render(
        request, "dvc/sync/failed_scan_list.html", {"rows": queries.failed_scans(request.operation)}
    )


@require_POST
def failed_scan_handle(request: StaffRequest, operation_id: int, scan_id: int) -> HttpResponse:
    scan = access.of_operation(request.operation, FailedScan.objects.select_related("operation"), scan_id)
    checkin.handle_failed_scan(scan, by=by(request), at=request.now)
    messages.success(request, "「見ました」にしました。")
    return redirect("failed_scan_list", operation_id)


@never_cache
@require_safe
def refusal_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """What tablets were refused, until somebody has seen it."""
    return render(request, "dvc/sync/refusal_list.html", {"rows": queries.refusals(request.operation)})


@require_POST
def refusal_dismiss(request: StaffRequest, operation_id: int, receipt_id: int) -> HttpResponse:
    receipt = access.of_devices(request.center, Receipt.objects.all(), receipt_id)
    refusals.dismiss(receipt, operation=request.operation, by=by(request), at=request.now)
    messages.success(request, "「見ました」にしました。")
    return redirect("refusal_list", operation_id)

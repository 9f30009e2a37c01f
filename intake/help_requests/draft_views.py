"""書きかけ: the sheet as it is typed, kept by the machine at every pause or by hand, and gone on with anywhere."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.audit.services import looked
from dvc.core.refused import Refused
from intake.help_requests import drafts
from intake.help_requests.item_forms import item_forms
from intake.help_requests.models import CallDraft
from intake.help_requests.sheet_form import NeedForm
from intake.help_requests.sheet_views import show_sheet

_SEVERAL: Final = ("damage_kinds", "lifelines", "hazards", "w1-hazards", "w2-hazards", "w3-hazards")
_LATEST_DROPPED: Final = 10


@never_cache
@require_POST
def draft_save(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Keep what stands on the sheet. To the page's script as JSON: `token` and `version` for the next saving, `saved`
    (the time), `sentence` (empty when all is well). Without the script: the sheet again, saved."""
    by_script = request.headers.get("X-Requested-With") == "fetch" or "by_script" in request.POST
    try:
        kept = drafts.keep(
            request.operation,
            _token(request.POST.get("form_token", "")),
            drafts.typed(dict(request.POST.lists())),
            version=_number(request.POST.get("draft_version", "")),
            by=by(request),
            at=request.now,
        )
    except Refused as refused:
        if by_script:
            return JsonResponse({"sentence": refused.text}, status=409)
        messages.error(request, refused.text)
        return redirect("draft_list", operation_id)
    sentence = Refused("draft.not_yours_now").text if kept.split else ""
    if by_script:
        saved = timezone.localtime(kept.draft.saved_at).strftime("%-H:%M:%S")
        answer = {
            "token": str(kept.draft.form_token), "version": kept.draft.version, "saved": saved, "sentence": sentence,
            "address": reverse("draft_open", args=[operation_id, kept.draft.pk]),
        }  # fmt: skip
        return JsonResponse(answer)
    messages.add_message(
        request,
        messages.WARNING if kept.split else messages.SUCCESS,
        sentence or "ここまでを書きかけとして保存しました。まだ受け付けていません。",
    )
    return redirect("draft_open", operation_id, kept.draft.pk)


def _token(text: str) -> UUID:
    """A form that lost its token is a form of its own."""
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


@never_cache
@require_safe
def draft_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Calls that were begun and are no need yet: who began, when, and whose name it is. Nothing of what was told."""
    found = CallDraft.objects.filter(operation=request.operation).select_related("saved_by", "dropped_by")
    context = {
        "section": "need_list",
        "drafts": found.waiting().order_by("-saved_at"),
        "dropped": found.filter(dropped_at__isnull=False).order_by("-dropped_at")[:_LATEST_DROPPED],
    }
    return render(request, "intake/help_requests/draft_list.html", context)


@never_cache
@require_safe
def draft_open(request: StaffRequest, operation_id: int, draft_id: int) -> HttpResponse:
    """The sheet as far as it was typed, on any machine. Opening it is logged."""
    draft = _draft(request, draft_id)
    if draft.need is not None:
        return redirect("need_detail", operation_id, draft.need_id)
    if draft.dropped_at is not None:
        return redirect("draft_list", operation_id)
    looked(draft, by=by(request), classes="P1 P2 P3 P4", why="call draft", at=request.now)
    typed = {
        name: values if name in _SEVERAL else values[-1] for name, values in draft.fields.items() if values
    }
    initial: dict[str, Any] = {**typed, "form_token": draft.form_token}
    form = NeedForm(operation=request.operation, year=request.now.year, initial=initial)
    items = item_forms(operation=request.operation, initial=typed)
    return show_sheet(request, form, items, draft=draft)


def _draft(request: StaffRequest, draft_id: int) -> CallDraft:
    return access.of_operation(request.operation, CallDraft.objects.select_related("operation"), draft_id)


@require_POST
def draft_drop(request: StaffRequest, operation_id: int, draft_id: int) -> HttpResponse:
    """Throw it away with a reason, or bring it back (`back`)."""
    draft = _draft(request, draft_id)
    try:
        if "back" in request.POST:
            drafts.bring_back(draft, by=by(request), at=request.now)
            messages.success(request, "書きかけを元に戻しました。")
        else:
            reason = drafts.storable(request.POST.get("reason", "")).strip()
            drafts.drop(draft, reason=reason, by=by(request), at=request.now)
            messages.success(
                request, "書きかけを消しました。まちがえたときは、下の「元に戻す」を押してください。"
            )
    except Refused as refused:
        messages.error(request, refused.text)
    return redirect("draft_list", operation_id)

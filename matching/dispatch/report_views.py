"""One report of two."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from matching.dispatch import merging, queries
from matching.dispatch.forms import MergeForm
from matching.dispatch.models import Dispatch


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def dispatch_merge(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """Both reports beside one that says what both say, to be corrected before it is kept."""
    rows = Dispatch.objects.select_related("operation", "need", "team", "report")
    dispatch = access.of_operation(request.operation, rows, dispatch_id)
    later = list(dispatch.later_reports.all())
    if not queries.has_report(dispatch) or not later:
        return redirect("dispatch_detail", operation_id, dispatch_id)
    told = merging.told_outcomes(dispatch.report, later)
    form = MergeForm(request.POST or None, initial=merging.proposed(dispatch.report, later), outcomes=told)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            merging.merge(
                dispatch, **form.cleaned_data, seen=_seen(request), seen_first=request.POST.get("first"),
                by=by(request), at=request.now,
            )  # fmt: skip
        except Refused as refused:
            form.add_error(None, refused.text)
            dispatch.report.refresh_from_db()
            status = 409
        else:
            messages.success(request, f"{len(later) + 1}つの報告を1つにまとめました。")
            return redirect("dispatch_detail", operation_id, dispatch_id)
    context = {
        "section": "dispatch_board",
        "dispatch": dispatch,
        "reports": [dispatch.report, *later],
        "later": later,
        "mark": merging.mark_of(dispatch.report),
        "form": form,
        "differ": len(told) > 1,
    }
    return render(request, "matching/dispatch/merge.html", context, status=status)


def _seen(request: StaffRequest) -> list[int] | None:
    """The later reports (pks) the page showed."""
    if "shown" not in request.POST:
        return None
    return [int(pk) for pk in request.POST.getlist("shown") if pk.isdecimal() and len(pk) < 19]

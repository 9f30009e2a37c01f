"""「手があいている人」: everybody who is free, and why nobody needs them yet."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dvc.accounts.policy import StaffRequest
from matching.proposals.candidates import FILTERS
from matching.proposals.forms import one_id
from matching.proposals.idle import free_people


@never_cache
@require_safe
def people(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The list, narrowed by name, by what they can, and by the reason."""
    text = request.GET.get("q", "").replace("\x00", "")[:60]
    why = request.GET.get("why", "").replace("\x00", "")[:40]
    chosen = [name for name in request.GET.getlist("f") if name in FILTERS]
    found = free_people(
        request.operation,
        at=request.now,
        text=text,
        filters=chosen,
        why=why,
        number=one_id(request.GET.get("page")) or 1,
    )
    kept = {"q": text, "f": chosen}
    context = {
        "found": found, "text": text, "why": why, "chosen": chosen, "filters": FILTERS.items(),
        "kept": urlencode(kept, doseq=True), "query": "&" + urlencode({**kept, "why": why}, doseq=True),
        "section": "matching_board",
    }  # fmt: skip
    return render(request, "matching/proposals/people.html", context)

"""The list of needs: by the words people know, or found by a search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.paginator import Paginator
from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Value
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dvc.accounts.policy import StaffRequest
from dvc.operations.models import Operation
from intake.help_requests.models import CallBack, CallDraft, Need, NeedChange, NeedQuerySet, NeedState
from intake.help_requests.states import CHIPS, COARSE
from intake.people import towns
from intake.volunteers.models import WorkCategory

PER_PAGE: Final = 30
UNTOUCHED_TAB: Final = "untouched"
WATCH_TAB: Final = "watch"
LONGEST_QUESTION: Final = 100
S = NeedState

# The tabs of the list: the word people know → the states behind it.
TABS: Final[dict[str, tuple[str, frozenset[NeedState]]]] = {
    "open": ("続いているもの", frozenset(s for s in S if COARSE[s] not in ("完了", "終了"))),
    "received": ("受付中", frozenset(s for s in S if COARSE[s] == "受付中")),
    "call_back": ("折り返し・確認", frozenset({S.TRIAGE})),
    "survey": ("調査中", frozenset(s for s in S if COARSE[s] == "調査中")),
    "ready": ("マッチング待ち", frozenset(s for s in S if COARSE[s] == "マッチング待ち")),
    "active": ("活動中", frozenset(s for s in S if COARSE[s] == "活動中")),
    "hold": ("保留", frozenset({S.ON_HOLD})),
    "done": ("完了", frozenset({S.COMPLETED})),
    "closed": ("終了", frozenset(s for s in S if COARSE[s] == "終了")),
}
# Every list there is, by the word on its button.
TAB_WORDS: Final = {
    **{name: word for name, (word, _) in TABS.items()},
    UNTOUCHED_TAB: "2日動きなし",
    WATCH_TAB: "終わったあとの見守り",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One need in the list: P1 fields and the name, nothing more (reliability.md §4)."""

    need: Need
    word: str
    chip: str
    days: int
    works: str
    people: int
    why: str
    next_call: datetime | None


@never_cache
@require_safe
def need_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Needs by coarse state or found by a search; crisis first, then who has waited longest."""
    question = request.GET.get("q", "")[:LONGEST_QUESTION].replace("\0", "").strip()
    tab = request.GET.get("tab", "open")
    tab = tab if tab in TAB_WORDS else "open"
    counts = dict(
        Need.objects.filter(operation=request.operation)
        .values_list("state")
        .annotate(n=Count("id"))
        .order_by()
    )
    needs = Need.objects.filter(operation=request.operation)
    if question:
        in_order = _in_order(needs.matching(towns.town_writing(question)))
    else:
        in_order = _in_order(of_tab(needs, tab, at=request.now), tab)
    page = Paginator(in_order, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "need_list",
        "question": question,
        "tab": tab,
        "tabs": [
            (name, word, sum(counts.get(s, 0) for s in states)) for name, (word, states) in TABS.items()
        ],
        "page": page,
        "rows": [_row(request, need) for need in page],
        "query": "&" + urlencode({"q": question} if question else {"tab": tab}),
        "total": sum(counts.values()),
        "now": request.now,
        "watching": tab == WATCH_TAB and not question,
        **_waiting(request),
    }
    return render(request, "intake/help_requests/need_list.html", context)


def of_tab(needs: NeedQuerySet, tab: str, *, at: datetime) -> NeedQuerySet:
    """Those of `needs` that this tab shows."""
    if tab == UNTOUCHED_TAB:
        return needs.untouched(at)
    return needs.watched() if tab == WATCH_TAB else needs.filter(state__in=TABS[tab][1])


def _waiting(request: StaffRequest) -> dict[str, int]:
    """What else waits for the desk: `calls`, `calls_overdue`, `drafts`, `untouched`, `watched`. One query."""
    needs = Need.objects.filter(operation=request.operation)
    calls = CallBack.objects.open().filter(need__operation=request.operation)
    counted = {
        "calls": calls,
        "calls_overdue": calls.filter(due_at__lte=request.now),
        "drafts": CallDraft.objects.waiting().filter(operation=request.operation),
        "untouched": needs.untouched(request.now),
        "watched": needs.watched(),
    }
    columns = {f"waiting_{name}": _count(rows) for name, rows in counted.items()}
    row: Any = Operation.objects.filter(pk=request.operation.pk).annotate(**columns).get()
    return {name: getattr(row, f"waiting_{name}") or 0 for name in counted}


def _count(rows: QuerySet[Any]) -> Subquery:
    """How many rows, as a column; NULL for none."""
    one_group = rows.order_by().annotate(all=Value(1)).values("all")
    return Subquery(one_group.annotate(n=Count("pk")).values("n"))


def _in_order(needs: NeedQuerySet, tab: str = "") -> NeedQuerySet:
    why = NeedChange.objects.filter(need=OuterRef("pk")).order_by("-id").values("reason")[:1]
    next_call = CallBack.objects.open().filter(need=OuterRef("pk")).order_by().values("due_at")
    order: tuple[Any, ...] = ("-needs_crisis", "received_at", "id")
    if tab in ("done", "closed"):
        order = ("-id",)
    elif tab == WATCH_TAB:  # whom nobody plans to call, then whose call is due first
        order = (F("next_call").asc(nulls_first=True), "touched_at", "id")
    listed = needs.select_related("household__town", "resident", "requester").prefetch_related("items")
    return listed.annotate(why=Subquery(why), next_call=Subquery(next_call)).order_by(*order)


def _row(request: StaffRequest, need: Need) -> Row:
    items = list(need.items.all())
    state = NeedState(need.state)
    return Row(
        need=need,
        word=COARSE[state],
        chip=CHIPS[COARSE[state]],
        days=need.days_waited(request.now),
        works="、".join(dict.fromkeys(WorkCategory(item.category).label for item in items)),
        people=sum(item.people_ideal for item in items),
        why=need.why if state in (S.TRIAGE, S.ON_HOLD) else "",  # type: ignore[attr-defined]
        next_call=need.next_call,  # type: ignore[attr-defined]
    )

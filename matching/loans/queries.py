"""What is lent to whom, what is still missing, what can be lent now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from dvc.operations.models import Operation, Site
from intake.help_requests.models import Tool
from matching.equipment.models import Condition, ToolItem, ToolStock
from matching.loans.models import Loan

_RELATED = ("item", "site", "team__leader", "lent_by", "operation")


def open_loans(operation: Operation) -> QuerySet[Loan]:
    """Everything that is out, with team, leader and site. One query."""
    return Loan.objects.open().filter(operation=operation).select_related(*_RELATED)


def of_team(team_id: int) -> list[Loan]:
    """What a team has, in the order of `Tool`. One query."""
    return in_order(Loan.objects.open().filter(team=team_id).select_related(*_RELATED))


def in_order(loans: Iterable[Loan]) -> list[Loan]:
    places = {tool.value: place for place, tool in enumerate(Tool)}
    return sorted(
        loans, key=lambda loan: (places[loan.tool], loan.item.number if loan.item else 0, loan.lent_at)
    )


def said(loans: Iterable[Loan]) -> str:
    """「角スコップ × 3、チェーンソー 2号」; empty for nothing."""
    counts: Counter[str] = Counter()
    for loan in in_order(loans):
        counts[loan.what] += loan.out
    pieces = {loan.what for loan in loans if loan.item_id}
    return "、".join(what if what in pieces else f"{what} × {count}" for what, count in counts.items())


def free_items(operation: Operation) -> QuerySet[ToolItem]:
    """Numbered pieces that can be lent now."""
    lent = Loan.objects.open().filter(item=OuterRef("pk"))
    return ToolItem.objects.filter(~Exists(lent), operation=operation, condition=Condition.FINE)


def available(operation: Operation) -> dict[int, Counter[str]]:
    """Site pk → how many of each tool can be lent there now, numbered pieces included. Two queries."""
    found: dict[int, Counter[str]] = {}
    for row in ToolStock.objects.filter(operation=operation):
        found.setdefault(row.site_id, Counter())[row.tool] += row.free
    for site_id, tool in free_items(operation).values_list("site_id", "tool"):
        found.setdefault(site_id, Counter())[tool] += 1
    return found


def whereabouts(operation: Operation, tool: str, *, but: Site) -> str:
    """Where the rest of a tool is: 「ほかは、北拠点に5、2班に4、こわれているもの1です。」"""
    words = []
    broken = 0
    for row in ToolStock.objects.filter(operation=operation, tool=tool).select_related("site"):
        broken += row.broken
        if row.site_id != but.pk and row.free:
            words.append(f"{row.site.name}に{row.free}")
    out: Counter[str] = Counter()
    for loan in open_loans(operation).filter(tool=tool, item__isnull=True):
        out[loan.who] += loan.out
    words += [f"{who}に{count}" for who, count in out.items()]
    numbered = free_items(operation).filter(tool=tool).count()
    words += [f"番号つきのもの{numbered}"] if numbered else []
    words += [f"こわれているもの{broken}"] if broken else []
    return f"ほかは、{'、'.join(words)}です。" if words else "ほかにもありません。"


@dataclass(frozen=True, slots=True)
class Missing:
    """What one borrower has not brought back: since when, whom to call. `late`: not of today."""

    who: str
    caller: str
    phone: str
    team_id: int | None
    since: datetime
    loans: tuple[Loan, ...]
    late: bool

    @property
    def what(self) -> str:
        return said(self.loans)

    @property
    def left_behind(self) -> int:
        return sum(loan.left for loan in self.loans)


def unreturned(operation: Operation, *, at: datetime) -> list[Missing]:
    """Everybody who has something, the longest first. One query."""
    by_borrower: dict[tuple[int | None, str, str], list[Loan]] = {}
    for loan in open_loans(operation):
        by_borrower.setdefault((loan.team_id, loan.person, loan.phone), []).append(loan)
    today = timezone.localdate(at)
    found = [_missing(loans, today=today) for loans in by_borrower.values()]
    return sorted(found, key=lambda one: one.since)


def _missing(loans: Sequence[Loan], *, today: object) -> Missing:
    first = min(loans, key=lambda loan: loan.lent_at)
    leader = first.team.leader if first.team else None
    return Missing(
        who=first.who,
        caller=leader.name if leader else "",
        phone=first.leader_phone,
        team_id=first.team_id,
        since=first.lent_at,
        loans=tuple(in_order(loans)),
        late=timezone.localdate(first.lent_at) != today,
    )


def with_team(team_ids: Iterable[int]) -> dict[int, int]:
    """Team pk → how many pieces it has not brought back. One query."""
    counts: Counter[int] = Counter()
    rows = Loan.objects.open().filter(team__in=list(team_ids)).values_list("team_id", "count", "back")
    for team, count, back in rows:
        if team is not None:
            counts[team] += count - back
    return dict(counts)


def records_loans(operation: Operation) -> bool:
    """Whether somebody records what is lent. Where nobody does, nobody is asked. One query."""
    return Loan.objects.filter(operation=operation).exists()

"""People who are free: whether they are in a proposal, and if not, why the engine found nothing for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.paginator import Page, Paginator

from dvc.operations.models import Operation
from intake.checkin.models import Visit
from matching.proposals.candidates import ORDER, Candidate, describe, fitting
from matching.proposals.models import MatchRun, Proposal, RunState

PER_PAGE: Final = 40
OFFERED: Final = "offered"
NEW: Final = "new"
LABELS: Final = {
    OFFERED: "提案に入っている",
    NEW: "つぎの提案を待つ",
    "answer_talk": "今日の質問で確かめることがある",
    "blocked": "受付が止められている",
    "conflict_inside": "連れの中に組めない人がいる",
    "foe_there": "同じ班にしないと決めた人がいる",
    "group_incomplete": "団体がそろっていない",
    "group_too_large": "団体が大きすぎる",
    "in_broken_pin": "固定した班がそろわない",
    "lock_impossible": "決めた行き先へ出せない",
    "mate_locked": "連れの行き先へ出せない",
    "no_consent": "保護者の同意が未確認",
    "no_gain": "人数はもう足りている",
    "no_guardian": "付き添いの人が出られない",
    "no_needs": "出せる困りごとがない",
    "no_seat": "車の席がない",
    "no_suitable": "条件に合うものがない",
    "taken": "ほかの班が受け持っている",
    "teams_full": "どの班もいっぱい",
    "too_short": "帰る時刻に間に合わない",
    "uninsured": "保険がまだ",
    "waits": "ほかの人・物が足りない",
}


@dataclass(frozen=True, slots=True)
class Free:
    """One free person: `need` is the number of the need they are proposed for, else `why` says why for none."""

    about: Candidate
    need: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason with how many it is true for, to narrow the list by."""

    code: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class FreePeople:
    """One page of them, and the reasons of all that fit."""

    page: Page[Free]
    reasons: tuple[Reason, ...]
    total: int


def free_people(
    operation: Operation, *, at: datetime, text: str, filters: Collection[str], why: str, number: int
) -> FreePeople:
    """Those with `text` in their name for whom the filters hold, with the reason `why` ("" any). Six queries."""
    visits = fitting(operation, text=text, filters=filters).order_by(*ORDER)
    found = list(visits.values_list("pk", "volunteer_id"))
    offers = Proposal.objects.on_offer(at).filter(operation=operation)
    offered = {
        person: need for need, members in offers.values_list("need__number", "members") for person in members
    }
    runs = MatchRun.objects.filter(operation=operation).defer("problem", "previous")
    last = runs.filter(state__in=[RunState.DONE, RunState.FAILED]).first()
    said: Mapping[str, Any] = ((last.plan if last else None) or {}).get("idle", {})
    codes = {pk: _code(person, offered, said) for pk, person in found}
    counts = Counter(codes.values())
    shown = [pk for pk, _ in found if why in ("", codes[pk])]
    page: Page[Any] = Paginator(shown, PER_PAGE).get_page(number)
    rows = Visit.objects.select_related("volunteer__group").in_bulk(list(page.object_list))
    people = [_free(describe(rows[pk], at=at), offered, said) for pk in page.object_list if pk in rows]
    return FreePeople(
        page=Page(people, page.number, page.paginator),
        reasons=tuple(Reason(code, LABELS.get(code, code), count) for code, count in counts.most_common()),
        total=len(found),
    )


def _code(person: int, offered: Mapping[int, int], said: Mapping[str, Any]) -> str:
    if person in offered:
        return OFFERED
    reason = said.get(f"V{person}")
    return str(reason["code"]) if reason else NEW


def _free(about: Candidate, offered: Mapping[int, int], said: Mapping[str, Any]) -> Free:
    need = offered.get(about.person.pk)
    reason = said.get(f"V{about.person.pk}")
    why = "" if need else str(reason["text"]) if reason else "まだ計算に入っていません。"
    return Free(about, need, why)

"""What would help most: the binding shortages of all waiting needs, counted for the chief."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet

from dvc.operations.models import Operation
from intake.help_requests.models import Tool
from intake.volunteers.models import Skill
from matching.proposals.models import MatchRun
from matching.solver.words import NAMES

LABELS: Final = {
    "car": "車",
    "no_driver": "センターの車を運転できる人",
    "no_leader": "リーダーになれる人",
    "no_woman": "女性",
    "own_car": "車で来ている人",
    "people": "条件に合う人",
    "shuttle": "送迎の席",
    "truck": "軽トラック・トラック",
}


@dataclass(frozen=True, slots=True)
class Shortage:
    """`alone`: needs that lack nothing else; `amount`: the most one of them lacks; `among`: needs that lack more."""

    label: str
    amount: int
    alone: int
    among: int


def shortages(waiting: Iterable[Mapping[str, Any]]) -> list[Shortage]:
    """From the reasons of a plan (vcplan/1 `waiting`), the one that frees most needs by itself first."""
    alone: dict[str, list[int]] = {}
    among: dict[str, list[int]] = {}
    for reason in waiting:
        lacks = _lacks(reason)
        for code, amount in lacks.items():
            (alone if len(lacks) == 1 else among).setdefault(code, []).append(amount)
    found = [
        Shortage(
            label=label(code),
            amount=max((*alone.get(code, ()), *among.get(code, ()))),
            alone=len(alone.get(code, ())),
            among=len(among.get(code, ())),
        )
        for code in dict.fromkeys((*alone, *among))
    ]
    return sorted(found, key=lambda one: (-one.alone, -one.among, one.label))


def _lacks(reason: Mapping[str, Any]) -> dict[str, int]:
    """Shortage code → how many, of one need. A single shortage stands in the code, several in the parameters."""
    code, params = str(reason["code"]), reason.get("params", {})
    several = {str(key): int(value) for key, value in params.items() if _known(str(key))}
    if several:
        return several
    return {code: int(params.get("missing", 1))} if _known(code) else {}


def _known(code: str) -> bool:
    return code in LABELS or code.partition(":")[0] in ("tool", "skill", "lang")


def label(code: str) -> str:
    """What a shortage of a plan is called: "tool:shovel" → 「角スコップ」."""
    kind, _, what = code.partition(":")
    if kind == "tool" and what in Tool.values:
        return str(Tool(what).label)
    if kind == "skill" and what in Skill.values:
        return f"「{Skill(what).label}」のできる人"
    if kind == "lang":
        return f"{NAMES.get(what, what)}を話せる人"
    return LABELS.get(code, what)


# ── what would help most ───────────────────────────────────────────────────────────────────────
UNITS: Final = {"truck": "台", "car": "台", "tool": "つ", "shuttle": "席"}
"""What things are counted in; people are 人."""
HELPERS: Final = {
    "car": "センターの車（8人乗り）",
    "driver": "センターの車を運転できる人",
    "own_car": "車で来てくれる人（5人乗り）",
    "people": "ボランティア",
    "shuttle": "送迎の席",
    "truck": "軽トラック",
    "woman": "女性のボランティア",
}
HELPS_HOLD: Final = timedelta(minutes=10)
"""How long it is said what would help most: then too much has changed."""
LEADERS: Final = {"3": "危険な作業もまかせられるリーダー"}


@dataclass(frozen=True, slots=True)
class Helping:
    """What one more of something was found to bring when it was tried: needs that can go, people who get a team."""

    label: str
    amount: str
    needs: int
    people: int
    points: int

    @property
    def short(self) -> str:
        """「軽トラックがあと1台で、困りごと3件が進み、12人が班に入れます」"""
        needs, people = f"困りごと{self.needs}件が進みます", f"{self.people}人が班に入れます"
        if self.needs and self.people:
            return f"{self.label}があと{self.amount}で、困りごと{self.needs}件が進み、{people}"
        return f"{self.label}があと{self.amount}で、{needs if self.needs else people}"


def helpings(rows: Iterable[Mapping[str, Any]]) -> tuple[Helping, ...]:
    """From what is stored with a run (`matching.solver.helps.to_json`), the most useful first."""
    return tuple(_helping(row) for row in rows)


def found_lately(operation: Operation, *, at: datetime) -> QuerySet[MatchRun]:
    """Runs that found what would help, as long as it holds; the newest first."""
    runs = MatchRun.objects.filter(operation=operation, helps__isnull=False)
    return runs.filter(finished_at__gt=at - HELPS_HOLD)


def most_useful(operation: Operation, *, at: datetime) -> Helping | None:
    """What would help most now, for pages that have room for one line. One query."""
    found = helpings(found_lately(operation, at=at).values_list("helps", flat=True).first() or ())
    return found[0] if found else None


def _helping(row: Mapping[str, Any]) -> Helping:
    kind, what, place = str(row["kind"]), str(row["what"]), str(row["place"])
    name = (
        LEADERS.get(what, "リーダーになれる人")
        if kind == "leader"
        else HELPERS.get(kind) or label(f"{kind}:{what}")
    )
    return Helping(
        label=f"{name}（{place}）" if place else name,
        amount=f"{row['amount']}{UNITS.get(kind, '人')}",
        needs=int(row["needs"]),
        people=int(row["people"]),
        points=round(row["points"]),
    )

"""What would help most: the binding shortages of all waiting needs, counted for the chief."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from intake.help_requests.models import Tool
from intake.volunteers.models import Skill

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
            label=_label(code),
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


def _label(code: str) -> str:
    kind, _, what = code.partition(":")
    if kind == "tool" and what in Tool.values:
        return str(Tool(what).label)
    if kind == "skill" and what in Skill.values:
        return f"「{Skill(what).label}」のできる人"
    if kind == "lang":
        return f"「{what}」を話せる人"
    return LABELS.get(code, what)

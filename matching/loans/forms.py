"""Shapes of what people type at the tool desk. The rules are in services."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.http import QueryDict

from dvc.core.japanese import normalise_text
from dvc.operations.models import Operation, Site
from intake.help_requests.models import Tool
from matching.equipment.models import ToolStock
from matching.loans import queries
from matching.loans.models import Outcome

LONGEST = 4  # digits of a count


@dataclass
class LendForm:
    """What is to be handed over: counts by tool, pieces by their id. `rows`: every tool with what is offered or was typed
    and how many the site can lend."""

    operation: Operation
    site: Site
    counts: dict[str, int] = field(default_factory=dict)
    pieces: list[int] = field(default_factory=list)
    person: str = ""
    phone: str = ""
    reason: str = ""
    token: UUID = field(default_factory=uuid4)
    by_card: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, operation: Operation, site: Site, sent: QueryDict) -> LendForm:
        counts = {tool.value: number(sent.get(f"count_{tool}", "")) or 0 for tool in Tool}
        pieces = [int(pk) for pk in sent.getlist("piece") if pk.isdecimal() and len(pk) < 18]
        person, phone, reason = (text(sent.get(name, "")) for name in ("person", "phone", "reason"))
        return cls(operation, site, counts, pieces, person, phone, reason, uuid(sent.get("form_token", "")))

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Every tool that is counted here or asked for: what is offered, how many can be lent, how many of the asked
        are pieces with numbers."""
        free = {
            row.tool: row.free for row in ToolStock.objects.filter(operation=self.operation, site=self.site)
        }
        return [
            {"tool": tool.value, "label": tool.label, "count": self.counts.get(tool.value, 0), "free": free.get(tool.value, 0)}
            for tool in Tool
            if free.get(tool.value) or self.counts.get(tool.value)
        ]  # fmt: skip

    def offer(self, counts: dict[str, int]) -> None:
        """Begin with what the team should take: what is lent by its card is named, the rest stands as counts."""
        numbered = {item.tool for item in self.offered}
        self.by_card = [
            f"{tool.label} {counts[tool]}台" for tool in Tool if tool in numbered and counts.get(tool)
        ]
        self.counts = {tool: count for tool, count in counts.items() if tool not in numbered}

    @property
    def offered(self) -> list[Any]:
        """Numbered pieces of the site that can be lent, and those that were scanned elsewhere."""
        if not hasattr(self, "_offered"):
            items = queries.free_items(self.operation).select_related("site")
            self._offered = [item for item in items if item.site_id == self.site.pk or item.pk in self.pieces]
        return self._offered


def number(typed: str) -> int | None:
    """A count, or None for anything else."""
    typed = typed.strip()
    return int(typed) if typed.isdecimal() and len(typed) <= LONGEST else None


def text(typed: str) -> str:
    """A line in one writing; empty for what cannot be kept."""
    try:
        return normalise_text(typed)
    except ValueError:
        return ""


def uuid(typed: str) -> UUID:
    """The form's token; a new one for anything else."""
    try:
        return UUID(typed)
    except ValueError:
        return uuid4()


def outcome(typed: str) -> Outcome:
    return Outcome(typed) if typed in Outcome.values else Outcome.FINE

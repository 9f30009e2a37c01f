"""Kits: what a team of so many usually takes along for a kind of work. A suggestion for the desk that hands tools over;
what the survey asked for comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from intake.help_requests.models import Tool
from intake.volunteers.models import WorkCategory


@dataclass(frozen=True, slots=True)
class Part:
    """One `tool` for each `people` people (0: one for the team), at least `least`."""

    tool: Tool
    people: int = 0
    least: int = 1

    def of(self, people: int) -> int:
        return max(self.least, ceil(people / self.people) if self.people else 1)


# For teams of up to a dozen. Ours, from domain.md §1.3 and §2.11; a center that knows better writes it at the need.
KITS: Final[Mapping[str, tuple[Part, ...]]] = {
    WorkCategory.MUD_REMOVAL: (
        Part(Tool.SHOVEL, 1), Part(Tool.WHEELBARROW, 3), Part(Tool.SANDBAG, 2), Part(Tool.BRUSH, 4),
    ),
    WorkCategory.UNDER_FLOOR: (Part(Tool.SHOVEL, 2), Part(Tool.CROWBAR, 4), Part(Tool.SANDBAG, 2), Part(Tool.BLOWER)),
    WorkCategory.CLEANING: (Part(Tool.BRUSH, 2), Part(Tool.WASHER)),
    WorkCategory.FURNITURE_OUT: (Part(Tool.CART, 4), Part(Tool.ROPE, 4)),
    WorkCategory.MOVING: (Part(Tool.CART, 4), Part(Tool.ROPE, 4)),
    WorkCategory.DEBRIS: (Part(Tool.CART, 4), Part(Tool.ROPE), Part(Tool.SHEET)),
    WorkCategory.TIDY_UP: (Part(Tool.CART, 6), Part(Tool.BRUSH, 4)),
}  # fmt: skip


def suggested(category: str, people: int) -> dict[str, int]:
    """Tool → how many for this kind of work and a team of so many; empty where nothing is usual."""
    return {part.tool.value: part.of(max(1, people)) for part in KITS.get(category, ())}

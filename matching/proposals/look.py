"""How a coordinator narrows the board: what was asked for, as it stands in the address."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict

from dvc.core.japanese import search_key
from intake.help_requests.numbers import number_of
from intake.volunteers.models import WorkCategory
from matching.queue.queries import Waiting

TIERS = {1: "危機介入", 2: "優先", 3: "そのほか"}
LANES = ("offers", "waits", "teams")


@dataclass(frozen=True, slots=True)
class Look:
    """Filters of the board and the page of each lane. Everything empty shows everything, from the top."""

    text: str = ""
    town: int = 0
    kind: str = ""
    tier: int = 0
    why: str = ""
    briefed: bool = False
    fixed: bool = False
    pages: tuple[int, int, int] = (1, 1, 1)

    @classmethod
    def read(cls, sent: QueryDict) -> Look:
        kind = sent.get("kind", "")
        return cls(
            text=sent.get("q", "").replace("\x00", "").strip()[:40],
            town=_number(sent.get("town")),
            kind=kind if kind in WorkCategory.values else "",
            tier=tier if (tier := _number(sent.get("tier"))) in TIERS else 0,
            why=sent.get("why", "").replace("\x00", "")[:40],
            briefed=sent.get("briefed") == "1",
            fixed=sent.get("fixed") == "1",
            pages=(
                _number(sent.get("offers")) or 1,
                _number(sent.get("waits")) or 1,
                _number(sent.get("teams")) or 1,
            ),
        )

    @property
    def narrows(self) -> bool:
        return bool(
            self.text or self.town or self.kind or self.tier or self.why or self.briefed or self.fixed
        )

    @property
    def filters(self) -> dict[str, str | int]:
        """The filters for an address, without the pages."""
        found: dict[str, str | int] = {
            "q": self.text, "town": self.town, "kind": self.kind, "tier": self.tier, "why": self.why,
            "briefed": int(self.briefed), "fixed": int(self.fixed),
        }  # fmt: skip
        return {name: value for name, value in found.items() if value}

    @property
    def address(self) -> str:
        """Filters and pages: what the poll asks for again."""
        pages = {name: page for name, page in zip(LANES, self.pages, strict=True) if page > 1}
        return urlencode({**self.filters, **pages})

    def elsewhere(self, lane: str) -> str:
        """What a link to another page of `lane` keeps: the filters and where the other lanes are."""
        pages = {
            name: page for name, page in zip(LANES, self.pages, strict=True) if page > 1 and name != lane
        }
        return urlencode({**self.filters, **pages})

    @property
    def without_why(self) -> str:
        """The filters less the reason for waiting, from the first pages on."""
        return urlencode({name: value for name, value in self.filters.items() if name != "why"})

    def shows(self, one: Waiting, *, people: Collection[int] = (), named: Collection[int] = ()) -> bool:
        """Whether this need is looked for. `named` are the people the text could mean, `people` who is there."""
        house = one.need.household
        if self.town and (house is None or house.town_id != self.town):
            return False
        if self.kind and all(item.category != self.kind for item in one.items):
            return False
        if self.tier and one.tier != self.tier:
            return False
        return not self.text or self._says(one) or not set(named).isdisjoint(people)

    def _says(self, one: Waiting) -> bool:
        need, house = one.need, one.need.household
        number = number_of(self.text)
        if number is not None:
            return need.number == number
        words = search_key(f"{need.summary} {house.town if house and house.town else ''}")
        return bool(search_key(self.text)) and search_key(self.text) in words


EVERYTHING = Look()


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0

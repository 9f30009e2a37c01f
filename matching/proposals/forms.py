"""Shapes of what comes from the matching screens. Rules live in the services."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.http import QueryDict

from matching.proposals.candidates import FILTERS

LONGEST_ID = 18  # digits that surely fit a primary key

REJECT_REASONS = (
    "この組み合わせは避けたい",
    "人数が合わない",
    "天候・時間の都合",
    "依頼者の都合が変わった",
)
HOLD_REASONS = (
    "雨がやむまで",
    "依頼者の返事待ち",
    "現地をもう一度見る",
    "午後に回す",
)


def ids(texts: list[str]) -> list[int]:
    """The numbers among what was sent; anything else was not sent by our page and is left out."""
    return [int(one) for one in dict.fromkeys(texts) if one.isdecimal() and len(one) <= LONGEST_ID]


def one_id(text: str | None) -> int | None:
    """One number, or None."""
    return next(iter(ids([text or ""])), None)


def reason_of(sent: QueryDict) -> str:
    """The chosen reason and what was written beside it, as one sentence."""
    parts = [sent.get("reason", "").strip(), sent.get("note", "").strip()]
    return "：".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class TeamAnswers:
    """The page 「手で組む」: whom, under whom, in what, and what the list shows."""

    members: list[int] = field(default_factory=list)
    leader: int | None = None
    vehicle: int | None = None
    driver: int | None = None
    proposal: int | None = None
    text: str = ""
    filters: tuple[str, ...] = ()
    overrule: str = ""

    @classmethod
    def read(cls, sent: QueryDict) -> TeamAnswers:
        confirmed = sent.get("ok") == "yes"
        return cls(
            members=ids(sent.getlist("m")),
            leader=one_id(sent.get("leader")),
            vehicle=one_id(sent.get("vehicle")),
            driver=one_id(sent.get("driver")),
            proposal=one_id(sent.get("proposal")),
            text=sent.get("q", "")[:60].replace("\x00", ""),
            filters=tuple(name for name in sent.getlist("f") if name in FILTERS),
            overrule=reason_of(sent)[:120].replace("\x00", "") if confirmed else "",
        )

"""Shapes of what comes from the matching screens. Rules live in the services."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest

from django.http import QueryDict

from matching.proposals.candidates import FILTERS

LONGEST_ID = 18  # digits that surely fit a primary key
MOST_CARS = 20

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

PIN_REASON = "提案のまま行ってもらう"
LOCK_REASONS = (
    "前にもこのお宅に行った",
    "依頼者か本人の希望",
    "この人の技能・道具が要る",
)
BAN_REASONS = (
    "依頼者と知り合い・家族",
    "前に困ったことがあった",
    "依頼者か本人の希望",
)


def ids(texts: list[str]) -> list[int]:
    """The numbers among what was sent; anything else was not sent by our page and is left out."""
    return [int(one) for one in dict.fromkeys(texts) if one.isdecimal() and len(one) <= LONGEST_ID]


def one_id(text: str | None) -> int | None:
    """One number, or None."""
    return next(iter(ids([text or ""])), None)


def reason_of(sent: QueryDict, chosen: str = "reason", written: str = "note") -> str:
    """The chosen reason and what was written beside it, as one sentence."""
    parts = [sent.get(chosen, "").strip(), sent.get(written, "").strip()]
    return "：".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class TeamAnswers:
    """The page 「手で組む」: whom, under whom, in what, to which needs afterwards, and what the list shows.

    `cars`: the center's vehicles with their drivers, as far as they were chosen; `own`: whose own cars go, `left`: whose
    do not although they were among them on the page.
    """

    members: list[int] = field(default_factory=list)
    then: list[int] = field(default_factory=list)
    leader: int | None = None
    cars: tuple[tuple[int, int | None], ...] = ()
    own: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    proposal: int | None = None
    text: str = ""
    filters: tuple[str, ...] = ()
    overrule: str = ""

    @classmethod
    def read(cls, sent: QueryDict) -> TeamAnswers:
        confirmed = sent.get("ok") == "yes"
        own = tuple(ids(sent.getlist("own")))
        return cls(
            members=ids(sent.getlist("m")),
            then=ids(sent.getlist("n")),
            leader=one_id(sent.get("leader")),
            cars=tuple(_cars(sent.getlist("vehicle"), sent.getlist("driver"))),
            own=own,
            left=tuple(one for one in ids(sent.getlist("car_of")) if one not in own),
            proposal=one_id(sent.get("proposal")),
            text=sent.get("q", "")[:60].replace("\x00", ""),
            filters=tuple(name for name in sent.getlist("f") if name in FILTERS),
            overrule=reason_of(sent)[:120].replace("\x00", "") if confirmed else "",
        )


def _cars(vehicles: list[str], drivers: list[str]) -> Iterator[tuple[int, int | None]]:
    """Each line of the page has a vehicle and its driver; a line without a vehicle says nothing."""
    for vehicle, driver in zip_longest(vehicles[:MOST_CARS], drivers[:MOST_CARS]):
        found = one_id(vehicle)
        if found is not None:
            yield found, one_id(driver)

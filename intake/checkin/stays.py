"""From what was seen of one person to their stays. Pure: the same facts in any order give the same stays.

Tablets that were off-line tell late, twice and in any order, so a stay is never patched up from the newest message:
all facts about the person around that day are sorted by their corrected time and folded anew. Facts are only ever
added, so stays with an entry are extended or split and never joined; only a leaving whose entry was unknown may find
one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from dvc.core.days import local_day

Kind = Literal["in", "out", "closed"]

# A leaving this long after the entry belongs to nobody: the leaving of the first day was never recorded.
LONGEST_STAY: Final = timedelta(hours=18)
# Somebody scanned with the switch on 「帰り」 and then again with 「到着」: one arrival, not a stay of its own.
WRONG_SWITCH: Final = timedelta(minutes=10)
# Two gates are worth a look when they saw the person this far apart (source: sync.md §6).
APART: Final = timedelta(minutes=10)
# What a tablet recorded may be taken back for so long.
UNDO_FOR: Final = timedelta(minutes=15)
_ORDER: Final[dict[str, int]] = {"in": 0, "out": 1, "closed": 2}


@dataclass(frozen=True, slots=True)
class Fact:
    """Somebody was seen: `at` the corrected time, `site` its id, `gate` the device's id ("" for the desk), `op` the
    tablet's operation ("" for the desk). Of a line on paper both are the line (intake.paper). `closed`: a person on the
    staff says when they went home."""

    kind: Kind
    at: datetime
    site: int | None = None
    gate: str = ""
    op: str = ""

    @property
    def is_on_paper(self) -> bool:
        """Typed from a sheet: no tablet saw it."""
        return bool(self.op) and self.gate == self.op

    def as_json(self) -> list[str | int | None]:
        return [self.kind, self.at.astimezone(UTC).isoformat(), self.site, self.gate, self.op]

    @classmethod
    def from_json(cls, row: list[str | int | None]) -> Fact:
        kind, at, site, gate, op = row
        assert kind in _ORDER
        return cls(kind, datetime.fromisoformat(str(at)), site, str(gate), str(op))  # type: ignore[arg-type]


@dataclass(slots=True)
class Stay:
    """From the first entry to the first leaving after it. `unreturned`: the next day began without a leaving."""

    facts: list[Fact] = field(default_factory=list)
    arrival: Fact | None = None
    end: Fact | None = None
    unreturned: bool = False

    @property
    def arrived_at(self) -> datetime:
        """The entry; of somebody seen leaving only, that moment."""
        return self.arrival.at if self.arrival else self.facts[0].at

    @property
    def left_at(self) -> datetime | None:
        return self.end.at if self.end else None

    @property
    def site(self) -> int | None:
        return self.arrival.site if self.arrival else self.facts[0].site

    @property
    def is_open(self) -> bool:
        return self.arrival is not None and self.end is None

    @property
    def day(self) -> date:
        return local_day(self.arrived_at)


def fold(facts: Iterable[Fact]) -> list[Stay]:
    """The stays in the order of their beginning; every fact is in exactly one."""
    stays: list[Stay] = []
    for fact in sorted(set(facts), key=lambda f: (f.at, _ORDER[f.kind], f.gate, f.op, f.site or 0)):
        last = stays[-1] if stays else None
        if fact.kind == "in":
            _enter(stays, last, fact)
        else:
            _leave(stays, last, fact)
    for stay in stays[:-1]:
        stay.unreturned = stay.is_open
    return stays


def _enter(stays: list[Stay], last: Stay | None, fact: Fact) -> None:
    if last is not None and last.day == local_day(fact.at):
        wrong_switch = last.arrival is None and fact.at - last.facts[0].at <= WRONG_SWITCH
        if wrong_switch:
            last.arrival, last.end = fact, None
        if wrong_switch or last.is_open:
            last.facts.append(fact)
            return
    stays.append(Stay([fact], arrival=fact))


def _leave(stays: list[Stay], last: Stay | None, fact: Fact) -> None:
    near = last is not None and fact.at - last.arrived_at <= LONGEST_STAY
    if last is not None and near and (last.is_open or last.day == local_day(fact.at)):
        if last.is_open:
            last.end = fact
        elif last.end is not None and last.end.kind == "closed" and fact.kind == "out":
            last.end = fact  # what a tablet saw counts for more than what the desk was told
        last.facts.append(fact)
        return
    stays.append(Stay([fact], end=fact))


def two_gates(facts: Iterable[Fact]) -> list[Fact]:
    """The entries of one stay when two devices saw them more than APART apart or at two sites; else nothing."""
    entries = [fact for fact in facts if fact.kind == "in"]
    for i, one in enumerate(entries):
        for other in entries[i + 1 :]:
            two_sites = one.site is not None and other.site is not None and one.site != other.site
            if one.gate != other.gate and (two_sites or abs(one.at - other.at) > APART):
                return entries
    return []

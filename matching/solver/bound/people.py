"""Who could go at all, as the bound sees them: parties, and how many of each kind a threshold leaves.

Everything is rounded in the plan's favour: a party may come as early and stay as late as its class says, and
only what *no* team can get around (an atomic group comes whole, a minor brings the guardian) makes it stricter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.solver.model import Problem, Volunteer
from matching.solver.rules import may_drive_fleet
from matching.solver.units import Unit, who_is_out

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CLOCK_CLASSES = 8
"""Distinct departures, and distinct returns, told apart; more are merged in the plan's favour."""
SIZE_CLASSES = 10
"""Team sizes told apart by the question "how large a party fits in"; the last class is "any"."""


@dataclass(frozen=True)
class Party:
    """People no plan can separate (an atomic group, or one person), and what binds all who must come with them."""

    members: tuple[Volunteer, ...]
    start: int
    end: int
    sites: frozenset[str]
    stamina: int
    exp: int
    minor: bool
    women: bool
    size: int
    avoid: frozenset[str]


def party_of(unit: Unit, problem: Problem) -> Party:
    """A unit as a party: what a search moves as one, narrower than what no plan can separate."""
    members = unit.members
    return Party(
        members=members,
        start=max(problem.now, unit.start),
        end=min(problem.params.work_end, unit.end),
        sites=frozenset.intersection(*(frozenset(m.sites) for m in members)),
        stamina=min(m.stamina for m in members),
        exp=min(m.exp for m in members),
        minor=any(m.minor for m in members),
        women=all(m.woman for m in members),
        size=unit.size,
        avoid=frozenset().union(*(m.avoid for m in members)),
    )


@dataclass(frozen=True)
class Clock:
    """Classes of departure (ascending) and of return (ascending), in minutes of the day."""

    departs: Ints
    returns: Ints


def parties(problem: Problem, away: Iterable[str]) -> list[Party]:
    """The parties of everybody who is not `away` (in a pinned team) and could be in some team."""
    out = who_is_out(problem, set(away))
    block: dict[str, str] = {v.id: v.id for v in problem.volunteers if v.id not in out}
    members: dict[str, list[Volunteer]] = {}
    for v in problem.volunteers:
        if v.id in block:
            if v.group is not None and problem.group_by[v.group].atomic:
                block[v.id] = "group " + v.group
            members.setdefault(block[v.id], []).append(v)
    foes = {frozenset(pair) for pair in problem.conflicts if pair[0] != pair[1]}
    selfish = {a for a, b in problem.conflicts if a == b}
    found = []
    for name, people in members.items():
        with_them = _company(name, members, block)
        ids = {v.id for v in with_them}
        if ids & selfish or any(foe <= ids for foe in foes):
            continue
        parts = [
            problem.group_by[v.group].min_part
            for v in with_them
            if v.group is not None and not problem.group_by[v.group].atomic
        ]
        found.append(
            Party(
                members=tuple(people),
                start=max([problem.now, *(v.start for v in with_them)]),
                end=min([problem.params.work_end, *(v.end for v in with_them)]),
                sites=frozenset.intersection(*(frozenset(v.sites) for v in with_them)),
                stamina=min(v.stamina for v in with_them),
                exp=min(v.exp for v in with_them),
                minor=any(v.minor for v in with_them),
                women=all(v.woman for v in with_them),
                size=max([len(with_them), *parts]),
                avoid=frozenset().union(*(v.avoid for v in with_them)),
            )
        )
    return [one for one in found if one.start <= one.end and one.sites]


def _company(name: str, members: dict[str, list[Volunteer]], block: dict[str, str]) -> list[Volunteer]:
    """Everybody who is in any team this block is in: guardians, and the groups of guardians."""
    seen, ahead = {name}, [name]
    while ahead:
        for v in members[ahead.pop()]:
            if v.guardian is not None and block[v.guardian] not in seen:
                seen.add(block[v.guardian])
                ahead.append(block[v.guardian])
    return [v for one in sorted(seen) for v in members[one]]


def clock_of(found: list[Party]) -> Clock:
    """Classes of departure and return; a party's start is rounded down to a class, its end up."""
    starts = sorted({party.start for party in found}) or [0]
    ends = sorted({party.end for party in found}) or [0]
    return Clock(np.array(_thinned(starts, found, late=False)), np.array(_thinned(ends, found, late=True)))


def _thinned(times: list[int], found: list[Party], *, late: bool) -> list[int]:
    if len(times) <= CLOCK_CLASSES:
        return times
    count = Counter(party.end if late else party.start for party in found)
    must = times[-1] if late else times[0]
    often = sorted((t for t in times if t != must), key=lambda t: (-count[t], t))
    return sorted([must, *often[: CLOCK_CLASSES - 1]])


@dataclass(frozen=True)
class Alike:
    """Parties no rule about who may go where tells apart (but for bans, which are left out)."""

    start: int
    end: int
    sites: frozenset[str]
    stamina: int
    exp: int
    minor: bool
    women: bool
    size: int
    avoid: frozenset[str]


class Crowd:
    """Parties of a problem (all of them, or those some teams are made of), and the classes of parties that are alike.

    `start` and `end` of a class are numbers of the clock's classes. The last `sites` classes are no people but the
    center's vehicles at each site: they go with everybody.
    """

    def __init__(self, problem: Problem, found: list[Party]) -> None:
        self.problem = problem
        self.parties = found
        self.clock = clock_of(self.parties)
        self.site_number = {site.id: i for i, site in enumerate(problem.sites)}
        largest = max((party.size for party in self.parties), default=1)
        self.sizes = min(largest + 1, SIZE_CLASSES)
        self.people = {m.id: m for party in self.parties for m in party.members}
        known = frozenset(n.type for n in problem.needs)
        number: dict[Alike, int] = {}
        self.of = np.array(
            [number.setdefault(self._alike(p, known), len(number)) for p in self.parties], dtype=np.int64
        )
        last = len(self.clock.returns) - 1
        fleets = [Alike(0, last, frozenset({s.id}), 3, 3, False, True, 1, frozenset()) for s in problem.sites]
        self.alike: list[Alike] = [*number, *fleets]

    def _alike(self, p: Party, known: frozenset[str]) -> Alike:
        return Alike(
            int(np.searchsorted(self.clock.departs, p.start, side="right")) - 1,
            int(np.searchsorted(self.clock.returns, p.end, side="left")),
            p.sites, p.stamina, p.exp, p.minor, p.women, min(p.size, self.sizes), p.avoid & known,
        )  # fmt: skip

    def count(self, weights: Iterable[float], fleet: Iterable[tuple[str, float]] = ()) -> Floats:
        """[class]: the weights of its parties; `fleet` gives (site, weight) of the center's vehicles."""
        given = np.array(list(weights), dtype=np.float64)
        found = np.bincount(self.of, weights=given, minlength=len(self.alike)).astype(np.float64)
        for site, weight in fleet:
            found[len(self.alike) - len(self.site_number) + self.site_number[site]] += weight
        return found

    def each_of(self, have: dict[str, int] | Counter[str], most: int) -> list[int]:
        """[party]: a number per person, counted up to `most` per party."""
        return [min(most, sum(have.get(m.id, 0) for m in p.members)) for p in self.parties]


def adult_experience(party: Party) -> int:
    """The most experienced adult's level, −1 without an adult: who could lead."""
    return max((m.exp for m in party.members if not m.minor), default=-1)


def drives(party: Party) -> bool:
    return any(may_drive_fleet(m) for m in party.members)

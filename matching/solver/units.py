"""Who moves together: atomic groups whole, minors with their guardian, parts of groups that may be split.

The engine never handles single people; it handles units, so that these rules hold by construction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from matching.solver.model import Problem, Volunteer
from matching.solver.rules import may_drive_fleet


@dataclass(frozen=True)
class Unit:
    """One person or several who are placed together. `number` is its index in Units.all."""

    number: int
    members: tuple[Volunteer, ...]

    @property
    def size(self) -> int:
        return len(self.members)

    @cached_property
    def start(self) -> int:
        return max(m.start for m in self.members)

    @cached_property
    def end(self) -> int:
        return min(m.end for m in self.members)

    @cached_property
    def leader(self) -> Volunteer | None:
        """The member who would lead: an adult, the most experienced, the first of equals."""
        adults = [m for m in self.members if not m.minor]
        return max(adults, key=lambda m: m.exp, default=None)

    @cached_property
    def lead_exp(self) -> int:
        return self.leader.exp if self.leader is not None else -1

    @cached_property
    def women(self) -> int:
        return sum(m.woman for m in self.members)

    @cached_property
    def skills(self) -> Counter[str]:
        return Counter(skill for m in self.members for skill in m.skills)

    @cached_property
    def langs(self) -> frozenset[str]:
        return frozenset().union(*(m.langs for m in self.members))

    @cached_property
    def cars(self) -> tuple[Volunteer, ...]:
        """Members with a vehicle of their own, most seats first."""
        owners = [m for m in self.members if m.vehicle is not None]
        return tuple(sorted(owners, key=lambda m: -(m.vehicle.seats if m.vehicle else 0)))

    @cached_property
    def seats(self) -> int:
        return sum(m.vehicle.seats for m in self.members if m.vehicle is not None)

    @cached_property
    def has_truck(self) -> bool:
        return any(m.vehicle is not None and m.vehicle.kind == "truck" for m in self.members)

    @cached_property
    def drivers(self) -> tuple[Volunteer, ...]:
        """Members who may drive a vehicle of the center, those without a car of their own first."""
        return tuple(
            sorted((m for m in self.members if may_drive_fleet(m)), key=lambda m: m.vehicle is not None)
        )

    @cached_property
    def idle_w(self) -> float:
        return sum(m.idle_w for m in self.members)

    @cached_property
    def wishes(self) -> tuple[frozenset[str], ...]:
        return tuple(m.prefs for m in self.members if m.prefs)


@dataclass(frozen=True)
class Units:
    """The units of a problem, and why everybody else can not be placed (volunteer id -> code)."""

    all: tuple[Unit, ...]
    out: dict[str, str]

    @cached_property
    def of(self) -> dict[str, int]:
        """Volunteer id -> number of the unit."""
        return {m.id: unit.number for unit in self.all for m in unit.members}


def make_units(problem: Problem, away: Iterable[str] = ()) -> Units:
    """Units of everybody who can be placed; `away` are people already in a pinned team."""
    out = _who_is_out(problem, set(away))
    cluster = _Clusters(v.id for v in problem.volunteers if v.id not in out)
    for group in problem.groups:
        if group.atomic:
            cluster.join_all(m for m in problem.members_of[group.id] if m not in out)
    for person in problem.volunteers:
        if person.guardian is not None and person.id not in out:
            cluster.join(person.id, person.guardian)
    for group in problem.groups:
        if not group.atomic and group.min_part > 1:
            _join_parts(cluster, [m for m in problem.members_of[group.id] if m not in out], group.min_part)
    members: dict[str, list[Volunteer]] = {}
    for person in problem.volunteers:
        if person.id not in out:
            members.setdefault(cluster.root(person.id), []).append(person)
    whole = []
    for people in members.values():
        if _quarrel(problem, people):
            out.update((m.id, "conflict_inside") for m in people)
        else:
            whole.append(tuple(people))
    return Units(tuple(Unit(i, people) for i, people in enumerate(whole)), out)


def _who_is_out(problem: Problem, away: set[str]) -> dict[str, str]:
    """People who can not be placed at all, found by following who depends on whom until nothing changes."""
    out: dict[str, str] = {}
    for v in problem.volunteers:
        if v.id in away:
            out[v.id] = "out"
        elif not v.insured:
            out[v.id] = "uninsured"
    before = -1
    while len(out) != before:
        before = len(out)
        for v in problem.volunteers:
            if v.guardian is not None and (v.guardian in out or v.guardian not in problem.volunteer_by):
                out.setdefault(v.id, "no_guardian")
        for group in problem.groups:
            members = problem.members_of[group.id]
            left = [m for m in members if m not in out]
            torn = group.atomic and len(left) < len(members)
            if torn or (not group.atomic and len(left) < group.min_part):
                out.update((m, "group_incomplete") for m in left)
    return out


def _quarrel(problem: Problem, people: list[Volunteer]) -> bool:
    ids = {m.id for m in people}
    return any(a in ids and b in ids for a, b in problem.conflicts)


def _join_parts(cluster: _Clusters, members: list[str], min_part: int) -> None:
    """Splits a group into parts of at least `min_part`, keeping together what already belongs together."""
    blocks: dict[str, list[str]] = {}
    for m in members:
        blocks.setdefault(cluster.root(m), []).append(m)
    parts: list[list[str]] = []
    for block in blocks.values():
        if parts and len(parts[-1]) < min_part:
            parts[-1] += block
        else:
            parts.append(list(block))
    if len(parts) > 1 and len(parts[-1]) < min_part:
        rest = parts.pop()
        parts[-1] += rest
    for part in parts:
        cluster.join_all(part)


class _Clusters:
    """Union-find over volunteer ids; the first of the list is a cluster's root, so that order is stable."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._order = {one: i for i, one in enumerate(ids)}
        self._up = {one: one for one in self._order}

    def root(self, one: str) -> str:
        while self._up[one] != one:
            self._up[one] = self._up[self._up[one]]
            one = self._up[one]
        return one

    def join(self, a: str, b: str) -> None:
        a, b = self.root(a), self.root(b)
        if self._order[b] < self._order[a]:
            a, b = b, a
        self._up[b] = a

    def join_all(self, ids: Iterable[str]) -> None:
        ids = list(ids)
        for one in ids[1:]:
            self.join(ids[0], one)

"""Who moves together: atomic groups whole, minors with their guardian, parts of groups that may be split.

The engine never handles single people; it handles units, so that these rules hold by construction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from matching.solver.model import Group, Problem, Volunteer
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
    whole, out = _together(problem, problem.volunteers, problem.groups, set(away))
    return Units(tuple(Unit(i, people) for i, people in enumerate(whole)), out)


def remade_units(
    old: Sequence[Unit], out: Mapping[str, str], problem: Problem, away: Collection[str], changed: set[str]
) -> tuple[list[Unit], dict[str, str]]:
    """The units of `make_units`, made from those of an earlier problem when no more than what concerns the people in
    `changed` is different. Units that stay are the same objects, whose `number` is of the earlier problem.

    `changed` has to hold whoever is linked with somebody in it by a group or a guardian, before or now (`linked`).
    """
    people = [problem.volunteer_by[m] for m in changed if m in problem.volunteer_by]
    place = {person.id: i for i, person in enumerate(problem.volunteers)}
    people.sort(key=lambda person: place[person.id])
    groups = {person.group for person in people}
    whole, now_out = _together(problem, people, [g for g in problem.groups if g.id in groups], set(away))
    found = [unit for unit in old if unit.members[0].id not in changed]
    found += [Unit(-1, members) for members in whole]
    found.sort(key=lambda unit: place[unit.members[0].id])
    stay_out = {person: why for person, why in out.items() if person not in changed}
    return found, stay_out | now_out


def linked(problem: Problem, people: Iterable[str]) -> set[str]:
    """These people and whoever comes and goes with them: by a group, or as guardian and ward."""
    wards: dict[str, list[str]] = {}
    for person in problem.volunteers:
        if person.guardian is not None:
            wards.setdefault(person.guardian, []).append(person.id)
    found, todo = set[str](), list(people)
    while todo:
        one = todo.pop()
        if one in found:
            continue
        found.add(one)
        todo += wards.get(one, ())
        here = problem.volunteer_by.get(one)
        if here is not None:
            todo += [here.guardian] if here.guardian is not None else []
            todo += problem.members_of[here.group] if here.group is not None else ()
    return found


def _together(
    problem: Problem, volunteers: Sequence[Volunteer], groups: Sequence[Group], away: set[str]
) -> tuple[list[tuple[Volunteer, ...]], dict[str, str]]:
    """Who goes with whom, in the order of the list, and why everybody else can not be placed."""
    out = _who_is_out(problem, volunteers, groups, away)
    guardians = {v.guardian for v in volunteers if v.guardian is not None}
    # Most people are nobody's company: they are a unit each, without being asked whom they belong to.
    cluster = _Clusters(
        v.id
        for v in volunteers
        if (v.group is not None or v.guardian is not None or v.id in guardians) and v.id not in out
    )
    for group in groups:
        if group.atomic:
            cluster.join_all(m for m in problem.members_of[group.id] if m not in out)
    for person in volunteers:
        if person.guardian is not None and person.id not in out:
            cluster.join(person.id, person.guardian)
    for group in groups:
        if not group.atomic and group.min_part > 1:
            _join_parts(cluster, [m for m in problem.members_of[group.id] if m not in out], group.min_part)
    members: dict[str, list[Volunteer]] = {}
    for person in volunteers:
        if person.id not in out:
            root = cluster.root(person.id) if person.id in cluster else person.id
            members.setdefault(root, []).append(person)
    quarrelsome = {m for pair in problem.conflicts for m in pair}
    whole = []
    for people in members.values():
        if any(m.id in quarrelsome for m in people) and _quarrel(problem, people):
            out.update((m.id, "conflict_inside") for m in people)
        else:
            whole.append(tuple(people))
    return whole, out


def who_is_out(problem: Problem, away: set[str]) -> dict[str, str]:
    """People who can not be placed at all."""
    return _who_is_out(problem, problem.volunteers, problem.groups, away)


def _who_is_out(
    problem: Problem, volunteers: Sequence[Volunteer], groups: Sequence[Group], away: set[str]
) -> dict[str, str]:
    """Found by following who depends on whom until nothing changes."""
    out: dict[str, str] = {}
    for v in volunteers:
        if v.id in away:
            out[v.id] = "out"
        elif not v.insured:
            out[v.id] = "uninsured"
    wards = [v for v in volunteers if v.guardian is not None]
    before = -1
    while len(out) != before:
        before = len(out)
        for v in wards:
            if v.guardian in out or v.guardian not in problem.volunteer_by:
                out.setdefault(v.id, "no_guardian")
        for group in groups:
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

    def __contains__(self, one: str) -> bool:
        return one in self._up

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

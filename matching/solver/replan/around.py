"""What is different between two problems of one morning: whom and which needs a new plan has to look at first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from matching.solver.model import Problem

MOST: Final = 0.3
"""Share of the people or needs from which on it is another morning."""


@dataclass(frozen=True, slots=True)
class Around:
    """Ids of people and needs that came, went or changed, in the order of their ids. `whole`: so much is different that a
    plan had better be made anew. Part of the question: with it, the same problem and the same plan before, the answer is
    the same."""

    people: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    whole: bool = False

    def to_json(self) -> dict[str, Any]:
        return {"people": list(self.people), "needs": list(self.needs), "whole": self.whole}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Around:
        return cls(tuple(told["people"]), tuple(told["needs"]), bool(told["whole"]))


def difference(old: Problem, new: Problem) -> Around:
    """What a plan for `old` does not know of `new`. Cheap where records are the same objects."""
    people = changed_people(old, new)
    needs = changed_needs(old, new)
    people |= {who for who, _ in old.bans ^ new.bans} | {who for who, _ in set(old.locks) ^ set(new.locks)}
    # Whoever came back, and what nobody does any more, is there to be planned again.
    people |= out(old) ^ out(new)
    needs |= closed(old) ^ closed(new)
    same_frame = old.params == new.params and old.sites == new.sites and places(old) == places(new)
    whole = (
        not same_frame
        or len(people) > MOST * max(len(old.volunteers), len(new.volunteers))
        or len(needs) > MOST * max(len(old.needs), len(new.needs))
    )
    return Around(tuple(sorted(people)), tuple(sorted(needs)), whole)


def changed_people(old: Problem, new: Problem) -> set[str]:
    """Who came, went or is told differently, alone or with the others: group and conflicts."""
    found = set[str]()
    if old.volunteers is not new.volunteers:
        found |= _changed(old.volunteer_by, new.volunteer_by, new.volunteers)
    if old.groups is not new.groups:
        for group in _changed(old.group_by, new.group_by, new.groups):
            found |= {*old.members_of.get(group, ()), *new.members_of.get(group, ())}
    if old.conflicts is not new.conflicts:
        found |= {m for pair in set(old.conflicts) ^ set(new.conflicts) for m in pair}
    return found


def changed_needs(old: Problem, new: Problem) -> set[str]:
    if old.needs is new.needs:
        return set()
    return _changed(old.need_by, new.need_by, new.needs)


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], records: Iterable[Any]) -> set[str]:
    found = old.keys() - new.keys()
    for one in records:
        before = old.get(one.id)
        if before is not one and before != one:
            found.add(one.id)
    return found


def out(problem: Problem) -> set[str]:
    """People in teams that stand."""
    return {m for pin in problem.pins for m in pin.team.members}


def closed(problem: Problem) -> set[str]:
    """Needs that are not to be planned: a team that stands has them, or a coordinator keeps them back."""
    return {n for pin in problem.pins for n in pin.team.visits} | problem.holds


def places(problem: Problem) -> tuple[tuple[object, ...], ...]:
    return tuple((stop.id, stop.site, stop.lat, stop.lng) for stop in problem.stops)

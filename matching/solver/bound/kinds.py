"""What teams compete for among people: kinds of people, counted in every class of parties that are alike.

A kind says how many of its people a team must have at least (its demand) and how many each class has. The two
together give a row of the linear program for every choice of classes: what the teams that can only be served from
these demand in all can not be more than these have. A party that holds two leaders leads one team all the same, so parties are
counted, up to the most that any team asks for. Somebody who leads and handles a chainsaw does both in one team only: who can do
the one *or* the other is a kind of its own, which a team asks for when it asks for either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from matching.solver.bound.demands import Demands
from matching.solver.bound.people import Crowd, adult_experience, drives

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """`have` [class of parties]: how many there are, `each` [party]: how many of them are it. Demand: `asked` [profile], or
    every member.

    With `by_car` only teams that go by car ask. `either`: the names of two kinds who are one here.
    """

    name: str
    have: Floats
    each: Floats
    asked: Ints | None
    by_car: bool = False
    either: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Role:
    """Something some people can do: `able` [party], as many as any team asks for at most; `asked` [profile]."""

    name: str
    able: Ints
    asked: Ints


def kinds(demands: Demands) -> list[Kind]:
    """Every kind some set of needs asks for."""
    crowd = demands.crowd
    found = [_kind(crowd, "person", (len(p.members) for p in crowd.parties), None)]
    leader = demands["leader"]
    roles = []
    for level in map(int, np.unique(leader)):
        able = [adult_experience(p) >= level for p in crowd.parties]
        asked = (leader >= level).astype(np.int64)
        found.append(_kind(crowd, f"leader:{level}", able, asked))
        roles.append(_Role(f"leader:{level}", np.array(able, dtype=np.int64), asked))
    women = Counter({m.id: int(m.woman) for m in crowd.people.values()})
    found += _each_amount(crowd, "woman", women, demands["women"])
    for skill in demands.skills:
        have = Counter({m.id: int(skill in m.skills) for m in crowd.people.values()})
        found += _each_amount(crowd, f"skill:{skill}", have, demands[f"skill:{skill}"])
        roles.append(_role(crowd, f"skill:{skill}", have, demands[f"skill:{skill}"]))
    for lang in demands.langs:
        have = Counter({m.id: int(lang in m.langs) for m in crowd.people.values()})
        found += _each_amount(crowd, f"lang:{lang}", have, demands[f"lang:{lang}"])
        roles.append(_role(crowd, f"lang:{lang}", have, demands[f"lang:{lang}"]))
    return found + _either(crowd, roles) + _on_wheels(demands)


def _kind(
    crowd: Crowd, name: str, each: Iterable[float], asked: Ints | None, fleet: Iterable[tuple[str, float]] = (),
    *, by_car: bool = False, either: tuple[str, ...] = (),
) -> Kind:  # fmt: skip
    """`each` [party] and the center's vehicles, counted in classes."""
    given = np.array(list(each), dtype=np.float64)
    return Kind(name, crowd.count(given, fleet), given, asked, by_car, either)


def _role(crowd: Crowd, name: str, have: Counter[str], asked: Ints) -> _Role:
    most = int(asked.max(initial=0))
    able = [min(most, sum(have.get(m.id, 0) for m in p.members)) for p in crowd.parties]
    return _Role(name, np.array(able, dtype=np.int64), asked)


def _either(crowd: Crowd, roles: list[_Role]) -> list[Kind]:
    """One kind for every two roles that somebody has both of; without such a person it would say nothing new."""
    return [
        _kind(
            crowd,
            f"{a.name} or {b.name}",
            np.maximum(a.able, b.able),
            np.maximum(a.asked, b.asked),
            either=(a.name, b.name),
        )
        for a, b in combinations(roles, 2)
        if not (_is_leader(a) and _is_leader(b)) and ((a.able > 0) & (b.able > 0)).any()
    ]


def _is_leader(role: _Role) -> bool:
    """Who may lead with much experience may lead with little: two levels are never two roles."""
    return role.name.startswith("leader:")


def _each_amount(crowd: Crowd, name: str, have: Counter[str], asked: Ints) -> list[Kind]:
    """One kind per amount asked for: two where one is asked for are worth no more than one."""
    amounts = sorted({int(a) for a in asked if a > 0})
    return [
        _kind(
            crowd,
            f"{name}:{most}" if most > 1 else name,
            crowd.each_of(have, most),
            np.minimum(asked, most),
        )
        for most in amounts
    ]


def _on_wheels(demands: Demands) -> list[Kind]:
    """Who brings wheels: a team by car has an owner or a driver, a truck team one of a truck, and seats for all."""
    crowd, fleet = demands.crowd, demands.left.fleet
    everyone = np.ones(len(demands.asked), dtype=np.int64)
    own = [[m.vehicle for m in p.members if m.vehicle is not None] for p in crowd.parties]
    owners = [bool(vehicles) for vehicles in own]
    at_the_wheel = [owner or drives(p) for owner, p in zip(owners, crowd.parties, strict=True)]
    found = [
        _kind(crowd, "wheels", owners, everyone, ((one.site, 1) for one in fleet), by_car=True),
        _kind(crowd, "driver", at_the_wheel, everyone, by_car=True),
        _kind(
            crowd,
            "seat",
            (sum(v.seats for v in vehicles) for vehicles in own),
            None,
            ((f.site, f.seats) for f in fleet),
            by_car=True,
        ),
    ]
    if demands["truck"].any():
        hauliers = [any(v.kind == "truck" for v in vehicles) for vehicles in own]
        trucks = ((one.site, one.kind == "truck") for one in fleet)
        found.append(_kind(crowd, "truck", hauliers, demands["truck"], trucks, by_car=True))
    return found

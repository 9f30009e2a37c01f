"""Random small mornings for the solver's tests: every rule can bite, most of them do."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st

from matching.solver.engine import solve
from matching.solver.model import (
    FleetVehicle,
    Group,
    Need,
    OwnVehicle,
    Params,
    Pin,
    Problem,
    Site,
    Stop,
    Volunteer,
)

TYPES = ("mud", "clean", "roof")
SKILLS = ("driver", "chainsaw", "nurse")
TOOLS = ("shovel", "washer")


def volunteer(name: str, **given: object) -> Volunteer:
    """An insured adult who may lead and stays all day, unless told otherwise."""
    usual: dict[str, object] = {"start": 540, "end": 930, "sites": ("C1",), "exp": 2, "stamina": 3}
    return Volunteer(id=name, **(usual | given))  # type: ignore[arg-type]


def need(name: str, **given: object) -> Need:
    """An hour of work for two at the center's door, unless told otherwise."""
    usual: dict[str, object] = {
        "site": "C1", "lat": 38.3, "lng": 141.0, "type": "mud", "min": 2, "ideal": 2, "max": 4, "dur": 60,
        "open": 540, "close": 930, "weight": 10, "leader_exp": 1,
    }  # fmt: skip
    return Need(id=name, **(usual | given))  # type: ignore[arg-type]


def morning(**given: object) -> Problem:
    """One center at nine o'clock."""
    usual: dict[str, object] = {"now": 540, "params": Params(930), "sites": (Site("C1", 38.3, 141.0),)}
    return Problem(**(usual | given))  # type: ignore[arg-type]


def _some(dice: random.Random, of: tuple[str, ...], chance: float) -> frozenset[str]:
    return frozenset(one for one in of if dice.random() < chance)


def _place(dice: random.Random) -> tuple[float, float]:
    if dice.random() < 0.1:
        return 38.3, 141.0
    return round(38.3 + dice.uniform(-0.02, 0.02), 5), round(141.0 + dice.uniform(-0.02, 0.02), 5)


def _people(dice: random.Random, sites: tuple[str, ...], groups: list[Group]) -> list[Volunteer]:
    people: list[Volunteer] = []
    for i in range(dice.randint(0, 14)):
        age = dice.choice((15, 17, 18, 30, 45, 70))
        guardian = dice.choice(people).id if age < 18 and people and dice.random() < 0.8 else None
        people.append(
            Volunteer(
                id=f"V{i}", start=dice.choice((480, 540, 540, 540, 600)), end=dice.choice((720, 930, 930)),
                sites=sites if dice.random() < 0.8 else sites[:1], age=age, gender=dice.choice(("F", "M", "")),
                exp=dice.randint(0, 3), stamina=dice.randint(1, 3), skills=_some(dice, SKILLS, 0.3),
                langs=_some(dice, ("ja", "en"), 0.6), guardian=guardian,
                group=dice.choice(groups).id if groups and dice.random() < 0.4 else None,
                vehicle=OwnVehicle(dice.choice(("car", "truck")), dice.choice((2, 4, 5)))
                if dice.random() < 0.35 else None,
                insured=dice.random() < 0.9, prefs=_some(dice, TYPES, 0.2), avoid=_some(dice, TYPES, 0.1),
                idle_w=dice.choice((1, 2)),
            )
        )  # fmt: skip
    return people


def _needs(dice: random.Random, sites: tuple[str, ...], stops: list[Stop]) -> list[Need]:
    needs = []
    for i in range(dice.randint(0, 7)):
        lat, lng = _place(dice)
        least = dice.randint(1, 4)
        ideal = least + dice.randint(0, 3)
        site = dice.choice(sites)
        here = [stop.id for stop in stops if stop.site == site]
        begin = dice.choice((540, 540, 690))
        needs.append(
            Need(
                id=f"N{i}", site=site, lat=lat, lng=lng, type=dice.choice(TYPES), min=least, ideal=ideal,
                max=ideal + dice.randint(0, 3), dur=dice.choice((60, 90, 180)), open=begin,
                close=dice.choice((780, 930, 930)), weight=dice.choice((10, 20, 50, 200)),
                tier=dice.randint(1, 3),
                skills={dice.choice(SKILLS): dice.randint(1, 2)} if dice.random() < 0.2 else {},
                women_min=int(dice.random() < 0.2), women_only=dice.random() < 0.05,
                lang="en" if dice.random() < 0.1 else None, min_exp=int(dice.random() < 0.2),
                minors_ok=dice.random() < 0.7, min_stamina=dice.choice((1, 1, 2)),
                leader_exp=dice.randint(0, 3),
                equip={dice.choice(TOOLS): dice.randint(0, 3)} if dice.random() < 0.5 else {},
                truck=dice.random() < 0.1,
                prev=tuple(f"V{dice.randint(0, 14)}" for _ in range(dice.choice((0, 0, 2)))),
                stop=dice.choice(here) if here and dice.random() < 0.5 else None,
            )
        )  # fmt: skip
    return needs


def random_morning(seed: int) -> Problem:
    """A small morning with everything but pins."""
    dice = random.Random(seed)
    sites = tuple(Site(f"C{i}", *_place(dice)) for i in range(1, dice.choice((2, 2, 3))))
    names = tuple(site.id for site in sites)
    groups = [Group(f"G{i}", dice.random() < 0.6, dice.choice((0, 2, 3))) for i in range(dice.randint(0, 3))]
    stops = [Stop(f"R{i}", dice.choice(names), *_place(dice), dice.randint(0, 6)) for i in range(2)]
    people, needs = _people(dice, names, groups), _needs(dice, names, stops)
    v = [p.id for p in people] or ["V?"]
    n = [one.id for one in needs] or ["N?"]
    return Problem(
        now=dice.choice((540, 540, 600, 925)),
        params=Params(work_end=930, max_visits=dice.choice((1, 3)), chain_max_km=dice.choice((0.8, 3.0))),
        sites=sites, stops=tuple(stops), volunteers=tuple(people), groups=tuple(groups), needs=tuple(needs),
        fleet=tuple(
            FleetVehicle(f"K{i}", dice.choice(names), dice.choice(("van", "truck")), dice.choice((2, 8)))
            for i in range(dice.randint(0, 3))
        ),
        stock={name: {tool: dice.randint(0, 6) for tool in TOOLS} for name in names},
        conflicts=tuple((dice.choice(v), dice.choice(v)) for _ in range(dice.choice((0, 0, 2)))),
        bans=frozenset((dice.choice(v), dice.choice(n)) for _ in range(dice.choice((0, 0, 2)))),
        locks=tuple((dice.choice(v), dice.choice(n)) for _ in range(dice.choice((0, 0, 1, 2)))),
        holds=frozenset(dice.choice(n) for _ in range(dice.choice((0, 0, 1)))),
        baseline={dice.choice(v): dice.choice(n) for _ in range(dice.choice((0, 0, 4)))},
    )  # fmt: skip


def random_pinned_morning(seed: int) -> Problem:
    """The same with some teams already out; now and then one of them breaks a rule."""
    problem, dice = random_morning(seed), random.Random(seed + 1)
    teams = [team for team in solve(problem, effort=0).teams if dice.random() < 0.5]
    if teams and dice.random() < 0.3:
        teams[0] = replace(teams[0], members=(*teams[0].members, "V0"), mode=dice.choice(("walk", "car")))
    return replace(problem, pins=tuple(Pin(team, dice.choice((None, 540))) for team in teams))


def _of(make: Callable[[int], Problem]) -> st.SearchStrategy[Problem]:
    return st.integers(0, 2**32).map(make)


mornings = _of(random_morning)
pinned_mornings = st.one_of(mornings, _of(random_pinned_morning))

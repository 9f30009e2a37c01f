"""What would help most today: one more of what, found from the shortages and the prices, and tried.

Nothing is claimed that was not tried: the thing is added to the morning, the plan as it stands is kept and added to,
and what the new plan is worth more is what it would bring.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Final

from matching.solver.engine import solve
from matching.solver.explain import TRUCK_SEATS, VAN_SEATS
from matching.solver.model import DAY, MAX_EXP, FleetVehicle, OwnVehicle, Plan, Problem, Reason, Volunteer
from matching.solver.rules import review

if TYPE_CHECKING:
    from matching.solver.bound import Price

TRIED: Final = 12
"""Candidates that are tried at most, the most promising first."""
EFFORT: Final = 20
"""Rounds of improvement for each: enough to give the people around it other places."""
MANY_NEEDS: Final = 200
"""Above, the plan is only added to: there, a few rounds mostly find what has nothing to do with the extra."""
AGAIN: Final = 6
"""Of these, how many are tried once more from a better plan."""
NEARLY: Final = 1.1
NEW: Final = "?"
"""What ids of people and things begin with that are not here."""
OWN_SEATS: Final = 5
SHUTTLE_SEATS: Final = 8
PERSONS: Final = frozenset({"leader", "driver", "own_car", "skill", "lang", "woman", "people"})
SHORT_OF: Final = {
    "no_leader": "leader", "no_driver": "driver", "no_woman": "woman", "own_car": "own_car", "people": "people",
    "skill": "skill", "lang": "lang", "truck": "truck", "car": "car", "tool": "tool", "shuttle": "shuttle",
}  # fmt: skip
"""Kind of a shortage -> kind of what is added."""
PRICED: Final = {
    "leader": "leader", "woman": "woman", "skill": "skill", "lang": "lang", "wheels": "own_car", "seat": "own_car",
    "truck": "truck", "driver": "driver", "tool": "tool", "stop": "shuttle",
}  # fmt: skip
"""Kind of a dual price -> kind of what is added."""


@dataclass(frozen=True, slots=True)
class Extra:
    """Something that could come: `kind` as in SHORT_OF; `what` is a leader's level, a skill, a language, a tool or a stop;
    `site` where it belongs to one. Vehicles and tools need a site."""

    kind: str
    what: str = ""
    site: str = ""
    amount: int = 1


@dataclass(frozen=True, slots=True)
class Help:
    """What the extra would bring: needs served, people of this morning in a team, points of the score."""

    extra: Extra
    needs: int
    people: int
    points: float


def what_helps(
    problem: Problem, plan: Plan, prices: Iterable[Price] = (), *, effort: int | None = None,
    seconds: float | None = None, go_on: Callable[[], bool] = lambda: True,
) -> tuple[Plan, tuple[Help, ...]]:  # fmt: skip
    """The best plan known without anything more, and what would bring most beside it, most points first; only what
    brings needs or people. Stops after `seconds` or when `go_on` says no, with what was tried so far. Deterministic as
    long as neither ends it."""
    began = time.monotonic()
    if effort is None:
        effort = EFFORT if len(problem.needs) <= MANY_NEEDS else 0
    tries = _Tries(problem, _Worth.of(problem, solve(problem, effort=effort, previous=plan)), effort)
    for extra in candidates(problem, plan, prices)[:TRIED]:
        if (seconds is not None and time.monotonic() - began >= seconds) or not go_on():
            break
        tries.look(extra)
    # A better plan was found on the way: what was tried before it counts only when it holds beside that one, too.
    for extra in tries.stale()[:AGAIN]:
        if (seconds is not None and time.monotonic() - began >= seconds) or not go_on():
            break
        tries.look(extra, settled=True)
    return tries.best.plan, tuple(_best_amounts(tries.brought()))


class _Tries:
    """What was tried, and the best plan known without anything more."""

    def __init__(self, problem: Problem, best: _Worth, effort: int) -> None:
        self.problem, self.best, self.effort = problem, best, effort
        self.found: dict[Extra, tuple[_Worth, _Worth]] = {}
        """Extra -> what the morning is worth with it, and what it set out from."""

    def look(self, extra: Extra, *, settled: bool = False) -> None:
        wider, began = with_extra(self.problem, extra), self.best
        after = solve(wider, effort=self.effort, previous=began.plan)
        worth = _Worth.of(wider, after)
        if worth.points <= began.points:
            self.found.pop(extra, None)
            return
        # What only took more thinking is not put down to the extra, which is taken away again.
        without = _Worth.of(self.problem, solve(self.problem, effort=0, previous=after))
        if without.points <= began.points:
            self.found[extra] = worth, began
        elif not settled:
            self.best = without
            self.found[extra] = worth, began

    def stale(self) -> list[Extra]:
        """What was tried from a plan that is not the best any more, the most promising first."""
        old = [extra for extra, (_, began) in self.found.items() if began is not self.best]
        return sorted(old, key=lambda extra: self.found[extra][1].points - self.found[extra][0].points)

    def brought(self) -> Iterator[Help]:
        best = self.best
        for extra, (after, began) in self.found.items():
            if began is not best:
                continue
            needs, people = after.needs - best.needs, after.people - best.people
            points = round(after.points - best.points, 1)
            if after.broken <= best.broken and points > 0 <= min(needs, people) and needs + people:
                yield Help(extra, needs, people, points)


@dataclass(frozen=True, slots=True)
class _Worth:
    plan: Plan
    points: float
    needs: int
    people: int
    broken: int

    @classmethod
    def of(cls, problem: Problem, plan: Plan) -> _Worth:
        read = review(problem, plan)
        people = sum(not m.startswith(NEW) for team in plan.teams for m in team.members)
        return cls(plan, read.score.total, read.score.served, people, len(read.violations))


def _best_amounts(found: Iterable[Help]) -> list[Help]:
    """Of each thing the amount that brings most for each one; of leaders the lowest level that brings nearly as much."""
    best: dict[tuple[str, str, str], Help] = {}
    for one in sorted(found, key=lambda one: (one.extra.what, -one.points / one.extra.amount)):
        kind, what, site, amount = astuple(one.extra)
        key = kind, "" if kind == "leader" else what, site
        other = best.setdefault(key, one)
        if one.points / amount > NEARLY * other.points / other.extra.amount:
            best[key] = one
    return sorted(
        best.values(), key=lambda one: (-one.points, one.extra.kind, one.extra.what, one.extra.site)
    )


def with_extra(problem: Problem, extra: Extra) -> Problem:
    """The morning with it. People who come cost nothing when they stay idle;"""
    names = [f"{NEW}{extra.kind}-{i}" for i in range(extra.amount)]
    if extra.kind in PERSONS:
        more = tuple(_person(problem, name, extra) for name in names)
        return replace(problem, volunteers=(*problem.volunteers, *more))
    if extra.kind in {"truck", "car"}:
        seats = TRUCK_SEATS if extra.kind == "truck" else VAN_SEATS
        kind = "truck" if extra.kind == "truck" else "van"
        fleet = tuple(FleetVehicle(name, extra.site, kind, seats) for name in names)
        return replace(problem, fleet=(*problem.fleet, *fleet))
    if extra.kind == "tool":
        stock = {site: dict(tools) for site, tools in problem.stock.items()}
        tools = stock.setdefault(extra.site, {})
        tools[extra.what] = tools.get(extra.what, 0) + extra.amount
        return replace(problem, stock=stock)
    stops = tuple(
        replace(stop, seats=stop.seats + extra.amount) if stop.id == extra.what else stop
        for stop in problem.stops
    )
    return replace(problem, stops=stops)


def _person(problem: Problem, name: str, extra: Extra) -> Volunteer:
    skills = {"driver": {"driver"}, "skill": {extra.what}}.get(extra.kind, set())
    return Volunteer(
        id=name, start=problem.now, end=DAY, sites=tuple(site.id for site in problem.sites), idle_w=0, stamina=3,
        exp=_experience(problem, extra), gender="F" if extra.kind == "woman" else "",
        skills=frozenset(skills), langs=frozenset({extra.what} if extra.kind == "lang" else ()),
        vehicle=OwnVehicle("car", OWN_SEATS) if extra.kind == "own_car" else None,
    )  # fmt: skip


def _experience(problem: Problem, extra: Extra) -> int:
    """No more than it takes: who comes for a skill shall not be a leader besides."""
    if extra.kind == "leader":
        return int(extra.what)
    asked = [n.min_exp for n in problem.needs if extra.kind == "skill" and extra.what in n.skills]
    return min(MAX_EXP, max(asked, default=0))


# ---- what is worth trying


def candidates(problem: Problem, plan: Plan, prices: Iterable[Price] = ()) -> list[Extra]:
    """What to try: by turns what would free most waiting needs by itself, and what has the highest price."""
    counted = [extra for extra, _ in _counted(problem, plan).most_common()]
    priced = list(_priced(problem, prices))
    turns = [one for pair in zip(counted, priced, strict=False) for one in pair]
    rest = counted[len(priced) :] + priced[len(counted) :]
    return list(dict.fromkeys([*turns, *rest]))


def _counted(problem: Problem, plan: Plan) -> Counter[Extra]:
    """What waiting needs lack, with their points; a need that lacks several things counts for each a little."""
    found: Counter[Extra] = Counter()
    for need_id, reason in plan.waiting.items():
        need = problem.need_by.get(need_id)
        lacks = lacks_of(reason)
        if need is None:
            continue
        for code, missing in lacks.items():
            kind, _, what = code.partition(":")
            kind, amount = SHORT_OF[kind], missing
            if kind == "leader":
                what = str(min(3, max(need.leader_exp, need.min_exp)))
            elif kind == "shuttle":
                what, amount = need.stop or "", max(missing, SHUTTLE_SEATS)
            site = need.site if kind in {"truck", "car", "tool", "shuttle"} else ""
            share = need.weight if len(lacks) == 1 else need.weight / 10
            found[Extra(kind, what, site, amount)] += round(100 * share)
    return found


def lacks_of(reason: Reason) -> dict[str, int]:
    """Code of a shortage -> how many are missing, of a need's reason. One alone stands in the code."""
    if "missing" in reason.params:
        return {reason.code: int(reason.params["missing"])}
    return {code: int(n) for code, n in reason.params.items() if code.partition(":")[0] in SHORT_OF}


def _priced(problem: Problem, prices: Iterable[Price]) -> Iterator[Extra]:
    sites = [site.id for site in problem.sites]
    for price in prices:
        what, site = price.what, price.site or (sites[0] if sites else "")
        kind = PRICED.get(price.kind, "")
        if price.kind == "vehicle":
            kind = "own_car" if what.startswith("own") else "truck" if " truck " in what else "car"
        if kind in PERSONS:
            yield Extra(kind, what if kind in {"leader", "skill", "lang"} else "")
        elif kind == "tool":
            yield Extra(kind, what, site)
        elif kind == "shuttle":
            yield Extra(kind, what, site, SHUTTLE_SEATS)
        elif kind and site:
            yield Extra(kind, "", site)


def to_json(found: Iterable[Help], places: Mapping[str, str]) -> list[dict[str, str | int | float]]:
    """As it is stored with a run; `places` names sites and stops."""
    return [
        {
            "kind": one.extra.kind, "what": one.extra.what, "amount": one.extra.amount, "needs": one.needs,
            "people": one.people, "points": one.points,
            "place": places.get(one.extra.what if one.extra.kind == "shuttle" else one.extra.site, ""),
        }
        for one in found
    ]  # fmt: skip

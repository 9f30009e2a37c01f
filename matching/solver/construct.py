"""Building teams: what people are worth elsewhere (prices), and the cheapest team for a task.

Every step works on a State that keeps all rules and leaves it keeping all rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from matching.solver.crews import Crew, Flags, Floats, Ground, Ints, State, Task, fit, rides_for
from matching.solver.model import FleetVehicle, Mode

LEADER_FIRST = 1e3
"""Added to what a leader is worth, so that a team is built around its leader."""
SETTING_OUT = 20
"""Minutes a visit takes beside the work, for judging how much of a team's day it uses."""
SCARCITY_CAP = 3.0


class Prices:
    """What a unit could be worth to other needs, in points: scarce abilities cost, whether used or not."""

    def __init__(self, ground: Ground) -> None:
        needs = ground.needs
        w = ground.problem.params.w
        weights = sorted(n.weight for n in needs)
        self.typical = w.need * (weights[len(weights) // 2] if weights else 0.0)
        wanted, here = sum(n.ideal for n in needs), int(ground.size.sum())
        crowd = min(1.0, wanted / max(1, here))
        self.person = 0.08 * self.typical * crowd
        self.lead = [0.0] * 5
        for level in range(4):
            asked = sum(n.leader_exp >= level for n in needs)
            able = int((ground.lead >= level).sum())
            self.lead[level] = 0.5 * self.typical * _scarcity(asked, able)
        for level in range(1, 4):
            self.lead[level] = max(self.lead[level], self.lead[level - 1])
        self.skill = {
            skill: 0.5 * self.typical * _scarcity(
                sum(n.skills.get(skill, 0) for n in needs), int(ground.skill(skill).sum())
            )
            for skill in sorted({s for n in needs for s in n.skills})
        }  # fmt: skip
        self.lang = {
            lang: 0.5 * self.typical * _scarcity(
                sum(n.lang == lang for n in needs), int(ground.lang(lang).sum())
            )
            for lang in sorted({n.lang for n in needs if n.lang})
        }  # fmt: skip
        self.woman = 0.1 * self.typical * _scarcity(
            sum(n.women_min for n in needs), int(ground.women.sum())
        )  # fmt: skip
        by_car = sum(ground.travel.access(n, Mode.WALK)[1] != "" and n.stop is None for n in needs)
        self.car = 0.4 * self.typical * _scarcity(by_car, int((ground.seats > 0).sum()))
        self.truck = 0.5 * self.typical * _scarcity(sum(n.truck for n in needs), int(ground.truck.sum()))
        self.tool = {
            (site, tool): 0.4 * self.typical * min(2.0, asked / max(1, left))
            for (site, tool), (asked, left) in _tool_use(ground).items()
            if asked > left
        }
        self.unit = self._of_units(ground)

    def _of_units(self, ground: Ground) -> Floats:
        lead = np.array([self.lead[level] if level >= 0 else 0.0 for level in ground.lead], dtype=np.float64)
        price = self.person * ground.size + lead + self.woman * ground.women
        price += self.car * (ground.seats > 0) + self.truck * ground.truck
        for skill, each in self.skill.items():
            price += each * ground.skill(skill)
        for lang, each in self.lang.items():
            price += each * ground.lang(lang)
        now = ground.problem.now
        short = np.array([(u.end - max(u.start, now)) / 60.0 for u in ground.units], dtype=np.float64)
        return np.asarray(price + short, dtype=np.float64)

    def of_tools(self, task: Task) -> float:
        """What the tools of a task could be worth to other needs."""
        return sum(self.tool.get((task.site, tool), 0.0) * q for tool, q in task.tools.items())

    def of(self, units: Iterable[int]) -> float:
        return sum(float(self.unit[u]) for u in units)


def _tool_use(ground: Ground) -> dict[tuple[str, str], tuple[int, int]]:
    """(site, tool) -> how many all needs ask for, how many there are."""
    asked: Counter[tuple[str, str]] = Counter()
    for need in ground.needs:
        for tool, quantity in need.equip.items():
            asked[need.site, tool] += quantity
    stock = ground.problem.stock
    return {key: (n, stock.get(key[0], {}).get(key[1], 0)) for key, n in asked.items()}


def _scarcity(asked: int, able: int) -> float:
    return min(SCARCITY_CAP, asked / able) if able else SCARCITY_CAP


@dataclass(slots=True)
class _Demand:
    """Something a task still lacks: how much, what each unit offers, what a unit of it costs elsewhere."""

    lack: int
    offers: Ints
    credit: float


def staff(
    state: State, task: Task, prices: Prices, *, base: Sequence[int] = (), old: Crew | None = None,
    unit_price: Floats | None = None, thorough: bool = False,
) -> Crew | None:  # fmt: skip
    """The crew for a task from `base` (people already chosen, or of `old`) and the cheapest free units.

    Greedy: the cheapest people may leave no seat or no place for the rest. `thorough` then asks again for the
    most versatile and for the smallest units; it is for questions asked once, not in every round.
    """
    if not task.possible or not state.has_tools(task, old):
        return None
    if base:
        crew = fit(state, task, base, old)
        if crew is not None:
            return crew
        if sum(state.ground.units[u].size for u in base) > task.hi or not all(task.may[u] for u in base):
            return None
    tries = [prices.unit if unit_price is None else unit_price]
    if thorough:
        size = state.ground.size.astype(np.float64)
        useful = sum(
            (np.minimum(d.offers, 1) for d in _demands(task, state.ground, prices)), np.zeros(len(size))
        )
        useful = useful + (state.ground.seats > 0) + state.ground.truck + 0.5 * state.ground.driver
        tries += [1e6 * (size - 2 * useful), 1e6 * size - prices.unit]
    for price in tries:
        for mode in task.modes:
            chosen = _choose(state, task, mode, prices, price, base, old)
            crew = fit(state, task, chosen, old) if chosen is not None else None
            if crew is not None:
                return crew
    return None


def _choose(
    state: State, task: Task, mode: str, prices: Prices, price: Floats, base: Sequence[int], old: Crew | None
) -> list[int] | None:
    ground = state.ground
    chosen = list(base)
    size = sum(ground.units[u].size for u in chosen)
    if mode == Mode.SHUTTLE and state.seats_at(task.stop, old) < task.lo:
        return None
    demands = sorted(_demands(task, ground, prices), key=lambda d: -d.credit)
    fleet = state.vehicles(task.site, old) if mode == Mode.CAR else []
    while True:
        demand = next((d for d in demands if d.lack > sum(int(d.offers[u]) for u in chosen)), None)
        if demand is None and mode == Mode.CAR:
            demand = _seats_lacking(ground, task, prices, chosen, max(size, task.lo), fleet)
        if demand is None and size >= task.lo:
            return chosen
        usable = task.can_join(mode, chosen) & state.free & (ground.size <= task.hi - size)
        if demand is not None:
            usable &= demand.offers > 0
        able = _others(ground, usable, chosen)
        if not len(able):
            return None
        cost = price[able] / ground.size[able] if demand is None else _net(able, price, demand, ground.size)
        pick = int(able[np.argmin(cost)])
        chosen.append(pick)
        size += ground.units[pick].size


def _net(able: Ints, price: Floats, demand: _Demand, size: Ints) -> Floats:
    """Price of each unit less what it saves here; dearer per person breaks ties towards small units."""
    used = np.minimum(demand.offers[able], demand.lack)
    return price[able] - demand.credit * used + 1e-3 * size[able]


def _others(ground: Ground, usable: Flags, chosen: Sequence[int]) -> Ints:
    """The usable units without those chosen and those who must not meet them."""
    for u in chosen:
        usable[u] = False
        for foe in ground.foes.get(u, ()):
            usable[foe] = False
    return np.flatnonzero(usable)


def _demands(task: Task, ground: Ground, prices: Prices) -> Iterator[_Demand]:
    yield _Demand(1, ground.leads(task.leader_exp), LEADER_FIRST + prices.lead[min(task.leader_exp, 4)])
    for skill, quantity in task.skills.items():
        yield _Demand(quantity, ground.skill(skill), prices.skill.get(skill, 0.0))
    for lang in sorted(task.langs):
        yield _Demand(1, ground.lang(lang), prices.lang.get(lang, 0.0))
    if task.women:
        yield _Demand(task.women, ground.women, prices.woman)


def _seats_lacking(
    ground: Ground,
    task: Task,
    prices: Prices,
    chosen: Sequence[int],
    size: int,
    fleet: Sequence[FleetVehicle],
) -> _Demand | None:
    """What is missing for everybody to sit in a car, with a truck among them where one is asked for."""
    people = [ground.units[u] for u in chosen]
    if rides_for(people, size, task.truck, fleet) is not None:
        return None
    drives = ground.driver if fleet else np.zeros_like(ground.driver)
    if task.truck and rides_for(people, 1, True, fleet) is None:
        drives = drives & any(v.kind == "truck" for v in fleet)
        return _Demand(1, (ground.truck | drives).astype(np.int64), prices.truck)
    lack = size - sum(u.seats for u in people)
    van = max((v.seats for v in fleet), default=0)
    return _Demand(max(1, lack), np.maximum(ground.seats, np.where(drives, van, 0)), prices.car / size)


def urgency(ground: Ground, prices: Prices) -> list[int]:
    """Needs in the order they are served: tier 1 first, then points per what a team for them costs."""

    day = ground.problem.params.work_end - ground.problem.now

    def density(need: int) -> float:
        n = ground.needs[need]
        team = prices.lead[min(n.leader_exp, 4)] + n.min * prices.person
        team *= (n.dur + SETTING_OUT) / max(1, day)
        team += sum(prices.skill[s] * q for s, q in n.skills.items()) + prices.of_tools(ground.task((need,)))
        return n.weight / max(1e-9, 3 * prices.typical + team)  # all weights may be nought

    return sorted(range(len(ground.needs)), key=lambda n: (ground.needs[n].tier != 1, -density(n), n))

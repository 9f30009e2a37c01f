"""People dealt out anew, exactly: some teams of a site at a time keep their needs, and who goes in each is decided at once.

A drawing counts on seats, leaders and skills up to the last one; annealing, which changes one or two things at a time, gives
up some of its teams for want of a seat while another has one too many. Nobody's home matters for which team they join, so the
teams of one cutting lie anywhere at their site: mostly such as lack people, and with them needs of the drawing that wait. HiGHS
deals out everybody in them and some who are free (`remake`), nearly always without looking at a second node, because a few teams
that keep their needs are a small program (a tenth of a second).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor

import numpy as np

from matching.solver.crews import Crew, State
from matching.solver.search.remake import Cutting, remade

TEAMS = 6
"""Teams of a cutting. Drawn by what they lack they bring twice what as many at random do in the same time; larger cuttings take longer
than they bring more (a prefecture, 30 s of processor time: six 240,000 points, eight 198,000, nine with three at random 205,000)."""
MOST_FREE, MOST_WAITING = 20, 2
"""Free units of a cutting, and teams of the drawing that wait in it."""
EACH_SITE = 170
"""Teams of a site for each of its cuttings in a round."""
AT_RANDOM = 0.02
"""How much a team that lacks nobody counts for in drawing those that do, of what its needs are worth."""


def exchanged(
    state: State, fixed: set[int], drawn: Iterable[frozenset[int]], *, rounds: int, seed: int, threads: Executor,
    go_on: Callable[[float, State], bool], until: float | None = None,
) -> State:  # fmt: skip
    """`rounds` times some cuttings side by side; `drawn`: needs (numbers) that are meant for one team. Never worse than `state`, which
    stays as it is. Crews with a unit in `fixed` stay, and such units if they are free. Told the share of the rounds done, `go_on`
    ends it with False."""
    dice, drawn = np.random.Generator(np.random.PCG64(seed)), list(drawn)
    state = state.copy()
    for i in range(rounds):
        if not go_on(i / rounds, state):
            break
        cuts = _cuts(state, fixed, drawn, dice)
        for one in list(threads.map(lambda cut, state=state: remade(state, cut, until=until), cuts)):
            one.into(state)
    return state


def _cuts(
    state: State, fixed: set[int], drawn: Sequence[frozenset[int]], dice: np.random.Generator
) -> list[Cutting]:
    """Cuttings that share nothing, for each site by how many teams it has. What a site has left of tools, vehicles and shuttle seats
    goes to its first."""
    by_site: dict[str, list[int]] = {}
    for key, crew in state.crews.items():
        if fixed.isdisjoint(crew.units):
            by_site.setdefault(crew.task.site, []).append(key)
    many = {site: max(1, round(len(keys) / EACH_SITE)) for site, keys in by_site.items()}
    if len(many) == 1:  # one for each thread
        many = {site: max(2, count) for site, count in many.items()}
    parts = [(site, i == 0) for site in sorted(many) for i in range(many[site])]
    free = [int(u) for u in np.flatnonzero(state.free) if int(u) not in fixed]
    dice.shuffle(free)
    waiting = _waiting(state, drawn)
    cuts: list[Cutting] = []
    for i, (site, first) in enumerate(parts):
        if not by_site[site]:
            continue
        crews = _teams(state, by_site[site], dice)
        by_site[site] = [key for key in by_site[site] if key not in crews]
        here = waiting.get(site, [])
        dice.shuffle(here)
        sets = {frozenset(state.crews[key].visits) for key in crews} | set(here[:MOST_WAITING])
        sets |= _longer(state, crews, [n for one in here for n in one])
        needs = frozenset[int]().union(*sets) - {n for key in crews for n in state.crews[key].visits}
        waiting[site] = [one for one in here if one.isdisjoint(needs)]
        units = [u for u in free[i :: len(parts)] if _may_work(state, u, site)]
        cuts.append(
            Cutting(
                tuple(crews), tuple(sorted(needs)), tuple(sorted(units[:MOST_FREE])),
                tuple(v for v, vehicle in state.fleet.items() if vehicle.site == site) if first else (),
                rest=first, sets=frozenset(sets),
            )
        )  # fmt: skip
    return cuts


def _teams(state: State, keys: Sequence[int], dice: np.random.Generator) -> list[int]:
    """Some of these teams, by what more people would bring."""
    lack = np.array([_lack(state.crews[key]) for key in keys]) + 1e-9  # all may be worth nothing
    chosen = dice.choice(len(keys), min(TEAMS, len(keys)), replace=False, p=lack / lack.sum())
    return [keys[i] for i in chosen.tolist()]


def _lack(crew: Crew) -> float:
    """Points a crew's needs would bring with as many as are best, and a little of what they bring."""
    w = crew.task.ground.problem.params.w
    best = sum(w.need * need.weight for need in crew.task.needs)
    return best - crew.task.worth(crew.size) + AT_RANDOM * best


def _waiting(state: State, drawn: Iterable[frozenset[int]]) -> dict[str, list[frozenset[int]]]:
    """By site: what waits of the needs that were meant for one team."""
    found: dict[str, list[frozenset[int]]] = {}
    for one in drawn:
        waits = frozenset(n for n in one if state.crew_of[n] < 0)
        if waits:
            found.setdefault(state.ground.needs[min(waits)].site, []).append(waits)
    return found


def _longer(state: State, crews: Iterable[int], waiting: Sequence[int]) -> set[frozenset[int]]:
    """A crew's needs and one more that waits near them."""
    ground, found = state.ground, set[frozenset[int]]()
    params = ground.problem.params
    if not waiting:
        return found
    for key in crews:
        visits = state.crews[key].visits
        if len(visits) < params.max_visits:
            apart = ground.plane[list(visits)][:, None] - ground.plane[list(waiting)][None]
            near = np.hypot(*np.moveaxis(apart, -1, 0)).min(axis=0) * params.detour <= params.chain_max_km
            found |= {frozenset({*visits, waiting[i]}) for i in np.flatnonzero(near).tolist()}
    return found


def _may_work(state: State, unit: int, site: str) -> bool:
    return all(site in m.sites for m in state.ground.units[unit].members)

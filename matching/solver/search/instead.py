"""Crews in the place of others: what becomes free with those, and new ones that keep every rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from matching.solver.crews import Crew, State, Task, fit
from matching.solver.model import FleetVehicle, Mode, Ride, Team
from matching.solver.search.crews_of import rides_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Instead:
    """`crews` for those with these keys; None when nothing better was found."""

    keys: tuple[int, ...]
    crews: list[Crew] | None

    def into(self, state: State) -> None:
        if self.crews is not None:
            for key in self.keys:
                state.drop(key)
            for crew in self.crews:
                state.put(crew)


def bare(state: State, crews: Iterable[int], fleet: Iterable[str], *, rest: bool) -> State:
    """The plan without these crews (keys), and with nothing left to take but what they held, these vehicles and, if `rest`, the tools
    and shuttle seats that nobody uses."""
    found = state.copy()
    if not rest:
        found.tools = dict.fromkeys(found.tools, 0)
        found.seats = dict.fromkeys(found.seats, 0)
    found.fleet = {v: found.fleet[v] for v in fleet}
    for key in crews:
        found.drop(key)
    return found


def put_all(state: State, meant: Iterable[T], made: Callable[[T, bool], Crew | None]) -> list[Crew]:
    """Puts a crew for each into `state`. `made` says which, or None; whoever could not be made as it was meant (True) is tried again in
    the end, travelling anyhow (False)."""
    crews: list[Crew] = []
    for as_meant, those in ((True, list(meant)), (False, late := list[T]())):
        for one in those:
            crew = made(one, as_meant)
            if crew is not None:
                state.put(crew)
                crews.append(crew)
            elif as_meant:
                late.append(one)
    return crews


def fit_so(
    state: State, task: Task, who: Sequence[int], mode: str, lent: Iterable[tuple[bool, int]]
) -> Crew | None:
    """The crew these units make travelling this way, by car with vehicles of the center of these kinds (whether a truck, seats)."""
    rides = tuple[Ride, ...]()
    if mode == Mode.CAR:
        people = [state.ground.units[u] for u in who]
        given = _vehicles(state, task.site, lent)
        rides = rides_of(people, sum(u.size for u in people), task.truck, given)
    return fit(state, task, who, like=Team("", (), "", (), mode, rides))


def _vehicles(state: State, site: str, kinds: Iterable[tuple[bool, int]]) -> list[FleetVehicle]:
    """Vehicles of the center that are free, one of each of these kinds."""
    free, found = state.vehicles(site), list[FleetVehicle]()
    for truck, seats in kinds:
        one = next((v for v in free if (v.kind == "truck", v.seats) == (truck, seats)), None)
        if one is not None:
            free.remove(one)
            found.append(one)
    return found

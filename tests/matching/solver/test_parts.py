"""The parts two threads search in: nothing is in two of them, and what is free lies where it may be used."""

from __future__ import annotations

import numpy as np
import pytest

from matching.solver.construct import Prices, urgency
from matching.solver.crews import Ground, State
from matching.solver.engine import solve
from matching.solver.search.arrays import (
    F_SITE,
    FLEET,
    FREE,
    MY_FLEET,
    MY_FREE,
    MY_NEEDS,
    MY_UNITS,
    N_SITE,
    NEEDS,
    TEAM,
    UNITS,
    VISIT,
    Part,
)
from matching.solver.search.run import Search
from matching.solver.search.zones import dealt_to, zones_of
from matching.solver.units import make_units
from tests.matching import instances


def _searched(kind: str, size: str, seed: int) -> Search:
    """A first plan in the search's arrays."""
    problem = instances.problem(kind, size, seed)
    ground = Ground(problem, make_units(problem, set()))
    search = Search(State(ground), seed=seed)
    search.first(urgency(ground, Prices(ground)), steal=True)
    return search


def _mine(part: Part, which: int, length: int) -> list[int]:
    return [int(one) for one in part.own[which, : part.nums[length]]]


@pytest.mark.parametrize(
    ("kind", "many"), [("base", 2), ("sites", 2), ("sites", 4), ("prefecture", 4), ("prefecture", 8)]
)
def test_what_is_free_lies_where_it_may_be_used_and_nothing_lies_twice(kind: str, many: int) -> None:
    search = _searched(kind, "200x90", 1)
    book, world = search.book, search.world
    stops, tools = search._left()
    for _ in range(5):
        parts = search.parts(many)
        assert len(parts) == many
        for which, length, everything in (
            (MY_UNITS, UNITS, len(book.at)),
            (MY_NEEDS, NEEDS, len(book.visits)),
            (MY_FLEET, FLEET, len(book.rides)),
        ):
            assert sorted(one for part in parts for one in _mine(part, which, length)) == list(
                range(everything)
            )
        assert np.array_equal(np.sum([part.stops for part in parts], axis=0), stops)
        assert np.array_equal(np.sum([part.tools for part in parts], axis=0), tools)
        for part in parts:
            needs = _mine(part, MY_NEEDS, NEEDS)
            sites = {int(world.n[n, N_SITE]) for n in needs}
            assert {int(world.f[f, F_SITE]) for f in _mine(part, MY_FLEET, FLEET)} <= sites
            assert not part.tools[[site for site in range(len(part.tools)) if site not in sites]].any()
            for unit in _mine(part, MY_FREE, FREE):
                assert search.sites[unit, sorted(sites)].any()
            for need in needs:
                team = book.visits[need, TEAM]
                assert team < 0 or int(book.rows[team, VISIT]) in needs


def test_who_is_free_waits_in_the_zone_whose_teams_were_drawn_for_them() -> None:
    search = _searched("prefecture", "200x90", 1)
    zones = zones_of(search.state, 30)
    dealt = dealt_to(search.state, zones)
    parts = search.parts(2, dealt)
    units = [_mine(part, MY_UNITS, UNITS) for part in parts]
    assert len(parts) == len(zones) > 2
    assert sorted(one for mine in units for one in mine) == list(range(len(search.book.at)))
    for zone, (part, drawn) in enumerate(zip(parts, zones, strict=True)):
        here = {v.id for v in drawn.problem.volunteers}
        free = [search.state.ground.units[u] for u in _mine(part, MY_FREE, FREE)]
        assert all(m.id in here for unit in free for m in unit.members)
        assert {int(dealt.fleet[f]) for f in _mine(part, MY_FLEET, FLEET) if search.book.rides[f] < 0} <= {
            zone
        }


def test_a_part_is_one_site_where_there_are_as_many_parts_as_sites() -> None:
    search = _searched("prefecture", "200x160", 1)
    for part in search.parts(8):
        assert len(np.unique(search.world.n[_mine(part, MY_NEEDS, NEEDS), N_SITE])) <= 2


def test_a_large_morning_at_many_sites_gives_the_same_plan_from_the_same_seed() -> None:
    problem = instances.problem("prefecture", "1500x1250", 1)
    assert solve(problem, effort=3, seed=4) == solve(problem, effort=3, seed=4)

"""However short its time is, a search whose drawing was cut short ends cold; a whole drawing is manned as if there were time."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import pytest

from matching.solver.bound.people import party_of
from matching.solver.search.plan import Budget, _Steps
from matching.solver.search.sketch import draw
from matching.solver.search.zones import Zone
from matching.solver.units import make_units
from tests.matching import instances

HOUR = 3600.0


def budget(*, gone: float, seconds: float | None = HOUR) -> Budget:
    """With this share of its time gone; an hour, so that no pause of the machine matters."""
    return Budget(300, time.monotonic() - HOUR * gone, seconds, lambda share, points: True)


@pytest.mark.parametrize("seconds", [None, HOUR])
def test_where_there_is_time_for_all_steps_each_is_one(seconds: float | None) -> None:
    found = list(_Steps(budget(gone=0.0, seconds=seconds), short=True).cooling(10))
    assert found == [(i / 10, (i + 1) / 10) for i in range(10)]


def test_slow_steps_become_fewer_and_leave_nothing_out() -> None:
    slow, found = budget(gone=0.5), []
    for step in _Steps(slow, short=True).cooling(20):
        found.append(step)
        slow.began -= 0.1 * HOUR
    assert 3 <= len(found) <= 5
    assert (found[0][0], found[-1][1]) == (0.0, 1.0)
    assert all(a[1] == b[0] for a, b in pairwise(found))


def test_a_second_cooling_knows_how_long_a_step_takes() -> None:
    slow = budget(gone=0.5)
    steps = _Steps(slow, short=True)
    for _ in steps.cooling(10, share=0.6):
        slow.began -= 0.2 * HOUR
    assert list(steps.cooling(10)) == [(0.0, 1.0)]


def test_a_stall_takes_no_step_from_a_search_whose_drawing_is_whole() -> None:
    stalled, found = budget(gone=0.5), []
    for step in _Steps(stalled, short=False).cooling(10):
        found.append(step)
        stalled.began -= HOUR
    assert found == [(i / 10, (i + 1) / 10) for i in range(10)]


def test_a_drawing_says_whether_time_cut_it() -> None:
    made = instances.problem("base", "40x15", 1)
    zone = Zone(made, tuple(party_of(unit, made) for unit in make_units(made).all))
    whole = draw(zone, None)
    assert whole.teams
    assert not whole.cut
    assert draw(zone, time.monotonic() + HOUR) == whole
    assert draw(zone, time.monotonic() - 1).cut
    nothing = replace(zone, problem=replace(made, needs=(), baseline={}))
    assert draw(nothing, time.monotonic() - 1) == replace(whole, teams=(), prices=())

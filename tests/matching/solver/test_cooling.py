"""However short its time is, a search ends cold."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from matching.solver.search.plan import Budget, _cooling

HOUR = 3600.0


def budget(*, gone: float, seconds: float | None = HOUR) -> Budget:
    """With this share of its time gone; an hour, so that no pause of the machine matters."""
    return Budget(300, time.monotonic() - HOUR * gone, seconds, lambda share, points: True)


@pytest.mark.parametrize("seconds", [None, HOUR])
def test_where_there_is_time_for_all_steps_each_is_one(seconds: float | None) -> None:
    found = list(_cooling(budget(gone=0.0, seconds=seconds), 10, 0.1))
    assert found == [(i / 10, (i + 1) / 10) for i in range(10)]


def test_where_the_time_is_over_the_second_step_is_the_last_and_cold() -> None:
    assert list(_cooling(budget(gone=0.95), 10, 0.1)) == [(0.0, 0.1), (0.1, 1.0)]


def test_slow_steps_become_fewer_and_leave_nothing_out() -> None:
    slow, found = budget(gone=0.5), []
    for step in _cooling(slow, 20, 0.1):
        found.append(step)
        slow.began -= 0.1 * HOUR
    assert 3 <= len(found) <= 5
    assert (found[0][0], found[-1][1]) == (0.0, 1.0)
    assert all(a[1] == b[0] for a, b in pairwise(found))

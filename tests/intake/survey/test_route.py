"""The order of visits: a permutation, never worse than what was given, the same for the same stops."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from intake.survey.route import (
    UNKNOWN_ROAD_MINUTES,
    VISIT_MINUTES,
    Place,
    Stop,
    best_order,
    cost,
    road_minutes,
    timeline,
)

START, NINE = Place(38.2939, 141.0044), 9 * 60
places = st.one_of(
    st.just(Place()),
    st.builds(Place, st.floats(38.26, 38.33, allow_nan=False), st.floats(140.96, 141.04, allow_nan=False)),
)
windows = st.tuples(st.integers(540, 840), st.integers(30, 360))


@st.composite
def stops(draw: st.DrawFn, most: int = 7) -> list[Stop]:
    many = draw(st.integers(0, most))
    made = []
    for key in range(many):
        earliest, length = draw(windows)
        made.append(Stop(key, draw(places), earliest, earliest + length))
    return made


@given(stops())
@settings(max_examples=60, deadline=None)
def test_every_stop_once_and_never_worse_than_given(some: list[Stop]) -> None:
    order = best_order(START, NINE, some)
    assert sorted(stop.key for stop in order) == [stop.key for stop in some]
    assert cost(START, NINE, order) <= cost(START, NINE, some)
    assert best_order(START, NINE, some) == order


@given(stops(5))
@settings(max_examples=30, deadline=None)
def test_the_order_is_near_the_best_of_all(some: list[Stop]) -> None:
    best = min(cost(START, NINE, list(order)) for order in itertools.permutations(some))
    assert cost(START, NINE, best_order(START, NINE, some)) <= best * 1.15 + 10


@given(stops())
@settings(max_examples=60, deadline=None)
def test_the_time_line_never_runs_backwards_nor_comes_too_early(some: list[Stop]) -> None:
    legs = timeline(START, NINE, some)
    assert [leg.key for leg in legs] == [stop.key for stop in some]
    for leg, stop in zip(legs, some, strict=True):
        assert leg.arrive >= stop.earliest
        assert leg.late == max(0, leg.arrive - stop.latest)
    for one, two in itertools.pairwise(legs):
        assert two.arrive >= one.arrive + VISIT_MINUTES + two.road


def test_the_road_is_that_of_the_matching_engine() -> None:
    """2.7 km straight are 3.5 km on the road: 11 minutes, and 3 to park."""
    assert road_minutes(START, Place(38.3182, 141.0044)) == 14
    assert road_minutes(START, Place()) == UNKNOWN_ROAD_MINUTES


def test_who_waits_from_nine_is_seen_before_who_waits_from_one() -> None:
    here, there = Place(38.295, 141.005), Place(38.31, 141.02)
    some = [Stop(1, here, 13 * 60, 15 * 60), Stop(2, there, 9 * 60, 10 * 60)]
    assert [stop.key for stop in best_order(START, NINE, some)] == [2, 1]

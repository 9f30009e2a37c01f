"""Danger zones: what lies in them, and what is no zone."""

from __future__ import annotations

import pytest

from matching.safety.zones import corners, in_any, is_inside

SQUARE = [[0.0, 0.0], [0.0, 2.0], [2.0, 2.0], [2.0, 0.0]]
BAY = [[0.0, 0.0], [0.0, 3.0], [3.0, 3.0], [3.0, 2.0], [1.0, 2.0], [1.0, 1.0], [3.0, 1.0], [3.0, 0.0]]


@pytest.mark.parametrize(
    ("zone", "place", "inside"),
    [
        (SQUARE, (1, 1), True), (SQUARE, (1, 3), False), (SQUARE, (-1, 1), False), (SQUARE, (2.1, 1), False),
        (BAY, (2, 0.5), True), (BAY, (2, 1.5), False), (BAY, (0.5, 1.5), True), (BAY, (2, 2.5), True),
        (SQUARE[::-1], (1, 1), True),
    ],
)  # fmt: skip
def test_a_place_is_inside_or_not(zone: list[list[float]], place: tuple[float, float], inside: bool) -> None:
    assert is_inside(zone, *place) is inside


def test_nobody_knows_where_a_house_without_a_place_is() -> None:
    assert in_any([SQUARE], None, 1.0) is None
    assert in_any([SQUARE, BAY], 0.5, 2.5) is True
    assert in_any([], 1, 1) is False


@pytest.mark.parametrize(
    "value",
    [None, {}, "x", [], [[1, 2], [3, 4]], [[1, 2]] * 3, [[1, 2], [3, 4], [5]], [[1, 2], [3, 4], ["5", 6]],
     [[1, 2], [3, 4], [99, 6]], [[1, 2], [3, 4], [True, 6]], [[float(n), 1.0] for n in range(61)]],
)  # fmt: skip
def test_what_is_no_zone_is_no_zone(value: object) -> None:
    assert corners(value) is None


def test_corners_are_kept_to_ten_centimetres() -> None:
    assert corners([[1.12345678, 2], [3, 4], [5, 7]]) == [[1.123457, 2.0], [3.0, 4.0], [5.0, 7.0]]

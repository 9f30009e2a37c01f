"""Ids that sort by time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc.core.uuid7 import uuid7, uuid7_time

NOW = datetime(2026, 11, 23, 0, 0, 0, 123000, tzinfo=UTC)


def test_the_id_says_its_version_and_its_time() -> None:
    value = uuid7(NOW)
    assert value.version == 7
    assert value.variant == "specified in RFC 4122"
    assert uuid7_time(value) == NOW


@given(st.integers(1, 10**9))
def test_a_later_id_sorts_later(milliseconds: int) -> None:
    assert uuid7(NOW) < uuid7(NOW + timedelta(milliseconds=milliseconds))


def test_ten_thousand_ids_of_one_millisecond_are_different() -> None:
    assert len({uuid7(NOW) for _ in range(10_000)}) == 10_000


def test_a_time_without_a_zone_or_before_1970_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        uuid7(NOW.replace(tzinfo=None))
    with pytest.raises(ValueError, match="1970"):
        uuid7(datetime(1969, 12, 31, tzinfo=UTC))


def test_the_time_of_another_version_is_refused() -> None:
    from uuid import uuid4

    with pytest.raises(ValueError, match="version 7"):
        uuid7_time(uuid4())

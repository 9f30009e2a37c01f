"""Two who write the same fact at the same moment: what the database ends is done again."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection

from dvc.core.races import past_deadlock

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer: nothing to knot"),
]


def ended(code: str, times: int) -> list[int]:
    """Work that PostgreSQL itself ends with `code` the first `times` times; returns one entry per try."""
    tries: list[int] = []

    def work() -> str:
        tries.append(len(tries))
        if len(tries) <= times:
            with connection.cursor() as cursor:
                cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$")
        return "done"

    assert past_deadlock(work) == "done"
    return tries


@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_knotted_more_than_once_it_is_done_all_the_same(times: int) -> None:
    assert len(ended("40P01", times)) == times + 1


def test_knotted_each_time_it_says_so() -> None:
    with pytest.raises(OperationalError):
        ended("40P01", 4)


def test_another_trouble_is_not_done_again() -> None:
    with pytest.raises(OperationalError):
        ended("57014", 1)

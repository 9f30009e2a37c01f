"""Fields that read what people write."""

from __future__ import annotations

from datetime import time

import pytest
from django.core.exceptions import ValidationError

from dvc.core.fields import ClockField


@pytest.mark.parametrize("typed", ["09:05", "9:05", "905", "９時５分", "09:05:00", " 9:05 "])
def test_a_clock_takes_what_a_browser_sends_and_what_people_write(typed: str) -> None:
    assert ClockField().clean(typed) == time(9, 5)


@pytest.mark.parametrize("typed", ["", "25:00", "朝", "\x00", "9" * 5000])
def test_what_no_clock_shows_is_answered_with_an_example(typed: str) -> None:
    with pytest.raises(ValidationError, match="9:40 のように"):
        ClockField().clean(typed)


def test_a_clock_that_may_stay_empty_is_none() -> None:
    assert ClockField(required=False).clean("") is None

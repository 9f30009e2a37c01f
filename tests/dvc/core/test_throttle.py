"""The one brake on guessing and flooding."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from dvc.core.throttle import Throttle
from tests.infra.broker import broker


@pytest.fixture(autouse=True)
def nobody_was_counted() -> None:
    cache.clear()


def test_the_limit_holds_for_each_and_not_for_others() -> None:
    brake = Throttle("test", most=2, seconds=60)
    assert [brake.count("a") for _ in range(3)] == [True, True, False]
    assert (brake.is_full("a"), brake.is_full("b"), brake.is_full("a", "b")) == (True, False, False)


def test_two_brakes_do_not_count_for_one_another() -> None:
    one, other = Throttle("one", most=1, seconds=60), Throttle("other", most=1, seconds=60)
    one.count("a")
    assert (one.is_full("a"), other.is_full("a")) == (True, False)


def test_it_ends_with_its_stretch_of_time_or_when_it_is_forgotten() -> None:
    brake = Throttle("test", most=1, seconds=60)
    brake.count("a")
    brake.count("b")
    brake.forget("b")
    assert (brake.is_full("a"), brake.is_full("b")) == (True, False)
    with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=False):
        assert not brake.is_full("a")


@pytest.mark.parametrize("who", ["\ud800", "\x00", "𠮷﨑", "x" * 100_000, ""])
def test_any_text_can_be_counted_and_none_stands_in_the_cache(who: str) -> None:
    brake = Throttle("test", most=1, seconds=60)
    assert brake.count(who)
    assert brake.is_full(who)


def test_counters_that_cannot_be_reached_stop_nobody(settings: Any, tmp_path: Path) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": f"unix://{tmp_path}/no-broker",
        }
    }  # fmt: skip
    brake = Throttle("test", most=1, seconds=60)
    assert [brake.count("a") for _ in range(3)] == [True, True, True]
    assert not brake.is_full("a")
    brake.forget("a")


@pytest.mark.parts
def test_several_web_processes_count_together_in_the_broker(settings: Any) -> None:
    with broker() as url:
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": url.replace("redis+socket://", "unix://"),
            }
        }
        brake = Throttle("test", most=2, seconds=60)
        assert [brake.count("a") for _ in range(3)] == [True, True, False]
        assert (brake.is_full("a"), brake.is_full("b")) == (True, False)
        brake.forget("a")
        assert not brake.is_full("a")

"""The rules as pure decisions: bands of heat, rungs of silence; an operation's own table is read back as it was written."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from matching.safety.models import Rung, SafetyRules, Weather
from matching.safety.policy import USUAL, Band, Effect, Policy, WeatherRule, late_since, read, written
from tests import make


@pytest.mark.parametrize(
    ("wbgt", "name", "stop"),
    [(-3, "注意", False), (24.9, "注意", False), (25, "警戒", False), (27.9, "警戒", False), (28, "厳重警戒", False),
     (30.9, "厳重警戒", False), (31, "危険", True), (40, "危険", True)],
)  # fmt: skip
def test_each_degree_has_its_band(wbgt: float, name: str, stop: bool) -> None:
    band = USUAL.band(wbgt)
    assert (band.name, band.stop) == (name, stop)


@pytest.mark.parametrize(
    ("minutes", "rung"),
    [(0, Rung.LATE), (14, Rung.LATE), (15, Rung.CALL), (29, Rung.CALL), (30, Rung.SECOND), (44, Rung.SECOND),
     (45, Rung.CHIEF), (600, Rung.CHIEF)],
)  # fmt: skip
def test_silence_climbs_the_ladder(minutes: int, rung: Rung) -> None:
    assert USUAL.rung(timedelta(minutes=minutes)) == rung


@pytest.mark.parametrize(
    ("due", "heard", "since"),
    [(make.at(12), None, make.at(12)), (make.at(12), make.at(11), make.at(12)), (make.at(12), make.at(13), make.at(13))],
)  # fmt: skip
def test_a_sign_of_life_begins_the_ladder_anew(
    due: datetime, heard: datetime | None, since: datetime
) -> None:
    assert late_since(due, heard) == since


def test_an_operation_s_own_table_is_read_back_as_it_was_written() -> None:
    own = Policy(
        10, 20, 40, 60, [Band("弱", 0, 30, 5), Band("強", 27.5, 10, 20, last=time(11, 30)), Band("危", 32, 0, 0, stop=True)],
        {**USUAL.weather, Weather.RAIN: WeatherRule(Effect.STOP, 15)},
    )  # fmt: skip
    assert read(SafetyRules(**written(own))) == own
    assert read(None) == USUAL

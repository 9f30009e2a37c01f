"""Heat bands, weather rules and the minutes of the overdue ladder: pure decisions on values. Usual values from domain.md
§3.7 (20 minutes' work and 10 minutes' rest; 25/28/31 °C WBGT; 31 and more: stop; two hours' wait after a storm or tsunami
warning); an operation may change each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Final

from django.db import models

from matching.safety.models import Rung, SafetyRules, Weather

OLD_AFTER: Final = timedelta(hours=2)  # a reading says little about the heat after that


@dataclass(frozen=True, slots=True)
class Band:
    """From `from_wbgt` degrees on: minutes of work and of rest, no departure after `last` (None: no limit), or none."""

    name: str
    from_wbgt: float
    work: int
    rest: int
    last: time | None = None
    stop: bool = False

    @property
    def rhythm(self) -> str:
        return f"{self.work}分作業・{self.rest}分休憩"


def less_careful(hotter: Band, cooler: Band) -> str:
    """In what the rules of more heat ask less than those of less heat: "stop", "work", "rest", "last"; "" in nothing. Where
    nobody leaves any more, minutes and hours say nothing."""
    if hotter.stop:
        return ""
    if cooler.stop:
        return "stop"
    if hotter.work > cooler.work:
        return "work"
    if hotter.rest < cooler.rest:
        return "rest"
    if cooler.last and (hotter.last is None or hotter.last > cooler.last):
        return "last"
    return ""


USUAL_BANDS: Final = (
    Band("注意", 0, 20, 10),
    Band("警戒", 25, 20, 10),
    Band("厳重警戒", 28, 15, 15, last=time(12, 0)),
    Band("危険", 31, 0, 0, stop=True),
)


class Effect(models.TextChoices):
    CARE = "care", "気をつけて出発する"
    STOP = "stop", "出発を止める"
    RECALL = "recall", "出発を止め、全班を呼び戻す"


@dataclass(frozen=True, slots=True)
class WeatherRule:
    """What a warning does, and how many minutes after its end teams leave again."""

    effect: Effect
    wait: int = 0


USUAL_WEATHER: Final[Mapping[Weather, WeatherRule]] = {
    Weather.TSUNAMI_WARNING: WeatherRule(Effect.RECALL, 120),
    Weather.TSUNAMI_ADVISORY: WeatherRule(Effect.RECALL, 120),
    Weather.QUAKE: WeatherRule(Effect.RECALL),
    Weather.STORM: WeatherRule(Effect.STOP, 120),
    Weather.HEAVY_RAIN: WeatherRule(Effect.STOP),
    Weather.FLOOD: WeatherRule(Effect.STOP),
    Weather.THUNDER: WeatherRule(Effect.STOP, 30),
    Weather.RAIN: WeatherRule(Effect.CARE),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one operation. Minutes: after the time a team should be back; `hold` before a team that was given a
    need and has not left is asked about."""

    call_after: int = 15
    second_after: int = 30
    chief_after: int = 45
    hold: int = 120
    bands: Sequence[Band] = USUAL_BANDS
    weather: Mapping[Weather, WeatherRule] = field(default_factory=lambda: USUAL_WEATHER)

    def band(self, wbgt: float) -> Band:
        return [band for band in self.bands if band.from_wbgt <= wbgt or band == self.bands[0]][-1]

    def rung(self, late: timedelta) -> Rung:
        """Where a team stands that is late for so long without a sign of life."""
        minutes = late.total_seconds() / 60
        steps = (self.call_after, self.second_after, self.chief_after)
        return Rung(sum(minutes >= step for step in steps))


USUAL: Final = Policy()


def read(rules: SafetyRules | None) -> Policy:
    """The rules as they stand in the database."""
    if rules is None:
        return USUAL
    return Policy(
        call_after=rules.call_after, second_after=rules.second_after, chief_after=rules.chief_after, hold=rules.hold_minutes,
        bands=[_band(said) for said in rules.bands] or USUAL_BANDS,
        weather={**USUAL_WEATHER, **{Weather(kind): _rule(said) for kind, said in rules.weather.items()}},
    )  # fmt: skip


def _band(said: Mapping[str, Any]) -> Band:
    last = time.fromisoformat(said["last"]) if said["last"] else None
    return Band(said["name"], said["from_wbgt"], said["work"], said["rest"], last, said["stop"])


def _rule(said: Mapping[str, Any]) -> WeatherRule:
    return WeatherRule(Effect(said["effect"]), said["wait"])


def written(policy: Policy) -> dict[str, Any]:
    """The columns of `SafetyRules` for these rules."""
    return {
        "call_after": policy.call_after, "second_after": policy.second_after, "chief_after": policy.chief_after,
        "hold_minutes": policy.hold,
        "bands": [
            {
                "name": band.name, "from_wbgt": band.from_wbgt, "work": band.work, "rest": band.rest,
                "last": band.last.isoformat("minutes") if band.last else "", "stop": band.stop,
            }
            for band in policy.bands
        ],
        "weather": {str(kind): {"effect": str(rule.effect), "wait": rule.wait} for kind, rule in policy.weather.items()},
    }  # fmt: skip


def late_since(due: datetime, heard: datetime | None) -> datetime:
    """From when a team counts as late: from the time it should be back, or from its last sign of life after that."""
    return due if heard is None else max(due, heard)

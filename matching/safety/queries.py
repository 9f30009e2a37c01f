"""What holds right now: the running recall, the day's heat and warnings, and what keeps every team from leaving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet, Value
from django.utils import timezone

from dvc.operations.models import Operation
from matching.safety.models import DangerZone, Reading, Recall, SafetyRules, Weather, WeatherAlert
from matching.safety.policy import OLD_AFTER, USUAL, USUAL_BANDS, Band, Effect, Policy, WeatherRule, read

LONGEST_WAIT = timedelta(hours=12)


def policy_of(operation: Operation) -> Policy:
    """One query."""
    return read(SafetyRules.objects.filter(operation=operation).first())


def running_recall(operation_id: int) -> Recall | None:
    """One query."""
    return Recall.objects.running().select_related("started_by").filter(operation=operation_id).first()


def marks(operation_id: int) -> QuerySet[Recall, tuple[str, int, int]]:
    """Whether everybody is called back, as a row ("recall", id, 0); what changes while it runs is the tally's."""
    running = Recall.objects.running().filter(operation=operation_id).order_by()
    return running.annotate(of=Value("recall"), n=Value(0)).values_list("of", "pk", "n")


def zones_of(operation: Operation) -> list[DangerZone]:
    """One query."""
    return list(DangerZone.objects.on_the_map().filter(operation=operation))


@dataclass(frozen=True, slots=True)
class Standing:
    """A warning that is out (`until` None), or that was lifted and is still waited for."""

    alert: WeatherAlert
    rule: WeatherRule
    until: datetime | None

    @property
    def label(self) -> str:
        return Weather(self.alert.kind).label

    @property
    def stops(self) -> bool:
        return self.rule.effect != Effect.CARE


@dataclass(frozen=True, slots=True)
class Stop:
    """Why no team may leave now."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """Today's heat and weather as they were entered; `band` is None while nobody has read the meter today."""

    reading: Reading | None
    band: Band | None
    is_old: bool
    weather: Sequence[Standing]
    stops: Sequence[Stop]

    @property
    def says_something(self) -> bool:
        return self.band is not None or bool(self.weather)

    @property
    def calls_back(self) -> bool:
        """A warning is out at which the rules want everybody back."""
        return any(one.rule.effect == Effect.RECALL and one.until is None for one in self.weather)


def conditions(operation: Operation, *, at: datetime) -> Conditions:
    """Three queries at most; two while nobody has entered anything."""
    day = timezone.localdate(at)
    reading = Reading.objects.filter(operation=operation, at__date=day, at__lte=at).first()
    alerts = list(
        WeatherAlert.objects.filter(
            Q(ended_at__isnull=True) | Q(ended_at__gt=at - LONGEST_WAIT), operation=operation
        )
    )
    rules = policy_of(operation) if reading or alerts else USUAL
    band = rules.band(reading.wbgt) if reading else None
    weather = [one for alert in alerts if (one := _standing(alert, rules, at=at))]
    return Conditions(
        reading=reading,
        band=band,
        is_old=reading is not None and at - reading.at > OLD_AFTER,
        weather=weather,
        stops=[*_heat_stops(reading, band, at=at), *(_weather_stop(one) for one in weather if one.stops)],
    )


def working_band(operation: Operation, *, at: datetime) -> Band:
    """By which minutes teams work and rest now. The first band while nobody has read the meter today, and where the heat
    stops all work: whoever is out in spite of it rests at least so much. Three queries at most."""
    band = conditions(operation, at=at).band
    if band is not None and not band.stop:
        return band
    working = [one for one in policy_of(operation).bands if not one.stop] or list(USUAL_BANDS[:1])
    return working[-1] if band is not None else working[0]


def _standing(alert: WeatherAlert, rules: Policy, *, at: datetime) -> Standing | None:
    rule = rules.weather[Weather(alert.kind)]
    if alert.ended_at is None:
        return Standing(alert, rule, None)
    until = alert.ended_at + timedelta(minutes=rule.wait)
    return Standing(alert, rule, until) if at < until else None


def _heat_stops(reading: Reading | None, band: Band | None, *, at: datetime) -> list[Stop]:
    if reading is None or band is None:
        return []
    seen = f"暑さ指数{reading.wbgt:.1f}（{timezone.localtime(reading.at):%-H:%M}、{band.name}）"
    if band.stop:
        return [Stop("heat", f"{seen}のため、出発を止めています。涼しくなったら測り直して入力してください。")]
    if band.last and timezone.localtime(at).time() >= band.last:
        return [Stop("heat", f"{seen}のため、{band.last:%-H:%M}からは出発できません。")]
    return []


def _weather_stop(one: Standing) -> Stop:
    if one.until is None:
        return Stop("weather", f"{one.label}が出ています。解除されるまで出発できません。")
    return Stop(
        "weather",
        f"{one.label}は解除されましたが、{timezone.localtime(one.until):%-H:%M}までは出発できません。",
    )


def departure_stops(operation: Operation, *, at: datetime) -> list[Stop]:
    """What keeps every team from leaving now. Four queries at most."""
    recall = running_recall(operation.pk)
    found = []
    if recall is not None:
        text = f"呼び戻し中です（{recall.said}）。センターから出発できません。呼び戻しが終わるまで待ってください。"
        found.append(Stop("recall", text))
    return [*found, *conditions(operation, at=at).stops]

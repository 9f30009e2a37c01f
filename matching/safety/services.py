"""Begin and end a recall, write down what was heard of teams, draw zones, enter heat and warnings, change the rules.

Everything here is one transaction on the database: no worker, no broker, no network is asked for anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from django.db import IntegrityError, transaction

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.operations.services import require_open
from matching.safety import policy, zones
from matching.safety.models import (
    DangerZone,
    How,
    LateCall,
    Reading,
    Recall,
    RecallAnswer,
    RecallReason,
    Rung,
    SafetyRules,
    Weather,
    WeatherAlert,
)
from matching.safety.policy import Policy
from matching.teams.models import Team

LONGEST = 200


# ── recall ─────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def start_recall(
    operation: Operation, *, reason: RecallReason, words: str = "", place: str = "", by: By, at: datetime
) -> Recall:
    """Call every team back. One is running already: that one is returned, whoever began it. Refused: recall.reason_needed,
    operation.closed."""
    require_open(operation)
    words, place = words.strip()[:LONGEST], place.strip()[:120]
    if reason == RecallReason.OTHER and not words:
        raise Refused("recall.reason_needed")
    try:
        with transaction.atomic():
            made = Recall.objects.create(
                operation=operation,
                reason=reason,
                words=words,
                place=place,
                started_at=at,
                started_by=by.user,
            )
    except IntegrityError:
        return Recall.objects.running().get(operation=operation)
    record("recall.started", made, by=by, at=at, operation=operation, reason=str(reason))
    return made


def hold_running(operation_id: int) -> Recall | None:
    """The running recall, which nobody ends until the end of the transaction. (SQLite has one writer anyway.)"""
    return Recall.objects.running().select_for_update().filter(operation=operation_id).first()


@transaction.atomic
def end_recall(
    recall: Recall, *, reason: str, by: By, at: datetime, silent: Sequence[Team] = (), despite: str = ""
) -> None:
    """It is over: teams may leave again. `silent`: those nobody has heard of, and why it ends all the same. Twice changes
    nothing. Refused: recall.end_reason_needed."""
    if not reason.strip():
        raise Refused("recall.end_reason_needed")
    running = Recall.objects.running().filter(pk=recall.pk)
    if running.update(
        ended_at=at, ended_by=by.user, ended_reason=reason.strip()[:LONGEST],
        ended_silent=[team.number for team in silent], ended_despite=despite.strip()[:LONGEST] if silent else "",
    ):  # fmt: skip
        record(
            "recall.ended", recall, by=by, at=at, operation=recall.operation, reason=reason.strip()[:LONGEST],
            silent=[team.pk for team in silent],
        )  # fmt: skip


@transaction.atomic
def answer(recall: Recall, team: Team, how: How, *, by: By, at: datetime, said: str = "") -> RecallAnswer:
    """What was heard of a team, or that nobody answered. A fact: said again it changes nothing, except that each try to
    reach somebody counts, and that new words are kept. Refused: recall.other_team."""
    if team.operation_id != recall.operation_id:
        raise Refused("recall.other_team")
    said = said.strip()[:LONGEST]
    if how == How.TRIED:
        made, created = (
            RecallAnswer.objects.create(recall=recall, team=team, how=how, said=said, by=by.user, at=at),
            True,
        )
    else:
        made, created = RecallAnswer.objects.get_or_create(
            recall=recall, team=team, how=how, taken_back_at=None, defaults={"said": said, "by": by.user, "at": at}
        )  # fmt: skip
    if not created and said and said != made.said:
        made.said = f"{made.said}／{said}"[:LONGEST] if made.said else said
        RecallAnswer.objects.filter(pk=made.pk).update(said=made.said)
        created = True
    if created:
        record(
            "recall.answered", team, by=by, at=at, operation=recall.operation, recall=recall.pk, how=str(how)
        )
    return made


@transaction.atomic
def take_answer_back(heard: RecallAnswer, *, by: By, at: datetime) -> None:
    """It was written for the wrong team, or too early. Twice changes nothing."""
    standing = RecallAnswer.objects.filter(pk=heard.pk, taken_back_at__isnull=True)
    if standing.update(taken_back_at=at, taken_back_by=by.user):
        record(
            "recall.answer_taken_back", heard.team, by=by, at=at, operation=heard.recall.operation, recall=heard.recall_id,
            how=heard.how,
        )  # fmt: skip


# ── zones ──────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def add_zone(operation: Operation, *, name: str, points: object, by: By, at: datetime) -> DangerZone:
    """A danger zone with these corners. Refused: zone.no_name, zone.corners, operation.closed."""
    require_open(operation)
    if not name.strip():
        raise Refused("zone.no_name")
    found = zones.corners(points)
    if found is None:
        raise Refused("zone.corners")
    zone = DangerZone.objects.create(
        operation=operation, name=name.strip()[:60], points=found, added_at=at, added_by=by.user
    )
    record("zone.added", zone, by=by, at=at, operation=operation, corners=len(found))
    return zone


@transaction.atomic
def remove_zone(zone: DangerZone, *, by: By, at: datetime) -> None:
    """Take it off the map. Twice changes nothing."""
    if DangerZone.objects.on_the_map().filter(pk=zone.pk).update(removed_at=at, removed_by=by.user):
        record("zone.removed", zone, by=by, at=at, operation=zone.operation)


# ── heat and weather ───────────────────────────────────────────────────────────────────────────
@transaction.atomic
def read_wbgt(operation: Operation, wbgt: float, *, by: By, at: datetime) -> Reading:
    """What the meter said."""
    made = Reading.objects.create(operation=operation, wbgt_tenths=round(wbgt * 10), at=at, by=by.user)
    record("safety.wbgt_read", made, by=by, at=at, operation=operation, tenths=made.wbgt_tenths)
    return made


@transaction.atomic
def raise_weather(operation: Operation, kind: Weather, *, by: By, at: datetime) -> WeatherAlert:
    """A warning is out. Known already: nothing changes."""
    made, created = WeatherAlert.objects.get_or_create(
        operation=operation, kind=kind, ended_at=None, defaults={"began_at": at, "began_by": by.user}
    )
    if created:
        record("safety.weather_began", made, by=by, at=at, operation=operation, kind=str(kind))
    return made


@transaction.atomic
def end_weather(alert: WeatherAlert, *, by: By, at: datetime) -> None:
    """It was lifted. Twice changes nothing."""
    if WeatherAlert.objects.filter(pk=alert.pk, ended_at__isnull=True).update(ended_at=at, ended_by=by.user):
        record("safety.weather_ended", alert, by=by, at=at, operation=alert.operation, kind=alert.kind)


@transaction.atomic
def set_rules(operation: Operation, rules: Policy, *, by: By, at: datetime) -> None:
    """The rules of this operation from now on. Refused: safety.ladder_order, safety.band_order,
    safety.band_minutes (a band that lets teams leave and gives them no time to work), and what is less careful in more
    heat: safety.band_stop, safety.band_work, safety.band_rest, safety.band_last."""
    if not 0 < rules.call_after < rules.second_after < rules.chief_after:
        raise Refused("safety.ladder_order")
    starts: Sequence[float] = [band.from_wbgt for band in rules.bands]
    if sorted(set(starts)) != list(starts):
        raise Refused("safety.band_order")
    for band in rules.bands:
        if not band.stop and not band.work:
            raise Refused("safety.band_minutes", name=band.name)
    for cooler, hotter in pairwise(rules.bands):
        if wrong := policy.less_careful(hotter, cooler):
            raise Refused(f"safety.band_{wrong}", name=hotter.name, cooler=cooler.name)
    row, _ = SafetyRules.objects.update_or_create(
        operation=operation, defaults={**policy.written(rules), "edited_at": at}
    )
    record("safety.rules_set", row, by=by, at=at, operation=operation)


# ── late teams ─────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def note_call(team: Team, rung: Rung, *, reached: bool, said: str, by: By, at: datetime) -> LateCall:
    """Somebody tried to reach a team that is late. Refused: late.words_needed (reached, and nothing was said)."""
    said = said.strip()[:LONGEST]
    if reached and not said:
        raise Refused("late.words_needed")
    made = LateCall.objects.create(team=team, rung=rung, reached=reached, said=said, by=by.user, at=at)
    record("team.called_late", team, by=by, at=at, operation=team.operation, rung=int(rung), reached=reached)
    return made

"""A day of surveys: needs that wait, and a round of two people and a car."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping
from datetime import date, time
from typing import Any

from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.help_requests.models import Need, NeedState
from intake.survey import reports, services
from intake.survey.forms import filled
from intake.survey.models import Appointment, Round
from intake.survey.reports import Findings, Told
from intake.survey.services import RoundAnswers, Window
from tests import make

_names = itertools.count(1)
# As a tablet sends it: texts, lists of texts, ticks.
FORM: dict[str, Any] = {
    "entry": "yes", "building_tag": "green", "hazards": ["nails"], "asbestos": "no", "water_cm": "60", "mud_cm": "5",
    "rooms": "2", "damage_kinds": ["flood_above_floor"], "lifelines": ["water"], "parking": "軽トラ1台",
    "keep": "仏壇と写真", "e1-category": "mud_removal", "e1-detail": "6畳2間", "e1-people": "6", "e1-minutes": "180",
    "e1-visits": "2", "e1-reason": "泥5cmで2間", "heard": "奥の部屋が重い",
}  # fmt: skip


def waiting(operation: Operation, **fields: Any) -> Need:
    """A need that waits for a survey, without work items."""
    need = make.need(operation, state=NeedState.SURVEY_WAIT, **fields)
    need.items.all().delete()
    return need


def going(
    operation: Operation, *, day: date | None = None, starts: time = time(9, 30), car: str = "軽ワゴン"
) -> Round:
    """A round of two members of staff today."""
    n = next(_names)
    first, second = (make.user(operation.center, name=f"調査 {n}{letter}") for letter in "ab")
    return services.make_round(
        operation, RoundAnswers(first, second, "", car, starts), day=day or make.day(make.at(9)), by=SYSTEM, at=make.at(8),
    )  # fmt: skip


def booked(
    need: Need, round_: Round | None = None, *, from_: time = time(10), until: time = time(12), note: str = ""
) -> Appointment:
    return services.book(
        need, round_ or going(need.operation), Window(from_, until, note), by=SYSTEM, at=make.at(8)
    )


def findings(e: Mapping[str, Any] | None = None, **changes: Any) -> Findings:
    """What was filled in, with these fields changed (`e`: those of estimates)."""
    form = filled({**FORM, **changes, **(e or {})})
    return Findings(form.answers(), form.unread())


def told(
    need: Need,
    appointment: Appointment | None = None,
    *,
    hour: int = 11,
    e: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Told:
    return reports.report(
        need, findings(e, **changes), appointment=appointment, key=uuid.uuid4(), by=SYSTEM, at=make.at(hour)
    )

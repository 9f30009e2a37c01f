"""What surveyors tell: found nobody, or what they found. Facts: kept whatever has happened meanwhile; where they do not
fit what the center has decided since, they change nothing and wait for a person (`Survey.why`)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from dvc.accounts.models import Device
from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.help_requests import services as needs
from intake.help_requests.answers import KITS
from intake.help_requests.models import Hazard, Need, NeedState, WorkItem
from intake.help_requests.services import ItemAnswers, NeedAnswers
from intake.survey.forms import Asbestos, Entry, Estimate, Tag, estimates_of
from intake.survey.models import Appointment, AppointmentState, Survey, Why
from intake.survey.services import end
from intake.survey.states import STEPS

S = AppointmentState
MOST_PEOPLE: Final = 100


@dataclass(frozen=True, slots=True)
class Findings:
    """What was filled in (`forms.SurveyForm.answers`, `unread`), the photos by the hash of what was sent, the signature."""

    answers: Mapping[str, Any]
    unread: Mapping[str, str]
    photos: Sequence[Mapping[str, str]] = ()
    signature: Sequence[Sequence[int]] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of all of it: two tellings with the same are one."""
        said = [
            dict(self.answers),
            dict(self.unread),
            [dict(p) for p in self.photos],
            list(map(list, self.signature)),
        ]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Told:
    """The survey as it was kept; `new` is False for one that is known already."""

    survey: Survey
    new: bool


@transaction.atomic
def report(
    need: Need, findings: Findings, *, appointment: Appointment | None, key: UUID, by: By, at: datetime
) -> Told:
    """Keep a survey. The first one of a need that waits for it counts: it ends the visit, its findings go into the need,
    and the need is SURVEYED. `key` or the same content sent again is the same survey."""
    known = Survey.objects.filter(key=key).first()
    if known is not None:
        return Told(known, new=False)
    operation = need.operation
    need = Need.objects.select_for_update(of=("self",)).select_related("operation__center").get(pk=need.pk)
    of_visit = _of_the_same_visit(need, appointment, at)
    for survey in of_visit:
        if survey.digest == findings.digest:
            return Told(survey, new=False)
    why = _why(need, of_visit)
    survey = Survey.objects.create(
        operation=operation, need=need, appointment=appointment, key=key, counts=not why, why=why, answers=dict(findings.answers),
        unread=dict(findings.unread), photos=[dict(photo) for photo in findings.photos],
        signature=[list(stroke) for stroke in findings.signature], digest=findings.digest, by=by.user, device=by.device,
        at=at,
    )  # fmt: skip
    record(
        "survey.told",
        survey,
        by=by,
        at=at,
        operation=operation,
        need=need.pk,
        photos=len(findings.photos),
        why=why,
    )
    if not why:
        _take_in(survey, need, by=by, at=at)
    return Told(survey, new=True)


def _why(need: Need, of_visit: Sequence[Survey]) -> Why | Literal[""]:
    if any(survey.counts for survey in of_visit):
        return Why.SECOND
    return "" if need.state == NeedState.SURVEY_WAIT else Why.MOVED_ON


def _of_the_same_visit(need: Need, appointment: Appointment | None, at: datetime) -> list[Survey]:
    """Of the appointment; of a visit without one, of that day."""
    told = Survey.objects.filter(need=need)
    if appointment is not None:
        return list(told.filter(appointment=appointment))
    return [survey for survey in told if timezone.localdate(survey.at) == timezone.localdate(at)]


@transaction.atomic
def use(survey: Survey, *, by: By, at: datetime) -> Survey:
    """A person has compared the two: this one counts, whatever counted for the same visit does not any more."""
    need = Need.objects.select_related("operation__center").get(pk=survey.need_id)
    others = [
        other for other in _of_the_same_visit(need, survey.appointment, survey.at) if other.pk != survey.pk
    ]
    Survey.objects.filter(pk__in=[other.pk for other in others]).update(counts=False)
    Survey.objects.filter(pk=survey.pk).update(counts=True)
    survey.refresh_from_db()
    record("survey.chosen", survey, by=by, at=at, operation=survey.operation, need=need.pk)
    _take_in(survey, need, by=by, at=at)
    return survey


def _take_in(survey: Survey, need: Need, *, by: By, at: datetime) -> None:
    """What was found goes into the need; the visit and every other that is still booked is over."""
    needs.edit(need, _with_findings(need, survey.answers), version=need.version, by=by, at=at)
    for appointment in need.survey_appointments.exclude(state=S.DONE):
        if appointment.pk == survey.appointment_id and S.DONE in STEPS[AppointmentState(appointment.state)]:
            end(appointment, S.DONE, by=by, at=at)
        elif appointment.state == S.BOOKED:
            end(appointment, S.CANCELLED, reason="調査が済んだため", by=by, at=at)
    if need.state == NeedState.SURVEY_WAIT:
        needs.move(need, NeedState.SURVEYED, reason=_in_short(survey.answers), by=by, at=at)


def _in_short(answers: Mapping[str, Any]) -> str:
    entry = answers.get("entry")
    return str(Entry(entry).label) if entry in Entry.values else ""


def _with_findings(need: Need, answers: Mapping[str, Any]) -> NeedAnswers:
    """The need's sheet with what was seen there. Dangers that were told stay: nobody said that they are gone."""
    before = NeedAnswers(**{name: getattr(need, name) for name in asdict(NeedAnswers())})
    hazards = {*before.hazards, *answers.get("hazards", ())}
    if answers.get("building_tag") in (Tag.RED, Tag.YELLOW):
        hazards.add(Hazard.RED_TAG)
    if answers.get("asbestos") == Asbestos.MAYBE:
        hazards.add(Hazard.ASBESTOS)
    return replace(
        before,
        hazards=[code for code in Hazard.values if code in hazards],
        damage_kinds=sorted({*before.damage_kinds, *answers.get("damage_kinds", ())}),
        lifelines=answers.get("lifelines") or before.lifelines,
        parking=answers.get("parking") or before.parking,
        attendance=answers.get("next_wish") or before.attendance,
    )


@transaction.atomic
def nobody_there(appointment: Appointment, *, note: str, by: By, at: datetime) -> bool:
    """不在: the visit is over and the need waits for another. False when the visit was over already."""
    if S.ABSENT not in STEPS[AppointmentState(appointment.state)]:
        return False
    try:
        end(appointment, S.ABSENT, reason=note or "不在", by=by, at=at)
    except Refused:  # somebody else was here first
        return False
    return True


# ── the estimate ───────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def make_items(survey: Survey, *, by: By, at: datetime) -> list[WorkItem]:
    """A coordinator has confirmed the estimate: each becomes a work item of the need. Once.

    Refused: survey.items_made, survey.no_estimate, survey.does_not_count.
    """
    if not survey.counts:
        raise Refused("survey.does_not_count")
    estimates = list(estimates_of(survey.answers))
    if not estimates:
        raise Refused("survey.no_estimate")
    first = Survey.objects.filter(pk=survey.pk, items_made_at__isnull=True)
    if not first.update(items_made_at=at, items_made_by=by.user):
        raise Refused("survey.items_made")
    survey.refresh_from_db()
    made = [
        needs.add_item(survey.need, item_of(estimate, survey.answers), by=by, at=at) for estimate in estimates
    ]
    record(
        "survey.items_made",
        survey,
        by=by,
        at=at,
        operation=survey.operation,
        items=[item.pk for item in made],
    )
    return made


def item_of(estimate: Estimate, answers: Mapping[str, Any]) -> ItemAnswers:
    """The work an estimate means; what it leaves open is the usual for its kind."""
    kit = KITS[estimate.category]
    ideal = min(estimate.people or kit.people_ideal, MOST_PEOPLE)
    return ItemAnswers(
        category=estimate.category,
        detail=estimate.detail,
        people_min=min(kit.people_min, ideal),
        people_ideal=ideal,
        people_max=max(kit.people_max, ideal),
        minutes=estimate.minutes or kit.minutes,
        skills=kit.skills,
        tools=kit.tools,
        needs_truck=bool(answers.get("trucks")) or kit.needs_truck,
        women_min=1 if answers.get("women") else 0,
        minors_ok=kit.minors_ok,
        stamina_min=kit.stamina_min,
        visits=estimate.visits or 1,
        estimate_reason=estimate.reason,
    )


def photos_missing(survey: Survey, found: Mapping[str, Any]) -> int:
    """How many photos are still on the way; `found`: those that came, by `sent`."""
    return sum(1 for sent in survey.sent_photos if sent not in found)


def names_photo(device: Device, operation: Operation, sent: str) -> bool:
    """Whether a survey that this device told names that photo. One query."""
    told = Survey.objects.filter(device=device, operation=operation).values_list("photos", flat=True)
    return any(photo["sent"] == sent for photos in told for photo in photos)


def photos_named(operation: Operation) -> set[str]:
    """Every photo that a survey of the operation names, by the hash of what was sent. One query."""
    told = Survey.objects.filter(operation=operation).values_list("photos", flat=True)
    return {photo["sent"] for photos in told for photo in photos}


def visits_of(operation: Operation, pks: Sequence[int]) -> dict[int, Appointment]:
    """Appointments of the operation by id. One query."""
    rows = Appointment.objects.filter(operation=operation, pk__in=pks).select_related("need__operation")
    return {appointment.pk: appointment for appointment in rows}

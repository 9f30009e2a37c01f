"""Plan the visits: rounds of two people and a car, appointments in them, their order, and needs that need none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils import timezone

from dvc.accounts.models import User
from dvc.audit.services import By, record
from dvc.core.counting import count_up
from dvc.core.refused import Refused
from dvc.operations.models import Operation, Site
from dvc.operations.services import require_open
from intake.help_requests import services as needs
from intake.help_requests.answers import Judgement
from intake.help_requests.models import Need, NeedState
from intake.survey.models import Appointment, AppointmentState, Round
from intake.survey.route import Place, Stop, best_order
from intake.survey.states import STEPS

S = AppointmentState


@dataclass(frozen=True, slots=True)
class RoundAnswers:
    """Two people and a car. The second is staff (`second`) or named (`companion`)."""

    first: User
    second: User | None
    companion: str
    car: str
    starts: time


@dataclass(frozen=True, slots=True)
class Window:
    """Between which times of the round's day a household waits, and what the surveyors should know."""

    window_from: time
    window_until: time
    note: str = ""


@transaction.atomic
def make_round(operation: Operation, answers: RoundAnswers, *, day: date, by: By, at: datetime) -> Round:
    """A round with the next number of the day. Refused: operation.closed, survey.alone, survey.no_car,
    survey.person_taken."""
    require_open(operation)
    _check_round(operation, answers, day, but=None)
    made = Round(operation=operation, day=day, made_by=by.user, **_fields(answers))

    def save(number: int) -> None:
        made.pk, made.number = None, number
        made.save(force_insert=True)

    count_up(Round.objects.filter(operation=operation, day=day), "number", save)
    record("survey.round_made", made, by=by, at=at, operation=operation, day=day.isoformat())
    return made


@transaction.atomic
def edit_round(found: Round, answers: RoundAnswers, *, by: By, at: datetime) -> Round:
    """Other people or another car. Refused as `make_round`."""
    _check_round(found.operation, answers, found.day, but=found)
    for name, value in _fields(answers).items():
        setattr(found, name, value)
    found.save()
    record("survey.round_edited", found, by=by, at=at, operation=found.operation)
    return found


@transaction.atomic
def drop_round(found: Round, *, by: By, at: datetime) -> None:
    """A round nobody was promised. Refused: survey.round_has_visits."""
    if found.appointments.exists():
        raise Refused("survey.round_has_visits")
    record("survey.round_dropped", found, by=by, at=at, operation=found.operation)
    found.delete()


def _fields(answers: RoundAnswers) -> dict[str, object]:
    # Somebody from the staff goes before a name that was left in the field.
    companion = "" if answers.second else answers.companion
    return {
        "first": answers.first, "second": answers.second, "companion": companion, "car": answers.car,
        "starts": answers.starts,
    }  # fmt: skip


def _check_round(operation: Operation, answers: RoundAnswers, day: date, *, but: Round | None) -> None:
    if answers.second == answers.first or (answers.second is None and not answers.companion):
        raise Refused("survey.alone")
    if not answers.car:
        raise Refused("survey.no_car")
    going = [person for person in (answers.first, answers.second) if person is not None]
    others = Round.objects.filter(operation=operation, day=day)
    if but is not None:
        others = others.exclude(pk=but.pk)
    taken = others.filter(Q(first__in=going) | Q(second__in=going)).select_related("first", "second").first()
    if taken is not None:
        name = next(p.display_name for p in going if p.pk in (taken.first_id, taken.second_id))
        raise Refused("survey.person_taken", name=name, number=taken.number)


@transaction.atomic
def book(need: Need, going: Round, window: Window, *, by: By, at: datetime) -> Appointment:
    """Agree on a visit; it comes last in the round until the order is chosen.

    Refused: survey.not_waiting (the need does not wait for a survey), survey.booked_already, survey.day_over,
    survey.window.
    """
    if need.state != NeedState.SURVEY_WAIT:
        raise Refused("survey.not_waiting", number=need.number, state=NeedState(need.state).label)
    _check_window(need.operation, going, window, at=at)
    made = Appointment(
        operation=need.operation, need=need, round=going, position=_last(going) + 1, booked_by=by.user, booked_at=at,
        window_from=window.window_from, window_until=window.window_until, note=window.note,
    )  # fmt: skip
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError:
        raise Refused("survey.booked_already", number=need.number) from None
    record(
        "survey.booked", made, by=by, at=at, operation=need.operation, need=need.pk, day=going.day.isoformat()
    )
    return made


@transaction.atomic
def rebook(appointment: Appointment, going: Round, window: Window, *, by: By, at: datetime) -> Appointment:
    """Another time or round. Refused: survey.over, survey.day_over, survey.window."""
    _check_window(appointment.operation, going, window, at=at)
    moved = going.pk != appointment.round_id
    changed = Appointment.objects.booked().filter(pk=appointment.pk).update(
        round=going, window_from=window.window_from, window_until=window.window_until, note=window.note,
        position=_last(going) + 1 if moved else appointment.position,
    )  # fmt: skip
    if not changed:
        raise Refused("survey.over")
    appointment.refresh_from_db()
    record(
        "survey.rebooked", appointment, by=by, at=at, operation=appointment.operation,
        need=appointment.need_id, day=going.day.isoformat(),
    )  # fmt: skip
    return appointment


def cancel(appointment: Appointment, *, reason: str, by: By, at: datetime) -> Appointment:
    """The visit is off; the need waits for another. Refused: survey.reason_needed, survey.over."""
    if not reason:
        raise Refused("survey.reason_needed")
    return end(appointment, S.CANCELLED, reason=reason, by=by, at=at)


@transaction.atomic
def end(
    appointment: Appointment, to: AppointmentState, *, reason: str = "", by: By, at: datetime
) -> Appointment:
    """One step of the state table, won by whoever changes the row first. Refused: survey.over."""
    before = AppointmentState(appointment.state)
    if to not in STEPS[before]:
        raise Refused("survey.over")
    changed = Appointment.objects.filter(pk=appointment.pk, state=before).update(
        state=to, reason=reason[:200], ended_at=at
    )
    appointment.refresh_from_db()
    if not changed:
        raise Refused("survey.over")
    record(
        f"survey.{to}", appointment, by=by, at=at, operation=appointment.operation, need=appointment.need_id,
        before=str(before), to=str(to),
    )  # fmt: skip
    return appointment


def _check_window(operation: Operation, going: Round, window: Window, *, at: datetime) -> None:
    require_open(operation)
    if going.day < timezone.localdate(at):
        raise Refused("survey.day_over")
    if window.window_from >= window.window_until:
        raise Refused("survey.window")


def _last(going: Round) -> int:
    return going.appointments.aggregate(last=Max("position"))["last"] or 0


@transaction.atomic
def put_in_order(going: Round, *, by: By, at: datetime) -> list[Appointment]:
    """Renumber the visits still to come in a good order (route.py), from the operation's first site."""
    booked = list(going.appointments.booked().select_related("need__household"))
    start = place_of_site(going.operation)
    stops = [stop_of(each) for each in booked]
    by_key = {each.pk: each for each in booked}
    return _keep_order(
        going, [by_key[s.key] for s in best_order(start, minutes(going.starts), stops)], by=by, at=at
    )


@transaction.atomic
def move_visit(appointment: Appointment, *, up: bool, by: By, at: datetime) -> None:
    """One place earlier or later, by hand. Nothing at the end of the list."""
    going = appointment.round
    booked = list(going.appointments.booked())
    here = booked.index(appointment)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(booked):
        return
    booked[here], booked[there] = booked[there], booked[here]
    _keep_order(going, booked, by=by, at=at)


def _keep_order(going: Round, order: Sequence[Appointment], *, by: By, at: datetime) -> list[Appointment]:
    first = _last_ended(going)
    for position, appointment in enumerate(order, start=first + 1):
        appointment.position = position
    Appointment.objects.bulk_update(order, ["position"])
    record("survey.ordered", going, by=by, at=at, operation=going.operation, visits=len(order))
    return list(order)


def _last_ended(going: Round) -> int:
    over = going.appointments.exclude(state=S.BOOKED)
    return over.aggregate(last=Max("position"))["last"] or 0


def place_of_site(operation: Operation) -> Place:
    """Where rounds set out: the center's first site, else the center."""
    site = Site.objects.filter(center=operation.center).order_by("pk").first()
    where = site or operation.center
    return Place(where.lat, where.lng)


def stop_of(appointment: Appointment) -> Stop:
    """The visit as route.py knows it. Needs `need__household` selected with it."""
    house = appointment.need.household
    place = Place(house.lat, house.lng) if house is not None else Place()
    return Stop(appointment.pk, place, minutes(appointment.window_from), minutes(appointment.window_until))


def minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


@transaction.atomic
def desk_only(need: Need, *, reason: str, by: By, at: datetime) -> Need:
    """No visit after all: what was told on the phone is enough. An appointment that is booked is cancelled.

    Refused: survey.not_waiting, survey.crisis_needs_visit, need.phone_only_reason.
    """
    if need.state != NeedState.SURVEY_WAIT:
        raise Refused("survey.not_waiting", number=need.number, state=NeedState(need.state).label)
    if need.needs_crisis:
        raise Refused("survey.crisis_needs_visit")
    if not reason:
        raise Refused("need.phone_only_reason")
    for appointment in need.survey_appointments.booked():
        end(appointment, S.CANCELLED, reason=f"電話だけで判断：{reason}", by=by, at=at)
    return needs.judge(need, Judgement.PHONE, reason=reason, by=by, at=at)

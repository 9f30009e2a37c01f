"""Rounds and appointments: two people and a car, one promise a need, every end with a reason in the log."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.operations.services import close_operation
from intake.help_requests.models import Need, NeedState
from intake.survey import services
from intake.survey.models import Appointment, AppointmentState, Round
from intake.survey.services import RoundAnswers, Window
from intake.survey.states import STEPS
from tests import make
from tests.intake.survey.scene import booked, going, waiting

pytestmark = pytest.mark.django_db
S = AppointmentState


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def refusal(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, by=SYSTEM, at=make.at(8), **kwargs)
    return refused.value.code


def test_nobody_goes_alone_and_nobody_without_a_car(operation: Operation) -> None:
    person, other = make.user(operation.center), make.user(operation.center)
    day = make.day(make.at(9))

    def answers(second: Any, companion: str = "", car: str = "軽ワゴン") -> RoundAnswers:
        return RoundAnswers(person, second, companion, car, time(9, 30))

    for wrong, code in [
        (answers(None), "survey.alone"),
        (answers(person), "survey.alone"),
        (answers(other, car=""), "survey.no_car"),
    ]:
        assert refusal(services.make_round, operation, wrong, day=day) == code
    made = services.make_round(operation, answers(None, "民生委員の方"), day=day, by=SYSTEM, at=make.at(8))
    assert (made.number, made.people) == (1, [person.display_name, "民生委員の方"])
    assert refusal(services.make_round, operation, answers(other), day=day) == "survey.person_taken"
    assert services.edit_round(made, answers(other), by=SYSTEM, at=make.at(8)).companion == ""
    with pytest.raises(IntegrityError), transaction.atomic():
        Round.objects.filter(pk=made.pk).update(second=None)


def test_a_need_is_promised_one_visit_at_a_time(operation: Operation) -> None:
    need, round_ = waiting(operation), going(operation)
    appointment = booked(need, round_)
    assert refusal(services.book, need, round_, Window(time(13), time(15))) == "survey.booked_already"
    services.cancel(appointment, reason="雨", by=SYSTEM, at=make.at(9))
    assert booked(need, round_).position == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(pk=appointment.pk).update(state=S.BOOKED, ended_at=None)


def test_what_cannot_be_booked_gets_a_sentence(operation: Operation) -> None:
    need, round_ = waiting(operation), going(operation)
    window = Window(time(10), time(12))
    assert refusal(services.book, make.need(operation), round_, window) == "survey.not_waiting"
    assert refusal(services.book, need, round_, Window(time(12), time(12))) == "survey.window"
    yesterday = going(operation, day=make.day(make.at(9) - timedelta(days=1)))
    assert refusal(services.book, need, yesterday, window) == "survey.day_over"
    appointment = booked(need, round_)
    assert refusal(services.cancel, appointment, reason="") == "survey.reason_needed"
    assert refusal(services.drop_round, round_) == "survey.round_has_visits"
    close_operation(operation, teams_out=0, reason="終わり", by=SYSTEM, at=make.at(9))
    assert refusal(services.book, need, round_, window) == "operation.closed"


def test_another_time_keeps_the_promise(operation: Operation) -> None:
    need = waiting(operation)
    appointment, other = booked(need), going(operation)
    services.rebook(appointment, other, Window(time(13), time(15), "裏口から"), by=SYSTEM, at=make.at(9))
    assert (appointment.round, appointment.window, appointment.note) == (other, "13:00～15:00", "裏口から")
    services.cancel(appointment, reason="都合", by=SYSTEM, at=make.at(9))
    assert refusal(services.rebook, appointment, other, Window(time(13), time(15))) == "survey.over"
    actions = list(Entry.objects.about(appointment).order_by("id").values_list("action", flat=True))
    assert actions == ["survey.booked", "survey.rebooked", "survey.cancelled"]


@pytest.mark.parametrize("before", S)
@pytest.mark.parametrize("to", S)
def test_every_edge_of_the_state_table(operation: Operation, before: S, to: S) -> None:
    appointment = booked(waiting(operation))
    Appointment.objects.filter(pk=appointment.pk).update(
        state=before, ended_at=None if before == S.BOOKED else make.at(9)
    )
    appointment.refresh_from_db()
    if to not in STEPS[before]:
        assert refusal(services.end, appointment, to, reason="理由") == "survey.over"
        return
    services.end(appointment, to, reason="理由", by=make.by(make.user(operation.center)), at=make.at(10))
    entry = Entry.objects.about(appointment).last()
    assert entry is not None
    assert (appointment.state, appointment.ended_at) == (to, make.at(10))
    assert (entry.details["before"], entry.details["to"], entry.at) == (before, to, make.at(10))
    assert entry.actor is not None


def test_two_screens_end_one_visit_once(operation: Operation) -> None:
    appointment = booked(waiting(operation))
    stale = Appointment.objects.get(pk=appointment.pk)
    services.cancel(appointment, reason="雨", by=SYSTEM, at=make.at(9))
    assert refusal(services.end, stale, S.DONE) == "survey.over"


def test_a_phone_call_is_enough_with_a_reason_but_not_in_a_crisis(operation: Operation) -> None:
    need = waiting(operation)
    appointment = booked(need)
    assert refusal(services.desk_only, need, reason="") == "need.phone_only_reason"
    services.desk_only(need, reason="前に入った家で、作業が同じ", by=SYSTEM, at=make.at(9))
    appointment.refresh_from_db()
    assert (need.state, appointment.state) == (NeedState.TRIAGE, S.CANCELLED)  # what work is still to be said
    assert "前に入った家" in need.changes.latest("id").reason
    assert refusal(services.desk_only, need, reason="理由") == "survey.not_waiting"
    ready = make.need(operation, state=NeedState.SURVEY_WAIT)
    services.desk_only(ready, reason="写真が届いた", by=SYSTEM, at=make.at(9))
    assert ready.state == NeedState.READY
    crisis = waiting(operation)
    Need.objects.filter(pk=crisis.pk).update(needs_crisis=True)
    crisis.refresh_from_db()
    assert refusal(services.desk_only, crisis, reason="理由") == "survey.crisis_needs_visit"


def test_the_order_is_chosen_by_the_road_and_moved_by_hand(operation: Operation) -> None:
    round_ = going(operation)
    far, near, middle = (
        booked(waiting(operation, lat=38.2939 + north), round_, from_=time(9), until=time(15, 30))
        for north in (0.03, 0.002, 0.015)
    )
    assert services.put_in_order(round_, by=SYSTEM, at=make.at(8)) == [near, middle, far]
    middle.refresh_from_db()
    services.move_visit(middle, up=True, by=SYSTEM, at=make.at(8))
    assert list(round_.appointments.all()) == [middle, near, far]
    middle.refresh_from_db()
    services.move_visit(middle, up=True, by=SYSTEM, at=make.at(8))
    assert list(round_.appointments.all()) == [middle, near, far]

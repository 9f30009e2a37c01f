"""A survey tablet: today's visits of one surveyor down, what was found up; nothing is lost, nothing is overwritten."""

from __future__ import annotations

import itertools
import json
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from dvc.accounts.models import DeviceProfile
from dvc.audit.models import Look
from dvc.audit.services import SYSTEM
from dvc.devices.models import Holding, HoldingKind
from dvc.operations.models import Operation
from dvc.sync import gather, resolutions
from dvc.sync.models import InboxItem, ItemKind, Receipt
from intake.help_requests.models import Need, NeedState
from intake.survey import services
from intake.survey.models import Appointment, AppointmentState, Round, Survey
from tests import make
from tests.dvc.sync.tablet import Tablet
from tests.intake.survey.scene import FORM, booked, going, waiting

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _morning() -> Any:
    with time_machine.travel(make.at(10), tick=False):
        yield


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def tablet(operation: Operation) -> Tablet:
    return Tablet(operation, profile=DeviceProfile.SURVEY)


def done(tablet: Tablet, visit: Appointment, **changes: Any) -> dict[str, Any]:
    payload = {"need": visit.need_id, "appointment": visit.pk, "form": {**FORM, **changes}}
    return tablet.op(
        "survey.done", **payload, photos=[{"sent": "a" * 64, "caption": "外観"}], signature=[[0, 0, 10, 10]]
    )


def day(tablet: Tablet, actor: int, **headers: str) -> Any:
    return tablet.client.get(
        f"/api/v1/sync/survey?operation={tablet.operation.pk}&actor={actor}",
        headers={"authorization": f"Device {tablet.device.pk}.{tablet.secret}", **headers},
    )


# ── down ───────────────────────────────────────────────────────────────────────────────────────


def test_a_tablet_holds_todays_visits_of_its_surveyor_and_no_others(tablet: Tablet) -> None:
    operation = tablet.operation
    round_, other = going(operation), going(operation)
    tomorrow = going(operation, day=make.day(make.at(9)) + timedelta(days=1))
    mine = booked(waiting(operation), round_, note="犬がいる")
    cancelled = booked(waiting(operation), round_)
    services.cancel(cancelled, reason="雨", by=SYSTEM, at=make.at(9))
    booked(waiting(operation), other)
    booked(waiting(operation), tomorrow)
    answer = day(tablet, round_.first_id)
    assert answer.status_code == 200
    said = answer.json()
    [visit] = said["visits"]
    assert (visit["appointment"], visit["number"], visit["window"]) == (
        mine.pk,
        mine.need.number,
        "10:00～12:00",
    )
    assert (visit["name"], visit["phones"], visit["note"]) == ("高橋 キヨ", ["022-000-0001"], "犬がいる")
    assert visit["address"].startswith("町前")
    assert said["rounds"][0]["people"] == round_.people
    assert "lives_alone" not in json.dumps(said)
    assert day(tablet, round_.second_id or 0).json()["visits"] == said["visits"]
    assert day(tablet, make.user(operation.center).pk).json()["visits"] == []
    holding = Holding.objects.get(device=tablet.device, kind=HoldingKind.VISITS)
    assert holding.most == 1
    assert Look.objects.filter(device=tablet.device, why="survey tablet").count() == 2


def test_the_same_day_again_is_told_in_a_word(tablet: Tablet) -> None:
    round_ = going(tablet.operation)
    booked(waiting(tablet.operation), round_)
    first = day(tablet, round_.first_id)
    again = day(tablet, round_.first_id, **{"if-none-match": first["ETag"]})
    assert (again.status_code, Look.objects.filter(why="survey tablet").count()) == (304, 1)


def test_other_tablets_and_other_centers_get_nothing(operation: Operation) -> None:
    round_ = going(operation)
    booked(waiting(operation), round_)
    reception = Tablet(operation)
    assert day(reception, round_.first_id).status_code == 403
    elsewhere = Tablet(make.operation(), profile=DeviceProfile.SURVEY)
    elsewhere.operation = operation
    assert day(elsewhere, round_.first_id).status_code == 404


# ── up ─────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_found_ends_the_visit(tablet: Tablet) -> None:
    visit = booked(waiting(tablet.operation))
    op = done(tablet, visit)
    [result] = tablet.send(op)
    assert (result["status"], result["code"], result["tone"]) == ("applied", "ok_surveyed", "ok")
    survey = Survey.objects.get()
    assert (survey.by, survey.device, str(survey.key)) == (tablet.operator, tablet.device, op["op_id"])
    assert (survey.photos, survey.signature) == ([{"sent": "a" * 64, "caption": "外観"}], [[0, 0, 10, 10]])
    assert Need.objects.get(pk=visit.need_id).state == NeedState.SURVEYED
    [again] = tablet.send(op)
    assert (again["status"], again["was"]) == ("replayed", "applied")
    assert Survey.objects.count() == 1


def test_nobody_there_is_told_and_a_late_survey_still_counts(tablet: Tablet) -> None:
    visit = booked(waiting(tablet.operation))
    [absent] = tablet.send(tablet.op("survey.absent", appointment=visit.pk, note="手紙を入れた"))
    assert (absent["status"], absent["code"]) == ("applied", "ok_absent")
    [again] = tablet.send(tablet.op("survey.absent", appointment=visit.pk))
    assert (again["status"], again["code"]) == ("merged", "survey_over")
    [found] = tablet.send(done(tablet, visit))
    visit.refresh_from_db()
    assert (found["status"], visit.state) == ("applied", AppointmentState.DONE)


def test_a_second_survey_goes_to_the_inbox_and_a_person_may_choose_it(tablet: Tablet) -> None:
    operation = tablet.operation
    visit = booked(waiting(operation))
    tablet.send(done(tablet, visit))
    other = Tablet(operation, profile=DeviceProfile.SURVEY)
    [same] = other.send(done(other, visit))
    assert (same["status"], same["code"]) == ("merged", "ok_surveyed")
    [second] = other.send(done(other, visit, hazards=["gas"], rooms="7"))
    assert (second["status"], second["code"]) == ("review", "survey_review")
    need = Need.objects.get(pk=visit.need_id)
    assert need.hazards == ["nails"]
    item = InboxItem.objects.get(kind=ItemKind.TWO_SURVEYS)
    assert (second["data"]["inbox"], len(item.views)) == (item.pk, 2)
    gather.look_through(operation, at=make.at(11))
    assert InboxItem.objects.filter(kind=ItemKind.TWO_SURVEYS).count() == 1
    resolutions.choose(item, "second", reason="電話で聞いた", told_at=None, by=SYSTEM, at=make.at(12))
    need.refresh_from_db()
    assert need.hazards == ["nails", "gas"]
    assert Survey.objects.counting().get().answers["rooms"] == 7
    gather.look_through(operation, at=make.at(13))
    assert not InboxItem.objects.open().exists()


def test_a_survey_after_the_need_was_decided_waits_also_from_the_desk(tablet: Tablet) -> None:
    visit = booked(make.need(tablet.operation, state=NeedState.SURVEY_WAIT))
    services.desk_only(visit.need, reason="写真で分かった", by=SYSTEM, at=make.at(9))
    [late] = tablet.send(done(tablet, visit))
    assert late["status"] == "review"
    assert Need.objects.get(pk=visit.need_id).state == NeedState.READY


def test_what_is_of_nowhere_is_refused_in_words(tablet: Tablet) -> None:
    foreign = booked(waiting(make.operation()))
    for op in (done(tablet, foreign), tablet.op("survey.absent", appointment=foreign.pk)):
        [result] = tablet.send(op)
        assert (result["status"], result["code"]) == ("refused", "survey.unknown_visit")
    [bad] = tablet.send(tablet.op("survey.done", need=1, form={"x": {"deep": 1}}))
    assert (bad["status"], bad["code"]) == ("refused", "invalid")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_in_any_order_of_arrival_one_counts_and_nothing_is_lost(
    operation: Operation, order: tuple[int, ...]
) -> None:
    """Two tablets off-line at one house, and a note that nobody was there."""
    visit = booked(waiting(operation))
    one, two = (Tablet(operation, profile=DeviceProfile.SURVEY) for _ in range(2))
    told = [
        (one, done(one, visit)),
        (two, done(two, visit, rooms="8")),
        (two, two.op("survey.absent", appointment=visit.pk)),
    ]
    for turn in [*order, *order]:
        tablet, op = told[turn]
        tablet.send(op)
    visit.refresh_from_db()
    assert (Survey.objects.count(), Survey.objects.counting().count()) == (2, 1)
    assert (visit.state, Receipt.objects.count()) == (AppointmentState.DONE, 3)
    assert InboxItem.objects.filter(kind=ItemKind.TWO_SURVEYS).count() == 1


def test_yesterdays_round_is_gone_tomorrow(tablet: Tablet) -> None:
    round_ = going(tablet.operation)
    booked(waiting(tablet.operation), round_)
    with time_machine.travel(make.at(10) + timedelta(days=1), tick=False):
        assert day(tablet, round_.first_id).json()["visits"] == []
    assert isinstance(Round.objects.get().day, date)
    assert timezone.localdate() == round_.day

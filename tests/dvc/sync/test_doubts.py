"""Facts whose clock or operator is in doubt are kept, and a person can see it. Nothing is refused."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dvc.accounts import services as accounts
from dvc.accounts.models import User
from dvc.audit.services import SYSTEM
from intake.checkin.models import Visit, VisitFlag
from intake.operators import services as operators
from tests import make
from tests.dvc.sync.tablet import Tablet

pytestmark = pytest.mark.django_db


@pytest.fixture
def tablet() -> Tablet:
    return Tablet(make.operation())


def arrive(
    tablet: Tablet, *, slow: timedelta = timedelta(), ago: timedelta = timedelta(), badge: str = ""
) -> list[str]:
    """Somebody arrives; the tablet's clock is `slow` behind, and it happened `ago` before sending."""
    person = make.volunteer(tablet.operation.center)
    clock: datetime = timezone.now() - slow
    op = {**tablet.op(volunteer=person.pk), "t_wall": (clock - ago).isoformat()}
    if badge:
        op["badge"] = badge
    [result] = tablet.send(op, sent_wall=clock.isoformat())
    assert result["status"] in ("applied", "review"), result
    return [flag for flag in Visit.objects.get(volunteer=person).flags if flag in DOUBTS]


DOUBTS = {VisitFlag.CLOCK_UNCERTAIN, VisitFlag.OPERATOR_ENDED}


def test_a_clock_that_is_right_or_a_little_off_raises_no_doubt(tablet: Tablet) -> None:
    assert arrive(tablet) == []
    tablet.device.refresh_from_db()
    assert arrive(tablet, slow=timedelta(minutes=1)) == []


@pytest.mark.parametrize("slow", [timedelta(minutes=11), timedelta(minutes=-11), timedelta(days=300)])
def test_a_clock_that_is_far_off_is_flagged_and_the_time_corrected(tablet: Tablet, slow: timedelta) -> None:
    assert arrive(tablet, slow=slow) == [VisitFlag.CLOCK_UNCERTAIN]
    assert abs(Visit.objects.get().arrived_at - timezone.now()) < timedelta(minutes=5)


def test_a_clock_that_jumped_is_flagged_for_what_lay_in_the_queue_and_not_afterwards(tablet: Tablet) -> None:
    arrive(tablet)
    five = timedelta(minutes=5)
    assert arrive(tablet, slow=five, ago=timedelta(hours=1)) == [VisitFlag.CLOCK_UNCERTAIN]
    assert arrive(tablet, slow=five, ago=timedelta(minutes=30)) == [VisitFlag.CLOCK_UNCERTAIN]
    assert arrive(tablet, slow=five) == []


def test_what_an_ended_badge_recorded_is_kept_and_flagged(tablet: Tablet) -> None:
    [badge] = operators.issue(tablet.operation.center, [tablet.operator], by=SYSTEM, at=timezone.now())
    assert arrive(tablet, badge=badge.prefix) == []
    operators.end(badge, reason="lost", by=SYSTEM, at=timezone.now() - timedelta(minutes=10))
    assert arrive(tablet, badge=badge.prefix) == [VisitFlag.OPERATOR_ENDED]
    assert arrive(tablet, badge=badge.prefix, ago=timedelta(hours=1)) == []
    assert arrive(tablet, badge="0" * 16) == [VisitFlag.OPERATOR_ENDED]


def test_what_a_stopped_account_recorded_is_kept_and_flagged(tablet: Tablet) -> None:
    accounts.deactivate(
        tablet.operator,
        center=tablet.operation.center,
        by=SYSTEM,
        at=timezone.now() - timedelta(minutes=10),
    )
    assert arrive(tablet) == [VisitFlag.OPERATOR_ENDED]
    assert arrive(tablet, ago=timedelta(hours=1)) == []


def test_what_was_recorded_after_the_rotation_is_kept_and_flagged(tablet: Tablet) -> None:
    User.objects.filter(pk=tablet.operator.pk).update(expires_at=timezone.now() - timedelta(minutes=10))
    assert arrive(tablet) == [VisitFlag.OPERATOR_ENDED]
    assert arrive(tablet, ago=timedelta(hours=1)) == []


def test_a_badge_of_the_wrong_shape_is_a_refused_op_and_no_error(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center)
    [result] = tablet.send({**tablet.op(volunteer=person.pk), "badge": "𠮷" * 8})
    assert result["code"] == "invalid"


def test_the_badge_costs_one_statement_for_a_whole_batch(tablet: Tablet) -> None:
    [badge] = operators.issue(tablet.operation.center, [tablet.operator], by=SYSTEM, at=timezone.now())
    people = [make.volunteer(tablet.operation.center) for _ in range(4)]
    tablet.send()
    with CaptureQueriesContext(connection) as without:
        tablet.send(*[tablet.op(volunteer=person.pk) for person in people[:2]])
    with CaptureQueriesContext(connection) as with_badge:
        tablet.send(*[{**tablet.op(volunteer=person.pk), "badge": badge.prefix} for person in people[2:]])
    assert len(with_badge) == len(without) + 1

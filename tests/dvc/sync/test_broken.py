"""An op that our own code or the database breaks on: kept, shown, tried again; it stops nobody else."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, ProgrammingError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dvc.accounts import services as accounts
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.sync import gather, resolutions
from dvc.sync.models import InboxItem, ItemKind, QuarantinedOp, Receipt
from intake.checkin.models import Visit
from tests import make
from tests.dvc.sync.tablet import Tablet, breaks

pytestmark = pytest.mark.django_db


@pytest.fixture
def tablet() -> Tablet:
    return Tablet(make.operation())


ERRORS = [
    DataError("value too long"), ProgrammingError("no such column"), KeyError("nobody thought of it"),
    Visit.DoesNotExist("gone"), Visit.MultipleObjectsReturned("two of them"), ValidationError("no date"),
]  # fmt: skip


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_one_op_that_breaks_is_kept_and_shown_and_the_others_go_through(
    tablet: Tablet, error: Exception
) -> None:
    people = [make.volunteer(tablet.operation.center) for _ in range(5)]
    ops = [tablet.op(volunteer=person.pk) for person in people]
    with breaks(ops[2], error):
        results = tablet.send(*ops)
        again = tablet.send(ops[2], ops[3])
    assert [result["status"] for result in results] == ["applied", "applied", "held", "applied", "applied"]
    assert (results[2]["code"], results[2]["op_id"]) == ("kept_broken", ops[2]["op_id"])
    assert [result["status"] for result in again] == ["held", "replayed"]
    assert Visit.objects.count() == Receipt.objects.count() == 4
    assert QuarantinedOp.objects.get().broken == type(error).__name__
    item = InboxItem.objects.get(kind=ItemKind.BROKEN_OP)
    chief = Client()
    chief.force_login(make.user(tablet.operation.center))
    page = chief.get(f"/o/{tablet.operation.pk}/inbox/{item.pk}/").content.decode()
    assert people[2].name in page
    assert "取り込めませんでした" in page


def test_it_is_tried_again_by_itself_and_comes_to_what_it_would_have_come_to(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center)
    came = timezone.now() - timedelta(hours=2)
    op = {**tablet.op(volunteer=person.pk), "t_wall": came.isoformat()}
    later = timezone.now() + timedelta(minutes=11)
    with breaks(op, ERRORS[0]):
        tablet.send(op)
        gather.look_through(tablet.operation, at=later)
        assert not Visit.objects.exists()
        gather.look_through(tablet.operation, at=later + timedelta(minutes=1))
    gather.look_through(tablet.operation, at=later + timedelta(minutes=2))
    assert not Visit.objects.exists(), "it was tried too soon"
    gather.look_through(tablet.operation, at=later + timedelta(minutes=11))
    assert abs(Visit.objects.get().arrived_at - came) < timedelta(seconds=5)
    assert not InboxItem.objects.get(kind=ItemKind.BROKEN_OP).is_open
    assert tablet.send(op)[0]["status"] == "replayed"


def test_it_is_tried_every_ten_minutes_also_while_nothing_else_happens(
    tablet: Tablet, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    op = tablet.op(volunteer=make.volunteer(tablet.operation.center).pk)
    minute = timedelta(minutes=1)
    with breaks(op, ERRORS[0]):
        tablet.send(op)
        now = timezone.now()
        for minutes in (0, 1, 11, 12):
            gather.look_through_all(at=now + minutes * minute)
    gather.look_through_all(at=now + 20 * minute)
    assert not Visit.objects.exists(), "it was tried too soon"
    gather.look_through_all(at=now + 21 * minute)
    assert Visit.objects.exists()
    # A new day has work of its own, so this is at noon: at whatever time of the day the test runs, nothing else happens.
    noon = timezone.localtime(now).replace(hour=12, minute=0) + timedelta(days=1)
    for minutes in (0, 20):
        gather.look_through_all(at=noon + minutes * minute)
    with django_assert_num_queries(3):
        gather.look_through_all(at=noon + 40 * minute)


def test_a_person_tries_again_or_says_that_it_was_done_by_hand(tablet: Tablet) -> None:
    chief = make.by(make.user(tablet.operation.center))
    for choice in ("again", "by_hand"):
        op = tablet.op(volunteer=make.volunteer(tablet.operation.center).pk)
        with breaks(op, ERRORS[1]):
            tablet.send(op)
            item = InboxItem.objects.get(key=op["op_id"])
            with pytest.raises(Refused, match="still_broken"):
                resolutions.choose(item, "again", reason="", told_at=None, by=chief, at=timezone.now())
        assert InboxItem.objects.get(pk=item.pk).is_open
        resolutions.choose(item, choice, reason="名前で受付", told_at=None, by=chief, at=timezone.now())
        assert tablet.send(op)[0]["code"] == ("ok" if choice == "again" else "quarantine_refused")
    assert sorted(QuarantinedOp.objects.values_list("state", flat=True)) == ["refused", "taken_in"]
    assert Visit.objects.count() == 1
    assert set(Receipt.objects.values_list("seq", flat=True)) == {1, 2}, (
        "a number that is missing stops the mark"
    )


def test_what_breaks_while_it_is_taken_in_from_quarantine_is_shown_and_tried_again(tablet: Tablet) -> None:
    chief = make.by(make.user(tablet.operation.center))
    ops = [tablet.op(volunteer=make.volunteer(tablet.operation.center).pk) for _ in range(2)]
    accounts.revoke_device(tablet.device, by=SYSTEM, at=timezone.now())
    tablet.post({"epoch": 1, "ops": ops})
    with breaks(ops[1], ERRORS[0]):
        item = InboxItem.objects.get()
        resolutions.choose(item, "take_in", reason="", told_at=None, by=chief, at=timezone.now())
    assert Entry.objects.get(action="op.taken_in").details == {"count": 1, "of": 2}
    assert InboxItem.objects.get(kind=ItemKind.BROKEN_OP).is_open
    assert InboxItem.objects.get(kind=ItemKind.BROKEN_OP).key == ops[1]["op_id"]
    gather.look_through(tablet.operation, at=timezone.now() + timedelta(minutes=11))
    assert Visit.objects.count() == 2
    assert not InboxItem.objects.get(kind=ItemKind.BROKEN_OP).is_open


def test_machine_trouble_is_no_mistake_of_ours_and_keeps_nothing_aside(tablet: Tablet) -> None:
    from django.db import OperationalError

    op = tablet.op(volunteer=make.volunteer(tablet.operation.center).pk)
    with breaks(op, OperationalError("the server closed the connection")):
        answer = tablet.post({"epoch": 1, "ops": [op]})
    assert (answer.status_code, json.loads(answer.content)["code"]) == (503, "busy")
    assert not QuarantinedOp.objects.exists()

"""The queue: its order, what blocks a need, holds and bans."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from intake.help_requests.models import Need, NeedState, WorkItem
from intake.people.models import Household
from matching.queue import services as queue
from matching.queue.models import Ban, Hold
from matching.queue.queries import waiting
from tests import make

pytestmark = pytest.mark.django_db


def test_crisis_comes_first_then_weight_then_days() -> None:
    operation = make.operation()
    plain, old, alone, crisis = (make.need(operation) for _ in range(4))
    Need.objects.filter(pk=old.pk).update(received_at=make.at(9) - timedelta(days=9))
    Household.objects.filter(needs=alone).update(lives_alone=True)
    Need.objects.filter(pk=crisis.pk).update(needs_crisis=True)
    make.need(operation, state=NeedState.SURVEY_WAIT)
    queue_now = waiting(operation, at=make.at(9))
    assert [one.need.pk for one in queue_now] == [crisis.pk, alone.pk, old.pk, plain.pk]
    assert [one.tier for one in queue_now] == [1, 2, 3, 3]
    assert queue_now[2].days == 9


def test_the_queue_costs_two_queries_however_long(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    operation = make.operation()
    for _ in range(5):
        make.need(operation)
    with django_assert_num_queries(2):
        assert len(waiting(operation, at=make.at(9))) == 5


def test_what_blocks_a_need_is_said_in_a_sentence() -> None:
    operation = make.operation()
    homeless, idle, held, fine = (make.need(operation) for _ in range(4))
    Household.objects.filter(needs=homeless).update(lat=None, lng=None)
    WorkItem.objects.filter(need=idle).update(state="done")
    queue.hold(held, reason="雨がやむまで", by=SYSTEM, at=make.at(9))
    blocks = {one.need.pk: one.block for one in waiting(operation, at=make.at(9))}
    assert "場所が決まっていません" in blocks[homeless.pk]
    assert "作業が登録されていません" in blocks[idle.pk]
    assert "雨がやむまで" in blocks[held.pk]
    assert blocks[fine.pk] == ""


def test_a_hold_wants_a_reason_and_ends_once() -> None:
    operation = make.operation()
    need = make.need(operation)
    with pytest.raises(Refused) as error:
        queue.hold(need, reason="　 ", by=SYSTEM, at=make.at(9))
    assert error.value.code == "queue.reason_needed"
    queue.hold(need, reason="留守", by=SYSTEM, at=make.at(9))
    queue.hold(need, reason="午後から在宅", by=SYSTEM, at=make.at(10))
    assert Hold.objects.get(need=need).reason == "午後から在宅"
    queue.unhold(need, by=SYSTEM, at=make.at(11))
    queue.unhold(need, by=SYSTEM, at=make.at(12))
    assert not Hold.objects.exists()
    assert Entry.objects.filter(action="queue.released").count() == 1


def test_a_ban_is_written_once_and_can_be_taken_back() -> None:
    operation = make.operation()
    need, person = make.need(operation), make.volunteer(operation.center)
    for _ in range(2):
        queue.ban(need, person, by=SYSTEM, at=make.at(9))
    assert Ban.objects.count() == 1
    assert Entry.objects.filter(action="queue.banned").count() == 1
    queue.unban(need, person, by=SYSTEM, at=make.at(10))
    assert not Ban.objects.exists()

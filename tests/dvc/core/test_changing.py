"""A row changed by a statement that is written once is as Django's own update leaves it, and says whether it was there."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from dvc.core.changing import change, changed
from dvc.core.rows import renew
from intake.help_requests.models import Need, NeedState, WorkItem, WorkState
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_it_leaves_what_django_leaves_and_says_how_many_there_were() -> None:
    operation, at = make.operation(), timezone.now()
    ours, djangos = make.need(operation), make.need(operation)
    values = {"state": NeedState.ASSIGNED, "touched_at": at, "ready_at": None}
    known = {"id": ours.pk, "state": NeedState.READY}
    assert change(Need, values, where=known, count_up="version") == 1
    Need.objects.filter(pk=djangos.pk).update(**values, version=F("version") + 1)
    columns = ("state", "touched_at", "ready_at", "version")
    told = Need.objects.filter(pk__in=[ours.pk, djangos.pk]).order_by().values_list(*columns)
    assert len(set(told)) == 1
    assert change(Need, values, where=known, count_up="version") == 0  # it is not so any more
    assert Need.objects.filter(touched_at__lte=at, touched_at__gt=at - timedelta(seconds=1)).count() == 2


def test_of_several_values_each_counts_and_of_none_nothing_is_changed() -> None:
    need = make.need(make.operation())
    done = {"state": WorkState.DONE}
    assert change(WorkItem, done, where={"need_id": need.pk, "state": []}) == 0
    assert change(WorkItem, done, where={"need_id": need.pk, "state": [WorkState.LEASED]}) == 0
    assert (
        change(WorkItem, done, where={"need_id": need.pk, "state": [WorkState.LEASED, WorkState.OPEN]}) == 1
    )


def test_what_was_changed_comes_back_as_django_reads_it() -> None:
    need, other = (make.need(make.operation(), hazards=["stairs"]) for _ in range(2))
    known = {"id": need.pk, "state": NeedState.READY}
    (found,) = changed(
        Need, {"state": NeedState.ASSIGNED, "touched_at": make.at(9)}, where=known, count_up="version"
    )
    now = Need.objects.get(pk=need.pk)
    assert [getattr(found, field.attname) for field in Need._meta.concrete_fields] == [
        getattr(now, field.attname) for field in Need._meta.concrete_fields
    ]
    assert (found.state, found.version, found.pk) == (NeedState.ASSIGNED, need.version + 1, need.pk)
    assert changed(Need, {"state": NeedState.ASSIGNED}, where=known) == []
    assert Need.objects.get(pk=other.pk).state == NeedState.READY


def test_a_renewed_row_reads_what_belongs_to_it_again() -> None:
    need = make.need(make.operation())
    old = Need.objects.select_related("household").get(pk=need.pk)
    other = make.need(need.operation)
    Need.objects.filter(pk=need.pk).update(household=other.household, summary="別の件")
    renew(old, Need.objects.get(pk=need.pk))
    assert (old.summary, old.household) == ("別の件", other.household)


@pytest.mark.django_db(transaction=True)
def test_of_twenty_who_change_the_same_row_one_hears_that_it_was_first() -> None:
    need = make.need(make.operation())
    start, heard = threading.Barrier(20), list[int]()

    def take() -> None:
        try:
            start.wait(timeout=30)
            heard.append(
                change(Need, {"state": NeedState.ASSIGNED}, where={"id": need.pk, "state": NeedState.READY})
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(heard) == [*[0] * 19, 1]

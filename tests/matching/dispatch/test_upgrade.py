"""A database of the release in which sheets were counted at the return only in the log."""

from __future__ import annotations

import pytest
from django.db import connection

from dvc.audit.services import SYSTEM
from matching.dispatch import services
from matching.dispatch.models import Dispatch
from tests import make
from tests.infra.migrations import step_by_step
from tests.matching.dispatch import scene

BEFORE = ("dispatch", "0004_several_visits_of_a_team")


def printed(sheets: int) -> Dispatch:
    dispatch = scene.out()
    services.count_sheet(dispatch, papers=sheets, by=SYSTEM, at=make.at(9, 40))
    return dispatch


@pytest.mark.long
@pytest.mark.once  # the steps are Python; what a new database gets is compared on both
@pytest.mark.django_db(transaction=True)
def test_sheets_that_came_back_before_they_were_counted_on_the_order_are_back() -> None:
    counted, short, unasked, outside = (printed(3) for _ in range(4))
    cancelled = scene.assigned()
    services.count_sheet(cancelled, by=SYSTEM, at=make.at(9, 40))
    services.cancel(cancelled, reason="雨", by=SYSTEM, at=make.at(9, 50))
    for dispatch, told in ((counted, 3), (short, 1), (unasked, None)):
        services.come_back(dispatch, sheets_back=told, by=SYSTEM, at=make.at(13))
    schema = step_by_step(connection)
    schema.migrate([BEFORE])
    schema = step_by_step(connection)
    schema.migrate(schema.loader.graph.leaf_nodes())  # the newest of all: other tests use this database
    rows = [Dispatch.objects.get(pk=one.pk) for one in (counted, short, unasked, outside, cancelled)]
    assert [row.sheets_out for row in rows] == [0, 2, 0, 3, 0]
    assert rows[1].sheets_back == 1


@pytest.mark.once  # the steps are Python; what a new database gets is compared on both
@pytest.mark.django_db(transaction=True)
def test_a_sheet_that_is_missing_since_they_are_counted_stays_missing() -> None:
    dispatch = printed(2)
    services.come_back(dispatch, by=SYSTEM, at=make.at(13))
    Dispatch.objects.update(returned_at=make.at(24 * 3650))  # after the step that brought the count
    schema = step_by_step(connection)
    schema.migrate([("dispatch", "0006_last_sign_of_life")])
    schema = step_by_step(connection)
    schema.migrate(schema.loader.graph.leaf_nodes())
    assert Dispatch.objects.get(pk=dispatch.pk).sheets_out == 2

"""A database of the release before nameless people stayed over midnight."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from dvc.audit.services import SYSTEM
from intake.checkin import nameless
from intake.volunteers import services as volunteers
from tests import make
from tests.infra.migrations import step_by_step

BEFORE = ("checkin", "0005_people_counted_without_a_group")


@pytest.mark.once  # the steps are Python; what a new database gets is compared on both
@pytest.mark.django_db(transaction=True)
def test_an_upgrade_brings_nobody_of_an_earlier_day_back_and_sends_nobody_of_today_home() -> None:
    operation = make.operation()
    group = volunteers.register_group(operation.center, name="町内会", by=SYSTEM, at=make.at(8))
    now = timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    schema = step_by_step(connection)
    schema.migrate([BEFORE])
    try:
        old = schema.loader.project_state([BEFORE]).apps.get_model("checkin", "GroupArrival")
        for extra, came, left in (
            (10, midnight - timedelta(hours=15), None),
            (2, midnight - timedelta(days=9), None),
            (4, midnight, None),
            (3, midnight, midnight),
        ):
            old.objects.create(
                operation_id=operation.pk, group_id=group.pk, day=timezone.localdate(came), extra=extra,
                arrived_at=came, left_at=left,
            )  # fmt: skip
        # Another group that went home: a row of nobody.
        other = volunteers.register_group(operation.center, name="生徒会", by=SYSTEM, at=make.at(8))
        for extra, left in ((5, None), (0, midnight)):
            old.objects.create(
                operation_id=operation.pk, group_id=other.pk, day=timezone.localdate(midnight), extra=extra,
                arrived_at=midnight, left_at=left,
            )  # fmt: skip
    finally:
        schema = step_by_step(connection)
        schema.migrate(schema.loader.graph.leaf_nodes())  # the newest of all: other tests use this database
    found = nameless.figures(operation, at=now)
    assert (found.came, found.here, found.earlier) == (12, 4, 0)

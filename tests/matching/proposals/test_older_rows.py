"""What was there before teams did several needs in a row goes on as it was."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from dvc.audit.services import SYSTEM
from dvc.operations.models import Mode, Operation
from matching.dispatch.models import Dispatch
from matching.equipment.models import Vehicle
from matching.proposals import decisions
from matching.proposals.models import MatchRun, Proposal, ProposalState, ProposalVisit
from matching.queue.models import Pin
from tests import make
from tests.infra.migrations import step_by_step
from tests.matching.proposals.morning import offer, people, present

pytestmark = pytest.mark.django_db


def test_an_older_proposal_gets_the_one_visit_it_was_made_for_and_can_be_decided() -> None:
    operation = make.operation()
    make.need(operation)
    people(operation, 3)
    proposal = offer(operation, at=make.at(9, 30))
    over = Proposal.objects.get(pk=proposal.pk)
    over.pk, over.state, over.run_id = None, ProposalState.REJECTED, offer_of_another_run(proposal)
    over.save(force_insert=True)
    ProposalVisit.objects.all().delete()
    migration = import_module("matching.proposals.migrations.0007_one_visit_of_older_proposals")
    for _ in range(2):
        migration.one_visit_each(apps, connection.schema_editor())
    rows = ProposalVisit.objects.order_by("proposal").values_list("proposal", "need", "position", "offered")
    assert list(rows) == [(proposal.pk, proposal.need_id, 1, True), (over.pk, over.need_id, 1, False)]
    decisions.accept(proposal, by=SYSTEM, at=make.at(9, 31))
    assert Dispatch.objects.get().position == 1


@pytest.mark.long
@pytest.mark.once  # the steps are Python; what a new database gets is compared on both
@pytest.mark.django_db(transaction=True)
def test_the_one_car_of_an_older_proposal_or_fixed_team_is_its_first() -> None:
    operation = make.operation()
    need = make.need(operation, lat=38.33, lng=141.05)
    owner = present(operation, "一", vehicle="car")
    van = Vehicle.objects.create(
        operation=operation, site=operation.center.sites.get(), name="ワゴン", kind="van", seats=8
    )
    run = MatchRun.objects.create(operation=operation, why="test", requested_at=make.at(9))
    before = [("proposals", "0007_one_visit_of_older_proposals"), ("queue", "0002_coordinators_hand")]
    schema = step_by_step(connection)
    schema.migrate(before)
    try:
        old = schema.loader.project_state(before).apps
        common = {
            "operation_id": operation.pk, "need_id": need.pk, "members": [owner.pk], "leader_id": owner.pk,
        }  # fmt: skip
        timed = {
            "run_id": run.pk, "mode": "car", "need_version": 1, "offered_at": make.at(9),
            "expires_at": make.at(9, 10),
        }  # fmt: skip
        own = old.get_model("proposals", "Proposal").objects.create(**common, **timed, driver_id=owner.pk)
        pin = old.get_model("queue", "Pin").objects.create(
            **common, visits=[need.pk], day=make.day(make.at(9)), reason="x", at=make.at(9), driver_id=owner.pk,
            vehicle_id=van.pk,
        )  # fmt: skip
        walking = old.get_model("queue", "Pin").objects.create(
            **common, visits=[need.pk], day=make.day(make.at(48)), reason="x", at=make.at(9)
        )
    finally:
        schema = step_by_step(connection)
        schema.migrate(schema.loader.graph.leaf_nodes())  # the newest of all: other tests use this database
    assert Proposal.objects.get(pk=own.pk).rides == [{"vehicle": None, "driver": owner.pk}]
    assert Pin.objects.get(pk=pin.pk).rides == [{"vehicle": van.pk, "driver": owner.pk}]
    assert Pin.objects.get(pk=walking.pk).rides == []


def offer_of_another_run(proposal: Proposal) -> int:
    run = proposal.run
    run.pk = None
    run.save(force_insert=True)
    return run.pk


def test_ordinary_days_go_on_with_one_need_per_team_and_a_running_disaster_gets_three() -> None:
    disaster = make.operation()
    Operation.objects.update(max_visits=3)
    migration = import_module("dvc.operations.migrations.0008_one_need_on_ordinary_days")
    migration.one(apps, connection.schema_editor())
    found = dict(Operation.objects.values_list("mode", "max_visits"))
    assert found == {Mode.ORDINARY: 1, disaster.mode: 3}

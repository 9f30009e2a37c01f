"""A database of the release in which a team had one car."""

from __future__ import annotations

import pytest
from django.db import connection

from dvc.audit.services import SYSTEM
from intake.checkin import services as checkin
from matching.equipment.models import Vehicle
from matching.teams import services as teams
from matching.teams.models import Team
from matching.teams.queries import vehicles_here
from matching.teams.rides import Drive
from tests import make
from tests.infra.migrations import step_by_step

BEFORE = ("teams", "0002_clashes")


@pytest.mark.long
@pytest.mark.once  # the steps are Python; what a new database gets is compared on both
@pytest.mark.django_db(transaction=True)
def test_the_one_car_of_a_team_becomes_its_first_ride_and_stays_taken_while_the_team_is_live() -> None:
    operation = make.operation()
    site = operation.center.sites.get()
    vans = [
        Vehicle.objects.create(operation=operation, site=site, name=f"ワゴン{number}号", kind="van", seats=8)
        for number in (1, 2)
    ]
    people = [
        make.volunteer(operation.center, name, skills=["driver"], vehicle="car") for name in "一二三四五"
    ]
    formed = []
    for person in people:
        checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
        formed.append(
            teams.form(operation, volunteers=[person], leader=person, mode="car", by=SYSTEM, at=make.at(9, 5))
        )
    teams.release(formed[1], by=SYSTEM, at=make.at(14))
    schema = step_by_step(connection)
    schema.migrate([BEFORE])
    try:
        old = schema.loader.project_state([BEFORE]).apps.get_model("teams", "Team").objects
        for team, person, vehicle in zip(formed, people, (vans[0], vans[1], None, None), strict=False):
            old.filter(pk=team.pk).update(driver=person.pk, vehicle=vehicle and vehicle.pk)
        # Somebody who was taken out of a team that waits, and goes with another now.
        old.filter(pk=formed[3].pk).update(driver=people[2].pk)
    finally:
        schema = step_by_step(connection)
        schema.migrate(schema.loader.graph.leaf_nodes())  # the newest of all: other tests use this database
    found = [Team.objects.get(pk=team.pk).drives for team in formed]
    assert found == [
        [Drive(vans[0], people[0])],
        [Drive(vans[1], people[1])],
        [Drive(None, people[2])],
        [],
        [],
    ]
    assert list(vehicles_here(operation)) == [vans[1]]

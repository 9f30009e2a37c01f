"""A number that people say aloud is taken by the statement that writes the row: each once, none left out."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from dvc.core.counting import count_up_in_place
from dvc.core.inserting import insert_next, new
from dvc.operations.models import Operation
from intake.volunteers.models import Volunteer
from matching.teams.models import Team, TeamState
from tests import make

pytestmark = pytest.mark.database


def _team(operation: Operation, leader: Volunteer) -> Team:
    return new(
        Team, operation_id=operation.pk, number=0, leader_id=leader.pk, state=TeamState.READY, mode="walk",
        formed_at=make.at(9),
    )  # fmt: skip


@pytest.mark.django_db
def test_each_operation_counts_for_itself_and_the_row_is_as_django_reads_it() -> None:
    here, there = make.operation(), make.operation()
    leader = make.volunteer(here.center)
    made = [_team(operation, leader) for operation in (here, here, there)]
    assert all(insert_next(team, "number", among="operation_id") for team in made)
    assert [team.number for team in made] == [1, 2, 1]
    for team in made:
        found = Team.objects.get(pk=team.pk)
        assert {name: value for name, value in vars(found).items() if name != "_state"} == {
            name: value for name, value in vars(team).items() if name != "_state"
        }
        assert not team._state.adding


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_each_gets_a_number_of_its_own() -> None:
    operation = make.operation()
    leader = make.volunteer(operation.center)
    start, made = threading.Barrier(8), [_team(operation, leader) for _ in range(8)]

    def take(team: Team) -> None:
        try:
            start.wait(timeout=30)
            count_up_in_place(lambda: insert_next(team, "number", among="operation_id"))
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(team,)) for team in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(team.number for team in made) == list(range(1, 9))

"""The evening's figures of a day with teams that did several needs: people once, needs each, nobody forgotten."""

from __future__ import annotations

import pytest

from dvc.audit.services import SYSTEM
from dvc.board import queries as live
from dvc.home import day
from dvc.home.services import close, left_open
from dvc.operations.models import Operation, OperationState
from intake.checkin import services as checkin
from intake.help_requests.models import Need, NeedState
from matching.dispatch import services
from matching.dispatch.models import Dispatch
from matching.teams.services import people_of
from tests import make
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db


def sent(operation: Operation, count: int) -> Dispatch:
    first, *then = (make.need(operation) for _ in range(count))
    start = services.assign(scene.team(operation), first, then=then, by=SYSTEM, at=make.at(9, 30))
    return services.depart(start, checks=scene.ALL, by=SYSTEM, at=scene.TEN, due_back_at=make.at(15))


def figures(operation: Operation, hour: int) -> tuple[int, int, int, int, int, int]:
    """Teams out and back, people out, needs assigned, at work and waiting, as the screens have them."""
    board = live.shown(operation, at=make.at(hour), names=True, wall=False).numbers
    home = day.numbers(operation, at=make.at(hour))
    assert board.teams_out == home.teams_out
    return (
        board.teams_out, home.teams_back, board.people_out, board.needs_assigned, board.needs_in_progress,
        board.needs_waiting,
    )  # fmt: skip


def test_a_team_with_three_houses_is_one_team_of_two_people_all_day() -> None:
    operation = make.operation()
    chain, single = sent(operation, 3), sent(operation, 1)
    assert figures(operation, 11) == (2, 0, 4, 2, 2, 0)
    services.report(chain, outcome="completed", people=2, by=SYSTEM, at=make.at(11))
    second = services.move_on(chain, by=SYSTEM, at=make.at(11))
    assert figures(operation, 12) == (2, 0, 4, 1, 2, 0)
    services.report(second, outcome="completed", people=2, by=SYSTEM, at=make.at(12))
    services.come_back(second, by=SYSTEM, at=make.at(13))
    assert figures(operation, 13) == (1, 1, 2, 0, 1, 1)
    services.report(single, outcome="completed", people=2, by=SYSTEM, at=make.at(14))
    services.come_back(single, by=SYSTEM, at=make.at(14))
    assert figures(operation, 15) == (0, 2, 0, 0, 0, 1)
    assert Need.objects.filter(state=NeedState.COMPLETED).count() == 3


def test_a_day_closes_only_when_every_team_is_back_whatever_houses_it_had_left() -> None:
    operation = make.operation()
    chain = sent(operation, 3)
    waiting = services.assign(
        scene.team(operation), make.need(operation), then=[make.need(operation)], by=SYSTEM, at=scene.TEN
    )
    left = left_open(operation, at=make.at(15))
    assert (left.teams_out, left.teams_waiting) == (1, 1)
    crew = [*people_of(chain.team), *people_of(waiting.team)]
    services.come_back(chain, by=SYSTEM, at=make.at(15))
    services.cancel(waiting, reason="夕方のため", by=SYSTEM, at=make.at(15))
    for person in crew:
        checkin.leave(operation, person, by=SYSTEM, at=make.at(15, 30))
    left = left_open(operation, at=make.at(16))
    assert (left.people, left.teams_out, left.teams_waiting) == (0, 0, 0)
    # The house they were sent to is at work until somebody reports; all others wait again.
    states = list(Need.objects.values_list("state", flat=True))
    assert sorted(states) == [NeedState.IN_PROGRESS, *[NeedState.READY] * 4]
    assert close(operation, reason="終わったため", by=SYSTEM, at=make.at(17)).state == OperationState.CLOSED

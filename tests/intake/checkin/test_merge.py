"""Two registrations made one and taken apart again: everybody has the visits that were theirs, and no other."""

from __future__ import annotations

from datetime import datetime

import pytest

from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from dvc.sync import merging
from intake.checkin import services as checkin
from intake.checkin.models import Visit
from intake.volunteers.models import Merge, Volunteer
from tests import make

pytestmark = pytest.mark.django_db


class Two:
    """One person with two registrations: `into` is the earlier one."""

    def __init__(self) -> None:
        self.operation: Operation = make.operation()
        self.into: Volunteer = make.volunteer(self.operation.center)
        self.twin: Volunteer = make.volunteer(self.operation.center)

    def comes(self, who: Volunteer, at: datetime) -> None:
        checkin.arrive(self.operation, who, site=None, by=SYSTEM, at=at)

    def leaves(self, who: Volunteer, at: datetime) -> None:
        checkin.leave(self.operation, who, by=SYSTEM, at=at)

    def merged(self, at: datetime) -> Merge:
        return merging.merge(self.into, self.twin, by=SYSTEM, at=at)

    def visits(self) -> list[tuple[int, datetime, datetime | None]]:
        standing = Visit.objects.filter(annulled_at__isnull=True)
        return list(standing.order_by("arrived_at").values_list("volunteer", "arrived_at", "left_at"))


@pytest.fixture
def two() -> Two:
    return Two()


def test_a_visit_the_twin_alone_had_is_nobody_elses_when_they_are_two_again(two: Two) -> None:
    two.comes(two.into, make.at(9))
    two.leaves(two.into, make.at(15))
    two.comes(two.twin, make.at(24 + 9))
    before = two.visits()
    made = two.merged(make.at(24 + 10))
    assert [visit[0] for visit in two.visits()] == [two.into.pk, two.into.pk]
    merging.undo(made, by=SYSTEM, at=make.at(24 + 11))
    assert two.visits() == before


def test_two_who_are_both_here_are_taken_apart(two: Two) -> None:
    two.comes(two.into, make.at(9))
    two.comes(two.twin, make.at(24 + 9))
    before = two.visits()
    made = two.merged(make.at(24 + 10))
    merging.undo(made, by=SYSTEM, at=make.at(24 + 11))
    assert two.visits() == before


def test_who_came_again_since_keeps_that_and_loses_what_the_twin_did(two: Two) -> None:
    two.comes(two.into, make.at(9))
    two.comes(two.twin, make.at(9, 5))
    two.leaves(two.twin, make.at(12))
    made = two.merged(make.at(12, 30))
    two.comes(two.into, make.at(13))
    merging.undo(made, by=SYSTEM, at=make.at(14))
    assert two.visits() == [
        (two.into.pk, make.at(9), None),
        (two.twin.pk, make.at(9, 5), make.at(12)),
    ]

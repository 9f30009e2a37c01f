"""A large morning written straight into the tables: thousands of people at the center, needs all over the city."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta

from django.utils import timezone

from dvc.operations.models import Operation
from intake.checkin.models import Visit
from intake.help_requests.models import Need, NeedState, WorkItem
from intake.people.models import Household, Precision
from intake.volunteers.models import Group, InsurancePolicy, Volunteer
from tests import make

WORK = ("mud_removal", "furniture_out", "cleaning", "washing")


def crowd(operation: Operation, people: int, needs: int, *, seed: int = 0) -> None:
    """`people` here since nine and `needs` that wait, varied as a real morning is; some groups, cars and minors."""
    dice = random.Random(seed)
    arrive(operation, invited(operation, people, dice))
    asked(operation, needs, dice)


def invited(operation: Operation, count: int, dice: random.Random) -> list[Volunteer]:
    """Registered and insured people, one in five in a group of four."""
    center = operation.center
    groups = Group.objects.bulk_create(
        Group(center=center, name=f"団体{number}", created_at=make.MORNING) for number in range(count // 20)
    )
    people = Volunteer.objects.bulk_create(
        Volunteer(
            center=center, family_name=f"人{number}", given_name="花子", name_key=f"人{number}花子", kana_key="",
            phone="090-0000-0001", emergency_phone="090-0000-0000", registered_at=make.MORNING - timedelta(days=1),
            experience=dice.choice((0, 0, 0, 1, 1, 2, 3)), stamina=dice.choice((1, 2, 2, 3)), gender=dice.choice("mf"),
            skills=["driver"] if dice.random() < 0.3 else [], avoids=["under_floor"] if dice.random() < 0.1 else [],
            vehicle="kei_truck" if dice.random() < 0.08 else "car" if dice.random() < 0.3 else "",
            vehicle_seats=2, group=groups[number // 4] if number // 4 < len(groups) else None,
        )
        for number in range(count)
    )  # fmt: skip
    InsurancePolicy.objects.bulk_create(
        InsurancePolicy(
            volunteer=one, valid_from=make.MORNING - timedelta(days=1), valid_to=datetime(2100, 3, 31, tzinfo=UTC),
            recorded_at=make.MORNING,
        )
        for one in people
    )  # fmt: skip
    return people


def arrive(operation: Operation, people: list[Volunteer]) -> None:
    """All at once, without any service."""
    Visit.objects.bulk_create(
        Visit(operation=operation, volunteer=one, day=timezone.localdate(make.MORNING), arrived_at=make.MORNING)
        for one in people
    )  # fmt: skip


def asked(operation: Operation, count: int, dice: random.Random) -> list[Need]:
    """Needs ready for matching within some kilometres of the center."""
    first = Need.objects.filter(operation=operation).count() + 1
    houses = Household.objects.bulk_create(
        Household(
            center=operation.center, address=f"町前 {number}", address_key=f"町前{operation.pk}-{number}",
            lat=38.2939 + dice.gauss(0, 0.02), lng=141.0044 + dice.gauss(0, 0.02), precision=Precision.PIN,
            created_at=make.MORNING, lives_alone=dice.random() < 0.2,
        )
        for number in range(first, first + count)
    )  # fmt: skip
    needs = Need.objects.bulk_create(
        Need(
            operation=operation, number=number, household=house, summary="床下の泥かき", state=NeedState.READY,
            received_at=make.MORNING - timedelta(days=dice.randint(0, 14)), ready_at=make.MORNING,
            touched_at=make.MORNING, open_from=time(9), open_until=time(15, 30), needs_crisis=dice.random() < 0.03,
        )
        for number, house in enumerate(houses, first)
    )  # fmt: skip
    WorkItem.objects.bulk_create(_items(needs, dice))
    return needs


def _items(needs: list[Need], dice: random.Random) -> list[WorkItem]:
    found = []
    for need in needs:
        for _ in range(dice.choice((1, 1, 2))):
            least = dice.randint(2, 5)
            found.append(
                WorkItem(
                    need=need, category=dice.choice(WORK), people_min=least, people_ideal=least + 2,
                    people_max=least + 4, minutes=dice.choice((60, 90, 120)), needs_truck=dice.random() < 0.1,
                )
            )  # fmt: skip
    return found

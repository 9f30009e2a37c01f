"""A town with thousands of requests, written in bulk: for the map's weight and the lists' speed."""

from __future__ import annotations

import random
from datetime import timedelta

from dvc.operations.models import Operation
from intake.help_requests.models import Need, NeedState
from intake.people.models import Household, Person, Precision, Town
from tests import make

STATES = [
    NeedState.TRIAGE, NeedState.SURVEY_WAIT, NeedState.READY, NeedState.IN_PROGRESS, NeedState.COMPLETED, NeedState.DECLINED,
]  # fmt: skip


def requests(operation: Operation, count: int, *, seed: int = 1) -> None:
    """`count` needs of as many households in a hundred towns, most with a pin."""
    dice = random.Random(seed)
    center = operation.center
    towns = Town.objects.bulk_create(
        Town(
            center=center,
            name=f"町{n}丁目",
            lat=38.27 + dice.random() * 0.06,
            lng=140.97 + dice.random() * 0.07,
        )
        for n in range(100)
    )
    houses = Household.objects.bulk_create(_house(operation, dice.choice(towns), dice) for _ in range(count))
    people = Person.objects.bulk_create(
        Person(
            center=center, household=house, name=f"住民{n}", phone="022-000-0001", phone_digits="0220000001",
            name_key=f"住民{n}", created_at=make.MORNING,
        )
        for n, house in enumerate(houses)
    )  # fmt: skip
    Need.objects.bulk_create(
        Need(
            operation=operation, number=n, household=house, requester=person, resident=person, summary="床下の泥かき",
            state=dice.choice(STATES), hazards=dice.sample(["nails", "gas", "bees"], dice.randrange(3)),
            needs_crisis=dice.random() < 0.02, received_at=make.MORNING - timedelta(hours=dice.randrange(400)),
            touched_at=make.MORNING,
        )
        for n, (house, person) in enumerate(zip(houses, people, strict=True), start=1)
    )  # fmt: skip


def _house(operation: Operation, town: Town, dice: random.Random) -> Household:
    pinned = dice.random() < 0.8
    lat, lng = (
        (town.lat + dice.gauss(0, 0.002), town.lng + dice.gauss(0, 0.002)) if pinned else (town.lat, town.lng)
    )
    return Household(
        center=operation.center, town=town, address="9999", lat=lat, lng=lng, created_at=make.MORNING,
        precision=Precision.PIN if pinned else Precision.TOWN,
    )  # fmt: skip

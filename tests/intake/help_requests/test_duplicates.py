"""The labelled pairs through the register: every first call is stored, every second one is asked about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from dvc.operations.models import Operation
from intake.help_requests import duplicates
from intake.help_requests.models import Need
from intake.people import towns
from intake.people.models import Household, Person, Town
from intake.people.services import fill_house_keys, fill_person_keys
from tests import make
from tests.infra.scale import count
from tests.intake.people.hand_a import HAMLETS, HERE, TOWNS, hand_a
from tests.intake.people.pairs import CHOME, PLAIN, Pair, Told, kanji, tuned_on

pytestmark = pytest.mark.django_db


def with_towns(operation: Operation, chome: Sequence[str] = CHOME, plain: Sequence[str] = PLAIN) -> None:
    names = [f"{name}{kanji(number)}丁目" for name in chome for number in range(1, 7)] + list(plain)
    Town.objects.bulk_create(Town(center=operation.center, name=name, lat=38.29, lng=141.0) for name in names)


def town_of(operation: Operation, told: Told) -> Town | None:
    """As the desk's page finds it."""
    town = towns.exactly(operation.center, told.town) if told.town else None
    return town or towns.of_address(operation.center, told.address)


def stored(operation: Operation, calls: Sequence[Told]) -> dict[int, int]:
    """A need for each call: {need's number: place in `calls`}. In bulk; the keys are those of the services."""
    houses, people = [], []
    for told in calls:
        house = Household(
            center=operation.center,
            town=town_of(operation, told),
            address=told.address,
            created_at=make.at(9),
        )
        fill_house_keys(house)
        houses.append(house)
    Household.objects.bulk_create(houses, batch_size=500)
    for told, house in zip(calls, houses, strict=True):
        for place, one in enumerate(told.people, start=1):
            person = Person(
                center=operation.center, household=house if place == len(told.people) else None, name=one.name,
                kana=one.kana, phone=one.phone, birth_year=one.birth_year, created_at=make.at(9),
            )  # fmt: skip
            fill_person_keys(person)
            people.append(person)
    Person.objects.bulk_create(people, batch_size=500)
    left, needs = iter(people), []
    for number, (told, house) in enumerate(zip(calls, houses, strict=True), start=1):
        named = [next(left) for _ in told.people]
        needs.append(
            Need(
                operation=operation,
                number=number,
                household=house,
                requester=named[0],
                resident=named[-1],
                received_at=make.at(9),
                touched_at=make.at(9),
            )
        )
    Need.objects.bulk_create(needs, batch_size=500)
    return {number: number - 1 for number in range(1, len(calls) + 1)}


def suggested(operation: Operation, told: Told) -> list[int]:
    """Numbers of the needs the desk is told are probably the same."""
    asked = duplicates.asked(
        operation,
        people=[(one.name, one.kana, one.phone) for one in told.people],
        town=town_of(operation, told),
        address=told.address,
        birth_year=told.people[-1].birth_year,
    )
    found = duplicates.likely(operation, asked)
    return [one.need.number for one in found if one.need and one.is_likely]


def desk(operation: Operation, pairs: Sequence[Pair]) -> tuple[float, float, Counter[str], Counter[str]]:
    """(recall, precision, missed kinds, kinds with a wrong suggestion) with the first calls of all pairs as needs."""
    places = stored(operation, [pair.one for pair in pairs])
    right, wrong, missed, kinds = 0, 0, Counter[str](), Counter[str]()
    for place, pair in enumerate(pairs):
        named = [places[number] for number in suggested(operation, pair.other)]
        found = place in named
        right += found and pair.same
        missed[pair.kind] += pair.same and not found
        others = sum(one != place or not pair.same for one in named)
        wrong += others
        kinds[pair.kind] += others
    return right / sum(pair.same for pair in pairs), right / (right + wrong), +missed, +kinds


@pytest.mark.long
@pytest.mark.database
@pytest.mark.parametrize(
    ("labelled", "each"), [(tuned_on, (3, 5)), (hand_a, (3, 8))], ids=["tuned on", "another hand"]
)
def test_among_hundreds_of_needs_the_desk_is_shown_the_same_one_and_few_others(
    labelled: Callable[..., list[Pair]], each: tuple[int, int]
) -> None:
    operation = make.operation()
    chome = dict.fromkeys([*CHOME, *(name for name, _ in TOWNS[HERE])])
    with_towns(operation, list(chome), [*PLAIN, *(name.replace("字", "") for name in HAMLETS[HERE])])
    pairs = labelled(each=count(*each))
    recall, precision, missed, wrong = desk(operation, pairs)
    print(
        f"{len(pairs)} calls, {len(pairs)} needs: recall {recall:.3f}, precision {precision:.3f}, missed {missed}, wrong {wrong}"
    )
    assert recall >= 0.95
    assert precision >= 0.90

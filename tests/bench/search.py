"""The search box and the likely duplicates with 100,000 people: `python -m tests.bench search [PEOPLE]`, on the database of
the environment (PostgreSQL under `make bench`)."""

from __future__ import annotations

import gc
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import django

from tests.infra.center import BASE
from tests.infra.template import migrated_postgres, migrated_sqlite

if TYPE_CHECKING:
    from django.test import Client

    from dvc.operations.models import Operation

PEOPLE = 100_000
GOAL_MS = 150
REPEATS = 40


def main(people: int = PEOPLE) -> None:
    """In a process and a database of its own, without the other parts of a center."""
    with tempfile.TemporaryDirectory(prefix="dvc-bench-") as folder:
        variables = {**os.environ, "DATA": folder, "DJANGO_SETTINGS_MODULE": "dvc.settings"}
        if server := os.environ.get("DATABASE_URL", ""):
            variables["DATABASE_URL"] = migrated_postgres(server)
        else:
            shutil.copy(migrated_sqlite(), folder)
        command = [sys.executable, "-m", "tests.bench.search", str(people)]
        subprocess.run(command, cwd=BASE, env=variables, check=True)


def measure(people: int) -> None:
    """In the center's environment: fill the register, then ask, and print what each kind of question took."""
    from django.db import connection

    from dvc.audit.services import SYSTEM
    from dvc.operations import services as operations
    from dvc.operations.models import Mode
    from tests import make

    begun = time.monotonic()
    operation = operations.create_operation(
        make.center(), mode=Mode.DISASTER, name="計測", by=SYSTEM, at=make.at(8)
    )
    operation = operations.open_operation(operation, by=SYSTEM, at=make.at(8))
    sample = fill(operation, people)
    print(
        f"{connection.vendor}: {people} people with their houses, 5,000 requests ({time.monotonic() - begun:.0f} s to write)"
    )
    dice = random.Random(5)
    kinds: dict[str, Callable[[], str]] = {
        "family name": lambda: dice.choice(sample)[0].split()[0],
        "whole name": lambda: dice.choice(sample)[0],
        "first kana": lambda: dice.choice(sample)[1][:2],
        "reading": lambda: dice.choice(sample)[1],
        "last four digits": lambda: dice.choice(sample)[2][-4:],
        "telephone": lambda: dice.choice(sample)[2],
        "address": lambda: dice.choice(sample)[3],
        "name and town": lambda: f"{dice.choice(sample)[0].split()[0]} {dice.choice(sample)[3][:4]}",
        "nobody": lambda: "存在 しない",
    }
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(make.user(operation.center))
    everything: list[tuple[float, float]] = []
    for kind, text in kinds.items():
        questions = [text() for _ in range(REPEATS)]
        took = _timed([partial(_search, client, operation.pk, question) for question in questions])
        everything += took
        _print(f"search, {kind}", took)
    _print("search, all of them", everything)
    took = _timed([partial(_asked, client, operation.pk, dice.choice(sample)) for _ in range(REPEATS)])
    _print("likely duplicates of a whole call", took)


def _timed(calls: Sequence[Callable[[], object]]) -> list[tuple[float, float]]:
    """Milliseconds of each call, and how many of them this process worked: on a busy machine the rest is waiting. Garbage is
    looked for between the calls, as in the center's web process."""
    from dvc.core import garbage

    calls[0]()
    took = []
    for call in calls:
        gc.disable()
        begun = time.perf_counter(), time.process_time()
        call()
        took.append(((time.perf_counter() - begun[0]) * 1000, (time.process_time() - begun[1]) * 1000))
        garbage.look()
    return took


def _print(what: str, took: list[tuple[float, float]]) -> None:
    by_clock, worked = sorted(clock for clock, _ in took), sorted(own for _, own in took)
    last = int(len(took) * 0.95)
    print(
        f"{what}: p50 {statistics.median(by_clock):.0f} ms, p95 {by_clock[last]:.0f} ms (goal ≤ {GOAL_MS}); "
        f"processor of this process p50 {statistics.median(worked):.0f} ms, p95 {worked[last]:.0f} ms",
        flush=True,
    )


def _search(client: Client, operation: int, question: str) -> None:
    from django.urls import reverse

    headers = {"HX-Request": "true"}
    answer = client.get(reverse("register_search", args=[operation]), {"q": question}, headers=headers)
    assert answer.status_code == 200


def _asked(client: Client, operation: int, one: tuple[str, str, str, str]) -> None:
    from django.urls import reverse

    sent = {"caller_name": one[0], "caller_kana": one[1], "caller_phone": one[2], "address": one[3]}
    assert client.post(reverse("need_similar", args=[operation]), sent).status_code == 200


def fill(operation: Operation, count: int) -> list[tuple[str, str, str, str]]:
    """Invented people in bulk, about two a house; every twentieth asks for something. Returns (name, kana, phone, address) of
    some of them."""
    from intake.help_requests.models import Need
    from intake.people.models import Household, Person, Town
    from intake.people.services import fill_house_keys, fill_person_keys
    from tests import make
    from tests.intake.people.pairs import OLD, YOUNG, World, kanji

    world, at = World(1), make.at(8)
    town_names = [f"{name}{number}" for name in "東西南北上中" for number in ("町前", "浜", "原", "沢")]
    world.chome = town_names
    world.families = [(a + b, c + d) for a, c in _HEADS for b, d in _TAILS]
    given = [
        (a + b, c + d)
        for a, c in OLD + YOUNG
        for b, d in (("", ""), ("美", "み"), ("郎", "ろう"), ("代", "よ"))
    ]
    Town.objects.bulk_create(
        Town(center=operation.center, name=f"{name}{kanji(number)}丁目", lat=38.29, lng=141.0)
        for name in town_names
        for number in range(1, 6)
    )
    towns = {str(town): town for town in operation.center.towns.all()}
    sample: list[tuple[str, str, str, str]] = []
    for start in range(0, count, 5000):
        houses, people = [], []
        for place in range(start, min(start + 5000, count)):
            if place % 2 == 0:
                at_house = world.house(flat=world.dice.random() < 0.2)
                name = world.dice.choice(world.families)
                _, address = world.place(at_house)
                town = towns.get(f"{at_house.town}{kanji(at_house.chome)}丁目") if at_house.chome else None
                house = Household(center=operation.center, town=town, address=address, created_at=at)
                fill_house_keys(house)
                houses.append(house)
            first = world.dice.choice(given)
            person = Person(
                center=operation.center, household=houses[-1], name=f"{name[0]} {first[0]}", kana=f"{name[1]} {first[1]}",
                phone=f"0{world.dice.choice('789')}0-{world.dice.randrange(10000):04d}-{world.dice.randrange(10000):04d}",
                created_at=at,
            )  # fmt: skip
            fill_person_keys(person)
            people.append(person)
        Household.objects.bulk_create(houses, batch_size=500)
        for person in people:
            person.household_id = person.household.pk if person.household else None
        Person.objects.bulk_create(people, batch_size=500)
        sample += [
            (one.name, one.kana, one.phone, one.household.address if one.household else "")
            for one in people[::200]
        ]
        needs = [
            Need(
                operation=operation,
                number=start + place + 1,
                household=one.household,
                requester=one,
                resident=one,
                received_at=at,
                touched_at=at,
            )
            for place, one in enumerate(people[::20])
        ]
        Need.objects.bulk_create(needs, batch_size=500)
    return sample


_HEADS = [
    ("佐", "さ"), ("高", "たか"), ("鈴", "すず"), ("伊", "い"), ("菅", "すが"), ("渡", "わた"), ("三", "み"), ("遠", "えん"),
    ("小", "お"), ("山", "やま"), ("沢", "さわ"), ("浜", "はま"), ("吉", "よし"), ("大", "おお"), ("桜", "さくら"), ("広", "ひろ"),
    ("島", "しま"), ("柴", "しば"), ("岩", "いわ"), ("相", "あい"), ("松", "まつ"), ("木", "き"), ("平", "ひら"), ("石", "いし"),
]  # fmt: skip
_TAILS = [
    ("藤", "とう"), ("橋", "はし"), ("木", "き"), ("田", "だ"), ("原", "わら"), ("野", "の"), ("村", "むら"), ("沢", "さわ"),
    ("山", "やま"), ("川", "かわ"), ("本", "もと"), ("井", "い"), ("崎", "さき"), ("間", "ま"), ("浦", "うら"), ("瀬", "せ"),
]  # fmt: skip


if __name__ == "__main__":
    django.setup()
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)

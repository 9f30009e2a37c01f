"""What happens between a tablet and the server: answers that are dropped after the commit, a poisoned op, a storm of
repeats from twenty tablets, clocks that are wrong. An oracle of every acknowledged op is compared with the database."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from dvc.accounts.models import User
from dvc.operations.models import Operation
from dvc.sync.models import Receipt
from intake.checkin.models import Visit
from intake.volunteers.models import Volunteer
from tests import make
from tests.dvc.sync.desk import balance, identity
from tests.faults.ledger import Ledger, Row, p95
from tests.infra.proxy import PASS, Fault, Plan, proxy
from tests.infra.scale import count
from tests.infra.tablet import (
    Entry,
    ForgetfulTablet,
    HttpLine,
    Identity,
    Json,
    Tablet,
    clock_off_by,
    twice_and_shuffled,
)
from tests.infra.web import web

pytestmark = pytest.mark.django_db(transaction=True)

DROPPED = count(15, 1000)
TABLETS, SCANS = count(5, 20), count(40, 500)
CLOCKS = count(4, 20)


@pytest.fixture(scope="module")
def port(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with web(tmp_path_factory.mktemp("web") / "web.log") as started:
        yield started


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def operator(operation: Operation) -> User:
    return make.user(operation.center)


def people(operation: Operation, number: int) -> list[int]:
    """Ids of so many registered volunteers."""
    template = make.volunteer(operation.center)
    copies = [
        Volunteer(center=operation.center, family_name="計測", given_name=f"{n}号", phone=template.phone,
                  registered_at=template.registered_at)
        for n in range(number)
    ]  # fmt: skip
    return [one.pk for one in Volunteer.objects.bulk_create(copies, batch_size=500)]


def test_an_answer_dropped_after_the_commit_is_learned_at_the_next_try(
    port: int, operation: Operation, operator: User, ledger: Ledger
) -> None:
    with proxy(port) as bad:
        tablet = Tablet(identity(operation, operator), HttpLine(bad.port), clock=timezone.now)
        took = []
        for number, person in enumerate(people(operation, DROPPED)):
            if number % 2:
                tablet.record("visit.arrive", volunteer=person)
            else:
                tablet.record("visit.arrive", card=f"カードではない {number}")
            bad.plan = drop_the_first()
            assert not tablet.drain()
            begun = time.monotonic()
            assert tablet.drain()
            took.append(time.monotonic() - begun)
        told = tablet.told
        assert bad.told["drop_answer"] == DROPPED
        control = doubled_without_receipts(operation, operator, bad.port)
    result = balance([tablet], operation)
    first = {str(receipt.op_id): receipt.result["code"] for receipt in Receipt.objects.all()}
    assert all(answer["status"] == "replayed" for answer in told.values())
    assert all(answer["code"] == first[op_id] for op_id, answer in told.items())
    assert (result.acknowledged, result.lost) == (DROPPED, 0)
    ledger.note(
        Row("response dropped after commit", DROPPED, result.lost, result.doubled - control,
            f"{1000 * p95(took):.0f} ms", f"no receipts: {control} doubled, red")
    )  # fmt: skip
    assert result.doubled == control


def drop_the_first() -> Plan:
    """A plan for two connections, whatever their numbers: the first loses its answer."""
    faults = iter([Fault("drop_answer")])
    return lambda number: next(faults, PASS)


def doubled_without_receipts(operation: Operation, operator: User, port: int) -> int:
    """The negative control: a server that has forgotten what it saw keeps a failed scan twice."""
    tablet = Tablet(identity(operation, operator), HttpLine(port), clock=timezone.now)
    tablet.record("visit.arrive", card="忘れられた")
    before = balance([tablet], operation).doubled
    assert tablet.drain()
    tablet.shelf[0].queued = True
    Receipt.objects.filter(op_id=tablet.shelf[0].op["op_id"]).delete()
    assert tablet.drain()
    doubled = balance([tablet], operation).doubled - before
    assert doubled > 0
    return doubled


def test_one_poisoned_op_among_five_hundred_stops_none_of_the_others(
    port: int, operation: Operation, operator: User, ledger: Ledger
) -> None:
    poisons: list[Json] = [
        {"kind": "visit.explode"},
        {"payload": {"card": ["no", "text"]}},
        {"v": 99},
        {"t_wall": "昨日"},
        {"payload": {}},
    ]
    for poison in poisons[: count(1, len(poisons))]:
        tablet = poisoned(Tablet, identity(operation, operator), port, people(operation, 499), poison)
        assert tablet.drain_until_empty(2) == 1
        statuses = [entry.answer["status"] for entry in tablet.shelf if entry.answer]
        assert statuses.count("applied") == 499
        [no] = [
            entry.answer for entry in tablet.shelf if entry.answer and entry.answer["status"] != "applied"
        ]
        assert no["text"].endswith("。")
    control = poisoned(AllOrNothing, identity(operation, operator), port, people(operation, 499), poisons[0])
    control.drain()
    stuck = len(control.queued)
    assert stuck >= 200
    ledger.note(
        Row("poison op inside 500 (499 applied, 1 to look at)", count(1, len(poisons)), 0, 0, "", f"all or nothing: {stuck} stuck, red")
    )  # fmt: skip


def poisoned(kind: type[Tablet], who: Identity, port: int, ids: list[int], poison: Json) -> Tablet:
    tablet = kind(who, HttpLine(port), clock=timezone.now)
    for number, person in enumerate(ids):
        if number == 250:
            tablet.record("visit.arrive", volunteer=person).op.update(poison)
        tablet.record("visit.arrive", volunteer=person)
    return tablet


class AllOrNothing(Tablet):
    """The negative control: a client that takes a batch with a refusal in it as a failed batch."""

    def _settle(self, answer: Json) -> bool:
        whole = all(result["status"] != "refused" for result in answer["results"])
        return super()._settle(answer) if whole else False


def test_twenty_tablets_come_back_at_once_with_every_batch_twice_and_shuffled(
    port: int, operation: Operation, operator: User, ledger: Ledger
) -> None:
    """30 % of the people were scanned on two tablets."""
    dice = random.Random(11)
    own = SCANS * 7 // 10
    ids = people(operation, TABLETS * own)
    tablets = []
    for number in range(TABLETS):
        mine = ids[number * own : (number + 1) * own]
        neighbours = dice.sample([one for one in ids if one not in set(mine)], SCANS - own)
        tablet = Tablet(
            identity(operation, operator, f"受付{number}"), HttpLine(port, timeout=60), clock=timezone.now, seed=number,
            arrange=twice_and_shuffled(random.Random(number)),
        )  # fmt: skip
        for person in dice.sample([*mine, *neighbours], SCANS):
            tablet.record("visit.arrive", volunteer=person)
        tablets.append(tablet)
    begun = time.monotonic()
    drain_all(tablets)
    seconds = time.monotonic() - begun
    result = balance(tablets, operation)
    applied = sum(
        answer["status"] in ("applied", "merged") for tablet in tablets for answer in tablet.told.values()
    )
    assert result.acknowledged == TABLETS * SCANS == Receipt.objects.count()
    assert Visit.objects.count() == len(set(ids))
    assert (result.lost, result.doubled) == (0, 0)
    lost = forgotten(operation, operator, ids[:5])
    ledger.note(
        Row(f"{TABLETS} tablets × {SCANS} scans, batches twice and shuffled", result.acknowledged, 0, 0,
            f"{seconds:.1f} s all", f"deletes before ack: {lost} lost, red ({applied} first answers)")
    )  # fmt: skip


def drain_all(tablets: list[Tablet]) -> None:
    threads = [threading.Thread(target=one.drain_until_empty) for one in tablets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connections.close_all()
    assert [len(one.queued) for one in tablets] == [0] * len(tablets)


def forgotten(operation: Operation, operator: User, ids: list[int]) -> int:
    """The negative control: with nobody listening, a tablet that deletes before the answer."""
    tablet = ForgetfulTablet(identity(operation, operator), HttpLine(9), clock=timezone.now)
    entries = [tablet.record("visit.arrive", volunteer=one) for one in ids]
    tablet.drain()
    lost = sum(not Receipt.objects.filter(op_id=entry.op["op_id"]).exists() for entry in entries)
    assert lost == len(ids)
    assert not tablet.queued
    return lost


class SilentAboutItsClock(Tablet):
    """The negative control: a server that cannot measure this tablet's clock has to believe it."""

    def _send(self, batch: Sequence[Entry]) -> str:
        line, post = self.line, self.line.post

        class WithoutTheTime:
            def post(self, body: bytes, authorization: str) -> tuple[int, Any]:
                said = json.loads(body)
                del said["sent_wall"]
                return post(json.dumps(said).encode(), authorization)

        self.line = WithoutTheTime()
        try:
            return super()._send(batch)
        finally:
            self.line = line


@pytest.mark.parametrize("error", [timedelta(minutes=-10), timedelta(hours=26)], ids=["-10 min", "+26 h"])
def test_order_and_durations_are_right_under_a_clock_that_is_wrong(
    port: int, operation: Operation, operator: User, ledger: Ledger, error: timedelta
) -> None:
    """The server measures the difference between the two clocks, whichever of them is the wrong one."""
    ids, worst = people(operation, CLOCKS), timedelta()
    start = timezone.now() - timedelta(hours=4)
    for number, person in enumerate(ids):
        tablet = Tablet(
            identity(operation, operator, f"時計{number}"),
            HttpLine(port),
            clock=clock_off_by(timezone.now, error),
        )
        came, went = start + timedelta(minutes=number), start + timedelta(minutes=number + 90)
        tablet.record("visit.arrive", at=came + error, volunteer=person)
        tablet.record("visit.leave", at=went + error, volunteer=person)
        tablet.drain_until_empty(1)
        visit = Visit.objects.get(volunteer=person)
        assert visit.left_at is not None
        assert abs(visit.left_at - visit.arrived_at - timedelta(minutes=90)) < timedelta(seconds=1)
        worst = max(worst, abs(visit.arrived_at - came))
    assert list(Visit.objects.order_by("arrived_at").values_list("volunteer", flat=True)) == ids
    assert worst < timedelta(seconds=30)
    came = start + timedelta(minutes=len(ids))
    [person] = people(operation, 1)
    untold = SilentAboutItsClock(
        identity(operation, operator, "時計"), HttpLine(port), clock=clock_off_by(timezone.now, error)
    )
    untold.record("visit.arrive", at=came + error, volunteer=person)
    untold.drain_until_empty(1)
    taken_as_it_is = abs(Visit.objects.get(volunteer=person).arrived_at - came)
    assert taken_as_it_is > timedelta(minutes=5)
    ledger.note(
        Row(f"clock of tablet against server: {error.total_seconds() / 60:+.0f} min", CLOCKS, 0, 0, f"{worst.total_seconds():.2f} s",
            f"clock not told: {taken_as_it_is.total_seconds() / 60:.0f} min off, red")
    )  # fmt: skip

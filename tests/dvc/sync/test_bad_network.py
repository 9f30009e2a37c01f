"""Tablets behind a bad network: whatever happens to a request, each op is applied once and the tablet learns it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import timezone

from dvc.operations.models import Operation
from dvc.sync.models import Receipt
from intake.checkin.models import Visit
from tests import make
from tests.dvc.sync.desk import balance, identity
from tests.infra.proxy import PASS, Fault, Proxy, always, mix, proxy
from tests.infra.tablet import ForgetfulTablet, HttpLine, Tablet
from tests.infra.web import web

pytestmark = [pytest.mark.parts, pytest.mark.django_db(transaction=True)]

OPS = 12
FAULTS = {
    "refuse": Fault("refuse"),
    "half a request": Fault("cut_request", after=700),
    "answer dropped": Fault("drop_answer"),
    "half an answer": Fault("cut_answer", after=120),
}


@pytest.fixture(scope="module")
def port(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with web(tmp_path_factory.mktemp("web") / "web.log") as started:
        yield started


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def tablet_with_a_queue(operation: Operation, line: HttpLine, kind: type[Tablet] = Tablet) -> Tablet:
    """Half of its ops are arrivals, half scans of things that are no card (each must be kept exactly once)."""
    tablet = kind(identity(operation, make.user(operation.center)), line, clock=timezone.now)
    for number in range(OPS // 2):
        tablet.record("visit.arrive", volunteer=make.volunteer(operation.center).pk)
        tablet.record("visit.arrive", card=f"これはカードではない {number}")
    return tablet


def send_through(bad: Proxy, tablet: Tablet, fault: Fault, times: int = 3) -> None:
    """`times` attempts that suffer the fault, then a good network."""
    bad.plan = always(fault)
    for _ in range(times):
        tablet.drain()
    bad.plan = always(PASS)
    tablet.drain_until_empty(5)


def test_no_fault_of_the_network_loses_or_doubles_an_op(port: int, operation: Operation) -> None:
    with proxy(port) as bad:
        for name, fault in FAULTS.items():
            tablet = tablet_with_a_queue(operation, HttpLine(bad.port))
            send_through(bad, tablet, fault)
            result = balance([tablet], operation)
            assert (result.acknowledged, result.lost, result.doubled) == (OPS, 0, 0), name
            assert tablet.contradicted == [], name
            assert bad.told[fault.kind] == 3, name
    assert Visit.objects.count() == len(FAULTS) * OPS // 2


def test_a_slow_line_gets_there_as_well(port: int, operation: Operation) -> None:
    with proxy(port, always(Fault("slow", after=20_000, latency=0.05))) as bad:
        tablet = tablet_with_a_queue(operation, HttpLine(bad.port))
        assert tablet.drain_until_empty() == 1
    assert balance([tablet], operation).lost == 0


def test_a_seeded_mix_of_faults_is_survived(port: int, operation: Operation) -> None:
    weights = {PASS: 1.0, **dict.fromkeys(FAULTS.values(), 1.0)}
    with proxy(port, mix(7, weights)) as bad:
        tablets = [tablet_with_a_queue(operation, HttpLine(bad.port)) for _ in range(3)]
        for tablet in tablets:
            tablet.drain_until_empty()
    result = balance(tablets, operation)
    assert (result.acknowledged, result.lost, result.doubled) == (3 * OPS, 0, 0)


def test_after_a_dropped_answer_the_tablet_learns_the_first_result(port: int, operation: Operation) -> None:
    with proxy(port) as bad:
        tablet = tablet_with_a_queue(operation, HttpLine(bad.port))
        send_through(bad, tablet, Fault("drop_answer"), times=1)
    assert {answer["status"] for answer in tablet.told.values()} == {"replayed"}
    first = {str(receipt.op_id): receipt.result["code"] for receipt in Receipt.objects.all()}
    assert {op_id: answer["code"] for op_id, answer in tablet.told.items()} == first


def test_control_a_tablet_that_deletes_before_the_answer_loses_ops(port: int, operation: Operation) -> None:
    with proxy(port) as bad:
        tablet = tablet_with_a_queue(operation, HttpLine(bad.port), ForgetfulTablet)
        send_through(bad, tablet, Fault("cut_request", after=700))
    assert Receipt.objects.count() < tablet.seq


def test_control_a_server_without_receipts_doubles_what_it_was_sent_twice(
    port: int, operation: Operation
) -> None:
    with proxy(port) as bad:
        tablet = tablet_with_a_queue(operation, HttpLine(bad.port))
        bad.plan = always(Fault("drop_answer"))
        tablet.drain()
        Receipt.objects.all().delete()
        bad.plan = always(PASS)
        tablet.drain_until_empty()
    assert balance([tablet], operation).doubled > 0

"""Thousands of random sequences (FULL=1), most inside one process, some through every layer, some over HTTP."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from dvc.sync.models import Receipt
from tests.dvc.sync.lines import DirectLine
from tests.dvc.sync.machine import Tally, Weather, make_world, play
from tests.faults.ledger import Ledger, Row
from tests.infra.proxy import PASS, Fault, Plan, proxy
from tests.infra.scale import count
from tests.infra.tablet import ClientLine, ForgetfulTablet, HttpLine, Line
from tests.infra.web import web

# Together with the other database: 2 × (9 × 250 + 200 + 50) = 5,000 sequences. The many go in parts, so that a run that
# is broken off still tells what it saw.
PARTS = count(1, 9)
DIRECT, CLIENT, HTTP = count(10, 250), count(3, 200), count(3, 50)


def note(ledger: Ledger, name: str, tally: Tally, control: str = "") -> None:
    print(name, connection.vendor, tally)
    database = connection.vendor
    what = f"sequences {name}, {database} ({tally.ops} ops, {tally.cut} cuts, {tally.restores} restores)"
    ledger.note(Row(what, tally.sequences, 0, 0, control=control))


@pytest.mark.django_db
@pytest.mark.parametrize("part", range(1, PARTS + 1))
def test_sequences_inside_one_process(ledger: Ledger, part: int) -> None:
    tally = play(DirectLine, DIRECT, shared=make_world())
    assert tally.sequences >= DIRECT
    with pytest.raises(AssertionError, match=r"an op has no receipt|never learned"):
        play(DirectLine, 20, shared=make_world(), tablet=ForgetfulTablet)
    note(ledger, f"in process {part}/{PARTS}", tally, "deletes before ack: red")


@pytest.mark.django_db
def test_sequences_through_every_layer(ledger: Ledger) -> None:
    tally = play(lambda weather: ClientLine(fate=weather), CLIENT, shared=make_world())
    assert tally.sequences >= CLIENT
    with pytest.raises(AssertionError, match="kept twice"):
        play(lambda weather: ClientLineOfAServerThatForgets(fate=weather), 40, shared=make_world())
    note(ledger, "all layers", tally, "no receipts: red")


class ClientLineOfAServerThatForgets(ClientLine):
    """The negative control: every request arrives twice, and what comes again has no receipt, as if nobody had looked
    for one."""

    def post(self, body: bytes, authorization: str) -> tuple[int, object]:
        super().post(body, authorization)
        Receipt.objects.filter(op_id__in=[op["op_id"] for op in json.loads(body)["ops"]]).delete()
        return super().post(body, authorization)


@pytest.mark.django_db(transaction=True)
def test_sequences_over_http(ledger: Ledger, tmp_path: Path) -> None:
    with web(tmp_path / "web.log") as port, bad_network(port) as line:
        tally = play(line, HTTP)
    assert tally.sequences >= HTTP
    note(ledger, "over HTTP", tally)


@contextmanager
def bad_network(port: int) -> Iterator[type[Line]]:
    """A line through a proxy that does to each connection what the sequence's weather says."""
    with proxy(port) as bad:

        class ThroughTheProxy(HttpLine):
            def __init__(self, weather: Weather) -> None:
                super().__init__(bad.port)
                bad.plan = plan_of(weather)

        yield ThroughTheProxy


def plan_of(weather: Weather) -> Plan:
    before = [Fault("refuse"), Fault("cut_request", after=300)]
    after = [Fault("drop_answer"), Fault("cut_answer", after=50)]
    dice = random.Random(weather.dice.random())

    def plan(number: int) -> Fault:
        fate = weather()
        return PASS if fate is None else dice.choice(before if fate == "before" else after)

    return plan

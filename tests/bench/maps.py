"""The staff's map and the lists with 5,000 requests: bytes, milliseconds, statements. `python -m tests.bench maps`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from django.core.management import call_command
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from intake.maps import points
from intake.maps.points import Sight
from tests import make
from tests.intake.maps.many import requests

REQUESTS, TURNS = 5000, 10


def measure() -> None:
    """Prints one line a figure. Fills the database of the settings, which must be a throw-away one."""
    call_command("migrate", verbosity=0)
    operation = make.operation()
    requests(operation, REQUESTS)
    for name, sight in (("pins", Sight(True, True)), ("middles of towns", Sight(False, False))):
        body = points.packed(operation, sight)
        print(f"map, {REQUESTS} requests, {name}: {len(body) / 1000:.0f} kB compressed (goal 300)")
    client = Client(SERVER_NAME="localhost")  # a host the settings answer to
    client.force_login(make.user(operation.center))
    for name, path in {
        "map data": reverse("map_points", args=[operation.pk]),
        "list of requests": reverse("need_list", args=[operation.pk]),
        "list, one state": reverse("need_list", args=[operation.pk]) + "?tab=survey",
        "list, searched": reverse("need_list", args=[operation.pk]) + "?q=町12",
        "surveys that wait": reverse("survey_home", args=[operation.pk]),
    }.items():
        ms, statements = _timed(lambda path=path: client.get(path))  # type: ignore[misc, arg-type]
        print(f"{name}: {ms:.0f} ms (median of {TURNS}), {statements} statements")


def _timed(ask: Callable[[], HttpResponse]) -> tuple[float, int]:
    with CaptureQueriesContext(connection) as asked:
        answer = ask()
    assert answer.status_code == 200, answer.status_code
    statements = len(asked)  # now: the next request empties the log it is read from
    waits = []
    for _ in range(TURNS):
        started = time.perf_counter()
        ask()
        waits.append(1000 * (time.perf_counter() - started))
    return statistics.median(waits), statements

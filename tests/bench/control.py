"""The dispatch board of a hard day: 200 teams outside and 1,000 requests, 60 tablets looking, 50 coordinators deciding at once,
and everybody called back. `python -m tests.bench control`, on the database of the environment."""

from __future__ import annotations

import random
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html import unescape
from pathlib import Path

from tests.bench.checkin import spent
from tests.infra.center import RunningCenter, center
from tests.infra.visitor import Visitor

TEAMS, NEEDS, TABLETS, ACCEPTORS = 200, 1_000, 60, 50
ROUNDS, PACE = 3, 5  # proposals each coordinator decides at leisure, and seconds from one to the next
SECONDS, EVERY, ALERTS_EVERY = 40, 2.4, 2
_DAY = """
import json
from datetime import timedelta
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from matching.dispatch import services
from matching.proposals.models import MatchRun, Proposal, ProposalVisit, RunState
from tests import make
from tests.matching.dispatch import scene

now = make.at(9, 30)  # the operation's clock says so, whenever this runs: in the evening every acceptance would be refused
operation = make.operation()
type(operation).objects.filter(pk=operation.pk).update(auto_match=False, clock_reading=now, clock_set_at=timezone.now())
user = make.user(operation.center, Role.CHIEF)
sessions = []
for _ in range({sessions}):  # each tablet its own: what waits for its next page is kept there
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    sessions.append(session.session_key)
out = []
for number in range({teams}):
    crew = [scene.present(operation, make.volunteer(operation.center, name), at=now - timedelta(hours=2)) for name in ("髙﨑", "佐藤")]
    dispatch = scene.assigned(operation, *crew)
    services.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=now - timedelta(hours=1), due_back_at=now + timedelta(minutes=number - 30))
    out.append(dispatch.pk)
for _ in range({needs} - {offers}):
    make.need(operation)
run = MatchRun.objects.create(operation=operation, why="bench", state=RunState.DONE, requested_at=now)
offers = []
for _ in range({offers}):
    need = make.need(operation)
    crew = [scene.present(operation, make.volunteer(operation.center, name), at=now - timedelta(hours=2)) for name in ("鈴木", "高橋")]
    offer = Proposal.objects.create(
        run=run, operation=operation, need=need, need_version=need.version, mode="walk", leader=crew[0],
        members=[person.pk for person in crew], offered_at=now, expires_at=now + timedelta(hours=3),
    )
    ProposalVisit.objects.create(proposal=offer, need=need, position=1, need_version=need.version)
    offers.append(offer.pk)
print(json.dumps({{"operation": operation.pk, "sessions": sessions, "cookie": settings.SESSION_COOKIE_NAME, "out": out, "offers": offers}}))
"""

_ACCEPTED = """
from matching.proposals.models import Proposal
print(Proposal.objects.filter(state="accepted").count())
"""


@dataclass
class Tablet(Visitor):
    """What its page asks: for what stands above every page (`alerts`), and for its lanes (`part`)."""

    alerts: str = ""
    part: str = ""


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="dvc-bench-") as folder,
        center(Path(folder), LOG_LEVEL="WARNING") as running,
    ):
        sizes = {"teams": TEAMS, "needs": NEEDS, "offers": ACCEPTORS * (1 + ROUNDS)}
        day = running.shell.run(_DAY.format(**sizes, sessions=1 + TABLETS + ACCEPTORS))
        base = f"/o/{day['operation']}"

        def tablet() -> Tablet:
            one = Tablet(running, {day["cookie"]: day["sessions"].pop()})
            page = one.ask("GET", f"{base}/dispatch/")[2]
            one.alerts = unescape(re.findall('data-alerts="([^"]+ticket[^"]+)"', page)[0])
            one.part = unescape(re.findall('data-poll-url="([^"]+ticket[^"]+)"', page)[0])
            return one

        desk = tablet()
        took = [_seconds(lambda: desk.ask("GET", f"{base}/dispatch/")) for _ in range(10)]
        _print("the whole board, 200 teams and 1,000 requests", took, 0)
        watchers = [tablet() for _ in range(TABLETS)]
        polling(running, base, desk, watchers, day["out"])
        accepting(running, base, [tablet() for _ in range(ACCEPTORS)], day["offers"])
        accepted = running.shell.run(_ACCEPTED)
        assert accepted == len(day["offers"]), f"{accepted} of {len(day['offers'])} were accepted"
        recalling(base, desk, watchers)


def polling(running: RunningCenter, base: str, desk: Tablet, watchers: list[Tablet], out: list[int]) -> None:
    """How long until 60 tablets show what one has done, and what it costs while nothing and while much happens."""
    changed: dict[str, float] = {}  # what is waited for → when it was told
    seen: list[float] = []
    over = threading.Event()

    def watch(one: Tablet, dice: random.Random) -> None:
        version, above = "", ""
        while not over.wait(EVERY * dice.uniform(0.8, 1.2)):
            # Each page asks twice: for its part, and for what stands above every page.
            status, newest, _ = one.ask("GET", f"{one.alerts}&version={above}")
            above = newest if status == 200 else above
            status, newest, _ = one.ask("GET", f"{one.part}&version={version}")
            if status == 200:
                here = time.monotonic()
                seen.extend(here - at for told, at in changed.items() if told not in known[id(one)])
                known[id(one)] |= set(changed)
                version = newest

    known: dict[int, set[str]] = {id(one): set() for one in watchers}
    threads = [
        threading.Thread(target=watch, args=(one, random.Random(number)))
        for number, one in enumerate(watchers)
    ]
    for thread in threads:
        thread.start()
    time.sleep(EVERY * 2)
    before, since = spent(running), time.monotonic()
    time.sleep(SECONDS / 2)
    _core("60 tablets, nothing happens", before, spent(running), time.monotonic() - since)
    before, since = spent(running), time.monotonic()
    for pk in out[: int(SECONDS / 4)]:
        at = time.monotonic()
        desk.ask("POST", f"{base}/dispatch/{pk}/on-site/", "x=1")
        changed[str(pk)] = at
        time.sleep(4)
    time.sleep(EVERY * 1.5)
    _core("60 tablets, a change every 4 s", before, spent(running), time.monotonic() - since)
    over.set()
    for thread in threads:
        thread.join()
    _print(f"a change on the other tablets ({len(seen)} seen)", seen, 3)


def accepting(running: RunningCenter, base: str, tablets: list[Tablet], offers: list[int]) -> None:
    """Fifty coordinators, each with proposals of its own: all in the same instant, then each when it has read the next."""
    took: list[float] = []
    begin = threading.Barrier(len(tablets))

    def accept(one: Tablet, offer: int) -> None:
        at = time.monotonic()
        status, _, _ = one.ask("POST", f"{base}/dispatch/accept/", f"what={offer}")
        assert status == 302, status
        took.append(time.monotonic() - at)

    def at_once(one: Tablet, offer: int) -> None:
        begin.wait()
        accept(one, offer)

    def at_leisure(one: Tablet, mine: list[int], dice: random.Random) -> None:
        time.sleep(PACE * dice.random())
        for offer in mine:
            accept(one, offer)
            time.sleep(PACE * dice.uniform(0.6, 1.4))

    before = spent(running)
    _all([partial(at_once, one, offer) for one, offer in zip(tablets, offers, strict=False)])
    _print("accept, 50 in the same instant", took, 0.15)
    _each("an acceptance", spent(running), before, len(took))
    took.clear()
    rest, before, since = offers[len(tablets) :], spent(running), time.monotonic()
    _all(
        [
            partial(at_leisure, one, rest[number :: len(tablets)], random.Random(number))
            for number, one in enumerate(tablets)
        ]
    )
    rate = len(took) / (time.monotonic() - since)
    _print(f"accept, 50 coordinators who decide every {PACE} s ({rate:.0f}/s)", took, 0.15)
    _each("an acceptance", spent(running), before, len(took))
    alone = [_seconds(lambda: tablets[0].ask("GET", f"{base}/dispatch/part/?version=x")) for _ in range(5)]
    _print("the lanes after it", alone, 0)


def recalling(base: str, desk: Tablet, watchers: list[Tablet]) -> None:
    """From the button until every tablet and the wall say so, each polling as its page does."""
    seen: list[float] = []
    told = 0.0
    ready = threading.Barrier(len(watchers) + 1)

    def watch(one: Tablet, dice: random.Random) -> None:
        _, version, _ = one.ask("GET", one.alerts)
        ready.wait()
        while True:
            time.sleep(ALERTS_EVERY * dice.uniform(0.8, 1.2))
            status, version, text = one.ask("GET", f"{one.alerts}&version={version}")
            if status == 200 and "全班を呼び戻し中" in text:
                seen.append(time.monotonic() - told)
                return

    threads = [threading.Thread(target=watch, args=(one, random.Random(n))) for n, one in enumerate(watchers)]
    for thread in threads:
        thread.start()
    ready.wait()
    told = time.monotonic()
    status, _, _ = desk.ask("POST", f"{base}/dispatch/recall/", "reason=tsunami&place=&words=")
    assert status == 302, status
    print(f"the button itself: {(time.monotonic() - told) * 1000:.0f} ms", flush=True)
    for thread in threads:
        thread.join()
    _print(f"the recall of {TEAMS} teams on {len(seen)} boards", seen, 3)
    took = [_seconds(lambda: desk.ask("GET", f"{base}/dispatch/recall/")) for _ in range(10)]
    _print("the list of a recall, 200 teams", took, 0)


def _all(calls: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _seconds(call: Callable[[], object]) -> float:
    at = time.monotonic()
    call()
    return time.monotonic() - at


def _core(what: str, before: tuple[float, float], after: tuple[float, float], wall: float) -> None:
    web, database = (100 * (now - then) / wall for now, then in zip(after, before, strict=True))
    print(
        f"{what}: web {web:.0f} % and database {database:.0f} % of one core (goal 30 % together)", flush=True
    )


def _each(what: str, after: tuple[float, float], before: tuple[float, float], count: int) -> None:
    web, database = (1000 * (now - then) / count for now, then in zip(after, before, strict=True))
    print(f"processor time of {what}: web {web:.1f} ms, database {database:.1f} ms", flush=True)


def _print(what: str, took: list[float], goal: float) -> None:
    ordered = sorted(took)
    p95 = ordered[int(len(ordered) * 0.95)] if ordered else float("nan")
    said = f", goal p95 {goal * 1000:.0f} ms" if goal else ""
    middle = statistics.median(ordered) if ordered else float("nan")
    print(f"{what}: median {middle * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms{said}", flush=True)

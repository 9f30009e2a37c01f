"""The dispatch board of a hard day: 200 teams outside and 1,000 requests, 60 tablets looking, 50 coordinators deciding at once,
and everybody called back. `python -m tests.bench control`, on the database of the environment."""

from __future__ import annotations

import http.client
import os
import random
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from html import unescape
from pathlib import Path

from tests.infra.center import RunningCenter, center, family

TEAMS, NEEDS, TABLETS, ACCEPTORS = 200, 1_000, 60, 50
SECONDS, EVERY, ALERTS_EVERY, IDLE = 40, 2.4, 2, 1
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

now = timezone.now()
operation = make.operation()
type(operation).objects.filter(pk=operation.pk).update(auto_match=False)
user = make.user(operation.center, Role.CHIEF)
session = SessionStore()
session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
out = []
for number in range({teams}):
    crew = [scene.present(operation, make.volunteer(operation.center, name), at=now - timedelta(hours=2)) for name in ("髙﨑", "佐藤")]
    dispatch = scene.assigned(operation, *crew)
    services.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=now - timedelta(hours=1), due_back_at=now + timedelta(minutes=number - 30))
    out.append(dispatch.pk)
for _ in range({needs} - {acceptors}):
    make.need(operation)
run = MatchRun.objects.create(operation=operation, why="bench", state=RunState.DONE, requested_at=now)
offers = []
for _ in range({acceptors}):
    need = make.need(operation)
    crew = [scene.present(operation, make.volunteer(operation.center, name), at=now - timedelta(hours=2)) for name in ("鈴木", "高橋")]
    offer = Proposal.objects.create(
        run=run, operation=operation, need=need, need_version=need.version, mode="walk", leader=crew[0],
        members=[person.pk for person in crew], offered_at=now, expires_at=now + timedelta(hours=3),
    )
    ProposalVisit.objects.create(proposal=offer, need=need, position=1, need_version=need.version)
    offers.append(offer.pk)
print(json.dumps({{"operation": operation.pk, "session": session.session_key, "cookie": settings.SESSION_COOKIE_NAME, "out": out, "offers": offers}}))
"""


@dataclass
class Tablet:
    """A signed-in browser without a screen: one line to the server, which it keeps."""

    running: RunningCenter
    cookies: dict[str, str]
    line: http.client.HTTPConnection = field(init=False)
    used: float = 0.0
    alerts: str = ""  # what its page asks: for what stands above every page, and for its lanes
    part: str = ""

    def __post_init__(self) -> None:
        self.line = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=60)

    def ask(self, method: str, path: str, body: str = "") -> tuple[int, str, str]:
        """Status, X-Version and what came."""
        answer, came = self._ask(method, path, body)
        return answer.status, answer.headers.get("X-Version") or "", came.decode()

    def fetch(self, path: str, body: str) -> tuple[int, int]:
        """Status and size of a file that a form brings."""
        answer, came = self._ask("POST", path, body)
        return answer.status, len(came)

    def _ask(self, method: str, path: str, body: str) -> tuple[http.client.HTTPResponse, bytes]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": self.cookies["csrftoken"],
                "Referer": self.running.address,
            }  # fmt: skip
        if time.monotonic() - self.used > IDLE:  # the server lets go of a line that says nothing
            self.line.close()
        self.line.request(method, path, body or None, headers)
        answer = self.line.getresponse()
        self.used = time.monotonic()
        came = answer.read()
        for name, value in re.findall(r"(csrftoken)=([^;]+)", str(answer.headers.get_all("Set-Cookie"))):
            self.cookies[name] = value
        return answer, came


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="dvc-bench-") as folder,
        center(Path(folder), LOG_LEVEL="WARNING") as running,
    ):
        day = running.shell.run(_DAY.format(teams=TEAMS, needs=NEEDS, acceptors=ACCEPTORS))
        base = f"/o/{day['operation']}"

        def tablet() -> Tablet:
            one = Tablet(running, {day["cookie"]: day["session"]})
            page = one.ask("GET", f"{base}/dispatch/")[2]
            one.alerts = unescape(re.findall('data-alerts="([^"]+ticket[^"]+)"', page)[0])
            one.part = unescape(re.findall('data-poll-url="([^"]+ticket[^"]+)"', page)[0])
            return one

        desk = tablet()
        took = [_seconds(lambda: desk.ask("GET", f"{base}/dispatch/")) for _ in range(10)]
        _print("the whole board, 200 teams and 1,000 requests", took, 0)
        watchers = [tablet() for _ in range(TABLETS)]
        polling(running, base, desk, watchers, day["out"])
        accepting(base, [tablet() for _ in range(ACCEPTORS)], day["offers"])
        recalling(base, desk, watchers)


def polling(running: RunningCenter, base: str, desk: Tablet, watchers: list[Tablet], out: list[int]) -> None:
    """How long until 60 tablets show what one has done, and what it costs while nothing and while much happens."""
    changed: dict[str, float] = {}  # what is waited for → when it was told
    seen: list[float] = []
    over = threading.Event()

    def watch(one: Tablet, dice: random.Random) -> None:
        version = ""
        while not over.wait(EVERY * dice.uniform(0.8, 1.2)):
            # Each page asks twice: for its part, and for what stands above every page.
            one.ask("GET", f"{one.alerts}&version=none_none")
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
    spent, since = _cpu(running), time.monotonic()
    time.sleep(SECONDS / 2)
    _core("60 tablets, nothing happens", _cpu(running) - spent, time.monotonic() - since)
    spent, since = _cpu(running), time.monotonic()
    for pk in out[: int(SECONDS / 4)]:
        at = time.monotonic()
        desk.ask("POST", f"{base}/dispatch/{pk}/on-site/", "x=1")
        changed[str(pk)] = at
        time.sleep(4)
    time.sleep(EVERY * 1.5)
    _core("60 tablets, a change every 4 s", _cpu(running) - spent, time.monotonic() - since)
    over.set()
    for thread in threads:
        thread.join()
    _print(f"a change on the other tablets ({len(seen)} seen)", seen, 3)


def accepting(base: str, tablets: list[Tablet], offers: list[int]) -> None:
    """Fifty coordinators, each with a proposal of its own; then fifty who want the same one."""
    took: list[float] = []
    begin = threading.Barrier(len(tablets))

    def accept(one: Tablet, offer: int) -> None:
        begin.wait()
        at = time.monotonic()
        status, _, _ = one.ask("POST", f"{base}/dispatch/accept/", f"what={offer}")
        assert status == 302, status
        took.append(time.monotonic() - at)

    _all([partial(accept, one, offer) for one, offer in zip(tablets, offers, strict=True)])
    _print("accept, 50 at once", took, 0.15)
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


def _cpu(running: RunningCenter) -> float:
    """Seconds of processor that the web processes have used."""
    ticks = 0
    for pid in family(running.process.pid):
        name, rest = Path(f"/proc/{pid}/stat").read_text().split("(", 1)[1].rsplit(")", 1)
        if "web" in name:
            ticks += sum(int(part) for part in rest.split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def _core(what: str, spent: float, wall: float) -> None:
    print(f"{what}: {spent / wall * 100:.0f} % of one core (goal 30 %)", flush=True)


def _print(what: str, took: list[float], goal: float) -> None:
    ordered = sorted(took)
    p95 = ordered[int(len(ordered) * 0.95)] if ordered else float("nan")
    said = f", goal p95 {goal * 1000:.0f} ms" if goal else ""
    middle = statistics.median(ordered) if ordered else float("nan")
    print(f"{what}: median {middle * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms{said}", flush=True)

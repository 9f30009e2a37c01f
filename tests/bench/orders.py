"""Work orders on paper: one in a browser, and all of a morning as PDF. `python -m tests.bench orders`, on the database of the
environment."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.bench.control import Tablet
from tests.e2e.conftest import QUIET, TABLET
from tests.infra.browser import chromium
from tests.infra.center import center

TEAMS, LOOKS = 60, 20
# A city as towns are known of one, with notes, zones and full teams: what a drawn map has to carry.
_MORNING = """
import json
import random
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.maps import services as maps
from intake.maps.models import NoteKind
from intake.people.models import Town
from matching.dispatch import services
from matching.safety import services as safety
from tests import make
from tests.matching.dispatch import scene

now, dice = timezone.now(), random.Random(7)
operation = make.operation()
Operation.objects.filter(pk=operation.pk).update(auto_match=False)
def place():
    return {{"lat": 38.2939 + dice.uniform(-0.03, 0.03), "lng": 141.0044 + dice.uniform(-0.04, 0.04)}}
for number in range(150):
    Town.objects.create(center=operation.center, name=f"町前{{number}}丁目", **place())
for kind in list(NoteKind) * 4:
    maps.add_note(operation, kind=kind, text="北の橋を通ってください", by=SYSTEM, at=now, **place())
for name in ("砂押川ぞい", "海岸ぞい"):
    corners = sorted((place() for _ in range(5)), key=lambda one: one["lat"])
    safety.add_zone(operation, name=name, points=[[one["lat"], one["lng"]] for one in corners], by=SYSTEM, at=now)
for number in range({teams}):
    crew = [scene.present(operation, make.volunteer(operation.center, name), at=now) for name in ("髙﨑", "𠮷田", "佐藤", "鈴木", "伊藤")]
    need = make.need(operation, detail="床下、6畳2間", tools={{"shovel": 3, "cart": 1}}, **place())
    dispatch = services.assign(scene.team(operation, *crew, at=now), need, by=SYSTEM, at=now)
user = make.user(operation.center, Role.CHIEF)
session = SessionStore()
session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print(json.dumps({{"operation": operation.pk, "session": session.session_key, "cookie": settings.SESSION_COOKIE_NAME, "dispatch": dispatch.pk}}))
"""


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="dvc-bench-") as folder,
        center(Path(folder), LOG_LEVEL="WARNING") as running,
        sync_playwright() as player,
    ):
        made = running.shell.run(_MORNING.format(teams=TEAMS))
        base = f"/o/{made['operation']}/dispatch"
        browser = player.chromium.launch(executable_path=chromium(), args=QUIET)
        context = browser.new_context(base_url=running.address, viewport=TABLET)  # type: ignore[arg-type]
        context.add_cookies([{"name": made["cookie"], "value": made["session"], "url": running.address}])
        page = context.new_page()
        took = []
        for _ in range(LOOKS):
            begun = time.monotonic()
            page.goto(f"{base}/{made['dispatch']}/order/")
            took.append(time.monotonic() - begun)
        p95 = sorted(took)[int(LOOKS * 0.95)]
        print(
            f"a work order with its map in the browser, until all is drawn: median {statistics.median(took) * 1000:.0f} ms, "
            f"p95 {p95 * 1000:.0f} ms (goal ≤ 1 s)",
            flush=True,
        )
        begun = time.monotonic()
        page.goto(f"{base}/orders/")
        print(f"twenty of them on one page: {time.monotonic() - begun:.1f} s", flush=True)
        browser.close()
        printing(Tablet(running, {made["cookie"]: made["session"]}), base)


def printing(desk: Tablet, base: str) -> None:
    """All teams of the morning, twenty orders a PDF as the page offers them. The first one also loads the fonts."""
    sheets, spent = 0, 0.0
    first = 0.0
    while True:
        text = desk.ask("GET", f"{base}/orders/")[2]
        orders = _between(text, 'name="order" value="', '"')
        if not orders:
            break
        body = "&".join(f"order={one}" for one in orders)
        begun = time.monotonic()
        status, size = desk.fetch(f"{base}/orders/pdf/", body)
        took = time.monotonic() - begun
        assert status == 200
        sheets += 2 * len(orders)
        spent += took
        first = first or took
        print(
            f"{len(orders)} orders, {2 * len(orders)} sheets as one PDF of {size // 1024} kB: {took:.1f} s",
            flush=True,
        )
    print(
        f"{sheets} sheets of {TEAMS} teams: {spent:.1f} s, {sheets / spent * 60:.0f} sheets a minute "
        f"(goal: 100 in one minute or less); the first printing {first:.1f} s",
        flush=True,
    )


def _between(text: str, before: str, after: str) -> list[str]:
    return [part.split(after)[0] for part in text.split(before)[1:]]

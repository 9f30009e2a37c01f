"""A center with 60,000 cards, and a tablet that was away for three days with 20,000 records."""

from __future__ import annotations

import gzip
import os
import tempfile
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.e2e.conftest import QUIET, manage
from tests.e2e.reception import Desk, Tablet, set_up
from tests.infra.browser import chromium
from tests.infra.center import RunningCenter, center

CARDS, REVOKED, OPS = 60_000, 20_000, 20_000
FILL = """
import json, random, secrets
from datetime import date
from django.utils import timezone
from dvc.core import short_code
from dvc.operations.models import Operation
from intake.volunteers.models import Card, CardState, Volunteer
chance = random.Random(1)
now = timezone.now()
center = Operation.objects.get(pk={operation}).center
kanji, kana = "佐藤鈴木高橋田中伊渡辺山本村小林加吉斎松井上清水崎森池阿部石川前岡長谷", "あいうえおかきくけこさしすせそたちつてとなにの"
names = [("".join(chance.choices(kanji, k=2)), "".join(chance.choices(kana, k=chance.randint(2, 5)))) for _ in range(3000)]
people = []
for number in range({cards}):
    (family, family_kana) = names[min(int(chance.expovariate(1 / 400)), 2999)]
    people.append(Volunteer(
        center=center, family_name=family, given_name=chance.choice(kanji) + "子", family_kana=family_kana,
        given_kana=chance.choice(kana) + "こ", birth_date=date(1950 + number % 60, 1, 1), registered_at=now,
        emergency_phone="090-0000-0000",
    ))
Volunteer.objects.bulk_create(people, batch_size=2000)
codes, cards = set(), []
while len(cards) < {cards} + {revoked}:
    card_id = secrets.token_bytes(16)
    code = short_code.short_code(card_id)
    if code in codes:
        continue
    codes.add(code)
    bound = len(cards) < {cards}
    cards.append(Card(
        center=center, card_id=card_id.hex(), token="BENCH" + card_id.hex(), short_code=code, issued_on=now.date(),
        state=CardState.BOUND if bound else CardState.LOST, holder=people[len(cards)] if bound else None,
    ))
Card.objects.bulk_create(cards[:{cards}], batch_size=2000)
for card, person in zip(cards[{cards}:], people):
    card.holder = person
Card.objects.bulk_create(cards[{cards}:], batch_size=2000)
print(json.dumps([person.pk for person in people[:{ops}]]))
"""
CREDENTIALS = """() => new Promise((resolve) => {
  const asked = indexedDB.open("dvc-reception");
  asked.onsuccess = () => {
    const got = asked.result.transaction("device").objectStore("device").get("this");
    got.onsuccess = () => { asked.result.close(); resolve(`Device ${got.result.device_id}.${got.result.secret}`); };
  };
})"""
QUEUE = """([operation, people]) => new Promise((resolve, reject) => {
  const asked = indexedDB.open("dvc-reception");
  asked.onsuccess = () => {
    const db = asked.result;
    const tx = db.transaction(["ops", "meta"], "readwrite");
    const start = Date.now() - 72 * 3600 * 1000;
    people.forEach((volunteer, i) => {
      const at = start + i * 10000;
      const time = at.toString(16).padStart(12, "0");
      const op_id = `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${i.toString(16).padStart(12, "0")}`;
      const op = {
        op_id, seq: i + 1, actor: null, operation, kind: "visit.arrive", v: 1, t_wall: new Date(at).toISOString(),
        t_mono: i, boot_id: "b", lane: `person:${volunteer}`, base: {}, payload: { volunteer, input: "list" }, mode: "offline",
      };
      const verdict = { code: "ok", tone: "ok", title: "", say: "", name: "佐藤 花…", kana: "", volunteer, todo: [] };
      tx.objectStore("ops").put({ op_id, seq: i + 1, op, state: "saved", queued: 1, verdict, result: null, look: 0 });
    });
    tx.objectStore("meta").put({ lastSeq: people.length, generation: null, backedUpSeq: 0 }, "this");
    tx.oncomplete = () => { db.close(); resolve(true); };
    tx.onerror = () => reject(tx.error);
  };
})"""


def get(running: RunningCenter, path: str, authorization: str) -> tuple[float, bytes]:
    """Seconds and body of one gzipped answer."""
    line = HTTPConnection("127.0.0.1", running.port, timeout=120)
    start = time.monotonic()
    line.request("GET", path, headers={"Authorization": authorization, "Accept-Encoding": "gzip"})
    answer = line.getresponse()
    body = answer.read()
    assert answer.status == 200, body[:200]
    return time.monotonic() - start, body


def worst_of_others(running: RunningCenter, stop: threading.Event) -> float:
    """The slowest of other people's requests meanwhile, seconds."""
    worst = 0.0
    while not stop.is_set():
        start = time.monotonic()
        running.get("/sign-in/", timeout=60)
        worst = max(worst, time.monotonic() - start)
        time.sleep(0.02)
    return worst


def download(running: RunningCenter, tablet: Tablet, desk: Desk) -> None:
    authorization = tablet.page.evaluate(CREDENTIALS)
    path = f"/api/v1/sync/snapshot?operation={desk.operation}&since="
    manage(running, "import json\nprint(json.dumps(1))")
    worst: list[float] = []
    stop = threading.Event()
    others = threading.Thread(target=lambda: worst.append(worst_of_others(running, stop)))
    others.start()
    made, body = get(running, path, authorization)
    stop.set()
    others.join()
    kept, _ = get(running, path, authorization)
    print(
        f"whole snapshot of {CARDS:,} cards, {REVOKED:,} revoked: {len(body) / 1e6:.2f} MB gzipped (goal ≤ 2.5) "
        f"({len(gzip.decompress(body)) / 1e6:.1f} MB); made in {made:.2f} s, slowest other request meanwhile "
        f"{worst[0]:.2f} s; for the next tablet {kept:.2f} s",
        flush=True,
    )


def loading(tablet: Tablet) -> None:
    page = tablet.page
    for what in ("from the shelf", "from the shelf again"):
        start = time.monotonic()
        page.reload()
        expect(page.locator("body")).to_have_attribute("data-ready", "yes")
        print(
            f"page opened with {CARDS:,} cards {what}: {time.monotonic() - start:.2f} s (goal ≤ 3)",
            flush=True,
        )


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="dvc-bench-") as folder:
        os.environ.setdefault("DVC_TEST_DATA", folder)
        measure(Path(folder))


def measure(folder: Path) -> None:
    with (
        center(folder, LOG_LEVEL="WARNING", BACKUP_MINUTES="0") as running,
        sync_playwright() as player,
    ):
        desk = set_up(running, ["計測"])
        people = manage(running, FILL.format(operation=desk.operation, cards=CARDS, revoked=REVOKED, ops=OPS))
        browser = player.chromium.launch(executable_path=chromium(), args=QUIET)
        start = time.monotonic()
        tablet = Tablet(browser, running, desk)
        print(
            f"sign-in, registration, first download and page ready: {time.monotonic() - start:.2f} s",
            flush=True,
        )
        download(running, tablet, desk)
        loading(tablet)
        tablet.visitor.context.set_offline(True)
        assert tablet.page.evaluate(QUEUE, [desk.operation, people])
        tablet.page.reload()
        tablet.expect_unsent(OPS)
        tablet.visitor.context.set_offline(False)
        start = time.monotonic()
        tablet.page.get_by_role("button", name="送信").click()
        expect(tablet.page.locator("[data-unsent-count]")).to_have_text("0", timeout=900_000)
        seconds = time.monotonic() - start
        print(
            f"{OPS:,} records after 72 h off-line: drained in {seconds:.0f} s (goal ≤ 120; {OPS / seconds:.0f}/s)",
            flush=True,
        )
        browser.close()


if __name__ == "__main__":
    main()

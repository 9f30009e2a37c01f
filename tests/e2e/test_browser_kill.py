"""kill -9 of the whole browser right after 保存しました: the record is there when the page is opened again, and it is sent.

What `{durability: "strict"}` adds is not to be seen here: what a killed *process* has written is in the kernel's hands,
"relaxed" or not; only a power cut of the machine tells the two apart. The control is a record whose transaction has not
ended: the screen has not called it saved, and the same kill takes it away.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import BrowserContext, Error, Page, Playwright, expect

from tests.e2e.conftest import PATIENCE, QUIET, TABLET, manage
from tests.e2e.reception import Desk, read, set_up
from tests.faults.ledger import Ledger, Row
from tests.infra.browser import chromium
from tests.infra.center import RunningCenter
from tests.infra.scale import count

KILLS = count(1, 300)
FAMILIES = ["佐藤", "鈴木", "高橋", "田中", "𠮷﨑"]
# A transaction of our own that never ends keeps the page's next one waiting; `asked` tells that the page has begun it.
HOLD = """() => new Promise((resolve) => {
  const asked = indexedDB.open("dvc-reception");
  asked.onsuccess = () => {
    const ops = asked.result.transaction("ops", "readwrite").objectStore("ops");
    const again = () => { ops.count().onsuccess = again; };
    again();
    const begin = IDBDatabase.prototype.transaction;
    IDBDatabase.prototype.transaction = function (rooms, mode, ...more) {
      if (mode === "readwrite") document.documentElement.dataset.asked = "yes";
      return begin.call(this, rooms, mode, ...more);
    };
    resolve(true);
  };
})"""
RECEIPTS = """
import json
from dvc.sync.models import Receipt
print(json.dumps([receipt.result["status"] for receipt in Receipt.objects.filter(operation={operation})]))
"""


def test_a_killed_browser_has_kept_what_it_called_saved(
    running: RunningCenter, player: Playwright, tmp_path: Path, ledger: Ledger
) -> None:
    desk = set_up(running, FAMILIES)
    profile = tmp_path / "profile"
    page = register(player, profile, running, desk)
    for number in range(KILLS):
        read(page, desk.holders[number % len(FAMILIES)].token)
        expect(page.locator("[data-unsent-count]")).to_have_text(str(number + 1))
        kill(profile, page.context)
        page = reopen(player, profile, running, desk)
        expect(page.locator("[data-unsent-count]")).to_have_text(str(number + 1))

    assert page.evaluate(HOLD)
    read(page, desk.holders[-1].token)
    expect(page.locator("html")).to_have_attribute("data-asked", "yes")
    expect(page.locator("[data-unsent-count]")).to_have_text(str(KILLS))
    kill(profile, page.context)
    page = reopen(player, profile, running, desk)
    expect(page.locator("[data-unsent-count]")).to_have_text(str(KILLS))

    page.context.set_offline(False)
    page.get_by_role("button", name="送信").click()
    expect(page.locator("[data-unsent-count]")).to_have_text("0")
    page.context.close()
    receipts = manage(running, RECEIPTS.format(operation=desk.operation))
    ledger.note(
        Row("browser kill -9 right after 保存しました", KILLS, KILLS - len(receipts), 0, "",
            "a record not yet called saved: 1 lost, red")
    )  # fmt: skip
    assert len(receipts) == KILLS
    assert set(receipts) <= {"applied", "merged"}


def start(player: Playwright, profile: Path, running: RunningCenter) -> Page:
    context = player.chromium.launch_persistent_context(
        profile, executable_path=chromium(), args=QUIET, base_url=running.address, locale="ja-JP",
        timezone_id="Asia/Tokyo", viewport={"width": TABLET["width"], "height": TABLET["height"]},
    )  # fmt: skip
    context.set_default_timeout(PATIENCE)
    return context.pages[0]


def register(player: Playwright, profile: Path, running: RunningCenter, desk: Desk) -> Page:
    """A registered tablet that has all it needs, and then no network."""
    page = start(player, profile, running)
    page.goto(desk.link)
    page.goto(f"/o/{desk.operation}/tablet/")
    page.get_by_role("button", name="この端末を受付用に登録する").click()
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    expect(page.locator("body")).to_have_attribute("data-offline", "ready")
    page.context.set_offline(True)
    return page


def reopen(player: Playwright, profile: Path, running: RunningCenter, desk: Desk) -> Page:
    page = start(player, profile, running)
    page.context.set_offline(True)
    page.goto(f"/o/{desk.operation}/tablet/")
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    return page


def kill(profile: Path, context: BrowserContext) -> None:
    """Every process of the browser that runs on this profile."""
    sign = f"--user-data-dir={profile}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if sign in (folder / "cmdline").read_bytes():
                os.kill(int(folder.name), signal.SIGKILL)
    with suppress(Error):  # it is dead already
        context.close()

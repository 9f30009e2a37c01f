"""From the frame that decodes, or the reader's last key, to the painted verdict of the tablet and of the server, in
Chromium on this machine: reader and fake camera, on-line and off-line."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from playwright.sync_api import Playwright, expect, sync_playwright

from tests.e2e.camera import queue_film
from tests.e2e.conftest import QUIET
from tests.e2e.reception import Desk, Tablet, set_up
from tests.e2e.test_reception_camera import symbol
from tests.infra.browser import chromium
from tests.infra.center import RunningCenter, center

SCANS = 50
SHOWN, GAP = 1.5, 0.2  # seconds that a card is held up, and until the next one comes
FAKE = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
# One IndexedDB transaction as the shelf writes it, alone: the floor under every verdict.
FLOOR = """async () => {
  const db = await new Promise((done) => {
    const asked = indexedDB.open("bench", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("rows");
    asked.onsuccess = () => done(asked.result);
  });
  const times = [];
  for (let i = 0; i < 50; i += 1) {
    const began = performance.now();
    const tx = db.transaction("rows", "readwrite", { durability: "strict" });
    tx.objectStore("rows").put("x".repeat(600), i);
    await new Promise((done) => { tx.oncomplete = done; });
    times.push(performance.now() - began);
  }
  return times;
}"""


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="dvc-bench-") as folder,
        center(Path(folder), LOG_LEVEL="WARNING") as running,
        sync_playwright() as player,
    ):
        for offline in (False, True):
            reader(player, running, offline=offline)
            camera(player, running, Path(folder), offline=offline)


def reader(player: Playwright, running: RunningCenter, *, offline: bool) -> None:
    desk = _desk(running)
    browser = player.chromium.launch(executable_path=chromium(), args=QUIET)
    tablet = Tablet(browser, running, desk)
    if not offline:
        _print("one strict IndexedDB transaction", tablet.page.evaluate(FLOOR))
    tablet.visitor.context.set_offline(offline)
    for holder in desk.holders:
        tablet.read(holder.token)
        tablet.expect_verdict("ok", holder.family)
        if not offline:
            tablet.expect_state("settled")
    _report("reader", tablet, offline=offline)
    browser.close()


def camera(player: Playwright, running: RunningCenter, folder: Path, *, offline: bool) -> None:
    desk = _desk(running)
    path = queue_film(
        [symbol(holder.token) for holder in desk.holders], folder / "queue.mjpeg", seconds=SHOWN, gap=GAP
    )
    args = [*QUIET, *FAKE, f"--use-file-for-fake-video-capture={path}"]
    browser = player.chromium.launch(executable_path=chromium(), args=args)
    tablet = Tablet(browser, running, desk)
    tablet.visitor.context.set_offline(offline)
    tablet.page.get_by_role("button", name="カメラ").click()
    arrived = tablet.page.locator("[data-arrived]")
    expect(arrived).to_have_text("1", timeout=300_000)
    begun = time.monotonic()
    expect(arrived).to_have_text(str(SCANS), timeout=300_000)
    pace = (SCANS - 1) / (time.monotonic() - begun) * 60
    print(
        f"camera, {'off-line' if offline else 'on-line'}: {SCANS} cards without a touch, {pace:.0f} a minute "
        f"(the film shows {60 / (SHOWN + GAP):.0f})",
        flush=True,
    )
    tablet.page.wait_for_timeout(500)
    _report("camera", tablet, offline=offline)
    browser.close()


def _desk(running: RunningCenter) -> Desk:
    return set_up(running, [f"計測{number}" for number in range(SCANS)])


def _report(what: str, tablet: Tablet, *, offline: bool) -> None:
    network = "off-line" if offline else "on-line"
    _print(f"{what}, {network}: to the tablet's verdict", tablet.waits("scan-to-tablet"), " (goal ≤ 150)")
    if not offline:
        _print(f"{what}, {network}: to the server's verdict", tablet.waits("scan-to-server"), " (goal ≤ 300)")


def _print(what: str, times: list[float], goal: str = "") -> None:
    ordered = sorted(times)
    median, p95 = ordered[len(ordered) // 2], ordered[int(0.95 * len(ordered))]
    print(f"{what}: p50 {median:.0f} ms, p95 {p95:.0f} ms{goal} ({len(ordered)})", flush=True)


if __name__ == "__main__":
    main()

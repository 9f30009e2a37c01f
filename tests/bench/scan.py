"""From the reader's last key to green on the page, and to the server's ✓, in Chromium on this machine."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.e2e.conftest import QUIET
from tests.e2e.reception import Tablet, set_up
from tests.infra.browser import chromium
from tests.infra.center import center

SCANS = 30
# Times are the page's own clock: from the Enter key, to the first new green verdict, to the server's answer.
WATCH = """() => {
  const panel = document.querySelector("[data-verdict]");
  window.scans = [];
  let now = null;
  addEventListener("keydown", (event) => {
    if (event.key === "Enter") now = { start: performance.now(), green: 0, settled: 0 };
  }, true);
  new MutationObserver(() => {
    if (!now) return;
    if (!now.green && panel.dataset.tone === "ok") now.green = performance.now() - now.start;
    if (now.green && panel.dataset.state === "settled") {
      now.settled = performance.now() - now.start;
      window.scans.push(now);
      now = null;
    }
  }).observe(panel, { attributes: true, childList: true, subtree: true });
}"""


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="dvc-bench-") as folder,
        center(Path(folder), LOG_LEVEL="WARNING") as running,
        sync_playwright() as player,
    ):
        desk = set_up(running, [f"計測{number}" for number in range(SCANS)])
        browser = player.chromium.launch(executable_path=chromium(), args=QUIET)
        tablet = Tablet(browser, running, desk)
        tablet.page.evaluate(WATCH)
        for holder in desk.holders:
            tablet.read(holder.token)
            tablet.expect_verdict("ok", holder.family)
            expect(tablet.page.locator("[data-verdict]")).to_have_attribute("data-state", "settled")
        scans = tablet.page.evaluate("() => window.scans")
        browser.close()
    for what, key in (("green on the page", "green"), ("✓ from the server", "settled")):
        times = sorted(scan[key] for scan in scans)
        median, p95 = times[len(times) // 2], times[int(0.95 * len(times))]
        print(
            f"{what}: p50 {median / 1000:.3f} s, p95 {p95 / 1000:.3f} s after the reader's Enter ({len(times)} scans)"
        )


if __name__ == "__main__":
    main()

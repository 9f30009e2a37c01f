"""How many cards the tablet's decoder reads, in Chromium, with the page's own settings: one line a kind and level.

`python -m tests.bench.decode`. The last line is the rate over those a person would call readable (the rule stands in
decode_images.py and was written before the first measurement); wanted: 97 %, and 60 ms a frame at p95.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.bench.decode_images import LEVELS, Shot, shots, take
from tests.e2e.conftest import QUIET
from tests.infra.browser import chromium
from tests.infra.center import BASE

# Any card text: what is measured is the eye, not the signature.
TEXT = "VC1" + "0123456789ABCDEFGHJKMNPQRSTVWXYZ" * 4 + "0123456789ABCDEF"
WANTED = 0.97


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *words: object) -> None:
        """Nothing: three hundred lines say nothing."""


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="dvc-decode-") as folder:
        site = Path(folder) / "site"
        subprocess.run(
            ["requirements/node.sh", "npx", "vite", "build", "--config", "test/decode/vite.config.ts"],
            cwd=BASE, env={**os.environ, "DECODE_OUT": str(site)}, check=True,
        )  # fmt: skip
        made = list(shots())
        for number, shot in enumerate(made):
            take(shot, TEXT).save(site / f"{number}.jpg", quality=88)
        server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        seen = look(f"http://127.0.0.1:{server.server_port}", len(made))
        server.shutdown()
    return report(made, seen)


def look(address: str, number: int) -> list[tuple[bool, float]]:
    """(read rightly, ms) for each picture."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium(), args=QUIET)
        page = browser.new_page()
        page.goto(f"{address}/index.html")
        page.wait_for_selector("body[data-ready]", state="attached")
        page.evaluate("() => window.decodeAt('0.jpg')")  # the first one starts the machinery
        answers = [page.evaluate(f"() => window.decodeAt('{n}.jpg')") for n in range(number)]
        browser.close()
    return [(TEXT in answer["texts"], float(answer["ms"])) for answer in answers]


def report(made: list[Shot], seen: list[tuple[bool, float]]) -> int:
    groups: dict[tuple[str, int, bool], list[bool]] = defaultdict(list)
    for shot, (read, _) in zip(made, seen, strict=True):
        groups[shot.kind, shot.level, shot.readable].append(read)
    print(f"{'kind':<12} {'level':<78} {'read':>7}  readable")
    for (kind, level, readable), reads in groups.items():
        words = ", ".join(f"{name} {value:g}" for name, value in LEVELS[kind][level].items())
        print(f"{kind:<12} {words:<78} {sum(reads):>3}/{len(reads):<3}  {'yes' if readable else 'no'}")
    should = [read for shot, (read, _) in zip(made, seen, strict=True) if shot.readable]
    times = sorted(ms for _, ms in seen)
    rate = sum(should) / len(should)
    print(
        f"{len(made)} pictures; of {len(should)} that a person would call readable {sum(should)} were read: {rate:.1%} "
        f"(wanted {WANTED:.0%}); a frame took p50 {times[len(times) // 2]:.0f} ms, "
        f"p95 {times[int(0.95 * len(times))]:.0f} ms"
    )
    return 0 if rate >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())

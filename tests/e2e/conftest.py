"""A real center (web, workers, broker, sweeper) and a real Chromium for the browser tests.

The database is the one of the environment: SQLite, or PostgreSQL under `python -m tests.infra.run --db postgres`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.infra.browser import chromium
from tests.infra.center import BASE, RunningCenter, center
from tests.infra.scale import FULL

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    # A page that glides to what it shows draws some thirty pictures on the way.
    "--disable-smooth-scrolling", "--num-raster-threads=1",
]  # fmt: skip
# What is looked at are screens, not how good a plan is: the engine leaves the cores to the browser soon.
CENTER = {"LOG_LEVEL": "WARNING", "OUTBOX_LEASE_SECONDS": "5", "MATCHING_SECONDS": "2"}
TABLET = {"width": 1180, "height": 820}
PATIENCE = 180_000  # ms; ends what never comes, measures nothing: a loaded machine is slow
PHONE = {"width": 390, "height": 844}
WALL = {"width": 1920, "height": 1080}
PICTURES = Path(os.environ.get("TEST_RESULTS") or BASE / "test-results")
# Nothing is judged by the pictures of what went well, and they cost a sixth of a browser test.
EVERY_PICTURE = FULL or os.environ.get("EVERY_PICTURE", "") not in {"", "0"}


expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/e2e" in str(item.path):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCenter]:
    """One installation for all browser tests. Each makes a center of its own in it (`reception.set_up`) and leaves
    the parts running. A test that stops them, or begins where nothing is set up yet, starts an installation of its
    own: `center(tmp_path, **CENTER)`.
    """
    with center(tmp_path_factory.mktemp("center"), **CENTER) as started:
        yield started


@pytest.fixture(autouse=True)
def nobody_thinks_about_it_afterwards(request: pytest.FixtureRequest) -> Iterator[None]:
    """The needs and people of a test that is over wait in vain, and the engine would be asked about them every three
    minutes beside all tests that follow."""
    yield
    if "running" in request.fixturenames:
        running: RunningCenter = request.getfixturevalue("running")
        running.shell.run(
            "from dvc.operations.models import Operation; Operation.objects.update(auto_match=False)"
        )


@pytest.fixture(scope="session")
def player() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def plain_browser(player: Playwright) -> Iterator[Browser]:
    """The Chromium without a camera. What a visitor keeps is in a context of its own, so one serves all."""
    browser = player.chromium.launch(executable_path=chromium(), args=QUIET)
    yield browser
    browser.close()


@pytest.fixture
def launch(player: Playwright, plain_browser: Browser) -> Iterator[Callable[..., Browser]]:
    """A Chromium; `camera` is a .mjpeg file it shows to the page as if somebody held it before the lens."""
    browsers: list[Browser] = []

    def start(camera: Path | None = None) -> Browser:
        if camera is None:
            return plain_browser
        fake = [
            "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={camera}",
        ]  # fmt: skip
        browser = player.chromium.launch(executable_path=chromium(), args=QUIET + fake)
        browsers.append(browser)
        return browser

    yield start
    for visitor in Visitor.of_this_test:
        visitor.context.close()
    Visitor.of_this_test.clear()
    for browser in browsers:
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What everybody saw when a browser test failed: test-results/failed-N.png, and what their pages said."""
    report = yield
    if report.when == "call" and report.failed:
        for number, visitor in enumerate(Visitor.of_this_test):
            if not visitor.page.is_closed():
                visitor.keep(f"failed-{number}")
                print(visitor.page.url, visitor.errors)
    return report


class Visitor:
    """A browser context of one person on one kind of screen, at the running center."""

    of_this_test: ClassVar[list[Visitor]] = []

    def __init__(
        self, browser: Browser, running: RunningCenter, size: dict[str, int], **options: Any
    ) -> None:
        Visitor.of_this_test.append(self)
        self.running = running
        self.context: BrowserContext = browser.new_context(
            base_url=running.address, viewport={"width": size["width"], "height": size["height"]},
            locale="ja-JP", timezone_id="Asia/Tokyo", **options,
        )  # fmt: skip
        self.context.set_default_timeout(PATIENCE)
        self.errors: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def sign_in(self, link: str) -> None:
        """By a one-time link, as the supervisor prints it."""
        self.page.goto(link)
        expect(self.page).not_to_have_url(re.compile(r"/sign-in/"))

    def picture(self, name: str) -> None:
        """For people to look at, where they are asked for: `EVERY_PICTURE=1 make e2e`, and with FULL=1."""
        if EVERY_PICTURE:
            self.keep(name)

    def keep(self, name: str) -> None:
        """test-results/NAME.png."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def manage(running: RunningCenter, code: str) -> Any:
    """Run Python inside the center's own environment; the last expression printed as JSON comes back."""
    return running.shell.run(code)

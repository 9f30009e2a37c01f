"""Island mode in a real browser: with the center's certificate everything works, without it the page says what does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Playwright, expect

from tests.e2e.camera import film
from tests.e2e.conftest import PHONE, QUIET, TABLET, Visitor
from tests.e2e.reception import read, set_up, visits
from tests.e2e.test_reception_camera import symbol
from tests.infra.browser import chromium
from tests.infra.center import BASE, RunningCenter, center, free_port
from tests.infra.template import new_database

NAME = "center.home.arpa"
# The name leads to this machine, every other name nowhere: what a page fetches from outside fails and is seen.
NO_OUTSIDE = f"--host-resolver-rules=MAP {NAME} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"

Launch = Callable[..., Browser]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCenter]:
    """A center in island mode. Its own address, 127.0.0.1, is the laptop's; tablets use the name."""
    variables = {
        "LAN": "on", "BIND": "127.0.0.1", "LAN_NAME": NAME, "LAN_ADDRESS": "127.0.0.1",
        "HTTPS_PORT": str(free_port()), "LOG_LEVEL": "WARNING", "WIFI_NAME": "災害VC", "WIFI_PASSWORD": "tagajo;26",
    }  # fmt: skip
    with center(tmp_path_factory.mktemp("center"), **variables) as started:
        yield started


@pytest.fixture
def browser_of(player: Playwright, tmp_path: Path) -> Iterator[Launch]:
    """A Chromium with a home of its own; `trusting` is a certificate somebody installed there."""
    browsers: list[Browser] = []

    def start(trusting: Path | None = None, camera: Path | None = None) -> Browser:
        home = tmp_path / f"home-{len(browsers)}"
        database = home / ".pki" / "nssdb"
        database.mkdir(parents=True)
        certutil = ["certutil", "-d", f"sql:{database}"]
        subprocess.run([*certutil, "-N", "--empty-password"], check=True)
        if trusting is not None:
            subprocess.run([*certutil, "-A", "-t", "C,,", "-n", "center", "-i", str(trusting)], check=True)
        fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        fake += [f"--use-file-for-fake-video-capture={camera}"] if camera else []
        browser = player.chromium.launch(
            executable_path=chromium(),
            args=[*QUIET, NO_OUTSIDE, *fake],
            env={**os.environ, "HOME": str(home)},
        )
        browsers.append(browser)
        return browser

    yield start
    Visitor.of_this_test.clear()
    for browser in browsers:
        browser.close()


def encrypted(running: RunningCenter) -> str:
    return f"https://{NAME}:{running.variables['HTTPS_PORT']}"


def plain(running: RunningCenter) -> str:
    return f"http://{NAME}:{running.port}"


def outside(visitor: Visitor) -> list[str]:
    """Grows by every request of this visitor to any other place than the center."""
    found: list[str] = []

    def look(url: str) -> None:
        if not re.match(rf"(https?://({re.escape(NAME)}|127\.0\.0\.1):\d+/|data:|blob:)", url):
            found.append(url)

    visitor.context.on("request", lambda request: look(request.url))
    return found


# A slice of the font, by the address that the page has for it: this machine has the font itself, a tablet has not.
_LETTERS = """() => {
  const rules = [...document.styleSheets].flatMap(sheet => [...sheet.cssRules]);
  const said = rules.find(rule => rule instanceof CSSFontFaceRule).style.getPropertyValue("src");
  const [, address] = /url\\("([^"]+)"\\)/.exec(said);
  return new FontFace("letters", `url(${address})`).load().then(face => face.status);
}"""
PAGES = (
    "", "help/", "operations/", "operations/new/", "edit/", "settings/", "settings/center/", "settings/roles/",
    "settings/staff/", "settings/staff/add/", "settings/devices/", "settings/devices/add/", "settings/network/",
    "settings/network/wall/", "settings/towns/", "volunteers/", "volunteers/new/", "volunteers/cards/", "needs/",
    "needs/new/", "matching/", "dispatch/", "board/", "board/wall/", "tablet/",
)  # fmt: skip


def test_a_tablet_with_the_certificate_can_do_everything_and_needs_nothing_from_outside(
    running: RunningCenter, browser_of: Launch, tmp_path: Path
) -> None:
    desk = set_up(running, ["高橋", "𠮷﨑"])
    held = film(symbol(desk.holders[0].token), tmp_path / "card.mjpeg")
    authority = running.data / "keys" / "lan" / "authority.pem"
    visitor = Visitor(browser_of(trusting=authority, camera=held), running, TABLET)
    seen = outside(visitor)
    page, base = visitor.page, encrypted(running)

    page.goto(f"{base}/check/")
    expect(page.locator("[data-check]")).to_have_attribute("data-done", "ok")
    for ability in ("encrypted", "camera", "reopen", "reader", "keep", "cards", "decoder"):
        expect(page.locator(f'[data-ability="{ability}"]')).to_have_attribute("data-state", "yes")
    visitor.sign_in(base + desk.link.removeprefix(running.address))
    names = {cookie["name"]: cookie for cookie in visitor.context.cookies()}
    assert names["__Host-sessionid"]["secure"]
    missing = []
    for address in PAGES:
        answer = page.goto(f"{base}/o/{desk.operation}/{address}")
        if answer is None or answer.status != 200:
            missing.append(address)
    assert missing == []
    assert page.evaluate(_LETTERS) == "loaded"
    assert seen == []

    # What the recorder would see: a page that asks for something that is not here.
    elsewhere = visitor.context.new_page()
    with pytest.raises(Error):
        elsewhere.goto("https://fonts.example/")
    elsewhere.close()
    assert seen == ["https://fonts.example/"]

    page.goto(f"{base}/o/{desk.operation}/tablet/")
    page.get_by_role("button", name="この端末を受付用に登録する").click()
    expect(page.locator("body")).to_have_attribute("data-offline", "ready")
    expect(page.locator("[data-abilities]")).to_have_text(
        "カメラ ○／電波がなくても開き直せる ○／キーボード型リーダー ○"
    )
    page.get_by_role("button", name="カメラ", exact=False).first.click()
    verdict = page.locator("[data-verdict]")
    expect(verdict).to_have_attribute("data-state", "settled")
    expect(verdict.locator(".t-verdict__name")).to_contain_text("高橋")
    page.get_by_role("button", name="カメラ", exact=False).first.click()  # or it reads the same card again
    expect(page.locator("[data-eye]")).to_have_attribute("data-camera", "off")
    visitor.context.set_offline(True)
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    read(page, desk.holders[1].token)
    expect(verdict.locator(".t-verdict__name")).to_contain_text("𠮷﨑")
    expect(page.locator("[data-unsent-count]")).to_have_text("1")
    visitor.context.set_offline(False)
    expect(page.locator("[data-unsent-count]")).to_have_text("0")
    assert sorted(visit["family"] for visit in visits(running, desk)) == ["高橋", "𠮷﨑"]
    assert visitor.errors == []


def test_a_device_without_the_certificate_is_told_so_and_receives_with_a_keyboard_reader(
    running: RunningCenter, browser_of: Launch
) -> None:
    desk = set_up(running, ["千葉", "菅原", "髙"])
    browser = browser_of()
    old = Visitor(browser, running, TABLET)
    refused = old.context.new_page()  # a page of its own: the browser's error page comes a moment later
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        refused.goto(f"{encrypted(running)}/check/")
    refused.close()
    old.page.goto(f"{plain(running)}/")
    expect(old.page.get_by_role("heading", name="この端末をセンターで使えるようにする")).to_be_visible()
    expect(old.page.get_by_text("暗号化されていません")).to_be_visible()
    old.page.goto(f"{plain(running)}/check/")
    expect(old.page.locator("[data-check]")).to_have_attribute("data-done", "warn")
    states = {
        ability: old.page.locator(f'[data-ability="{ability}"]').get_attribute("data-state")
        for ability in ("encrypted", "camera", "reopen", "reader", "keep", "cards")
    }
    assert states == {
        "encrypted": "no", "camera": "no", "reopen": "no", "reader": "yes", "keep": "yes", "cards": "yes"
    }  # fmt: skip
    # What plain http takes away, so that the rest of this test shows that we do without.
    assert (
        old.page.evaluate(
            "[isSecureContext, 'randomUUID' in crypto, 'locks' in navigator, 'subtle' in crypto]"
        )
        == [False] * 4
    )
    old.page.goto(f"{plain(running)}/pair/")
    expect(old.page.get_by_role("heading", name="この回線では使えません")).to_be_visible()

    chief = Visitor(browser, running, PHONE)
    chief.sign_in(desk.link)
    chief.page.goto(f"{running.address}/o/{desk.operation}/settings/network/")
    chief.page.get_by_role("button", name="暗号化なしの受付を許可する").click()
    expect(chief.page.get_by_text("暗号化なしの受付を許可しています")).to_be_visible()
    chief.picture("island-network-phone")
    chief.page.goto(f"{running.address}/o/{desk.operation}/settings/devices/add/")
    chief.page.get_by_label("端末の名前").fill("古いパソコン")
    chief.page.locator("form button.button--main").click()
    expect(chief.page.get_by_text(f"{plain(running)}/pair/")).to_be_visible()
    code = chief.page.locator(".pairing__code").inner_text()

    old.page.goto(f"{plain(running)}/pair/")
    old.page.get_by_label("登録番号（8文字）").fill(code)
    old.page.get_by_role("button", name="登録を申し込む").click()
    chief.page.get_by_role("button", name="番号が同じなので、許可する").click()
    old.page.get_by_role("link", name="使いはじめる").click()
    expect(old.page.locator("body")).to_have_attribute("data-ready", "yes")
    expect(old.page.get_by_text("暗号化されていません")).to_be_visible()
    expect(old.page.locator("[data-abilities]")).to_have_text(
        "カメラ ×／電波がなくても開き直せる ×／キーボード型リーダー ○"
    )
    verdict, unsent = old.page.locator("[data-verdict]"), old.page.locator("[data-unsent-count]")
    read(old.page, desk.holders[0].token)
    expect(verdict.locator(".t-verdict__name")).to_contain_text("千葉")
    expect(verdict).to_have_attribute("data-state", "settled")
    old.picture("island-plain-reception")

    old.context.set_offline(True)
    old.page.get_by_label("カードの番号（8文字）").fill(desk.holders[1].short_code)
    old.page.get_by_role("button", name="記録", exact=True).click()
    expect(verdict.locator(".t-verdict__name")).to_contain_text("菅原")
    expect(unsent).to_have_text("1")
    old.context.set_offline(False)
    old.page.get_by_role("button", name="送信").click()
    expect(unsent).to_have_text("0")
    assert [visit["family"] for visit in visits(running, desk)] == ["千葉", "菅原"]

    # Nothing else opens there, whoever asks; and the chief can end it.
    assert {cookie["name"] for cookie in old.context.cookies()} <= {
        "device",
        "plain_csrftoken",
        "plain_sessionid",
    }
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        old.page.goto(f"{plain(running)}/o/{desk.operation}/volunteers/")
    chief.page.goto(f"{running.address}/o/{desk.operation}/settings/network/")
    chief.picture("island-network-stop")
    chief.page.get_by_role("button", name="止めて、この端末も使用停止にする").click()
    expect(chief.page.get_by_text("いまは許可していません")).to_be_visible()
    old.page.goto(f"{plain(running)}/o/{desk.operation}/tablet/")
    expect(old.page.get_by_role("heading", name="この回線では使えません")).to_be_visible()
    assert old.errors == []


def test_another_laptop_filled_from_the_backup_goes_on_for_the_same_tablets(
    running: RunningCenter, browser_of: Launch, tmp_path: Path
) -> None:
    """Last in this file: the first laptop dies here."""
    desk = set_up(running, ["大友", "及川", "阿部"])
    visitor = Visitor(browser_of(trusting=running.data / "keys" / "lan" / "authority.pem"), running, TABLET)
    page = visitor.page
    verdict, unsent = page.locator("[data-verdict]"), page.locator("[data-unsent-count]")

    def scan(number: int, state: str) -> None:
        read(page, desk.holders[number].token)
        expect(verdict.locator(".t-verdict__name")).to_contain_text(desk.holders[number].family)
        expect(verdict).to_have_attribute("data-state", state)

    visitor.sign_in(encrypted(running) + desk.link.removeprefix(running.address))
    page.goto(f"{encrypted(running)}/o/{desk.operation}/tablet/")
    page.get_by_role("button", name="この端末を受付用に登録する").click()
    expect(page.locator("body")).to_have_attribute("data-offline", "ready")
    scan(0, "settled")
    backup = tmp_path / "backup"
    manage_py = [sys.executable, "manage.py"]
    subprocess.run([*manage_py, "backup", str(backup)], cwd=BASE, env=running.environment(), check=True)
    scan(1, "settled")  # after the backup: the second laptop has never heard of it
    running.stop()
    scan(2, "saved")
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")

    variables = {name: value for name, value in running.variables.items() if name != "LAN_NAME"}
    if server := running.variables.get("DATABASE_URL"):
        variables["DATABASE_URL"] = new_database(server)
    second = RunningCenter(tmp_path / "second", running.port, tmp_path / "second.log", variables)
    subprocess.run([*manage_py, "restore", str(backup)], cwd=BASE, env=second.environment(), check=True)
    second.start()
    try:
        second.wait_until_ready()
        page.get_by_role("button", name="送信").click()
        expect(page.locator("[data-link]")).to_have_text("つながっています")
        expect(unsent).to_have_text("0")
        expect(page.locator('[data-recent] li[data-state="settled"]')).to_have_count(3)
        families = [holder.family for holder in desk.holders]
        assert sorted(visit["family"] for visit in visits(second, desk)) == sorted(families)
        page.goto(f"{encrypted(running)}/o/{desk.operation}/tablet/")  # no warning about the certificate
        expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    finally:
        second.shell.close()
        second.stop()

"""A new tablet at the center: paired by QR, worked by two operators with badges, looked after from the leader's desk."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Browser, expect

from tests.e2e.conftest import TABLET, Visitor
from tests.e2e.reception import set_up
from tests.infra.center import RunningCenter


def test_a_tablet_is_paired_by_code_and_works_without_a_session(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, ["佐藤"])
    browser = launch()
    chief = Visitor(browser, running, TABLET)
    chief.sign_in(desk.link)
    page = chief.page
    page.goto(f"/o/{desk.operation}/settings/devices/")
    page.get_by_role("link", name="端末を追加").first.click()
    page.get_by_label("端末の名前").fill("受付1番")
    chief.picture("device-add")
    page.get_by_role("button", name="登録番号を出す").click()
    code = page.locator(".pairing__code").inner_text()
    chief.picture("device-code")

    new = Visitor(browser, running, TABLET)
    new.page.goto(f"/pair/#{code}")
    number = new.page.locator("[data-pair-number]")
    expect(number).to_have_text(re.compile(r"^\d{4}$"))
    new.picture("pair-asking")
    expect(page.locator(".pairing__number")).to_have_text(number.inner_text())
    chief.picture("device-asking")
    page.get_by_role("button", name="番号が同じなので、許可する").click()
    expect(page.get_by_text("「受付1番」を登録しました")).to_be_visible()
    new.page.get_by_role("link", name="使いはじめる").click()
    expect(new.page.locator("body")).to_have_attribute("data-ready", "yes")
    new.page.keyboard.type(desk.holders[0].token)
    new.page.keyboard.press("Enter")
    expect(new.page.locator("[data-verdict]")).to_have_attribute("data-state", "settled")
    new.picture("paired-tablet")
    new.page.goto("/pair/")
    new.picture("pair-page")
    assert chief.errors == []
    assert new.errors == []

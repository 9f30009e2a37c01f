"""The tool desk's tablet: paired for tools, lending by count and by card, without a network, at two desks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, expect

from tests.e2e.conftest import PHONE, TABLET, Visitor, manage
from tests.e2e.reception import Desk, fresh_link, read, set_up
from tests.infra.center import RunningCenter

_TOOLS = """
import json
from django.utils import timezone
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from matching.dispatch import services as dispatches
from matching.equipment import services as equipment
from tests import make
from tests.matching.dispatch import scene

operation = Operation.objects.get(pk={operation})
now, site = timezone.now(), operation.center.sites.get()
equipment.set_stock(operation, site=site, counts={{"shovel": 12, "cart": 2}}, by=SYSTEM, at=now)
[saw] = equipment.add_items(operation, site=site, tool="chainsaw", count=1, by=SYSTEM, at=now, from_stock=False)
crews = [[scene.present(operation, make.volunteer(operation.center, "𠮷田", name), at=now) for name in ("花", "茂")] for _ in range(2)]
teams = [scene.team(operation, *crew, at=now) for crew in crews]
for team in teams:
    dispatches.assign(team, make.need(operation, tools={{"shovel": 3}}), by=SYSTEM, at=now)
print(json.dumps({{"saw": saw.token, "teams": [team.pk for team in teams]}}))
"""
_LOANS = """
import json
from matching.loans.models import Loan
loans = Loan.objects.filter(operation={operation}).order_by("lent_at")
print(json.dumps([[loan.what, loan.who, loan.out, loan.disputed] for loan in loans]))
"""


def paired(running: RunningCenter, browser: Browser, link: str, desk: Desk, name: str) -> Visitor:
    """A tablet of the tool desk, with the chief at it."""
    chief = Visitor(browser, running, TABLET)
    chief.sign_in(link)
    page = chief.page
    page.goto(f"/o/{desk.operation}/settings/devices/")
    page.get_by_role("link", name="端末を追加").first.click()
    page.get_by_label("端末の名前").fill(name)
    page.get_by_text("資機材（貸出と返却を記録する）").click()
    page.get_by_role("button", name="登録番号を出す").click()
    code = page.locator(".pairing__code").inner_text()
    tablet = chief.context.new_page()
    tablet.goto(f"/pair/#{code}")
    expect(tablet.locator("[data-pair-number]")).to_have_text(re.compile(r"^\d{4}$"))
    page.get_by_role("button", name="番号が同じなので、許可する").click()
    tablet.get_by_role("link", name="使いはじめる").click()
    expect(tablet.locator("body")).to_have_attribute("data-ready", "yes")
    expect(tablet.locator("body")).to_have_attribute("data-offline", "ready")
    page.close()
    chief.page = tablet
    return chief


def loans(running: RunningCenter, desk: Desk) -> list[list[Any]]:
    return list(manage(running, _LOANS.format(operation=desk.operation)))


def test_one_saw_is_lent_at_two_desks_without_a_network_and_a_person_is_asked(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, ["佐藤"])
    made = manage(running, _TOOLS.format(operation=desk.operation))
    browser = launch()
    first = paired(running, browser, desk.link, desk, "資機材1番")
    second = paired(running, browser, fresh_link(running, desk), desk, "資機材2番")

    page = first.page
    page.locator(f'[data-team="{made["teams"][0]}"]').click()
    expect(page.locator('[data-tool="shovel"] output')).to_have_text("3")
    page.locator("[data-tool-submit]").click()
    expect(page.locator("[data-verdict]")).to_have_attribute("data-state", "settled")
    expect(page.locator('[data-tool="shovel"]')).to_contain_text("残り 9")
    first.picture("tool-desk")

    for visitor, team in zip((first, second), made["teams"], strict=True):
        visitor.context.set_offline(True)
        visitor.page.locator(f'[data-team="{team}"]').click()
        read(visitor.page, made["saw"])
        expect(visitor.page.locator("[data-verdict]")).to_contain_text("チェーンソー 1号")
        expect(visitor.page.locator("[data-unsent-count]")).to_have_text("1")
    first.picture("tool-desk-off-line")
    second.page.reload()  # the page opens without a network, and knows what it lent
    expect(second.page.locator("body")).to_have_attribute("data-ready", "yes")
    expect(second.page.locator(f'[data-team="{made["teams"][1]}"]')).to_contain_text("貸出中 1")
    for visitor in (first, second):
        visitor.context.set_offline(False)
        visitor.page.locator("[data-send]").click()
        expect(visitor.page.locator("[data-unsent-count]")).to_have_text("0")
    assert [row for row in loans(running, desk) if row[0] != "角スコップ"] == [
        ["チェーンソー 1号", "1班", 1, False],
        ["チェーンソー 1号", "2班", 1, True],
    ]

    page.goto(f"/o/{desk.operation}/inbox/")
    page.get_by_text("チェーンソー 1号").first.click()
    expect(page.get_by_text("同じ資機材が2か所で貸し出されています。")).to_be_visible()
    first.picture("tool-twice")
    page.get_by_role("button", name="あとの班が持っている").click()
    expect(page.get_by_text("片づけました。")).to_be_visible()
    assert [row[1:] for row in loans(running, desk) if row[0] != "角スコップ"] == [
        ["1班", 0, False],
        ["2班", 1, False],
    ]
    second.page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    second.picture("tool-desk-phone")
    width = second.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0

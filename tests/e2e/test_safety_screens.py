"""Heat, warnings, late teams, a danger zone and the list on paper, as a coordinator meets them on a tablet, a phone and the wall."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, expect

from tests.e2e.conftest import PHONE, TABLET, WALL, Visitor, manage
from tests.e2e.reception import fresh_link, set_up
from tests.infra.center import RunningCenter

# Three teams that are late by 16, 31 and 46 minutes, one in time and one that has not left.
_TEAMS = """
import json
from datetime import time, timedelta
from django.utils import timezone
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Operation
from matching.dispatch import services
from tests import make
from tests.matching.dispatch import scene

operation = Operation.objects.get(pk={operation})
now = timezone.now()
operations.edit_operation(operation, auto_match=False, work_end=time(23, 59), by=SYSTEM, at=now)
for late in (16, 31, 46, -90, None):
    crew = [scene.present(operation, make.volunteer(operation.center, name, "恵"), at=now - timedelta(hours=3)) for name in ("佐々木", "𠮷田")]
    need = make.need(operation, lat=38.28 if late == 31 else 38.30)
    dispatch = services.assign(scene.team(operation, *crew, at=now - timedelta(hours=3)), need, by=SYSTEM, at=now - timedelta(hours=3))
    if late is not None:
        services.depart(
            dispatch, checks=scene.ALL, by=SYSTEM, at=now - timedelta(hours=2, minutes=50), due_back_at=now - timedelta(minutes=late)
        )
print(json.dumps(dispatch.pk))
"""


def test_heat_a_warning_and_late_teams_are_seen_on_every_screen(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, [])
    waiting = manage(running, _TEAMS.format(operation=desk.operation))
    base, browser = f"/o/{desk.operation}", launch()
    tablet, phone, wall = (Visitor(browser, running, size) for size in (TABLET, PHONE, WALL))
    tablet.sign_in(desk.link)
    phone.sign_in(fresh_link(running, desk))
    wall.sign_in(fresh_link(running, desk))
    page = tablet.page
    wall.page.goto(f"{base}/board/wall/")

    # The ladder: each team stands where its silence has brought it; the first call is written down from the phone.
    page.goto(f"{base}/dispatch/")
    for words in ("リーダーに電話", "ほかの人に電話", "センター長に知らせる"):
        expect(page.locator("#late .chip").filter(has_text=words)).to_have_count(1)
    expect(page.get_by_text("外に出ている班の一覧を、まだ印刷していません。")).to_be_visible()
    tablet.picture("safety-board")
    phone.page.goto(f"{base}/dispatch/#late")
    phone.picture("safety-board-phone")
    phone.page.locator("#late .card").filter(has_text="センター長に知らせる").get_by_role(
        "link", name="電話を記録する"
    ).click()
    phone.picture("safety-late-phone")
    phone.page.get_by_label("聞いたこと").fill("全員無事。渋滞で30分おくれる")
    phone.page.get_by_label("話せた").check()
    phone.page.get_by_role("button", name="記録する").click()
    expect(phone.page.get_by_role("status").filter(has_text="電話を記録しました")).to_be_visible()
    expect(page.locator("#late .card").filter(has_text="渋滞で30分おくれる")).to_have_count(1)
    wall.picture("safety-wall-late")

    # The chief changes the minutes; heat: a band that still lets teams leave changes what the gate reads out.
    page.goto(f"{base}/dispatch/safety/")
    page.get_by_label("暑さ指数").fill("28.4")
    page.get_by_role("button", name="入力する").first.click()
    expect(page.get_by_role("status").filter(has_text="暑さ指数を入力しました")).to_be_visible()
    tablet.picture("safety-heat")
    page.goto(f"{base}/dispatch/{waiting}/depart/")
    expect(page.get_by_text("15分作業したら15分休むと伝えました")).to_be_visible()
    tablet.picture("safety-gate")
    phone.page.goto(f"{base}/dispatch/safety/")
    phone.picture("safety-heat-phone")
    phone.page.get_by_role("button", name="暴風警報").click()
    expect(phone.page.get_by_role("status").filter(has_text="「暴風警報」を入力しました")).to_be_visible()
    phone.picture("safety-warning-phone")
    page.reload()
    expect(
        page.get_by_role("alert").filter(has_text="暴風警報が出ています。解除されるまで出発できません。")
    ).to_be_visible()
    page.goto(f"{base}/dispatch/safety/rules/")
    tablet.picture("safety-rules")
    phone.page.goto(f"{base}/dispatch/safety/rules/")
    phone.picture("safety-rules-phone")
    wall.page.reload()
    wall.picture("safety-wall-heat")

    page.goto(f"{base}/dispatch/zones/")
    tablet.picture("safety-zones")
    phone.page.goto(f"{base}/dispatch/zones/")
    phone.picture("safety-zones-phone")
    # The list for the hour without a network.
    page.goto(f"{base}/dispatch/")
    page.get_by_role("button", name="いまの一覧を印刷する").click()
    expect(page.get_by_role("cell", name="090-0000-").first).to_be_visible()
    page.emulate_media(media="print")
    tablet.picture("safety-list")
    page.emulate_media(media="screen")
    page.goto(f"{base}/dispatch/")
    expect(page.get_by_text("外に出ている班の一覧を")).to_have_count(0)
    assert [one.errors for one in (tablet, phone, wall)] == [[], [], []]

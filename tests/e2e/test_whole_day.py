"""A whole day of one team: tools, a shuttle, a phone without a signal, extra work refused, and the day closed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PHONE, TABLET, WALL, Visitor, manage
from tests.e2e.reception import fresh_link, set_up
from tests.infra.center import RunningCenter

_MORNING = """
import json
from datetime import time
from django.utils import timezone
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Operation
from matching.dispatch import services, tokens
from matching.equipment import services as equipment
from tests import make
from tests.matching.dispatch import scene

operation = Operation.objects.get(pk={operation})
now, site = timezone.now(), operation.center.sites.get()
# The day's work is not over yet, whenever this runs.
operations.edit_operation(operation, auto_match=False, work_end=time(23, 59), by=SYSTEM, at=now)
equipment.set_stock(operation, site=site, counts={{"shovel": 12}}, by=SYSTEM, at=now)
equipment.add_vehicle(operation, site=site, name="送迎ワゴン", kind="car", seats=8, by=SYSTEM, at=now)
crew = [scene.present(operation, make.volunteer(operation.center, name, "一郎"), at=now) for name in ("髙﨑", "𠮷田")]
need = make.need(operation, tools={{"shovel": 3}}, category="mud_removal")
dispatch = services.assign(scene.team(operation, *crew, at=now), need, by=SYSTEM, at=now)
print(json.dumps({{"dispatch": dispatch.pk, "team": dispatch.team_id, "leader": tokens.leader_token(dispatch.token_nonce)}}))
"""
_GOES_HOME = """
import json
from django.utils import timezone
from dvc.audit.services import SYSTEM
from intake.checkin import services as checkin
from intake.checkin.models import Visit
visit = Visit.objects.select_related("operation", "volunteer").get(operation={operation}, volunteer__family_name="髙﨑")
checkin.leave(visit.operation, visit.volunteer, by=SYSTEM, at=timezone.now())
print(json.dumps(True))
"""


def go(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_load_state()


def test_a_team_with_tools_and_a_shuttle_refuses_extra_work_and_the_day_is_closed(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, ["佐藤"])
    made = manage(running, _MORNING.format(operation=desk.operation))
    browser, base = launch(), f"/o/{desk.operation}"
    chief = Visitor(browser, running, TABLET)
    chief.sign_in(desk.link)
    page = chief.page

    # The tools its work asks for are offered; the order is printed and counted.
    go(page, f"{base}/dispatch/teams/{made['team']}/tools/")
    page.get_by_role("button", name="貸し出す").click()
    expect(page.get_by_role("status").filter(has_text="角スコップ × 3を貸しました")).to_be_visible()
    go(page, f"{base}/dispatch/{made['dispatch']}/order/")
    chief.picture("day-order")
    with page.expect_response("**/order/count/"):
        page.get_by_role("button", name="この画面を印刷する").click()
    go(page, f"{base}/dispatch/{made['dispatch']}/order/")
    expect(page.get_by_text("これまでに2枚 印刷しました")).to_be_visible()

    # The shuttle takes it there.
    go(page, f"{base}/dispatch/trips/")
    page.get_by_label("出る時刻").fill(f"{datetime.now(ZoneInfo('Asia/Tokyo')):%H:%M}")
    page.get_by_label("運転する職員の名前").fill("伊藤")
    page.get_by_label("停まる所").fill("町前公民館\n八幡小学校")
    page.get_by_role("button", name="この便にする").click()
    page.get_by_text("班を乗せる・降ろす").click()
    page.get_by_label("降りる所").select_option("1")
    page.get_by_label("人数").fill("2")
    page.get_by_role("button", name="席を取る").click()
    expect(page.get_by_text("1班 2人が乗る")).to_be_visible()
    page.get_by_role("button", name="出発した").click()
    page.get_by_role("button", name="着いた").click()
    expect(page.get_by_role("button", name="センターに戻った")).to_be_visible()
    chief.picture("day-shuttle")

    # Nothing is missing: it leaves.
    go(page, f"{base}/dispatch/{made['dispatch']}/depart/")
    expect(page.get_by_text("名簿の確認はすみました。")).to_be_visible()
    for box in page.locator("input[name=checks]").all():
        box.check()
    wall = Visitor(browser, running, WALL)
    wall.sign_in(fresh_link(running, desk))
    go(wall.page, f"{base}/board/wall/")
    outside = wall.page.locator(".wall-tile").filter(has_text="外に出ている").locator(".wall-tile__number")
    expect(outside).to_have_text("0人")
    page.get_by_role("button", name="出発する", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="1班が出発しました")).to_be_visible()
    # The wall sees it without anybody touching it, in numbers and without a name or an address.
    expect(outside).to_have_text("2人")
    for private in ("髙﨑", "𠮷田", "高橋 キヨ", "町前 9999"):
        expect(wall.page.get_by_text(private)).to_have_count(0)
    wall.picture("day-wall")

    # Without a signal the phone keeps what the leader tells, and says so.
    leader = Visitor(browser, running, PHONE)
    phone = leader.page
    go(phone, f"/l/{made['leader']}/")
    expect(phone.locator("html")).to_have_attribute("data-keeps", "ready")
    leader.context.set_offline(True)
    phone.get_by_role("button", name="着きました").click()
    expect(phone.get_by_text("まだ送れていません（1件）")).to_be_visible()
    phone.get_by_text("ほかの作業を頼まれた", exact=True).click()
    phone.get_by_label("何を頼まれましたか").fill("庭の草むしりも")
    phone.get_by_role("button", name="センターに聞く").click()
    expect(phone.get_by_text("まだ送れていません（2件）")).to_be_visible()
    expect(phone.get_by_role("button", name="着きました")).to_be_hidden()
    leader.picture("day-leader-offline")
    leader.context.set_offline(False)
    expect(phone.get_by_text("届いています。返事を待ってください。")).to_be_visible()
    expect(phone.get_by_text("いま：作業中")).to_be_visible()

    # The desk sees it wherever it is, and says no; the leader reads that.
    go(page, f"{base}/dispatch/")
    page.get_by_role("link", name="現地からの連絡が1件").click()
    page.get_by_label("リーダーに伝えること").fill("今日は泥かきだけです")
    chief.picture("day-extra-work")
    page.get_by_role("button", name="お断りした").click()
    expect(page.get_by_role("status").filter(has_text="返事を記録しました")).to_be_visible()
    go(phone, f"/l/{made['leader']}/")
    expect(phone.get_by_text("引き受けないでください")).to_be_visible()
    expect(phone.get_by_text("今日は泥かきだけです")).to_be_visible()
    leader.picture("day-leader-answer")
    report = phone.get_by_role("link", name="報告する")
    expect(report).to_have_attribute("data-form-here", "ready")
    leader.context.set_offline(True)
    report.click()
    phone.get_by_text("完了（終わった）").click()
    phone.get_by_role("button", name="報告を送る").click()
    expect(phone.get_by_text("まだ送れていません（1件）")).to_be_visible()
    leader.context.set_offline(False)
    expect(phone.get_by_text("報告を、センターが受け取りました")).to_be_visible()

    # Back: thanks, the sheet, the tools, tomorrow.
    go(page, f"{base}/dispatch/{made['dispatch']}/return/")
    page.get_by_text("全員（2人）が、ここにいる").click()
    page.get_by_text("渡した2枚が、全部戻った").click()
    page.get_by_text("全部そろって戻った").click()
    page.get_by_role("group", name="明日も来られる人").get_by_text("髙﨑 一郎さん").click()
    chief.picture("day-return")
    page.get_by_role("button", name="帰着を記録する").click()
    expect(page.get_by_role("status").filter(has_text="1班の帰着を記録しました")).to_be_visible()

    # The day is not closed while the car and two people are missing, each by name.
    go(page, f"{base}/evening/")
    page.get_by_role("button", name=re.compile("を閉じる")).click()
    refused = page.get_by_role("alert").filter(has_text="まだ閉じられません")
    for missing in ("髙﨑 一郎さん", "𠮷田 一郎さん", "「送迎ワゴン」（送迎）"):
        expect(refused).to_contain_text(missing)
    chief.picture("day-not-closed")
    page.locator("[data-key^='run:']").get_by_role("link", name="片づける").click()
    back = page.get_by_role("button", name="センターに戻った")
    back.click()
    expect(back).to_have_count(0)
    manage(running, _GOES_HOME.format(operation=desk.operation))
    go(page, f"{base}/evening/")
    card = page.locator("[data-key^='visit:']")
    expect(card).to_have_count(1)
    card.get_by_text("例外にする").click()
    card.get_by_label("だれから聞きましたか").fill("髙﨑リーダー")
    card.get_by_text("電話で、家に着いたと確かめた").click()
    card.get_by_role("button", name="例外として書きとめる").click()
    expect(card.get_by_role("button", name="例外を取り消す")).to_be_visible()
    page.get_by_role("button", name=re.compile("を閉じる")).click()
    expect(page.get_by_text("この日は閉じてあります")).to_be_visible()
    expect(page.locator("#coming")).to_contain_text("髙﨑 一郎さん")
    chief.picture("day-closed")
    assert chief.errors == leader.errors == wall.errors == []

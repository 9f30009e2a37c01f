"""A coordinator at a board that is longer than the screen: ticks and opened reasons outlive what changes meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.e2e.camera import film
from tests.e2e.conftest import PHONE, TABLET, WALL, Visitor, manage
from tests.e2e.reception import fresh_link, set_up
from tests.e2e.test_reception_camera import symbol
from tests.infra.center import RunningCenter

MORNING = """
import json, random, time
from django.utils import timezone
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Operation
from matching.proposals.models import MatchRun
from tests.bench import full_board

now = timezone.now()
operation = Operation.objects.get(pk={operation})
at = timezone.localtime(now).replace(hour=9, minute=30, second=0, microsecond=0)
operation = operations.set_clock(operation, reading=at, speed=0, by=SYSTEM, at=now)
# Rows written in bulk leave no trace that would make a running question give way.
operations.edit_operation(operation, auto_match=False, by=SYSTEM, at=at)
# One that was asked before would answer for nobody, and stand for the one that is asked by hand.
while MatchRun.objects.filter(operation=operation, state="requested").exists():
    time.sleep(0.1)
dice = random.Random(3)
full_board.people(operation, {people}, dice, at=at)
full_board.needs(operation, {needs}, dice, at=at)
print(json.dumps(True))
"""
HOLD_ONE = """
import json
from dvc.audit.services import SYSTEM
from django.utils import timezone
from intake.help_requests.models import Need
from matching.proposals.models import Proposal
from matching.queue import services as queue
busy = Proposal.objects.filter(operation={operation}, state="offered").values("visits__need")
need = Need.objects.ready().filter(operation={operation}).exclude(pk__in=busy).first()
queue.hold(need, reason="雨がやむまで", by=SYSTEM, at=timezone.now())
print(json.dumps(need.number))
"""

HERE_WITH_A_NEED = """
import json
from django.utils import timezone
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Operation
from intake.checkin import services as checkin
from intake.volunteers.models import Volunteer
from tests import make

operation = Operation.objects.get(pk={operation})
operations.edit_operation(operation, auto_match=False, posting=True, by=SYSTEM, at=timezone.now())
for person in Volunteer.objects.filter(center=operation.center):
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=timezone.now())
print(json.dumps(make.need(operation, people_min=3).number))
"""


def test_ticks_and_opened_reasons_outlive_a_change_and_several_are_decided_at_once(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, [], mode="drill")
    manage(running, MORNING.format(operation=desk.operation, people=120, needs=45))
    visitor = Visitor(launch(), running, TABLET)
    visitor.sign_in(desk.link)
    page = visitor.page
    page.goto(f"/o/{desk.operation}/matching/")
    page.get_by_role("button", name="提案を作り直す").click()
    offers = page.locator("article.offer")
    expect(offers).to_have_count(20)

    bar = page.get_by_role("button", name="選んだ提案をまとめて決定")
    expect(bar).to_be_hidden()
    for number in (0, 2):
        offers.nth(number).get_by_label("選ぶ").check()
    why = offers.nth(1).locator("details")
    why.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(why.get_by_role("button", name="この班を固定")).to_be_visible()
    manage(running, HOLD_ONE.format(operation=desk.operation))
    expect(page.get_by_role("link", name=re.compile("見合わせ中 1"))).to_be_visible()
    expect(why).to_have_attribute("open", "")
    expect(why.locator("summary")).to_be_focused()
    expect(page.locator(".offer__pick input:checked")).to_have_count(2)
    visitor.picture("matching-1-ticked")

    bar.click()
    expect(page.get_by_role("heading", name="2件を決めました")).to_be_visible()
    visitor.picture("matching-2-decided")
    page.get_by_role("button", name="決まった2班をすべて取り消す").click()
    expect(page.get_by_text("2班を取り消しました")).to_be_visible()

    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    page.goto(f"/o/{desk.operation}/matching/")
    expect(offers.last).to_be_visible()
    # Twenty cards of everything there is to say were 17,000 pixels here.
    assert page.evaluate("document.documentElement.scrollHeight") < 14_000
    offers.last.get_by_text("くわしく・直す").click()
    expect(offers.last.get_by_role("link", name="見送り")).to_be_visible()
    offers.last.get_by_role("link", name="見送り").scroll_into_view_if_needed()
    # … and its parts are in reach from wherever one is.
    expect(page.get_by_role("link", name=re.compile("^待ち"))).to_be_in_viewport()
    page.get_by_role("link", name=re.compile("^待ち")).click()
    expect(page.get_by_role("heading", name="待っている困りごと")).to_be_in_viewport()
    visitor.picture("matching-4-phone")

    page.goto(f"/o/{desk.operation}/evening/")
    assert page.evaluate("document.documentElement.scrollHeight") < 10_000
    missing = page.locator("[data-key]")
    expect(missing).to_have_count(60)
    missing.nth(40).locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(missing.nth(40).get_by_role("link", name="片づける")).to_be_visible()
    visitor.picture("evening-phone")

    page.set_viewport_size({"width": TABLET["width"], "height": TABLET["height"]})
    page.goto(f"/o/{desk.operation}/matching/")
    page.get_by_text("さがす・しぼる").click()
    page.get_by_label("作業", exact=True).select_option("cleaning")
    page.get_by_role("button", name="しぼる").click()
    expect(page.get_by_text("しぼりこみ中")).to_be_visible()
    assert visitor.errors == []


def test_a_what_if_is_answered_by_the_worker_while_the_page_waits(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, [], mode="drill")
    manage(running, MORNING.format(operation=desk.operation, people=40, needs=14))
    visitor = Visitor(launch(), running, PHONE)
    visitor.sign_in(desk.link)
    page = visitor.page
    page.goto(f"/o/{desk.operation}/matching/what-if/")
    page.get_by_label("リーダーになれる人が増えたら").select_option("5")
    page.get_by_role("button", name="どうなるか計算する").click()
    expect(page.get_by_role("heading", name="こう変わります")).to_be_visible()
    expect(page.get_by_text(re.compile("行ける困りごと(が|の数は)"))).to_be_visible()
    visitor.picture("matching-3-what-if")
    assert visitor.errors == []


def test_a_card_before_the_camera_of_the_desk_joins_once(
    running: RunningCenter, launch: Callable[..., Browser], tmp_path: Path
) -> None:
    desk = set_up(running, ["高橋", "佐藤"])
    number = manage(running, HERE_WITH_A_NEED.format(operation=desk.operation))
    visitor = Visitor(launch(film(symbol(desk.holders[0].token), tmp_path / "card.mjpeg")), running, TABLET)
    visitor.sign_in(desk.link)
    page = visitor.page
    page.goto(f"/o/{desk.operation}/matching/posted/desk/")
    page.get_by_role("textbox").fill(f"NEED{number:07d}")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2. リーダーになる人のカード")).to_be_visible()
    page.get_by_role("button", name="カメラ").click()
    expect(page.locator(".list__row").get_by_text("高橋 花子")).to_be_visible()
    page.wait_for_timeout(6_000)  # longer than a card must be away to be read again
    expect(page.get_by_text("もうこの班に入っています")).to_be_hidden()
    visitor.picture("matching-5-camera")
    # Somebody types the reason when the next card is read: the new page has it, and the cursor.
    page.get_by_label("このまま決める理由").fill("ふたりで")
    page.get_by_label("3. 班の人のカード").evaluate(
        "(field, text) => { field.value = text; field.form.submit(); }", desk.holders[1].token
    )
    expect(page.locator(".list__row").get_by_text("佐藤")).to_be_visible()
    expect(page.get_by_label("このまま決める理由")).to_have_value("ふたりで")
    page.get_by_label("このまま決める理由").press_sequentially("足りる")
    visitor.picture("matching-6-reason")
    page.get_by_label("確かめた。このまま決める").check()
    page.get_by_role("button", name="この班に決定").click()
    expect(page.get_by_text("1班に決めました")).to_be_visible()
    expect(page.get_by_text("1. 求人票のコードを読み取ってください")).to_be_visible()
    assert visitor.errors == []


def test_the_wall_fits_its_screen(running: RunningCenter, launch: Callable[..., Browser]) -> None:
    desk = set_up(running, [], mode="drill")
    manage(running, MORNING.format(operation=desk.operation, people=240, needs=90))
    visitor = Visitor(launch(), running, WALL)
    visitor.sign_in(fresh_link(running, desk))
    page = visitor.page
    page.goto(f"/o/{desk.operation}/matching/posted/wall/")
    posts = page.locator("article.wall-post")
    expect(posts).to_have_count(9)
    expect(posts.last).to_be_in_viewport(ratio=1)
    expect(page.locator(".wall-foot")).to_be_in_viewport(ratio=1)
    visitor.picture("matching-4-wall")

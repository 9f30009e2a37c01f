"""Everybody back, as a drill: twelve teams, one of which nobody reaches, on the desk's tablet, a leader's phone and the wall."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, expect

from tests.e2e.conftest import PHONE, TABLET, WALL, Visitor, manage
from tests.e2e.reception import fresh_link, set_up
from tests.infra.center import RunningCenter

_TEAMS = """
import json
from datetime import timedelta
from django.urls import reverse
from django.utils import timezone
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from matching.dispatch import services, tokens
from matching.safety import services as safety
from tests import make
from tests.matching.dispatch import scene

operation = Operation.objects.get(pk={operation})
now = timezone.now()
early = now - timedelta(hours=2)  # of today: the running center asks about whoever came on another day
safety.add_zone(
    operation, name="海岸ぞい（訓練の例）", points=[[38.27, 141.0], [38.27, 141.05], [38.29, 141.05], [38.29, 141.0]],
    by=SYSTEM, at=now,
)
pages = []
for number in range(12):
    need = make.need(operation, lat=38.28 if number % 3 == 0 else 38.30)
    people = [make.volunteer(operation.center, name, "恵") for name in ("佐々木", "𠮷田", "長谷川")]
    crew = [scene.present(operation, person, at=early) for person in people]
    dispatch = services.assign(scene.team(operation, *crew, at=early), need, by=SYSTEM, at=early)
    services.depart(
        dispatch, checks=scene.ALL, by=SYSTEM, at=now - timedelta(minutes=50), due_back_at=now + timedelta(hours=2)
    )
    pages.append(reverse("leader_page", args=[tokens.leader_token(dispatch.token_nonce)]))
print(json.dumps(pages))
"""
_COME_BACK = """
import json
from django.utils import timezone
from dvc.audit.services import SYSTEM
from matching.dispatch import services
from matching.dispatch.models import Dispatch
services.come_back(Dispatch.objects.get(operation={operation}, team__number=2), by=SYSTEM, at=timezone.now())
print(json.dumps(True))
"""


def test_a_recall_of_twelve_teams_one_of_which_does_not_answer(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, [], mode="drill")
    pages = manage(running, _TEAMS.format(operation=desk.operation))
    browser = launch()
    tablet, wall, phone = (Visitor(browser, running, size) for size in (TABLET, WALL, PHONE))
    tablet.sign_in(desk.link)
    wall.sign_in(fresh_link(running, desk))
    wall.page.goto(f"/o/{desk.operation}/board/wall/")
    phone.page.goto(pages[0])
    tablet.page.goto(f"/o/{desk.operation}/dispatch/")
    expect(tablet.page.locator("#out .card")).to_have_count(12)
    tablet.picture("dispatch-board")

    tablet.page.get_by_role("link", name="全班の呼び戻し").click()
    tablet.page.get_by_text("津波注意報・津波警報").click()
    tablet.page.get_by_label("逃げる先").fill("近くの高い建物の3階より上")
    tablet.picture("recall-start")
    tablet.page.get_by_role("button", name="全班を呼び戻す").click()
    expect(tablet.page.locator("h1")).to_contain_text("【訓練】全班を呼び戻しています")
    expect(tablet.page.locator("#silent .recall__row")).to_have_count(12)
    expect(tablet.page.locator("#silent .recall__row").first).to_contain_text("区域の中")
    tablet.picture("recall-tablet")

    # It reaches pages that are open already: the wall, and a leader's phone.
    expect(wall.page.locator(".wall-recall")).to_contain_text("【訓練】全班を呼び戻し中")
    expect(wall.page.locator(".wall-recall")).to_contain_text("まだ12班")
    expect(phone.page.locator(".leader-recall")).to_contain_text("すぐ逃げてください")
    phone.picture("recall-phone")
    phone.page.get_by_role("button", name="読みました。全員無事です").click()
    expect(phone.page.get_by_text("「全員無事」と、センターに伝わっています。")).to_be_visible()

    # Team 1 has said so itself; team 2 comes back; the desk reaches nine by telephone, one does not answer.
    manage(running, _COME_BACK.format(operation=desk.operation))
    expect(tablet.page.locator("#silent .recall__row")).to_have_count(10)
    for left in range(9, 0, -1):
        tablet.page.locator("#silent").get_by_role("button", name="電話で伝えた").first.click()
        expect(tablet.page.locator("#silent .recall__row")).to_have_count(left)
        tablet.page.wait_for_load_state()
    last = tablet.page.locator("#silent .recall__row")
    last.get_by_role("button", name="電話に出ない").click()
    expect(tablet.page.locator("#silent .recall__row")).to_contain_text("電話に出ない 1回")
    expect(wall.page.locator(".wall-recall")).to_contain_text("まだ1班")
    wall.picture("recall-wall")
    expect(tablet.page.locator(".alarm--recall")).to_contain_text("12班のうち 11班に伝わりました")
    tablet.page.locator("#known summary").click()
    tablet.picture("recall-tablet-last")
    desk_phone = Visitor(browser, running, PHONE)
    desk_phone.sign_in(fresh_link(running, desk))
    desk_phone.page.goto(f"/o/{desk.operation}/dispatch/recall/")
    expect(desk_phone.page.locator("#silent .recall__row")).to_have_count(1)
    desk_phone.picture("recall-desk-phone")

    tablet.page.locator("#end summary").click()
    tablet.page.get_by_label("終わる理由", exact=False).first.fill("注意報が解除された")
    tablet.page.get_by_label("この班を残して終わる理由").fill("残る1班の無事も無線で確かめた")
    tablet.page.get_by_role("button", name="呼び戻しを終わる").click()
    expect(tablet.page.get_by_text("残る1班の無事も無線で確かめた")).to_be_visible()
    expect(wall.page.locator(".wall-recall")).to_have_count(0)
    expect(phone.page.locator(".leader-recall")).to_have_count(0)
    assert [visitor.errors for visitor in Visitor.of_this_test] == [[]] * len(Visitor.of_this_test)

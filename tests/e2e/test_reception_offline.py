"""The reception tablet with the network off: nothing is lost, nothing is counted twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import PHONE, manage
from tests.e2e.reception import Tablet, set_up, visits
from tests.infra.center import RunningCenter

FAMILIES = [
    "佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤",
    "吉田", "山田", "佐々木", "山口", "松本", "井上", "木村", "林", "𠮷﨑", "髙",
]  # fmt: skip


@pytest.mark.always
def test_twenty_cards_scanned_off_line_are_twenty_visits_and_none_double(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, FAMILIES)
    tablet = Tablet(launch(), running, desk)
    tablet.visitor.context.set_offline(True)
    for holder in desk.holders[:10]:
        tablet.read(holder.token)
        tablet.expect_verdict("ok", holder.family)
    tablet.expect_unsent(10)
    expect(tablet.page.locator("[data-link]")).to_contain_text("つながっていません")

    tablet.page.reload()
    expect(tablet.page.locator("body")).to_have_attribute("data-ready", "yes")
    tablet.expect_unsent(10)
    for holder in desk.holders[10:]:
        tablet.read(holder.token.lower())
        tablet.expect_verdict("ok", holder.family)
    tablet.read(desk.holders[0].token)
    tablet.expect_verdict("already_present", desk.holders[0].family)
    tablet.expect_state("saved")
    tablet.expect_unsent(21)
    tablet.visitor.picture("reception-offline")
    assert visits(running, desk) == []

    tablet.visitor.context.set_offline(False)
    tablet.page.get_by_role("button", name="送信").click()
    tablet.expect_unsent(0)
    tablet.expect_state("settled")
    expect(tablet.page.locator("[data-link]")).to_have_text("つながっています")
    assert sorted(visit["family"] for visit in visits(running, desk)) == sorted(FAMILIES)
    tablet.page.reload()
    expect(tablet.page.locator("[data-recent] li")).to_have_count(20)
    expect(tablet.page.locator('[data-recent] li[data-state="settled"]')).to_have_count(20)
    assert len(visits(running, desk)) == 20
    assert tablet.visitor.errors == []


def test_the_queue_goes_out_by_itself_when_the_network_is_back(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, ["大友"])
    tablet = Tablet(launch(), running, desk)
    tablet.visitor.context.set_offline(True)
    tablet.read(desk.holders[0].token)
    tablet.expect_verdict("ok", "大友")
    tablet.expect_state("saved")
    tablet.visitor.context.set_offline(False)
    tablet.expect_state("settled")
    assert len(visits(running, desk)) == 1


def test_a_morning_at_the_desk_on_line(running: RunningCenter, launch: Callable[..., Browser]) -> None:
    """What is missing is asked for and done with a tap, typed codes work, wrong cards stop, people leave."""
    desk = set_up(running, ["千葉", "菅原"], mode="drill", insured=False)
    tablet = Tablet(launch(), running, desk)
    page = tablet.page
    expect(page.get_by_text("これは訓練です")).to_be_visible()
    first, second = desk.holders

    tablet.read(first.token)
    tablet.expect_verdict("insurance_missing", "千葉")
    tablet.expect_state("settled")
    tablet.visitor.picture("reception-arrived")
    page.get_by_role("button", name="説明を受けた").click()
    tablet.expect_verdict("ok_oriented", "千葉")
    page.get_by_role("button", name="保険を確認した").click()
    tablet.expect_verdict("ok_insured", "千葉")
    tablet.expect_state("settled")
    expect(page.get_by_role("button", name="説明を受けた")).to_have_count(0)

    field = page.get_by_label("カードの番号（8文字）")
    field.fill("ABCD-EFG")
    page.get_by_role("button", name="記録", exact=True).click()
    expect(page.get_by_text("番号が合いません")).to_be_visible()
    field.fill(f"{second.short_code[:4]}ー{second.short_code[4:].lower()}")
    page.get_by_role("button", name="記録", exact=True).click()
    tablet.expect_verdict("insurance_missing", "菅原")

    tablet.read(first.token[:-1] + ("0" if first.token[-1] != "0" else "1"))
    tablet.expect_verdict("forged_card")
    tablet.visitor.picture("reception-stop")
    tablet.read(first.token[:80])
    tablet.expect_verdict("unreadable")
    tablet.read(desk.blank)
    tablet.expect_verdict("unbound_card")

    tablet.read(first.token)
    tablet.expect_verdict("already_present", "千葉")
    tablet.visitor.picture("reception-already")
    page.get_by_role("button", name="帰りとして記録").click()
    tablet.expect_verdict("ok_left", "千葉")
    page.get_by_role("button", name="帰り", exact=True).click()
    tablet.read(second.token)
    tablet.expect_verdict("ok_left", "菅原")
    tablet.expect_state("settled")
    tablet.visitor.picture("reception-left")
    assert visits(running, desk) == [
        {"family": "千葉", "left": True, "oriented": True, "insured": True},
        {"family": "菅原", "left": True, "oriented": False, "insured": False},
    ]
    assert tablet.visitor.errors == []


def test_a_revoked_tablet_hands_its_queue_over_and_a_person_takes_it_in(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, ["阿部"])
    tablet = Tablet(launch(), running, desk, PHONE)
    manage(
        running,
        "from django.utils import timezone\nfrom dvc.accounts.models import Device\n"
        "from dvc.accounts.services import revoke_device\nfrom dvc.audit.services import SYSTEM\n"
        "for device in Device.objects.all():\n    revoke_device(device, by=SYSTEM, at=timezone.now())",
    )
    tablet.read(desk.holders[0].token)
    expect(tablet.page.get_by_text("この端末は使用停止です — 記録はセンターに預けました")).to_be_visible()
    tablet.expect_unsent(0)
    tablet.visitor.picture("reception-revoked-phone")
    assert visits(running, desk) == []
    manage(
        running,
        "from django.utils import timezone\nfrom dvc.sync import quarantine\nfrom dvc.audit.services import SYSTEM\n"
        f"from dvc.sync.models import InboxItem\nitem = InboxItem.objects.get(operation={desk.operation}, kind='quarantine')\n"
        "quarantine.take_in(item, by=SYSTEM, at=timezone.now())",
    )
    assert [visit["family"] for visit in visits(running, desk)] == ["阿部"]

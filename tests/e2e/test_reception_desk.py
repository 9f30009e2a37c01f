"""A morning's exceptions at the desk: taking back, people without a card or a registration, with and without network."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PHONE, manage
from tests.e2e.reception import Tablet, set_up, visits
from tests.infra.center import RunningCenter

GROUP = """
from django.utils import timezone
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.volunteers import services
from intake.volunteers.models import Volunteer
from tests import make
center = Operation.objects.get(pk={operation}).center
group = services.register_group(center, name="町内会", by=SYSTEM, at=timezone.now())
people = [make.volunteer(center, f"会員{{number}}") for number in range(4)]
people += Volunteer.objects.filter(center=center, family_name={holder!r})
Volunteer.objects.filter(pk__in=[person.pk for person in people]).update(group=group)
"""


def write_down(page: Page, family: str, kana: str, phone: str) -> None:
    """Fill in the short form as an operator does."""
    page.get_by_label("姓（必須）").fill(family)
    page.get_by_label("せい（ふりがな）").fill(kana)
    page.get_by_label("電話番号（携帯）").fill(phone)
    page.get_by_label("緊急連絡先の電話").fill("022-000-0009")
    page.get_by_label("はい", exact=True).check()
    page.get_by_label("加入証を見た").check()
    page.get_by_label("注意事項を読み上げ、同意をもらった").check()


def test_a_blank_card_a_walk_in_and_taking_back(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, ["鈴木", "菊地"])
    tablet = Tablet(launch(), running, desk)
    page = tablet.page
    suzuki, kikuchi = desk.holders

    # Taken back on the panel, then scanned again.
    tablet.read(suzuki.token)
    tablet.expect_verdict("ok", "鈴木")
    tablet.expect_state("settled")
    expect(page.locator("[data-arrived]")).to_have_text("1")
    page.locator("[data-verdict]").get_by_role("button", name="取り消す").click()
    tablet.expect_verdict("annulled", "鈴木")
    tablet.expect_state("settled")
    expect(page.locator("[data-arrived]")).to_have_text("0")
    expect(page.locator("[data-recent]")).to_contain_text("取り消し済み")
    assert visits(running, desk) == []

    # A blank card: the first-time volunteer gets it at once.
    tablet.read(desk.blank)
    tablet.expect_verdict("unbound_card")
    tablet.visitor.picture("desk-blank-card")
    page.get_by_role("button", name="このカードで受付（はじめての人）").click()
    page.get_by_role("button", name="受付する").click()
    expect(page.get_by_text("姓を入力してください。")).to_be_visible()
    write_down(page, "髙﨑", "たかさき", "090-0000-5678")
    tablet.visitor.picture("desk-walk-in")
    page.get_by_role("button", name="受付する").click()
    tablet.expect_verdict("ok", "髙﨑")
    tablet.expect_state("settled")
    tablet.visitor.picture("desk-walked-in")
    page.wait_for_timeout(4_100)  # the same card again at once is a reader that triggers twice
    tablet.read(desk.blank)
    tablet.expect_verdict("already_present", "髙﨑")

    # Off-line: written down without a card known to the tablet, the same telephone as somebody registered.
    tablet.visitor.context.set_offline(True)
    page.get_by_role("button", name="はじめての人").click()
    write_down(page, "高崎", "たかさき", "09000005678")
    page.get_by_role("button", name="受付する").click()
    tablet.expect_verdict("ok", "高崎")
    page.get_by_role("button", name="説明を受けた").click()
    tablet.expect_verdict("ok_oriented", "高崎")
    page.get_by_role("button", name="カードがない人").click()
    page.get_by_label("ふりがな、または電話番号の下4けた").fill("たかさき")
    page.get_by_role("button", name="探す").click()
    expect(page.get_by_text("名簿を探せません")).to_be_visible()
    page.locator("[data-search-close]").click()
    tablet.read(kikuchi.token[:50])
    tablet.expect_verdict("unreadable")
    tablet.visitor.context.set_offline(False)
    page.get_by_role("button", name="送信").click()
    tablet.expect_unsent(0)

    # On-line again: somebody who left the card at home is found by kana.
    page.get_by_role("button", name="カードがない人").click()
    page.get_by_label("ふりがな、または電話番号の下4けた").fill("5678")
    page.get_by_role("button", name="探す").click()
    expect(page.locator(".t-found__row")).to_have_count(2)
    tablet.visitor.picture("desk-search")
    page.get_by_label("ふりがな、または電話番号の下4けた").fill("菊地")
    page.get_by_role("button", name="探す").click()
    expect(page.locator(".t-found__row")).to_have_count(1)
    page.get_by_role("button", name="この人を受付").click()
    tablet.expect_verdict("ok", "菊地")
    tablet.expect_state("settled")

    expect(page.locator("[data-arrived]")).to_have_text("3")
    assert sorted((v["family"], v["oriented"]) for v in visits(running, desk)) == [
        ("菊地", False),
        ("高崎", True),
        ("髙﨑", False),
    ]
    failed = manage(
        running,
        "import json\nfrom intake.checkin.models import FailedScan\n"
        f"print(json.dumps([[s.code, s.input] for s in FailedScan.objects.filter(operation={desk.operation}).order_by('pk')]))",
    )
    assert failed == [["unreadable", "reader"]]
    expect(page.locator("[data-look]")).to_be_hidden()

    # A group of five by one member's card: one is missing, two more have no name.
    manage(running, GROUP.format(operation=desk.operation, holder=kikuchi.family))
    page.get_by_role("button", name="送信").click()
    page.get_by_role("button", name="到着", exact=False).first.click()
    page.wait_for_timeout(3_000)
    tablet.read(kikuchi.token)
    tablet.expect_verdict("already_present", "菊地")
    page.get_by_role("button", name="団体で受付（町内会 5人）").click()
    page.get_by_label("会員0").uncheck()
    page.get_by_role("button", name="名簿にない人を1人増やす").click()
    page.get_by_role("button", name="名簿にない人を1人増やす").click()
    tablet.visitor.picture("desk-group")
    page.get_by_role("button", name="6人を受付する").click()
    tablet.expect_verdict("group_arrived_but")
    expect(page.locator("[data-verdict]")).to_contain_text("町内会：3人、名簿にない人2人。")
    tablet.visitor.picture("desk-group-arrived")
    assert len(visits(running, desk)) == 6
    assert tablet.visitor.errors == []


def test_the_desk_on_a_phone_and_in_the_largest_letters(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, ["長谷川"])
    tablet = Tablet(launch(), running, desk, PHONE)
    tablet.visitor.context.set_offline(True)
    page = tablet.page
    tablet.read(desk.blank)
    tablet.expect_verdict("recorded")
    tablet.visitor.picture("desk-blank-card-phone")
    page.get_by_role("button", name="このカードで受付（はじめての人）").click()
    write_down(page, "長谷部", "はせべ", "")
    tablet.visitor.picture("desk-walk-in-phone")
    page.get_by_role("button", name="受付する").click()
    tablet.expect_verdict("ok", "長谷部")
    page.wait_for_timeout(4_100)  # the same card again at once is a reader that triggers twice
    tablet.read(desk.blank)
    tablet.expect_verdict("already_present", "長谷部")
    page.evaluate("document.documentElement.dataset.typeSize = 'xlarge'")
    tablet.visitor.picture("desk-walked-in-phone-largest")
    page.set_viewport_size({"width": 1180, "height": 820})
    page.get_by_role("button", name="はじめての人").click()
    tablet.visitor.picture("desk-walk-in-largest")
    assert tablet.visitor.errors == []

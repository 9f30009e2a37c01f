"""A record that waits for a person: both views at the desk, one decision with its reason, and the tablet hears of it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PHONE, Visitor, manage
from tests.e2e.reception import Desk, Tablet, fresh_link, set_up, visits
from tests.infra.center import RunningCenter, until

LOSE = """
from django.utils import timezone
from dvc.audit.services import SYSTEM
from intake.volunteers import cards
from intake.volunteers.models import Card
cards.lose(Card.objects.get(token={token!r}), by=SYSTEM, at=timezone.now())
"""
REGISTER = """
from dvc.operations.models import Operation
from tests import make
center = Operation.objects.get(pk={operation}).center
make.volunteer(center, "田中", "太郎", family_kana="たなか", given_kana="たろう")
make.volunteer(center, "田中", "太朗", family_kana="たなか", given_kana="たろう")
"""


def inbox(running: RunningCenter, launch: Callable[..., Browser], desk: Desk) -> Page:
    """The office's screen, on a telephone."""
    office = Visitor(launch(), running, PHONE)
    office.sign_in(fresh_link(running, desk))
    office.page.goto(f"/o/{desk.operation}/inbox/")
    return office.page


def expect_somebody_must_look(tablet: Tablet) -> None:
    expect(tablet.page.locator("[data-look]")).to_contain_text("確認が必要な記録が1件あります")


def expect_it_was_looked_at(tablet: Tablet, arrived: int) -> None:
    tablet.page.get_by_role("button", name="送信").click()
    expect(tablet.page.locator("[data-look]")).to_be_hidden()
    expect(tablet.page.locator("[data-recent]")).to_contain_text("到着：確かめ済み")
    expect(tablet.page.locator("[data-arrived]")).to_have_text(str(arrived))


def test_a_scan_of_a_card_that_was_ended_meanwhile_is_decided_at_the_desk(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, ["大友"])
    tablet = Tablet(launch(), running, desk)
    tablet.visitor.context.set_offline(True)
    manage(running, LOSE.format(token=desk.holders[0].token))
    tablet.read(desk.holders[0].token)
    tablet.expect_verdict("ok", "大友")
    tablet.visitor.context.set_offline(False)
    tablet.page.get_by_role("button", name="送信").click()
    tablet.expect_state("settled")
    expect_somebody_must_look(tablet)
    expect(tablet.page.locator("[data-arrived]")).to_have_text("1")

    page = inbox(running, launch, desk)
    page.get_by_role("link", name="使えないカードで受付").click()
    views = page.locator("section", has=page.get_by_role("heading", name="届いた記録")).locator(".card")
    expect(views).to_have_count(2)
    expect(views.nth(0)).to_contain_text("カードを使えなくした")
    expect(views.nth(1)).to_contain_text("カードを読み取った")
    expect(views.nth(1)).to_contain_text("端末「")
    expect(page.get_by_role("button", name="本人だった（受付を残す）")).to_be_visible()
    page.get_by_text("本人ではなかった（受付を取り消す）").first.click()
    choice = page.locator("details", has_text="本人ではなかった（受付を取り消す）")
    choice.get_by_label("理由").fill("ほかの人が拾ったカードだった")
    choice.get_by_role("button", name="本人ではなかった（受付を取り消す）").click()
    expect(page.get_by_text("片づけました。")).to_be_visible()
    page.get_by_role("link", name="使えないカードで受付").click()
    expect(page.get_by_text("ほかの人が拾ったカードだった")).to_be_visible()
    expect(page.get_by_text("伊藤 恵").last).to_be_visible()

    expect_it_was_looked_at(tablet, arrived=0)
    assert visits(running, desk) == []
    assert tablet.visitor.errors == []


def test_a_name_typed_off_line_that_nobody_had_is_recorded_for_whom_the_desk_picks(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, ["大友"])
    tablet = Tablet(launch(), running, desk)
    tablet.visitor.context.set_offline(True)
    field = tablet.page.get_by_label("カードの番号（8文字）")
    field.fill("たなか　たろう")
    field.press("Enter")
    tablet.expect_verdict("recorded")
    tablet.visitor.context.set_offline(False)
    tablet.page.get_by_role("button", name="送信").click()
    tablet.expect_verdict("no_such_volunteer")
    expect_somebody_must_look(tablet)
    tablet.visitor.picture("inbox-name-on-tablet")
    tablet.page.reload()
    expect_somebody_must_look(tablet)
    expect(tablet.page.locator("[data-recent]")).to_contain_text("班長が「確かめること」で決めます")

    page = inbox(running, launch, desk)
    manage(running, REGISTER.format(operation=desk.operation))
    page.get_by_role("link", name="「たなか たろう」").click()
    expect(page.get_by_text("入力された名前：たなか たろう")).to_be_visible()
    page.get_by_label("田中 太朗").check()
    page.get_by_label("理由・聞いたこと").first.fill("本人に電話した")
    page.get_by_role("button", name="選んだ人の記録にする").click()
    expect(page.get_by_text("片づけました。")).to_be_visible()
    expect(page.get_by_role("link", name="田中 太朗")).to_be_visible()

    expect_it_was_looked_at(tablet, arrived=1)
    assert [visit["family"] for visit in visits(running, desk)] == ["田中"]
    assert tablet.visitor.errors == []


def test_a_typed_name_is_settled_by_whoever_is_found_for_it_in_the_register(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, ["大友"])
    tablet = Tablet(launch(), running, desk)
    field = tablet.page.get_by_label("カードの番号（8文字）")
    field.fill("おおどもさん")
    field.press("Enter")
    tablet.expect_verdict("no_such_volunteer")
    expect_somebody_must_look(tablet)

    page = inbox(running, launch, desk)
    page.get_by_role("link", name="「おおどもさん」").click()
    page.get_by_label("ほかの人をさがす").fill("大友")
    page.get_by_role("button", name="ほかの人をさがす").click()
    expect(page.get_by_label("大友 花子")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

    tablet.page.get_by_role("button", name="はじめての人").click()
    line = tablet.page.locator("[data-walkin-typed]")
    expect(line).to_contain_text("「おおどもさん」と入力した方の記録にします。")
    tablet.visitor.picture("walk-in-for-a-typed-name")
    line.get_by_role("button", name="別の人です").click()
    expect(line).to_be_hidden()
    tablet.page.get_by_role("button", name="カードがない人").click()
    tablet.page.locator("[data-search-form] input").fill("大友")
    tablet.page.locator("[data-search-form]").get_by_role("button").click()
    tablet.page.get_by_role("button", name="この人を受付").click()
    tablet.expect_verdict("ok", "大友")
    expect(tablet.page.locator("[data-look]")).to_be_hidden()

    def is_settled() -> bool:
        """Once the record is sent and the sweeper has looked; a page that is open says what was."""
        page.goto(f"/o/{desk.operation}/inbox/")
        return page.get_by_text("あとから届いた記録で、自動で片づきました").is_visible()

    until(is_settled)
    assert [visit["family"] for visit in visits(running, desk)] == ["大友"]
    assert tablet.visitor.errors == []

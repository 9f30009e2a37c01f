"""The questions of the day at the reception: asked where the operation asks, on-line and off-line, and nobody waits."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, expect

from tests.e2e.conftest import manage
from tests.e2e.reception import Tablet, set_up
from tests.infra.center import RunningCenter

_ASK = """
import json
from django.utils import timezone
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation, QuestionsStop
from intake.questions import services
operation = Operation.objects.get(pk={operation})
services.set_asked(operation, codes={codes}, stop=QuestionsStop("unanswered"), by=SYSTEM, at=timezone.now())
print(json.dumps(True))
"""
_SAID = """
import json
from intake.questions.models import DayAnswer
rows = DayAnswer.objects.filter(operation={operation}).order_by("volunteer__pk", "pk")
print(json.dumps([[row.volunteer.family_name, row.question, row.answer] for row in rows]))
"""


def test_questions_are_asked_beside_the_scans_also_without_a_network(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, ["阿部", "伊東", "上野"])
    manage(running, _ASK.format(operation=desk.operation, codes=["well", "boots"]))
    tablet = Tablet(launch(), running, desk)
    page, panel = tablet.page, tablet.page.locator("[data-verdict]")
    one, two, three = desk.holders

    tablet.read(one.token)
    tablet.expect_verdict("ok", one.family)
    tablet.expect_state("settled")
    expect(panel.locator(".t-questions__row")).to_have_count(2)
    tablet.visitor.picture("questions-panel")
    panel.get_by_role("button", name="ぜんぶ問題なし").click()
    tablet.expect_verdict("ok_answered", one.family)
    expect(panel.get_by_text("今日の質問：済み")).to_be_visible()

    tablet.visitor.context.set_offline(True)
    tablet.read(two.token)  # not answered: the next card takes the panel
    tablet.expect_verdict("ok", two.family)
    tablet.read(three.token)
    tablet.expect_verdict("ok", three.family)
    panel.get_by_role("button", name="よくない", exact=True).click()
    tablet.expect_verdict("answered_talk", three.family)
    expect(panel.locator(".t-questions__row")).to_have_count(2)  # none moves under the finger
    expect(panel.locator(".t-questions__answer[aria-pressed=true]")).to_have_text("よくない")
    page.get_by_role("button", name="今日の質問がまだの人").click()
    waiting = page.locator("[data-questions-list] li")
    expect(waiting).to_have_count(2)
    waiting.filter(has_text=two.family).get_by_role("button", name="聞く").click()
    tablet.visitor.picture("questions-list")
    waiting.filter(has_text=two.family).get_by_role("button", name="ぜんぶ問題なし").click()
    expect(waiting).to_have_count(1)
    page.get_by_role("button", name="閉じる").click()
    tablet.visitor.context.set_offline(False)
    page.get_by_role("button", name="送信").click()
    tablet.expect_unsent(0)
    said = manage(running, _SAID.format(operation=desk.operation))
    assert said == [
        ["阿部", "well", "yes"], ["阿部", "boots", "yes"],
        ["伊東", "well", "yes"], ["伊東", "boots", "yes"], ["上野", "well", "no"],
    ]  # fmt: skip

    # A name instead of a card: several are called so, one is chosen.
    page.get_by_label("カードの番号（8文字）か、名前").fill("さとう")
    page.get_by_role("button", name="記録", exact=True).click()
    tablet.expect_verdict("ambiguous")
    expect(panel.get_by_role("button", name="この人です")).to_have_count(3)
    tablet.visitor.picture("ambiguous-name")
    panel.locator(".t-alike").filter(has_text=two.family).get_by_role("button", name="この人です").click()
    tablet.expect_verdict("already_present", two.family)

    page.goto(f"/o/{desk.operation}/questions/")
    expect(page.get_by_role("heading", name="班長が話を聞く人")).to_be_visible()
    expect(page.get_by_text("上野 花子")).to_be_visible()
    tablet.visitor.picture("questions-day")
    page.goto(f"/o/{desk.operation}/questions/settings/")
    tablet.visitor.picture("questions-settings")
    assert tablet.visitor.errors == []

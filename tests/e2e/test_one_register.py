"""The mother calls in the morning, the son in the afternoon: one request, both callers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PHONE, TABLET, Visitor, manage
from tests.e2e.reception import set_up
from tests.infra.center import RunningCenter

MOTHER = """
import json
from django.utils import timezone
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.help_requests import services
from intake.help_requests.services import NeedAnswers
from intake.people.services import HouseholdAnswers, PersonAnswers

need = services.receive(
    Operation.objects.get(pk={operation}),
    caller=PersonAnswers("髙橋 キヨ", "たかはし きよ", "022-000-0001"), resident=None,
    household=HouseholdAnswers(address="町前一丁目9999番1号", lat=38.29, lng=141.0),
    answers=NeedAnswers(summary="床下の泥かき"), by=SYSTEM, at=timezone.now(),
)
print(json.dumps(need.pk))
"""
TWIN = """
import json
from django.utils import timezone
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.help_requests import services
from intake.help_requests.services import NeedAnswers
from intake.people.services import HouseholdAnswers, PersonAnswers

need = services.receive(
    Operation.objects.get(pk={operation}),
    caller=PersonAnswers("高橋 恵", "たかはし めぐみ", "080-0000-0055"), resident=PersonAnswers("高橋 キヨ"),
    household=HouseholdAnswers(address="町前1丁目9999-1"), answers=NeedAnswers(method="web", summary="泥を出してほしい"),
    by=SYSTEM, at=timezone.now(),
)
print(json.dumps(need.number))
"""
KEPT = """
import json
from intake.help_requests.models import Need
needs = Need.objects.filter(operation={operation}).order_by("number")
print(json.dumps([[need.number, need.state, [call.person.name for call in need.callers.order_by("id")]] for need in needs]))
"""


def searched(page: Page, operation: int, text: str) -> None:
    page.goto(f"/o/{operation}/register/")
    page.get_by_role("searchbox").fill(text)  # no button: the answers come while somebody types
    expect(page.get_by_role("heading", name="困りごと（依頼）")).to_be_visible()


def test_mother_in_the_morning_son_in_the_afternoon_one_request_both_callers(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, [])
    first = manage(running, MOTHER.format(operation=desk.operation))
    visitor = Visitor(launch(), running, TABLET)
    visitor.sign_in(desk.link)
    page = visitor.page

    page.goto(f"/o/{desk.operation}/needs/new/")
    page.locator("[name=caller_name]").fill("高橋　進")
    page.locator("[name=caller_phone]").fill("09000000077")
    page.locator("[name=address]").fill("多賀城市町前１－９９９９－１")
    page.locator("[name=description]").fill("母の家の床下に泥が入ったままです。")
    known = page.locator("li", has_text="N1")
    expect(known).to_contain_text("同じ家")
    visitor.picture("register-1-likely")
    known.get_by_role("button", name="この困りごとに電話の内容を追加する").click()
    expect(page).to_have_url(re.compile(rf"/needs/{first}/"))
    expect(page.get_by_text("母の家の床下に泥が入ったままです。")).to_be_visible()
    assert manage(running, KEPT.format(operation=desk.operation)) == [[1, "received", ["高橋 進"]]]

    # The daughter-in-law's form came in beside it: the desk says that it is the same.
    second = manage(running, TWIN.format(operation=desk.operation))
    searched(page, desk.operation, "ﾀｶﾊｼ")
    visitor.picture("register-2-search")
    page.get_by_role("link", name=re.compile("似た依頼")).click()
    expect(page.get_by_text("同じ家・同じ名前")).to_be_visible()
    visitor.picture("register-3-lookalikes")
    page.get_by_role("button", name="同じ依頼").click()
    expect(page.get_by_text(f"N{second} を N1 にまとめました")).to_be_visible()
    kept = manage(running, KEPT.format(operation=desk.operation))
    assert [row[1] for row in kept] == ["received", "duplicate"]
    assert kept[0][2][:2] == ["高橋 進", "高橋 恵"], json.dumps(kept, ensure_ascii=False)

    # The old number leads to the one that stands, also on a phone; and so does whoever called.
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    searched(page, desk.operation, f"N{second}")
    expect(page.get_by_text(f"N{second} は、この依頼にまとめてあります")).to_be_visible()
    searched(page, desk.operation, "0077")
    expect(page.get_by_text("電話をくれた方：高橋 進")).to_be_visible()
    visitor.picture("register-4-phone")
    assert visitor.errors == []

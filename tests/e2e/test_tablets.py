"""Two tablets that were off-line with the same person, and a tablet with a queue when the laptop gets a new release."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, expect

from intake.checkin.stays import APART
from tests.e2e.conftest import TABLET, Visitor, manage
from tests.e2e.reception import Tablet, fresh_link, set_up, visits
from tests.infra.center import BASE, RunningCenter, free_port
from tests.infra.release import another_release
from tests.infra.web import serving

TOLD = """
import json
from django.utils import timezone
from dvc.sync.models import InboxItem, Receipt
from intake.checkin.models import Visit
visits = Visit.objects.filter(operation={operation}, annulled_at=None)
print(json.dumps({{
    "visits": [[visit.arrived_at.isoformat(), len(visit.told)] for visit in visits],
    "receipts": Receipt.objects.filter(operation={operation}).count(),
    "inbox": list(InboxItem.objects.filter(operation={operation}).values_list("kind", flat=True)),
}}))
"""


def told(running: RunningCenter, operation: int) -> dict[str, Any]:
    return dict(manage(running, TOLD.format(operation=operation)))


def test_one_person_on_two_tablets_that_were_off_line_is_one_visit_and_a_person_hears_of_it(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    """sync.md §6, first row. The second tablet's clock and stopwatch stand 40 minutes back until it has scanned (less soon
    after midnight)."""
    desk = set_up(running, ["𠮷﨑", "髙橋"])
    same, other = desk.holders
    now = datetime.now(UTC)
    midnight = now.astimezone(ZoneInfo("Asia/Tokyo")).replace(hour=0, minute=0, second=0, microsecond=0)
    back = min(timedelta(minutes=40), now - midnight)  # soon after midnight it would be another day's visit
    earlier = now - back
    late = Tablet(launch(), running, desk)
    early = Tablet(launch(), running, replace(desk, link=fresh_link(running, desk)), at=earlier)
    for tablet in (late, early):
        tablet.visitor.context.set_offline(True)
        tablet.read(same.token)
        # Neither knows of the other: both say that somebody has arrived.
        tablet.expect_verdict("ok", same.family)
        tablet.expect_unsent(1)
    early.read(other.token)
    early.expect_verdict("ok", other.family)
    early.page.clock.fast_forward(int(back.total_seconds() * 1000))

    for tablet in (late, early):
        tablet.visitor.context.set_offline(False)
        tablet.page.get_by_role("button", name="送信").click()
        tablet.expect_unsent(0)
    found = told(running, desk.operation)
    assert sorted(facts for _, facts in found["visits"]) == [1, 2]
    [arrived] = [datetime.fromisoformat(at) for at, facts in found["visits"] if facts == 2]
    assert abs(arrived - earlier) < timedelta(minutes=5)
    assert found["receipts"] == 3
    assert found["inbox"] == (["two_gates"] if back > APART else [])
    for tablet in (late, early):
        tablet.page.get_by_role("button", name="送信").click()
        expect(tablet.page.locator("[data-arrived]")).to_have_text("2")
        tablet.page.wait_for_timeout(4_100)  # the same card within four seconds is one scan
        tablet.read(same.token)
        tablet.expect_verdict("already_present", same.family)
        tablet.expect_state("settled")
    late.visitor.picture("two-tablets-late")
    early.visitor.picture("two-tablets-early")
    assert len(visits(running, desk)) == 2

    chief = Visitor(launch(), running, TABLET)
    chief.sign_in(fresh_link(running, desk))
    chief.page.goto(f"/o/{desk.operation}/inbox/")
    expect(chief.page.get_by_role("link", name="2か所で受付")).to_have_count(1 if back > APART else 0)
    chief.picture("two-tablets-inbox")
    assert late.visitor.errors == early.visitor.errors == chief.errors == []


@contextmanager
def laptop(running: RunningCenter, port: int, release: Path) -> Iterator[None]:
    """The center's web server at that port, with the built front end in `release`/dist."""
    variables = {
        **running.environment(),
        "DJANGO_SETTINGS_MODULE": "tests.infra.release_settings",
        "RELEASE": str(release),
        "PORT": str(port),
    }
    with serving(running.log.with_name("release.log"), port, variables):
        yield


def script(page: Page) -> str:
    """The name of the page's own script."""
    source = page.locator('script[type="module"][src*="/reception-"]').get_attribute("src")
    return str(source).rsplit("/", 1)[-1]


def test_a_new_release_takes_over_when_the_operator_says_so_and_the_queue_goes_out_once(
    running: RunningCenter, launch: Callable[..., Browser], tmp_path: Path
) -> None:
    desk = set_up(running, ["佐藤", "鈴木", "高橋"])
    port = free_port()
    here = replace(running, port=port)
    moved = replace(desk, link=desk.link.replace(running.address, here.address))
    with laptop(running, port, BASE / "frontend"):
        tablet = Tablet(launch(), here, moved)
        page, context = tablet.page, tablet.visitor.context
        before = script(page)
        for holder in desk.holders[:2]:
            context.set_offline(True)
            tablet.read(holder.token)
            tablet.expect_verdict("ok", holder.family)
        # Opened without a network: the old release, from what the tablet kept, with its queue.
        page.reload()
        tablet.expect_unsent(2)
        assert script(page) == before
    with laptop(running, port, another_release(tmp_path / "release")):
        page.get_by_role("button", name="はじめての人").click()
        context.set_offline(False)
        notice = page.locator("[data-update]")
        expect(notice).to_be_visible()
        tablet.visitor.picture("update-notice")
        # The page of before sends what it holds; nothing was pulled away from under the form that is open.
        tablet.expect_unsent(0)
        assert script(page) == before
        change = page.get_by_role("button", name="新しい画面にする")
        change.click()
        expect(notice).to_contain_text("書きかけの画面があります")
        page.get_by_role("button", name="やめる").first.click()
        context.set_offline(True)
        tablet.read(desk.holders[2].token)
        tablet.expect_verdict("ok", desk.holders[2].family)
        change.click()
        expect(notice).to_contain_text("つながっていません")
        tablet.expect_unsent(1)
        context.set_offline(False)
        page.get_by_role("button", name="帰り").click()
        change.click()
        expect(page.locator(f'script[src$="{before}"]')).to_have_count(0)
        expect(page.get_by_role("button", name="帰り を記録中")).to_be_visible()
        expect(page.locator("body")).to_have_attribute("data-ready", "yes")
        assert re.match(r"reception-.+\.js", script(page))
        tablet.expect_unsent(0)
        expect(notice).to_be_hidden()
        # And the new one opens without a network, as the old one did.
        expect(page.locator("body")).to_have_attribute("data-offline", "ready")
        context.set_offline(True)
        page.reload()
        expect(page.locator("body")).to_have_attribute("data-ready", "yes")
        assert script(page) != before
    found = told(running, desk.operation)
    assert [facts for _, facts in found["visits"]] == [1, 1, 1]
    assert found["receipts"] == 3
    assert tablet.visitor.errors == []

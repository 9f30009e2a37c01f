"""A new tablet at the center: paired by QR, worked by two operators with badges, looked after from the leader's desk."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PHONE, TABLET, Visitor, manage
from tests.e2e.reception import Desk, read, set_up
from tests.infra.center import RunningCenter

FAMILIES = ["佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "𠮷﨑", "髙", "加藤"]
PINS = {"A": "4071", "B": "907318"}

_STAFF = """
import json
from django.utils import timezone
from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.operators import services
from tests import make

center = Operation.objects.get(pk={operation}).center
made = []
for name, pin in (("佐久間 A子", "{A}"), ("髙﨑 B男", "{B}")):
    user = make.user(center, Role.RECEPTION, name=name)
    user.sign_in_name = f"{{user.sign_in_name}}-{operation}"
    user.save()
    [badge] = services.issue(center, [user], by=SYSTEM, at=timezone.now())
    services.set_pin(badge, pin, by=SYSTEM, at=timezone.now())
    made.append([user.pk, badge.pk, badge.token])
print(json.dumps(made))
"""


@dataclass(frozen=True)
class Operator:
    user: int
    badge: int
    token: str


def staff(running: RunningCenter, desk: Desk) -> list[Operator]:
    return [Operator(*one) for one in manage(running, _STAFF.format(operation=desk.operation, **PINS))]


def sign_in(page: Page, operator: Operator, pin: str) -> None:
    read(page, operator.token)
    expect(page.locator("[data-operator-pin-step]")).to_be_visible()
    for digit in pin:
        page.locator(f'[data-digit="{digit}"]').click()
    page.get_by_role("button", name="決定").click()


def pair(running: RunningCenter, browser: Browser, desk: Desk) -> tuple[Visitor, Visitor]:
    """The leader's desk and a new tablet, paired through the screens; pictures on the way."""
    chief = Visitor(browser, running, TABLET)
    chief.sign_in(desk.link)
    page = chief.page
    page.goto(f"/o/{desk.operation}/settings/devices/")
    page.get_by_role("link", name="端末を追加").first.click()
    page.get_by_label("端末の名前").fill("受付1番")
    chief.picture("device-add")
    page.get_by_role("button", name="登録番号を出す").click()
    code = page.locator(".pairing__code").inner_text()
    chief.picture("device-code")

    tablet = Visitor(browser, running, TABLET)
    tablet.page.goto(f"/pair/#{code}")
    number = tablet.page.locator("[data-pair-number]")
    expect(number).to_have_text(re.compile(r"^\d{4}$"))
    tablet.picture("pair-asking")
    expect(page.locator(".pairing__number")).to_have_text(number.inner_text())
    chief.picture("device-asking")
    page.get_by_role("button", name="番号が同じなので、許可する").click()
    expect(page.get_by_text("「受付1番」を登録しました")).to_be_visible()
    tablet.page.get_by_role("link", name="使いはじめる").click()
    expect(tablet.page.locator("body")).to_have_attribute("data-ready", "yes")
    expect(tablet.page.locator("body")).to_have_attribute("data-offline", "ready")
    return chief, tablet


def test_two_operators_share_a_tablet_that_was_paired_this_morning(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, FAMILIES)
    first, second = staff(running, desk)
    chief, tablet = pair(running, launch(), desk)
    page = tablet.page
    expect(page.get_by_text("職員証を読み取ってください", exact=True)).to_be_visible()
    tablet.picture("operator-badge")
    read(page, desk.holders[0].token)
    expect(page.locator("[data-unsent-count]")).to_have_text("0")

    sign_in(page, first, PINS["A"])
    expect(page.get_by_text("担当 佐久間 A子 さん")).to_be_visible()
    tablet.context.set_offline(True)
    for holder in desk.holders[:10]:
        read(page, holder.token)
        expect(page.locator("[data-verdict] .t-verdict__name")).to_contain_text(holder.family)
    expect(page.locator("[data-unsent-count]")).to_have_text("10")

    read(page, second.token)
    expect(page.get_by_text("髙﨑 B男 さん", exact=True)).to_be_visible()
    tablet.picture("operator-pin")
    for _ in range(5):
        page.locator("#operator-pin").fill("1357")
        page.get_by_role("button", name="決定").click()
        expect(page.locator("[data-operator-say]")).not_to_contain_text("確かめています")
    expect(page.get_by_text("続けて間違えたため")).to_be_visible()
    tablet.picture("operator-wrong")
    page.evaluate("localStorage.removeItem('operator-tries')")  # a minute later
    sign_in(page, second, PINS["B"])
    expect(page.get_by_text("担当 髙﨑 B男 さん")).to_be_visible()
    read(page, desk.holders[10].token)
    expect(page.locator("[data-unsent-count]")).to_have_text("11")
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    expect(page.get_by_text("担当 髙﨑 B男 さん")).to_be_visible()
    expect(page.locator("[data-unsent-count]")).to_have_text("11")

    tablet.context.set_offline(False)
    page.get_by_role("button", name="送信").click()
    expect(page.locator("[data-unsent-count]")).to_have_text("0")
    tablet.picture("operator-second")
    actors = manage(
        running,
        "import json\nfrom dvc.sync.models import Receipt\n"
        f"rows = Receipt.objects.filter(operation={desk.operation}).order_by('seq')\n"
        "print(json.dumps([row.actor_id for row in rows]))",
    )
    assert actors == [first.user] * 10 + [second.user]

    manage(
        running,
        "from django.utils import timezone\nfrom dvc.audit.services import SYSTEM\n"
        "from intake.operators import services\nfrom intake.operators.models import Badge\n"
        f"services.end(Badge.objects.get(pk={second.badge}), reason='lost', by=SYSTEM, at=timezone.now())",
    )
    page.get_by_role("button", name="送信").click()
    expect(page.get_by_text("職員証が使えなくなったため")).to_be_visible()
    tablet.picture("operator-ended")
    sign_in(page, second, PINS["B"])
    expect(page.get_by_text("この職員証は使えなくなっています")).to_be_visible()
    sign_in(page, first, PINS["A"])
    expect(page.get_by_text("担当 佐久間 A子 さん")).to_be_visible()
    page.get_by_role("button", name="担当をかえる").click()
    expect(page.locator("[data-operator-name]")).to_have_text("担当 佐久間 A子 さん（離席中）")

    desk_page = chief.page
    # The tablet's own word comes a few seconds after it was opened.
    for _ in range(60):
        desk_page.goto(f"/o/{desk.operation}/settings/devices/")
        if desk_page.get_by_text("まだ分かりません").count() == 0:
            break
        desk_page.wait_for_timeout(1000)
    expect(desk_page.locator(".fleet__facts")).to_contain_text(re.compile(r"未送信\s*0件"))
    chief.picture("fleet")
    desk_page.get_by_role("link", name="入っているものを見る").click()
    expect(desk_page.get_by_text("11人")).to_be_visible()
    expect(desk_page.get_by_role("cell", name="佐久間 A子")).to_be_visible()
    chief.picture("device-held")
    for name, path in (("badges", "badges/"), ("badge-sheet", "badges/sheet/")):
        desk_page.goto(f"/o/{desk.operation}/settings/{path}")
        chief.picture(name)
    for visitor, name, path in (
        (chief, "fleet-phone", f"/o/{desk.operation}/settings/devices/"), (tablet, "pair-phone", "/pair/"),
        (tablet, "operator-phone", f"/o/{desk.operation}/tablet/"),
    ):  # fmt: skip
        visitor.page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
        visitor.page.goto(path)
        visitor.page.wait_for_timeout(500)
        visitor.picture(name)
    assert chief.errors == []
    assert tablet.errors == []


_DEVICE = """
import json
from django.utils import timezone
from dvc.accounts.models import DeviceProfile
from dvc.accounts.services import register_device
from dvc.operations.models import Operation
from tests import make

center = Operation.objects.get(pk={operation}).center
by = make.by(center.memberships.select_related("user").first().user)
device, secret = register_device(center, name="失くす端末", profile=DeviceProfile.RECEPTION, by=by, at=timezone.now())
print(json.dumps([str(device.pk), secret]))
"""
_REVOKE = """
import json, time
from django.utils import timezone
from dvc.accounts.models import Device
from dvc.accounts.services import revoke_device
from dvc.audit.services import SYSTEM

revoke_device(Device.objects.get(pk="{device}"), by=SYSTEM, at=timezone.now())
print(json.dumps(time.time()))
"""


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120  # ends what never comes
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_revoked_tablet_reads_nothing_a_second_later_whatever_is_in_flight(running: RunningCenter) -> None:
    desk = set_up(running, ["佐藤"])
    device, secret = manage(running, _DEVICE.format(operation=desk.operation))
    stop = threading.Event()
    asked: list[tuple[float, int]] = []  # when the request was sent, what came back

    def keep_reading(what: str) -> None:
        address = urlsplit(running.address)
        line = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
        with closing(line):
            while not stop.is_set():
                sent = time.time()
                line.request(
                    "GET",
                    f"/api/v1/sync/{what}?operation={desk.operation}",
                    headers={"Authorization": f"Device {device}.{secret}"},
                )
                answer = line.getresponse()
                answer.read()
                asked.append((sent, answer.status))

    readers = [threading.Thread(target=keep_reading, args=(what,)) for what in ("snapshot", "operators") * 5]
    for reader in readers:
        reader.start()
    try:
        wait_until(lambda: len(asked) >= 50)
        revoked_at = manage(running, _REVOKE.format(device=device))
        wait_until(lambda: sum(sent > revoked_at + 1 for sent, _status in asked) >= 200)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    after = [status for sent, status in asked if sent > revoked_at + 1]
    assert {status for _sent, status in asked[:50]} == {200}
    assert len(after) >= 200
    assert set(after) == {403}

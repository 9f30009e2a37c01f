"""A survey tablet in other hands: the next surveyor signs in by camera, and one that was reported lost hands over all it holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.dvc.photos.pictures import jpeg
from tests.e2e.camera import film
from tests.e2e.conftest import PHONE, TABLET, Visitor, manage
from tests.e2e.test_reception_camera import symbol
from tests.infra.center import RunningCenter

PIN = "4071"
_SET_UP = """
import json
from datetime import time
from django.urls import reverse
from django.utils import timezone
from dvc.accounts.roles import Role
from dvc.accounts.services import issue_sign_in_link
from dvc.audit.services import SYSTEM
from intake.operators import services as operators
from intake.survey import services
from intake.survey.services import RoundAnswers, Window
from tests import make
from tests.intake.survey.scene import waiting
now = timezone.now()
operation = make.operation()
def person(name, role=Role.SURVEY):
    user = make.user(operation.center, role, name=name)
    user.sign_in_name = f"{user.sign_in_name}-{operation.pk}"
    user.save()
    return user
first, second, chief = person("佐々木 健"), person("千葉 由美"), person("鈴木 長", Role.CHIEF)
[badge] = operators.issue(operation.center, [second], by=SYSTEM, at=now)
operators.set_pin(badge, "4071", by=SYSTEM, at=now)
visits = []
for user in (first, second):
    answers = RoundAnswers(user, None, "民生委員", "軽ワゴン", time(0))
    round_ = services.make_round(operation, answers, day=timezone.localdate(now), by=SYSTEM, at=now)
    visits.append([services.book(waiting(operation), round_, Window(time(0), time(23, 59)), by=SYSTEM, at=now).pk for _ in range(2)])
link = lambda user: reverse("sign_in_by_link", args=[issue_sign_in_link(user, at=now)])
print(json.dumps({"operation": operation.pk, "visits": visits, "badge": badge.token, "link": link(first), "chief": link(chief)}))
"""
_REVOKE = """
from django.utils import timezone
from dvc.accounts.models import Device
from dvc.accounts.services import revoke_device
from dvc.audit.services import SYSTEM
revoke_device(Device.objects.get(center__operations={operation}, profile="survey"), by=SYSTEM, at=timezone.now())
"""
_FOUND = """
import json
from dvc.photos.models import Photo
from dvc.sync.models import QuarantinedOp
from intake.survey.models import Survey
print(json.dumps({{
    "surveys": Survey.objects.filter(operation={operation}).count(),
    "waiting": QuarantinedOp.objects.filter(operation={operation}, state="waiting").count(),
    "photos": Photo.objects.filter(operation={operation}).count(),
}}))
"""


def registered(running: RunningCenter, browser: Browser, made: dict[str, Any]) -> Visitor:
    visitor = Visitor(browser, running, TABLET)
    visitor.sign_in(running.address + made["link"])
    page = visitor.page
    page.goto(f"/o/{made['operation']}/survey/tablet/")
    page.get_by_role("button", name="この端末を現地調査用に登録する").click()
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    expect(page.locator("body")).to_have_attribute("data-offline", "ready")
    return visitor


def fill(page: Page, pk: int, *names: str) -> None:
    """Open the house's sheet, and put in that one may go in, and photos."""
    page.locator(f'[data-visits] [data-appointment="{pk}"]').get_by_role("button").click()
    expect(page.locator("[data-sheet]")).to_be_visible()
    page.get_by_label("入ってよい", exact=True).check()
    for colour in names:
        content = jpeg(900, 700, colour=colour)
        page.locator("[data-choose]").set_input_files(
            {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": content}
        )
    expect(page.locator("[data-photos] > li")).to_have_count(len(names))


def test_the_next_surveyor_signs_in_by_holding_the_badge_before_the_camera(
    running: RunningCenter, launch: Callable[..., Browser], tmp_path: Path
) -> None:
    made: dict[str, Any] = manage(running, _SET_UP)
    visitor = registered(running, launch(film(symbol(made["badge"]), tmp_path / "badge.mjpeg")), made)
    page = visitor.page
    mine, theirs = ([str(pk) for pk in pks] for pks in made["visits"])
    rows = page.locator("[data-visits] > li")
    expect(rows).to_have_count(2)
    assert [row.get_attribute("data-appointment") for row in rows.all()] == mine
    expect(page.locator("[data-eye]")).to_be_hidden()

    page.get_by_role("button", name="担当をかえる").click()
    expect(page.locator("[data-day]")).to_be_hidden()  # no name of a house while somebody signs in
    visitor.picture("survey-badge")
    page.get_by_role("button", name="カメラ").click()
    expect(page.locator("[data-operator-pin-step]")).to_be_visible()
    expect(page.locator("[data-eye]")).to_have_attribute("data-camera", "off")  # it has done its work
    expect(page.get_by_text("千葉 由美 さん", exact=True)).to_be_visible()
    for digit in PIN:
        page.locator(f'[data-digit="{digit}"]').click()
    page.get_by_role("button", name="決定").click()
    expect(page.get_by_text("担当 千葉 由美 さん")).to_be_visible()
    expect(rows.first).to_have_attribute("data-appointment", theirs[0])
    assert [row.get_attribute("data-appointment") for row in rows.all()] == theirs
    assert visitor.errors == []


def test_a_tablet_that_was_reported_lost_hands_over_records_photos_and_what_was_being_written(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    made: dict[str, Any] = manage(running, _SET_UP)
    browser = launch()
    visitor = registered(running, browser, made)
    page = visitor.page
    first, second = made["visits"][0]
    visitor.context.set_offline(True)
    fill(page, first, "tan", "navy")
    page.get_by_role("button", name="調査を終える").click()
    expect(page.locator("[data-sheet]")).to_be_hidden()
    fill(page, second, "olive")
    page.get_by_role("button", name="一覧に戻る").click()
    expect(page.locator("[data-unsent-photos]")).to_have_text("写真 2枚")

    manage(running, _REVOKE.format(operation=made["operation"]))
    visitor.context.set_offline(False)
    page.get_by_role("button", name="送信").click()
    expect(page.locator("[data-unsent-photos]")).to_be_empty()
    expect(page.locator("[data-blocked-title]")).to_have_text("この端末は使用停止です")
    left = page.locator("[data-left]")
    expect(left).to_have_text(
        "書きかけの調査票が1件あります。下の一覧の「続きを書く」から「調査を終える」を押すと、センターに預けられます。"
    )
    visitor.picture("survey-stopped")
    found = manage(running, _FOUND.format(operation=made["operation"]))
    assert found == {"surveys": 0, "waiting": 1, "photos": 2}

    page.locator(f'[data-visits] [data-appointment="{second}"]').get_by_role(
        "button", name="続きを書く"
    ).click()
    page.get_by_role("button", name="調査を終える").click()
    expect(page.locator("[data-sheet]")).to_be_hidden()
    expect(left).to_have_text(
        "記録も写真も、ぜんぶセンターに預けました。この端末を、班長かセンター長に渡してください。"
    )
    found = manage(running, _FOUND.format(operation=made["operation"]))
    assert found == {"surveys": 0, "waiting": 2, "photos": 3}
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    visitor.picture("survey-stopped-phone")
    assert visitor.errors == []

    chief = Visitor(browser, running, TABLET)
    chief.sign_in(running.address + made["chief"])
    chief.page.goto(f"/o/{made['operation']}/inbox/")
    chief.page.get_by_role("link", name="使用停止").first.click()
    expect(chief.page.get_by_text("写真2枚", exact=True)).to_be_visible()
    chief.picture("survey-stopped-inbox")
    chief.page.get_by_role("button", name="この記録を取り込む").click()
    expect(chief.page).to_have_url(chief.page.url.split("/inbox/")[0] + "/inbox/")
    found = manage(running, _FOUND.format(operation=made["operation"]))
    assert found == {"surveys": 2, "waiting": 0, "photos": 3}
    assert chief.errors == []

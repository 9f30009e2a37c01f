"""A survey where there is no network: two photos and a signature stay on the tablet, and arrive once there is one again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, FilePayload, expect

from tests.dvc.photos.pictures import jpeg
from tests.e2e.conftest import TABLET, Visitor, manage
from tests.infra.center import RunningCenter

_SET_UP = """
import json
from datetime import time
from django.urls import reverse
from django.utils import timezone
from dvc.accounts.roles import Role
from dvc.accounts.services import issue_sign_in_link
from dvc.audit.services import SYSTEM
from intake.survey import services
from intake.survey.services import RoundAnswers, Window
from tests import make
from tests.intake.survey.scene import waiting
now = timezone.now()
operation = make.operation()
person = make.user(operation.center, Role.SURVEY, name="佐々木 健")
other = make.user(operation.center, Role.SURVEY, name="千葉 由美")
round_ = services.make_round(operation, RoundAnswers(person, other, "", "軽ワゴン", time(0)), day=timezone.localdate(now), by=SYSTEM, at=now)
visits = [services.book(waiting(operation), round_, Window(time(0), time(23, 59)), by=SYSTEM, at=now) for _ in range(2)]
print(json.dumps({"operation": operation.pk, "visits": [v.pk for v in visits],
                  "link": reverse("sign_in_by_link", args=[issue_sign_in_link(person, at=now)])}))
"""
_FOUND = """
import json
from dvc.photos.models import Photo
from intake.survey.models import Appointment, Survey
surveys = Survey.objects.filter(operation={operation})
print(json.dumps({{
    "surveys": [[s.counts, s.answers.get("rooms"), len(s.photos), len(s.signature), s.need.state] for s in surveys],
    "photos": [[p.width, p.height, p.path().exists()] for p in Photo.objects.filter(operation={operation})],
    "visits": sorted(Appointment.objects.filter(operation={operation}).values_list("state", flat=True)),
}}))
"""


def _file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def test_a_survey_without_a_network_arrives_whole_when_there_is_one(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    made: dict[str, Any] = manage(running, _SET_UP)
    visitor = Visitor(launch(), running, TABLET)
    page = visitor.page
    visitor.sign_in(running.address + made["link"])
    page.goto(f"/o/{made['operation']}/survey/tablet/")
    page.get_by_role("button", name="この端末を現地調査用に登録する").click()
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    expect(page.locator("body")).to_have_attribute("data-offline", "ready")
    expect(page.locator("[data-visits] > li")).to_have_count(2)

    visitor.context.set_offline(True)
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    first, second = (page.locator(f'[data-appointment="{pk}"]') for pk in made["visits"])
    first.get_by_role("button", name="開く").click()
    expect(page.get_by_role("link", name="電話 022-000-0001")).to_be_visible()
    page.get_by_label("入ってよい", exact=True).check()
    page.get_by_label("釘・ガラス").check()
    page.get_by_label("作業する部屋の数").fill("3")
    page.get_by_role("button", name="調査を終える").click()
    expect(page.locator("[data-sheet-say]")).to_be_empty()
    expect(page.locator("[data-sheet]")).to_be_hidden()  # until then the first house's sheet is on the screen
    visitor.picture("survey-offline-list")

    # The second house: the page is closed in the middle, and goes on as it was.
    second.get_by_role("button", name="開く").click()
    page.get_by_label("入ってよい", exact=True).check()
    page.get_by_label("何をするか").first.select_option("mud_removal")
    page.get_by_label("何人で").first.fill("6")
    photos = page.locator("[data-choose]")
    photos.set_input_files(
        [
            _file("a.jpg", jpeg(2400, 1800, colour="tan")),
            _file("b.jpg", jpeg(1200, 900)),
        ]
    )
    expect(page.locator("[data-photos] > li")).to_have_count(2)
    photos.set_input_files([_file("c.jpg", b"no photo")])
    expect(page.get_by_text("写真として読めませんでした")).to_be_visible()
    field = page.locator("[data-sign]")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 90, steps=5)
    page.mouse.up()
    expect(page.locator("[data-sheet-saved]")).to_have_text(re.compile("この端末に保存しました"))
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    second.get_by_role("button", name="続きを書く").click()
    expect(page.get_by_label("何人で").first).to_have_value("6")
    expect(page.locator("[data-photos] > li")).to_have_count(2)
    page.get_by_role("button", name="調査を終える").click()
    expect(page.locator("[data-sheet-say]")).to_contain_text("そう見立てた理由")
    page.get_by_label("そう見立てた理由").first.fill("泥が厚い")
    visitor.picture("survey-offline-sheet")
    page.get_by_role("button", name="調査を終える").click()
    expect(page.locator("[data-unsent-count]")).to_have_text("2")
    expect(page.locator("[data-unsent-photos]")).to_have_text("写真 2枚")
    assert manage(running, _FOUND.format(operation=made["operation"]))["surveys"] == []

    visitor.context.set_offline(False)
    page.get_by_role("button", name="送信").click()
    expect(page.locator("[data-unsent-count]")).to_have_text("0")
    expect(page.locator("[data-unsent-photos]")).to_be_empty()
    expect(page.locator('[data-written] [data-state="settled"]')).to_have_count(2)
    found = manage(running, _FOUND.format(operation=made["operation"]))
    assert sorted(found["surveys"], key=str) == sorted(
        [[True, 3, 0, 0, "surveyed"], [True, None, 2, 1, "surveyed"]], key=str
    )
    assert sorted(found["photos"]) == [[1200, 900, True], [1600, 1200, True]]
    assert found["visits"] == ["done", "done"]
    assert visitor.errors == []

"""Work orders as a browser prints them, in every size of type, one and all of a morning: no page more than are counted."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PHONE, PICTURES, TABLET, Visitor, manage
from tests.e2e.reception import fresh_link, set_up
from tests.infra.center import RunningCenter

_TEAMS = """
import json
from datetime import time
from django.utils import timezone
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Operation
from intake.maps import services as maps
from intake.maps.models import NoteKind
from intake.people.models import Household, Precision, Town
from matching.dispatch import services
from matching.safety import services as safety
from tests import make
from tests.matching.dispatch import scene

operation = Operation.objects.get(pk={operation})
now = timezone.now()
operations.edit_operation(operation, auto_match=False, work_end=time(23, 59), by=SYSTEM, at=now)
for name, lat, lng in (("町前一丁目", 38.2965, 141.0065), ("八幡三丁目", 38.291, 141.012), ("桜木一丁目", 38.285, 141.015)):
    Town.objects.get_or_create(center=operation.center, name=name, koaza="", defaults={{"lat": lat, "lng": lng}})
maps.add_note(operation, kind=NoteKind.CLOSED_ROAD, text="八幡橋は落ちている。北の橋を通る", lat=38.2918, lng=141.008, by=SYSTEM, at=now)
maps.add_note(operation, kind=NoteKind.EVACUATION, text="桜木の高台", lat=38.286, lng=141.0125, by=SYSTEM, at=now)
river = [[38.2915, 141.006], [38.2925, 141.014], [38.2880, 141.0160], [38.287, 141.007]]
safety.add_zone(operation, name="砂押川ぞい", points=river, by=SYSTEM, at=now)
made = []
for number in range(3):
    crew = [scene.present(operation, make.volunteer(operation.center, name, "一郎"), at=now) for name in ("髙﨑", "𠮷田")]
    need = make.need(operation, lat=38.2902 + number / 300, lng=141.0128, detail="床下、6畳2間", tools={{"shovel": 3}})
    need.hazards = ["nails"]
    need.save()
    made.append(services.assign(scene.team(operation, *crew, at=now), need, by=SYSTEM, at=now).pk)
    if number == 1:  # no place, no map: one page
        Household.objects.filter(pk=need.household_id).update(lat=None, lng=None, precision=Precision.NONE)
print(json.dumps(made))
"""


def printed(page: Page, name: str) -> int:
    """How many pages the browser prints; for people to look at: test-results/NAME.pdf."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    pdf = page.pdf(path=PICTURES / f"{name}.pdf", prefer_css_page_size=True)
    return max(int(count) for count in re.findall(rb"/Count (\d+)", pdf))


def test_orders_print_their_pages_in_every_size_of_type(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, [])
    made = manage(running, _TEAMS.format(operation=desk.operation))
    base, browser = f"/o/{desk.operation}/dispatch", launch()
    tablet, phone = Visitor(browser, running, TABLET), Visitor(browser, running, PHONE)
    tablet.sign_in(desk.link)
    phone.sign_in(fresh_link(running, desk))
    page = tablet.page
    for size in ("standard", "large", "xlarge"):
        tablet.context.add_cookies([{"name": "type_size", "value": size, "url": running.address}])
        page.goto(f"{base}/{made[0]}/order/")
        expect(page.locator(".drawn-map")).to_be_visible()
        assert printed(page, f"order-{size}") == 2
        tablet.picture(f"order-screen-{size}")
    tablet.context.add_cookies([{"name": "type_size", "value": "standard", "url": running.address}])

    page.goto(f"{base}/")
    page.get_by_role("link", name="依頼書をまとめて印刷").click()
    expect(page.get_by_text("3班分（片面なら紙 5枚）")).to_be_visible()
    assert printed(page, "orders") == 5
    # On both sides the second order, of one page, has a back of its own.
    page.get_by_label("紙の両面に印刷する").check()
    assert printed(page, "orders-both-sides") == 6
    page.get_by_label("紙の両面に印刷する").uncheck()
    tablet.picture("orders-tablet")
    phone.page.goto(f"{base}/orders/")
    expect(phone.page.get_by_text("3班分（片面なら紙 5枚）")).to_be_visible()
    phone.picture("orders-phone")
    with page.expect_response("**/orders/count/"):
        page.get_by_role("button", name="この画面を印刷する").click()
    page.reload()
    expect(page.get_by_text("印刷していない依頼書はありません。")).to_be_visible()
    page.get_by_role("link", name="出発前の全部").click()
    expect(page.get_by_text("前に2枚 印刷しました")).to_have_count(2)
    expect(page.get_by_text("前に1枚 印刷しました")).to_have_count(1)
    assert tablet.errors == phone.errors == []

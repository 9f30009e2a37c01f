"""A leader's own phone in a valley: the page opens again in airplane mode, SOS and the answer to a recall wait for a signal and
arrive with the time they were told, also from a phone whose clock is years off; the address ends when it has to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PHONE, TABLET, Visitor, manage
from tests.e2e.reception import Desk, set_up
from tests.infra.center import RunningCenter

_OUT = """
import json
from datetime import time, timedelta
from django.utils import timezone
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Operation
from intake.maps import services as maps
from intake.maps.models import NoteKind
from matching.dispatch import services, tokens
from tests import make
from tests.matching.dispatch import scene

operation = Operation.objects.get(pk={operation})
now = timezone.now()
operations.edit_operation(operation, auto_match=False, work_end=time(23, 59), by=SYSTEM, at=now)
maps.add_note(operation, kind=NoteKind.EVACUATION, text="桜木の高台", lat=38.286, lng=141.0125, by=SYSTEM, at=now)
crew = [scene.present(operation, make.volunteer(operation.center, name, "一郎"), at=now) for name in ("髙﨑", "𠮷田")]
need = make.need(operation, detail="仏間の床下", category="mud_removal")
need.hazards = ["nails"]
need.save()
dispatch = services.assign(scene.team(operation, *crew, at=now), need, by=SYSTEM, at=now)
print(json.dumps({{"dispatch": dispatch.pk, "leader": tokens.leader_token(dispatch.token_nonce), "house": need.household.address}}))
"""
_DEPART = """
import json
from datetime import timedelta
from django.utils import timezone
from dvc.audit.services import SYSTEM
from matching.dispatch import services
from matching.dispatch.models import Dispatch
from tests.matching.dispatch import scene
services.depart(
    Dispatch.objects.get(pk={dispatch}), checks=scene.ALL, by=SYSTEM, at=timezone.now(),
    due_back_at=timezone.now() + timedelta(hours=2),
)
print(json.dumps(True))
"""
_TOLD = """
import json
from matching.field.models import FieldNote
print(json.dumps([[n.said, n.text, n.minutes_late, n.told_at.year == n.received_at.year] for n in FieldNote.objects.filter(dispatch={dispatch})]))
"""
_RECALL = """
import json
from django.utils import timezone
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from matching.safety import services
from matching.safety.models import RecallReason
services.start_recall(
    Operation.objects.get(pk={operation}), reason=RecallReason.TSUNAMI, place="桜木の高台", by=SYSTEM, at=timezone.now()
)
print(json.dumps(True))
"""
_HEARD = """
import json
from matching.safety.models import RecallAnswer
print(json.dumps(list(RecallAnswer.objects.filter(recall__operation={operation}).values_list("how", flat=True))))
"""
_LONG_BACK = """
import json
from datetime import timedelta
from django.utils import timezone
from dvc.audit.services import SYSTEM
from matching.dispatch import services
from matching.dispatch.models import Dispatch
services.come_back(Dispatch.objects.get(pk={dispatch}), by=SYSTEM, at=timezone.now())
Dispatch.objects.filter(pk={dispatch}).update(returned_at=timezone.now() - timedelta(hours=2, minutes=1))
print(json.dumps(True))
"""
# All that lies on the phone: whoever finds it reads this.
_ON_THE_PHONE = """async () => {
  let all = "";
  for (const name of await caches.keys()) {
    if (!name.startsWith("leader-pages")) continue;
    const room = await caches.open(name);
    for (const request of await room.keys()) all += request.url + await (await room.match(request)).text();
  }
  for (const { name } of await indexedDB.databases()) all += name;
  return all + JSON.stringify(localStorage);
}"""
# As if the phone had been in the pocket for three hours.
_LATER = """async () => {
  const room = await caches.open("leader-pages");
  for (const request of await room.keys()) {
    const kept = await (await room.match(request)).json();
    await room.put(request, new Response(JSON.stringify({ ...kept, keptAt: kept.keptAt - 5 * 3600_000 })));
  }
}"""
GONE = "行き先は、この電話から消えました。"


@pytest.fixture
def desk(running: RunningCenter) -> Desk:
    return set_up(running, [])


def opened(page: Page, made: dict[str, Any]) -> None:
    page.goto(f"/l/{made['leader']}/")
    expect(page.locator("html")).to_have_attribute("data-kept", "yes")


def test_the_page_opens_again_in_airplane_mode_and_a_call_for_help_arrives_when_there_is_a_signal(
    running: RunningCenter, launch: Callable[..., Browser], desk: Desk
) -> None:
    made = manage(running, _OUT.format(operation=desk.operation))
    leader = Visitor(launch(), running, PHONE)
    phone = leader.page
    # Scanned at the desk, before the team has left: the page is there when the team leaves, nobody has to load it again.
    opened(phone, made)
    expect(phone.get_by_text("まだ出発前です。")).to_be_visible()
    manage(running, _DEPART.format(dispatch=made["dispatch"]))
    expect(phone.get_by_text(made["house"])).to_be_visible()
    expect(phone.locator("html")).to_have_attribute("data-kept", "yes")
    expect(phone.get_by_text("電波がないときも、この画面を開き直せます。")).to_be_visible()
    leader.picture("leader-out")

    leader.context.set_offline(True)
    phone.reload()
    expect(phone.get_by_text("に取っておいた画面です。")).to_be_visible()
    for words in (made["house"], "仏間の床下", "釘・ガラス", "桜木の高台", "センターに電話"):
        expect(phone.get_by_text(words).first).to_be_visible()
    leader.picture("leader-kept")
    phone.get_by_text("けが人がいる・危険なとき").click()
    phone.get_by_label("何がありましたか").fill("足を切った")
    phone.get_by_role("button", name="センターに助けを求める").click()
    expect(phone.get_by_text("まだ送れていません（1件）")).to_be_visible()
    phone.get_by_role("link", name="報告する").click()
    expect(phone.get_by_role("heading", name="おつかれさまでした")).to_be_visible()
    phone.go_back()
    phone.reload()
    expect(phone.get_by_text("まだ送れていません（1件）")).to_be_visible()
    leader.picture("leader-kept-sos")
    assert manage(running, _TOLD.format(dispatch=made["dispatch"])) == []

    leader.context.set_offline(False)
    expect(phone.locator("[data-unsent]")).to_have_count(0)
    expect(phone.get_by_text("足を切った")).to_be_visible()
    assert manage(running, _TOLD.format(dispatch=made["dispatch"])) == [["sos", "足を切った", 0, True]]

    # Everybody is called back, and the answer has no signal.
    manage(running, _RECALL.format(operation=desk.operation))
    expect(phone.locator(".leader-recall")).to_contain_text("すぐ逃げてください")
    leader.context.set_offline(True)
    phone.get_by_role("button", name="読みました。全員無事です").click()
    expect(phone.get_by_text("呼び戻しに「全員無事です」")).to_be_visible()
    leader.picture("leader-recall-unsent")
    leader.context.set_offline(False)
    expect(phone.get_by_text("「全員無事」と、センターに伝わっています。")).to_be_visible()
    assert manage(running, _HEARD.format(operation=desk.operation)) == ["page"]
    assert leader.errors == []


def test_whose_house_it_is_lies_sealed_on_the_phone_and_ends_with_its_time_or_with_the_sheet(
    running: RunningCenter, launch: Callable[..., Browser], desk: Desk
) -> None:
    made = manage(running, _OUT.format(operation=desk.operation))
    manage(running, _DEPART.format(dispatch=made["dispatch"]))
    leader = Visitor(launch(), running, PHONE)
    phone = leader.page
    opened(phone, made)
    lies = phone.evaluate(_ON_THE_PHONE)
    assert "センターに電話" in lies
    for words in (made["house"], "高橋", "仏間", "0220000001", made["leader"][:12] + '"'):
        assert words not in lies, words

    leader.context.set_offline(True)
    phone.evaluate(_LATER)
    phone.reload()
    expect(phone.get_by_text(GONE)).to_be_visible()
    expect(phone.get_by_text(made["house"])).to_have_count(0)
    expect(phone.get_by_role("button", name="着きました")).to_be_visible()
    leader.picture("leader-address-gone")
    assert '"sealed":{' not in phone.evaluate(_ON_THE_PHONE)

    leader.context.set_offline(False)
    phone.reload()
    expect(phone.get_by_text(made["house"])).to_be_visible()
    manage(running, _LONG_BACK.format(dispatch=made["dispatch"]))
    phone.wait_for_function(
        "caches.open('leader-pages').then((room) => room.keys()).then((all) => all.length === 0)"
    )
    phone.reload()
    expect(phone.get_by_text("センターに戻ったので終わりました")).to_be_visible()
    assert leader.errors == []


def test_a_phone_whose_clock_is_years_off_and_put_right_meanwhile_loses_nothing(
    running: RunningCenter, launch: Callable[..., Browser], desk: Desk
) -> None:
    made = manage(running, _OUT.format(operation=desk.operation))
    manage(running, _DEPART.format(dispatch=made["dispatch"]))
    leader = Visitor(launch(), running, PHONE)
    phone = leader.page
    phone.clock.set_system_time("2019-01-01T00:00:00")
    opened(phone, made)
    leader.context.set_offline(True)
    phone.get_by_text("けが・体調不良・ヒヤリとした").click()
    phone.get_by_label("だれが、どうしましたか").fill("熱中症ぎみ")
    phone.get_by_role("button", name="けが・体調不良を伝える").click()
    expect(phone.get_by_text("まだ送れていません（1件）")).to_be_visible()
    # The signal brings the right time with it: seven years later in a moment.
    phone.clock.set_system_time(datetime.now(tz=UTC))
    leader.context.set_offline(False)
    expect(phone.locator("[data-unsent]")).to_have_count(0)
    said, text, late, same_year = manage(running, _TOLD.format(dispatch=made["dispatch"]))[0]
    assert (said, text, same_year) == ("injury", "熱中症ぎみ", True)
    assert late <= 2
    assert leader.errors == []


def test_a_leader_reads_the_page_in_large_type_on_phone_and_tablet(
    running: RunningCenter, launch: Callable[..., Browser], desk: Desk
) -> None:
    made = manage(running, _OUT.format(operation=desk.operation))
    manage(running, _DEPART.format(dispatch=made["dispatch"]))
    for name, size in (("phone", PHONE), ("tablet", TABLET)):
        visitor = Visitor(launch(), running, size)
        for type_size in ("standard", "xlarge"):
            visitor.context.add_cookies([{"name": "type_size", "value": type_size, "url": running.address}])
            visitor.page.goto(f"/l/{made['leader']}/")
            expect(visitor.page.get_by_text(made["house"])).to_be_visible()
            visitor.picture(f"leader-{name}-{type_size}")
            wide = visitor.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide <= 0, f"{name} {type_size} is {wide} pixels too wide"
            small = visitor.page.evaluate(
                """[...document.querySelectorAll("main button, main a.button, main summary")].filter((one) => one.offsetParent)
                .filter((one) => one.getBoundingClientRect().height < 44).map((one) => one.textContent.trim())"""
            )
            assert small == []

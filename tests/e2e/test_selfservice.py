"""Without an operator: the kiosk with a fake camera, a volunteer's own phone, the rotating codes."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.camera import film
from tests.e2e.conftest import PHONE, PICTURES, TABLET, WALL, Visitor, manage
from tests.e2e.reception import Desk, read, set_up, visits
from tests.e2e.test_reception_camera import symbol
from tests.infra.center import RunningCenter


def paired_kiosk(browser: Browser, running: RunningCenter, desk: Desk) -> Visitor:
    """A browser that was paired by code as a kiosk; nobody signs in on it."""
    code = manage(
        running,
        "import json\nfrom django.utils import timezone\nfrom dvc.accounts.models import DeviceProfile, User\n"
        "from dvc.audit.services import By\nfrom dvc.devices import pairing\nfrom dvc.operations.models import Operation\n"
        f"operation = Operation.objects.get(pk={desk.operation})\n"
        f"by = By(user=User.objects.get(sign_in_name='reception{desk.operation}'))\n"
        "made = pairing.invite(operation, name='入口の端末', profile=DeviceProfile.KIOSK, by=by, at=timezone.now())\n"
        "print(json.dumps(pairing.code_of(made)))",
    )
    visitor = Visitor(browser, running, TABLET)
    visitor.page.goto(f"/pair/#{code}")
    expect(visitor.page.locator("[data-pair-number]")).to_have_text(re.compile(r"^\d{4}$"))
    manage(
        running,
        "from django.utils import timezone\nfrom dvc.accounts.models import User\nfrom dvc.audit.services import By\n"
        "from dvc.devices import pairing\nfrom dvc.devices.models import Pairing\n"
        f"by = By(user=User.objects.get(sign_in_name='reception{desk.operation}'))\n"
        "pairing.approve(Pairing.objects.get(state='asking'), by=by, at=timezone.now())",
    )
    visitor.page.get_by_role("link", name="使いはじめる").click()
    expect(visitor.page.locator("body")).to_have_attribute("data-ready", "yes")
    expect(visitor.page.locator("body")).to_have_attribute("data-offline", "ready")
    return visitor


def test_the_kiosk_receives_by_itself_on_line_and_off(
    running: RunningCenter, launch: Callable[..., Browser], tmp_path: Path
) -> None:
    desk = set_up(running, ["佐藤", "髙﨑", "鈴木"], mode="drill")
    kiosk = paired_kiosk(launch(film(symbol(desk.holders[0].token), tmp_path / "card.mjpeg")), running, desk)
    page = kiosk.page
    panel = page.locator("[data-kiosk-panel]")
    expect(panel).to_have_attribute("data-code", "ok")
    expect(panel).to_contain_text("受付しました")
    expect(panel).to_contain_text("佐藤 花… さん")
    kiosk.picture("kiosk-done")
    expect(panel).to_have_attribute("data-tone", "idle")
    kiosk.picture("kiosk-idle")
    expect(page.locator("body")).to_have_attribute("data-unsent", "0")

    kiosk.context.set_offline(True)
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    expect(panel).to_contain_text("もう受付が済んでいます")
    page.get_by_role("button", name="English").click()
    read(page, desk.holders[1].token)
    expect(panel).to_contain_text("You are checked in")
    expect(panel).to_contain_text("髙﨑 花…")
    kiosk.picture("kiosk-offline-english")
    page.get_by_text("サーバーにつながらないとき").click()
    with page.expect_download() as file:
        page.get_by_role("button", name="記録をファイルに書き出す").click()
    assert json.loads(file.value.path().read_text())["format"] == "dvc-queue-1", "a stranger could read it"
    kiosk.picture("kiosk-file")
    page.get_by_role("button", name="やさしい日本語").click()
    read(page, desk.blank)
    expect(panel).to_have_attribute("data-tone", "warn")
    expect(panel).to_contain_text("うけつけの ひとに いって ください")
    kiosk.picture("kiosk-trouble")
    assert "花子" not in page.content()
    assert [visit["family"] for visit in visits(running, desk)] == ["佐藤"]

    kiosk.context.set_offline(False)
    expect(page.locator("body")).to_have_attribute("data-unsent", "0")
    assert "花子" not in page.content()
    rows = manage(
        running,
        "import json\nfrom dvc.sync.models import Receipt\n"
        f"rows = Receipt.objects.filter(operation={desk.operation}).order_by('seq')\n"
        "print(json.dumps([[r.device.profile, r.actor_id, r.mode, r.result['code']] for r in rows]))",
    )
    # The camera may see a card before the first answer of the server: its mode is then off-line.
    assert (rows[0][:2], rows[0][3]) == (["kiosk", None], "ok")
    assert {row[2] for row in rows[1:]} == {"offline"}
    assert [row[3] for row in rows].count("ok") == 2
    assert "unbound_card" in [row[3] for row in rows]
    assert kiosk.errors == []

    # Whoever walks up to it finds nobody signed in.
    page.goto(f"/o/{desk.operation}/volunteers/")
    expect(page).to_have_url(re.compile("/sign-in/"))
    kiosk.sign_in(desk.link)
    page.goto(f"/o/{desk.operation}/kiosk/")
    expect(page.get_by_role("heading", name="職員がサインインしたまま")).to_be_visible()


def scanned(code: Locator) -> str:
    """What a phone's camera reads from the screen: the path of the address."""
    [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(code.screenshot())))
    address = urlsplit(found.text)
    return address.path


def test_from_the_poster_to_the_end_of_the_briefing_with_ones_own_phone(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, ["伊藤", "小野寺"], insured=False)
    browser = launch()
    staff = Visitor(browser, running, WALL)
    staff.sign_in(desk.link)
    staff.page.goto(f"/o/{desk.operation}/self/")
    staff.picture("self-staff")
    staff.page.get_by_role("link", name="QRを画面に出す").click()
    staff.picture("self-screen")
    phone = Visitor(browser, running, PHONE)
    page = phone.page
    page.goto(scanned(staff.page.locator("svg.qr")))
    expect(page).to_have_url(re.compile(rf"/a/{desk.operation}/$"))
    phone.picture("phone-check-in")
    page.get_by_label("カードの番号（8文字）").fill("ab3d-7k2m")
    page.get_by_label("名字のひらがな").fill("さとう")
    page.get_by_role("button", name="受付する").click()
    expect(page.get_by_text("受付できませんでした")).to_be_visible()
    phone.picture("phone-wrong")
    page.get_by_label("カードの番号（8文字）").fill(desk.holders[0].short_code.lower())
    page.get_by_label("名字のひらがな").fill("サトウ")
    page.get_by_role("button", name="受付する").click()
    expect(page.get_by_text("伊藤 花…")).to_be_visible()
    phone.picture("phone-done")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_text("Please attend the briefing.")).to_be_visible()
    phone.picture("phone-done-english")

    staff.page.goto(f"/o/{desk.operation}/orientation/")
    staff.page.get_by_label("場所").fill("2階の会議室")
    staff.page.get_by_role("button", name="この回を開く").click()
    expect(staff.page.get_by_text("必ず", exact=True)).to_have_count(4)
    for must in staff.page.get_by_text("必ず", exact=True).all():
        must.click()
    staff.picture("orientation-page")
    staff.page.get_by_role("button", name="印を保存する").click()
    expect(staff.page.get_by_text("話したことに印をつけました")).to_be_visible()
    staff.page.get_by_role("link", name="QRを画面に出す", exact=True).click()
    staff.picture("orientation-screen")
    code = scanned(staff.page.locator("svg.qr"))
    page.goto(code)
    expect(page.get_by_role("heading", name="Briefing attended")).to_be_visible()
    page.get_by_role("link", name="日本語", exact=True).click()
    phone.picture("phone-heard")
    page.locator("button[name=mine]").click()
    expect(page.get_by_text("説明を受けた印をつけました")).to_be_visible()
    expect(staff.page.locator(".wall-code__count b")).to_have_text("1")
    assert visits(running, desk) == [{"family": "伊藤", "left": False, "oriented": True, "insured": False}]

    # The photograph for a friend: a code of a minute ago, and the same code once the session is over.
    session = int(code.split("/")[2])
    old = manage(
        running,
        "import json\nfrom datetime import timedelta\nfrom django.utils import timezone\n"
        "from intake.orientation import codes\nfrom intake.orientation.models import OrientationSession\n"
        f"session = OrientationSession.objects.get(pk={session})\n"
        "print(json.dumps(codes.code(session, at=timezone.now() - timedelta(seconds=61))))",
    )
    friend = Visitor(browser, running, PHONE)
    friend.page.goto(f"/b/{session}/{old}/")
    expect(friend.page.get_by_text("このQRは古くなりました")).to_be_visible()
    friend.picture("phone-old-code")
    manage(
        running,
        "from django.utils import timezone\nfrom dvc.audit.services import SYSTEM\nfrom intake.orientation import services\n"
        f"from intake.orientation.models import OrientationSession\nservices.end(OrientationSession.objects.get(pk={session}), by=SYSTEM, at=timezone.now())",
    )
    friend.page.goto(code)
    expect(friend.page.get_by_text("このQRは古くなりました")).to_be_visible()
    expect(staff.page.get_by_text("この回の説明は終わりました")).to_be_visible()
    assert staff.errors == phone.errors == friend.errors == []


def test_a_morning_on_paper_is_typed_without_the_mouse_and_a_missing_sheet_is_explained(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, ["阿部", "𠮷﨑", "髙"], mode="drill")
    staff = Visitor(launch(), running, TABLET)
    staff.sign_in(desk.link)
    page = staff.page
    page.goto(f"/o/{desk.operation}/paper/")
    page.get_by_label("枚数").fill("2")
    page.get_by_role("button", name="番号を付けて印刷する").click()
    expect(page.get_by_text("No. 1 から No. 2 まで")).to_be_visible()
    printed(page, "paper-roster")
    page.goto(f"/o/{desk.operation}/paper/")
    page.get_by_label("受付票（1枚に1人。A4に2枚）").check()
    page.get_by_label("枚数").fill("2")
    page.get_by_role("button", name="番号を付けて印刷する").click()
    expect(page.get_by_text("No. 3 から No. 4 まで")).to_be_visible()
    printed(page, "paper-form")
    page.goto(f"/o/{desk.operation}/paper/")
    page.get_by_role("button", name="登録している人").click()
    expect(page.get_by_text("【訓練】登録している人")).to_be_visible()
    printed(page, "paper-list")
    page.goto(f"/o/{desk.operation}/paper/")
    staff.picture("paper-home")

    page.get_by_label("紙にした時刻").fill("00:00")
    page.get_by_label("紙をやめた時刻（まだ紙なら空のまま）").fill("00:01")
    page.get_by_role("textbox", name="理由 必須").fill("停電")
    page.get_by_role("button", name="記録して、入力に進む").click()
    page.get_by_label("用紙の右上の番号").fill("1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No. 1")).to_be_visible()
    first, second = desk.holders[0], desk.holders[1]
    lines = page.locator("[data-key-row]")
    for text in (first.short_code, "000", "001", second.short_code.lower(), "0:00", "", "さとう", "000"):
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    expect(lines.nth(0)).to_contain_text("✓ 阿部 花子　0:00～0:01")
    expect(lines.nth(1)).to_contain_text("✓ 𠮷﨑 花子　0:00")
    page.keyboard.press("Enter")
    expect(lines.nth(2)).to_contain_text("同じ読みの人がいます")
    lines.nth(2).get_by_role("button", name="髙 花子").click()
    expect(lines.nth(2)).to_contain_text("✓ 髙 花子")
    staff.context.set_offline(True)
    lines.nth(3).get_by_label("だれ").fill("たなか")
    lines.nth(3).get_by_label("到着の時刻").fill("000")
    lines.nth(4).get_by_label("だれ").focus()
    expect(lines.nth(3)).to_contain_text("まだ保存できていません")
    staff.context.set_offline(False)
    lines.nth(3).get_by_label("帰りの時刻").press("Enter")
    expect(lines.nth(3)).to_contain_text("登録が見つかりません")
    staff.picture("paper-sheet")
    page.reload()
    expect(lines.nth(3).get_by_label("だれ")).to_have_value("たなか")
    expect(page.get_by_text("まだはっきりしない行が1行")).to_be_visible()
    page.get_by_role("button", name="この紙はこれで全部").click()
    missing = page.locator(".list__row", has_text="No. 2")
    missing.get_by_placeholder("なくした理由").fill("風で飛んだ")
    staff.picture("paper-missing")
    missing.get_by_role("button", name="なくした").click()
    expect(missing).to_have_count(0)
    unused = page.get_by_role("button", name="使わなかった")
    for left in (1, 0):
        unused.first.click()
        expect(unused).to_have_count(left)
    expect(page.get_by_text("番号は全部そろっています")).to_be_visible()
    page.goto(f"/o/{desk.operation}/board/")
    expect(page.get_by_text("紙で受付しました（停電）")).to_be_visible()
    assert [(visit["family"], visit["left"]) for visit in visits(running, desk)] == [
        ("阿部", True), ("𠮷﨑", False), ("髙", False),
    ]  # fmt: skip
    assert staff.errors == []


def printed(page: Page, name: str) -> None:
    """What comes out of the printer: test-results/NAME.pdf, one page for each sheet of paper."""
    pages = page.locator("section.sheet").count()
    pdf = page.pdf(prefer_css_page_size=True, path=PICTURES / f"{name}.pdf")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == pages

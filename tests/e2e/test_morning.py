"""One whole morning through real parts: Chromium, gunicorn, the Celery workers, the broker, the database.

register → print → the printed card before the camera → checked in → a need by phone → the queue proposes → accepted on
a tablet → the team leaves → the leader reports by phone → the need is closed → the board and the log say so.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e.camera import film
from tests.e2e.conftest import CENTER, PHONE, TABLET, WALL, Visitor, manage
from tests.infra.center import RunningCenter, center

LEADER = ("髙﨑", "𠮷乃", "たかさき", "よしの", "090-0000-0001")
OTHERS = (
    ("佐藤", "花子", "さとう", "はなこ", "090-0000-0002"),
    ("NGUYEN", "VAN AN", "", "", "090-0000-0003"),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCenter]:
    """The morning begins at the first page of an installation where nothing is set up."""
    with center(tmp_path_factory.mktemp("morning"), **CENTER) as started:
        yield started


@pytest.fixture
def desk(running: RunningCenter, launch: Callable[..., Browser]) -> Visitor:
    """The chief at a tablet-sized screen, signed in by the link the center printed."""
    visitor = Visitor(launch(), running, TABLET)
    visitor.sign_in(running.sign_in_link())
    return visitor


def save(page: Page) -> None:
    page.locator("button.button--main:visible").last.click()


def field(page: Page, name: str, value: str) -> None:
    page.locator(f"[name='{name}']").first.fill(value)


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f"[name='{name}'][value='{value}']").check()


def set_up_center(desk: Visitor) -> int:
    """First page → center → a disaster; returns the operation. Its clock is put at nine in the morning."""
    page = desk.page
    page.goto("/")
    page.get_by_text("センターを準備する").first.click()
    for name, value in {
        "name": "多賀城市災害ボランティアセンター", "city": "多賀城市", "phone": "022-000-0000", "site_name": "総合体育館",
        "display_name": "伊藤 センター長",
    }.items():  # fmt: skip
        field(page, name, value)
    desk.picture("morning-01-set-up")
    save(page)
    page.wait_for_url(re.compile(r"/o/\d+/"))
    page.goto(re.sub(r"(/o/\d+/).*", r"\1operations/new/", page.url))
    choose(page, "mode", "disaster")
    field(page, "name", "7月豪雨")
    save(page)
    page.wait_for_url(re.compile(r"/o/\d+/(?!operations/)"))
    operation = int(
        manage(
            desk.running,
            "from datetime import timedelta\nfrom django.utils import timezone\n"
            "from dvc.operations.models import Operation\nnow = timezone.now()\n"
            "nine = timezone.localtime(now).replace(hour=9, minute=0)\n"
            "one = Operation.objects.filter(mode='disaster').latest('id')\n"
            "Operation.objects.filter(pk=one.pk).update(clock_reading=nine, clock_set_at=now)\nprint(one.pk)",
        )
    )
    page.goto(f"/o/{operation}/")
    desk.picture("morning-02-home")
    return operation


def register(
    desk: Visitor, operation: int, person: tuple[str, str, str, str, str], card: str, experience: int
) -> int:
    """At the desk, with a card from the box; returns the volunteer's id."""
    page = desk.page
    page.goto(f"/o/{operation}/volunteers/new/")
    names = ("family_name", "given_name", "family_kana", "given_kana", "phone")
    for name, value in zip(names, person, strict=True):
        field(page, name, value)
    field(page, "emergency_name", "家族")
    field(page, "emergency_phone", "022-000-0009")
    choose(page, "experience", str(experience))
    choose(page, "insurance", "seen")
    field(page, "card", card)
    page.locator("[name='consented']").check()
    save(page)
    page.wait_for_url(re.compile(r"/volunteers/\d+/$"))
    found = re.search(r"/volunteers/(\d+)/$", page.url)
    assert found
    return int(found[1])


def printed(visitor: Visitor, path: str, folder: Path, name: str, *, counted: bool = False) -> Image.Image:
    """A PDF of ours as it comes out of a printer at 200 dpi: its first page. A counted sheet is asked for by POST."""
    cookies = {one.get("name", ""): one.get("value", "") for one in visitor.context.cookies()}
    headers = {"X-CSRFToken": cookies.get("csrftoken", ""), "Referer": visitor.running.address}
    ask = visitor.context.request.post if counted else visitor.context.request.get
    answer = ask(path, headers=headers)
    assert answer.ok, answer.status
    pdf = folder / f"{name}.pdf"
    pdf.write_bytes(answer.body())
    subprocess.run(
        ["pdftoppm", "-r", "200", "-png", "-f", "1", "-l", "1", "-singlefile", pdf, folder / name], check=True
    )
    return Image.open(folder / f"{name}.png").convert("RGB")


def blank_codes(desk: Visitor, operation: int) -> list[str]:
    """Make one sheet of blank cards and read the codes printed on it."""
    page = desk.page
    page.goto(f"/o/{operation}/volunteers/cards/")
    field(page, "sheets", "1")
    save(page)
    page.wait_for_url(re.compile(r"/cards/\d+/"))
    desk.picture("morning-03-card-sheet")
    return re.findall(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b", page.inner_text("main"))


@pytest.mark.always
def test_the_morning_works_end_to_end(
    running: RunningCenter, desk: Visitor, launch: Callable[..., Browser], tmp_path: Path
) -> None:
    operation = set_up_center(desk)
    codes = blank_codes(desk, operation)
    assert len(set(codes)) == 10
    leader = register(desk, operation, LEADER, codes[0], experience=3)
    desk.picture("morning-04-volunteer")
    for person, code in zip(OTHERS, codes[1:], strict=False):
        register(desk, operation, person, code, experience=1)

    reception = check_in_by_camera(desk, operation, leader, launch, tmp_path)
    check_in_by_code(reception, codes[1:3])
    need = take_the_call(desk, operation)
    dispatch = accept_the_proposal(desk, operation, need)
    send_off(desk, operation, dispatch)
    report_by_phone(desk, operation, dispatch, launch, tmp_path)
    everybody_sees_it(desk, operation, need)
    assert desk.errors == []


def check_in_by_camera(
    desk: Visitor, operation: int, leader: int, launch: Callable[..., Browser], folder: Path
) -> Visitor:
    """The leader's printed card is held before the tablet's camera."""
    sheet = printed(desk, f"/o/{operation}/volunteers/{leader}/card/card.pdf", folder, "card")
    [symbol] = zxingcpp.read_barcodes(sheet)
    corners = symbol.position
    margin = 40
    card = sheet.crop(
        (corners.top_left.x - margin, corners.top_left.y - margin, corners.bottom_right.x + margin, corners.bottom_right.y + margin)
    )  # fmt: skip
    reception = Visitor(launch(film(card, folder / "card.mjpeg")), desk.running, TABLET)
    link = manage(
        desk.running,
        "import json\nfrom django.utils import timezone\nfrom dvc.accounts.services import ensure_first_user, issue_sign_in_link\n"
        "now = timezone.now()\nprint(json.dumps(issue_sign_in_link(ensure_first_user(at=now), at=now)))",
    )
    reception.sign_in(f"/sign-in/{link}/")
    reception.page.goto(f"/o/{operation}/tablet/")
    reception.page.get_by_role("button", name="この端末を受付用に登録する").click()
    expect(reception.page.locator("body")).to_have_attribute("data-ready", "yes")
    reception.page.get_by_role("button", name="カメラ").click()
    verdict = reception.page.locator("[data-verdict]")
    expect(verdict).to_have_attribute("data-code", "ok")
    expect(verdict).to_have_attribute("data-state", "settled")
    expect(verdict).to_contain_text("髙﨑 𠮷乃")
    reception.picture("morning-05-scanned")
    reception.page.get_by_role("button", name="説明を受けた").click()
    expect(reception.page.locator("[data-unsent-count]")).to_have_text("0")
    reception.page.get_by_role("button", name="カメラ").click()
    return reception


def check_in_by_code(reception: Visitor, codes: list[str]) -> None:
    """Two more, whose cards are torn: the eight letters are typed."""
    page = reception.page
    for code in codes:
        page.get_by_label("カードの番号（8文字）").fill(code.lower())
        page.get_by_role("button", name="記録", exact=True).click()
        expect(page.locator("[data-verdict]")).to_have_attribute("data-code", "ok")
        expect(page.locator("[data-verdict]")).to_have_attribute("data-state", "settled")
        page.get_by_role("button", name="説明を受けた").click()
        expect(page.locator("[data-unsent-count]")).to_have_text("0")


def take_the_call(desk: Visitor, operation: int) -> int:
    """A need by phone; returns its id. It is ready for matching at once: phone only, with the reason."""
    page = desk.page
    page.goto(f"/o/{operation}/needs/new/")
    for name, value in {
        "caller_name": "山﨑 キヨ", "caller_kana": "やまざき きよ", "caller_phone": "022-000-0101",
        "address": "町前一丁目99-1", "lat": "38.2950", "lng": "141.0050", "description": "床下に泥が入っています。夫婦二人で動かせません。",
        "summary": "床下の泥かき", "w1-people_min": "2", "w1-people_ideal": "3", "w1-people_max": "5", "w1-minutes": "90",
    }.items():  # fmt: skip
        target = page.locator(f"[name='{name}']").first
        if not target.is_visible():
            page.locator("details", has=target).first.locator("summary").first.click()
        target.fill(value)
    page.locator("[name='w1-category']").select_option("mud_removal")
    choose(page, "judgement", "phone")
    field(page, "judgement_reason", "電話で量がわかったため")
    desk.picture("morning-06-call")
    save(page)
    page.wait_for_url(re.compile(r"/needs/\d+/"))
    desk.picture("morning-07-need")
    expect(page.locator("main")).to_contain_text("マッチング待ち")
    found = re.search(r"/needs/(\d+)/", page.url)
    assert found
    return int(found[1])


def accept_the_proposal(desk: Visitor, operation: int, need: int) -> int:
    """The real queue proposes within seconds; the coordinator takes it. Returns the dispatch."""
    page = desk.page
    page.goto(f"/o/{operation}/matching/")
    accept = page.get_by_role("button", name="決定").first
    expect(accept).to_be_visible()
    desk.picture("morning-08-proposal")
    expect(page.locator("article", has=accept).first).to_contain_text("髙﨑 𠮷乃")
    accept.click()
    expect(page.get_by_text("送り出しへ").first).to_be_visible()
    desk.picture("morning-09-accepted")
    return int(
        manage(
            desk.running,
            f"from matching.dispatch.models import Dispatch\nprint(Dispatch.objects.live().get(need={need}).pk)",
        )
    )


def send_off(desk: Visitor, operation: int, dispatch: int) -> None:
    """Not without the five checks; then the team leaves."""
    page = desk.page
    page.goto(f"/o/{operation}/dispatch/{dispatch}/depart/")
    save(page)
    expect(page.locator("main [role=alert]:not([hidden])").first).to_be_visible()
    assert _state(desk, dispatch) == "accepted"
    for box in page.locator("[name='checks']").all():
        box.check()
    desk.picture("morning-10-depart")
    save(page)
    page.wait_for_url(re.compile(r"/dispatch/(\d+/)?(\?.*)?$"))
    assert _state(desk, dispatch) == "departed"
    desk.picture("morning-11-departed")


def _state(desk: Visitor, dispatch: int) -> str:
    return str(
        manage(
            desk.running,
            f"import json\nfrom matching.dispatch.models import Dispatch\nprint(json.dumps(Dispatch.objects.get(pk={dispatch}).state))",
        )
    )


def report_by_phone(
    desk: Visitor, operation: int, dispatch: int, launch: Callable[..., Browser], folder: Path
) -> None:
    """The leader points a phone at the printed order's QR; no account, no app."""
    order = printed(desk, f"/o/{operation}/dispatch/{dispatch}/order/pdf/", folder, "order", counted=True)
    texts = [code.text for code in zxingcpp.read_barcodes(order)]
    [leaders_page] = [text for text in texts if "/l/" in text]
    assert any("/g/" in text for text in texts)
    assert any("38.295" in text for text in texts), "the map's QR"
    phone = Visitor(launch(), desk.running, PHONE, has_touch=True, is_mobile=True)
    page = phone.page
    page.goto(re.sub(r"^https?://[^/]+", "", leaders_page))
    expect(page.locator("main")).to_contain_text("山﨑 キヨ")
    phone.picture("morning-12-leader")
    page.get_by_role("button", name="着きました").tap()
    expect(page.get_by_role("link", name="報告する")).to_be_visible()
    page.get_by_role("link", name="報告する").tap()
    page.locator("[name='outcome'][value='completed']").check()
    field(page, "people", "3")
    field(page, "text", "床下の泥をすべて出しました。")
    phone.picture("morning-13-report")
    page.get_by_role("button", name="報告を送る").tap()
    expect(page.locator("main")).to_contain_text("報告済み")
    phone.picture("morning-14-reported")
    assert phone.errors == []
    genuine = next(text for text in texts if "/g/" in text)
    page.goto(re.sub(r"^https?://[^/]+", "", genuine))
    expect(page.locator("main")).to_contain_text("本物")
    assert "山﨑" not in page.content()
    phone.picture("morning-15-genuine")


def everybody_sees_it(desk: Visitor, operation: int, need: int) -> None:
    """The need is closed, the team comes back, and board, wall and log say so."""
    page = desk.page
    page.goto(f"/o/{operation}/needs/{need}/")
    expect(page.locator("main")).to_contain_text("完了")
    page.goto(f"/o/{operation}/board/")
    expect(page.locator("main")).to_contain_text("完了")
    desk.picture("morning-16-board")
    page.set_viewport_size({"width": WALL["width"], "height": WALL["height"]})
    page.goto(f"/o/{operation}/board/wall/")
    expect(page.locator("body")).to_contain_text("今日おわった")
    assert "山﨑" not in page.content()
    desk.picture("morning-17-wall")
    page.set_viewport_size({"width": TABLET["width"], "height": TABLET["height"]})
    page.goto(f"/o/{operation}/board/log/")
    desk.picture("morning-18-log")
    told = manage(
        desk.running,
        "import json\nfrom dvc.audit.models import Entry\n"
        f"print(json.dumps(sorted(set(Entry.objects.filter(operation={operation}).values_list('action', flat=True)))))",
    )
    for action in ("visit.arrived", "need.received", "dispatch.departed", "need.moved"):
        assert action in told

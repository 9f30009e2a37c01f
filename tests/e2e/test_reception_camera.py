"""The reception tablet's camera: a card held before the lens, and no camera at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import qrcode
from PIL import Image
from playwright.sync_api import Browser, expect
from qrcode.constants import ERROR_CORRECT_M

from tests.bench.decode_images import Shot, printed
from tests.e2e.camera import film, queue_film
from tests.e2e.conftest import PHONE
from tests.e2e.reception import Tablet, set_up, visits
from tests.infra.center import RunningCenter
from tests.infra.scale import count

# In a row before the camera: a short queue in `make test`, the fifty of a morning with FULL=1.
QUEUE = count(8, 50)
# As cards are after a week in a pocket. How bad they may be is measured by `python -m tests.bench decode`.
WORN = [Shot(), Shot(crease=0.8), Shot(covered=0.03), Shot(glare=0.03)]


def symbol(text: str) -> Image.Image:
    """The card's QR as it is printed: version 6, level M, quiet zone of 4 modules."""
    code = qrcode.QRCode(version=6, error_correction=ERROR_CORRECT_M, border=4, box_size=10)
    code.add_data(text, optimize=0)
    code.make(fit=False)
    drawn: Image.Image = code.make_image().get_image()
    return drawn


def worn(text: str, number: int) -> Image.Image:
    """The symbol of the `number`th in the queue: whole, creased, dirty, shiny, whole …"""
    return printed(WORN[number % len(WORN)], text, np.random.default_rng(number))[0]


def test_a_card_before_the_camera_is_one_visit_however_long_it_stays(
    running: RunningCenter, launch: Callable[..., Browser], tmp_path: Path
) -> None:
    desk = set_up(running, ["高橋"])
    browser = launch(film(symbol(desk.holders[0].token), tmp_path / "card.mjpeg"))
    tablet = Tablet(browser, running, desk)
    tablet.page.get_by_role("button", name="カメラ").click()
    tablet.expect_verdict("ok", "高橋")
    tablet.expect_state("settled")
    tablet.visitor.picture("reception-camera")
    tablet.page.wait_for_timeout(6_000)  # longer than the four seconds in which a repeat is suppressed
    expect(tablet.page.locator("[data-recent] li")).to_have_count(1)
    tablet.expect_verdict("ok", "高橋")
    assert [visit["family"] for visit in visits(running, desk)] == ["高橋"]
    assert tablet.visitor.errors == []


def test_the_camera_works_off_line_after_a_reload(
    running: RunningCenter, launch: Callable[..., Browser], tmp_path: Path
) -> None:
    desk = set_up(running, ["及川"])
    browser = launch(film(symbol(desk.holders[0].token), tmp_path / "card.mjpeg"))
    tablet = Tablet(browser, running, desk, PHONE)
    tablet.visitor.context.set_offline(True)
    tablet.page.reload()
    expect(tablet.page.locator("body")).to_have_attribute("data-ready", "yes")
    tablet.page.get_by_role("button", name="カメラ").click()
    tablet.expect_verdict("ok", "及川")
    tablet.expect_unsent(1)
    tablet.visitor.picture("reception-camera-offline-phone")
    tablet.visitor.context.set_offline(False)
    tablet.expect_unsent(0)
    assert len(visits(running, desk)) == 1


def test_without_a_camera_the_page_says_what_else_works(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, ["遠藤"])
    tablet = Tablet(launch(), running, desk)
    tablet.page.get_by_role("button", name="カメラ").click()
    expect(tablet.page.locator("[data-eye-say]")).to_contain_text("カードの番号8文字の入力で受付できます")
    tablet.read(desk.holders[0].token)
    tablet.expect_verdict("ok", "遠藤")


def test_a_queue_of_cards_is_received_without_a_touch_through_an_airplane_mode(
    running: RunningCenter, launch: Callable[..., Browser], tmp_path: Path
) -> None:
    desk = set_up(running, [f"列{number}" for number in range(QUEUE)])
    cards = [worn(holder.token, number) for number, holder in enumerate(desk.holders)]
    path = queue_film(cards, tmp_path / "queue.mjpeg")
    tablet = Tablet(launch(path), running, desk)
    arrived = tablet.page.locator("[data-arrived]")
    tablet.page.get_by_role("button", name="カメラ").click()
    expect(arrived).to_have_text(str(QUEUE // 2), timeout=5_000 * QUEUE)
    tablet.visitor.context.set_offline(True)
    expect(arrived).to_have_text(str(QUEUE), timeout=5_000 * QUEUE)
    tablet.visitor.picture("reception-queue")
    tablet.page.get_by_role("button", name="カメラ").click()
    tablet.visitor.context.set_offline(False)
    tablet.page.get_by_role("button", name="送信").click()
    tablet.expect_unsent(0)
    families = [visit["family"] for visit in visits(running, desk)]
    assert sorted(families) == sorted(holder.family for holder in desk.holders)
    assert len(tablet.waits("scan-to-tablet")) >= QUEUE
    assert tablet.visitor.errors == []


def test_two_cards_in_one_frame_are_two_visits(
    running: RunningCenter, launch: Callable[..., Browser], tmp_path: Path
) -> None:
    desk = set_up(running, ["双葉", "並木"])
    one, other = (symbol(holder.token) for holder in desk.holders)
    both = Image.new("RGB", (one.width + other.width + 40, one.height), "white")
    both.paste(one, (0, 0))
    both.paste(other, (one.width + 40, 0))
    tablet = Tablet(launch(film(both, tmp_path / "two.mjpeg")), running, desk)
    tablet.page.get_by_role("button", name="カメラ").click()
    expect(tablet.page.locator("[data-strip] li")).to_have_count(2)
    tablet.page.wait_for_timeout(1_000)
    tablet.visitor.picture("reception-two-cards")
    tablet.expect_unsent(0)
    assert sorted(visit["family"] for visit in visits(running, desk)) == ["並木", "双葉"]

"""Printed cards: every symbol is read back from the pixels, and every name is the right shape, not only the right text."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import zxingcpp
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageDraw, ImageFont

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Mode, Operation
from intake.volunteers import cards, sheets
from intake.volunteers.models import CardStock, Volunteer
from tests import make
from tests.infra.browser import chromium

pytestmark = pytest.mark.django_db
DPI = 300
MM = DPI / 25.4
# Each name is two words of one letter, so that a word's box is a letter's box.
NAMES = [("﨑", "髙"), ("𠮷", "濵"), ("邉", "廣"), ("山", "花")]
RIVALS = "﨑崎嵜髙高𠮷吉濵濱浜邉邊辺廣広山花霜煌囗"


@dataclass(frozen=True)
class Word:
    """A word of the page and its box in points."""

    text: str
    box: tuple[float, float, float, float]


def named_stock(operation: Operation) -> CardStock:
    people = [make.volunteer(operation.center, family, given) for family, given in NAMES]
    people += [make.volunteer(operation.center, "佐藤", f"花{number}") for number in range(6)]
    return cards.issue_named(people, operation.center, by=SYSTEM, at=make.at(8), on=make.day(make.at(8)))


def made_pdf(stock: CardStock, folder: Path) -> Path:
    file = folder / "cards.pdf"
    file.write_bytes(
        sheets.pdf(sheets.sheets(list(stock.cards.select_related("holder", "stock"))), stock.center)
    )
    return file


def page_images(pdf: Path) -> list[Image.Image]:
    subprocess.run(["pdftoppm", "-r", str(DPI), "-gray", str(pdf), str(pdf.with_suffix(""))], check=True)
    images = []
    for file in sorted(pdf.parent.glob(f"{pdf.stem}-*.pgm")):
        with Image.open(file) as image:
            images.append(image.copy())
    return images


def words(pdf: Path) -> list[Word]:
    found = subprocess.run(
        ["pdftotext", "-bbox", str(pdf), "-"], check=True, capture_output=True, text=True
    ).stdout
    pattern = r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>'
    return [
        Word(text, (float(x0), float(y0), float(x1), float(y1)))
        for x0, y0, x1, y1, text in re.findall(pattern, found)
    ]


def assert_every_symbol_is_read(images: list[Image.Image], stock: CardStock) -> None:
    read = [code for image in images for code in zxingcpp.read_barcodes(np.asarray(image))]
    assert sorted(code.text for code in read) == sorted(stock.cards.values_list("token", flat=True))
    for code in read:
        corners = code.position
        side = (corners.top_right.x - corners.top_left.x) / MM
        assert side >= 28, f"a symbol of {side:.1f} mm is too small"


def letter_in(image: Image.Image, word: Word) -> Image.Image:
    """The one letter of `word`: a box made by a tall fallback font reaches into the reading above it."""
    left, top, right, bottom = (round(edge * DPI / 72) for edge in word.box)
    ink = np.where(np.asarray(image.crop((left, top, right, bottom))).min(axis=1) < 128)[0]
    foot = top + int(ink[-1]) + 1
    return image.crop((left, foot - (right - left), right, foot))


def shape(image: Image.Image) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The ink of a grey picture, cut out and brought to one size; black is 1."""
    ink = 255 - np.asarray(image.convert("L"), dtype=np.float64)
    rows, columns = np.where(ink.max(axis=1) > 96)[0], np.where(ink.max(axis=0) > 96)[0]
    cut = Image.fromarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.uint8))
    return np.asarray(cut.resize((96, 96), Image.Resampling.BILINEAR), dtype=np.float64) / 255


def drawn_by_the_full_font(letter: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    bold = [file for file in sheets.font_files() if "Bold" in file.name]
    file = next(file for file in bold if ord(letter) in letters_of(file))
    image = Image.new("L", (400, 400), 255)
    ImageDraw.Draw(image).text((60, 60), letter, font=ImageFont.truetype(str(file), 240), fill=0)
    return shape(image)


@cache
def letters_of(file: Path) -> set[int]:
    from fontTools.ttLib import TTFont

    with TTFont(file, fontNumber=0, lazy=True) as font:
        return set(font.getBestCmap())


def assert_names_have_their_shapes(pdf: Path, images: list[Image.Image]) -> None:
    rivals = {letter: drawn_by_the_full_font(letter) for letter in RIVALS}
    wanted = {letter for name in NAMES for letter in name}
    seen = set()
    for word in words(pdf):
        if word.text not in wanted:
            continue
        printed = shape(letter_in(images[0], word))
        likeness = {
            letter: float(np.corrcoef(printed.ravel(), rival.ravel())[0, 1])
            for letter, rival in rivals.items()
        }
        assert max(likeness, key=lambda letter: likeness[letter]) == word.text, likeness
        assert likeness[word.text] > 0.8
        seen.add(word.text)
    assert seen == wanted


def test_the_pdf_reads_back_and_its_names_are_right_in_the_pixels(tmp_path: Path) -> None:
    stock = named_stock(make.operation())
    pdf = made_pdf(stock, tmp_path)
    images = page_images(pdf)
    assert len(images) == 1
    assert images[0].size == pytest.approx((210 * MM, 297 * MM), abs=1)  # A4
    assert_every_symbol_is_read(images, stock)
    assert_names_have_their_shapes(pdf, images)


def test_twenty_five_cards_take_three_pages(tmp_path: Path) -> None:
    operation = make.operation()
    stock = cards.issue_stock(operation.center, count=25, by=SYSTEM, at=make.at(8))
    images = page_images(made_pdf(stock, tmp_path))
    assert len(images) == 3
    assert_every_symbol_is_read(images, stock)


def test_a_blank_card_has_its_code_the_telephone_and_a_word_to_the_finder(tmp_path: Path) -> None:
    drill = make.operation(mode=Mode.DRILL)
    stock = cards.issue_stock(drill.center, count=1, drill=drill, by=SYSTEM, at=make.at(8))
    text = " ".join(word.text for word in words(made_pdf(stock, tmp_path)))
    code = stock.cards.get().short_code
    for expected in (f"{code[:4]}-{code[4:]}", "022-000-0000", "拾った方へ", "お名前", "訓練"):
        assert expected in text


def test_the_longest_name_stays_on_its_card(tmp_path: Path) -> None:
    operation = make.operation()
    person = make.volunteer(
        operation.center, "寿" * 40, "限" * 40, family_kana="じゅ" * 30, given_kana="げん" * 30
    )
    stock = cards.issue_named([person], operation.center, by=SYSTEM, at=make.at(8), on=make.day(make.at(8)))
    pdf = made_pdf(stock, tmp_path)
    assert_every_symbol_is_read(page_images(pdf), stock)


def test_a_letter_no_font_holds_is_named_and_not_printed_as_a_box() -> None:
    operation = make.operation()
    person = make.volunteer(operation.center, "\U0001b000\ue000", "花")
    stock = cards.issue_named([person], operation.center, by=SYSTEM, at=make.at(8), on=make.day(make.at(8)))
    pages = sheets.sheets(list(stock.cards.select_related("holder", "stock")))
    assert sheets.missing_on(pages, operation.center) == ["\ue000", "\U0001b000"]
    with pytest.raises(Refused) as refused:
        sheets.pdf(pages, operation.center)
    assert "書体にありません" in refused.value.text


def test_a_shape_chosen_by_a_selector_is_printable() -> None:
    assert sheets.missing_letters("葛\U000e0100西") == []


def test_without_fonts_the_page_says_to_print_from_the_browser(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    operation = make.operation()
    stock = named_stock(operation)
    client = Client()
    client.force_login(make.user(operation.center, Role.RECEPTION))
    monkeypatch.setattr(sheets, "_FONT_FOLDERS", (tmp_path,))
    sheets.font_files.cache_clear()
    sheets._letters_of_fonts.cache_clear()
    page = client.get(reverse("card_sheet", args=[operation.pk, stock.pk])).content.decode()
    refused = client.get(reverse("card_sheet_pdf", args=[operation.pk, stock.pk]))
    sheets.font_files.cache_clear()
    sheets._letters_of_fonts.cache_clear()
    assert "PDFは作れません。この画面を印刷してください。" in page
    assert "PDFを開く" not in page
    assert refused.status_code == 409


def test_the_pdf_comes_over_http() -> None:
    operation = make.operation()
    stock = named_stock(operation)
    client = Client()
    client.force_login(make.user(operation.center, Role.RECEPTION))
    answer = client.get(reverse("card_sheet_pdf", args=[operation.pk, stock.pk]))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    holder = Volunteer.objects.exclude(cards=None)[0]
    assert client.get(reverse("volunteer_card_pdf", args=[operation.pk, holder.pk])).content.startswith(
        b"%PDF-"
    )


def printed_by_chromium(html: bytes, file: Path) -> None:
    """Chromium's own print of a page. Static files come from Django as always; the page was rendered before,
    because Playwright's loop would open a second database connection outside the test's transaction."""
    from playwright.sync_api import Route, sync_playwright

    def answer(route: Route) -> None:
        asked = urlsplit(route.request.url)
        if not asked.path.startswith("/static/"):
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
            return
        response: Any = Client().get(asked.path)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        response.close()
        route.fulfill(status=response.status_code, headers=dict(response.items()), body=body)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page(locale="ja-JP")
        page.route("**/*", answer)
        page.goto("http://testserver/")
        page.evaluate("document.fonts.ready.then(() => true)")
        page.pdf(path=file, prefer_css_page_size=True, print_background=False)
        browser.close()


@pytest.mark.e2e
@pytest.mark.parametrize("mode", [Mode.DISASTER, Mode.DRILL])
def test_the_browsers_print_reads_back_and_its_names_are_right_in_the_pixels(
    mode: Mode, tmp_path: Path
) -> None:
    operation = make.operation(mode=mode)
    client = Client()
    client.force_login(make.user(operation.center, Role.RECEPTION))
    if mode == Mode.DRILL:
        stock = cards.issue_stock(operation.center, count=10, drill=operation, by=SYSTEM, at=make.at(8))
    else:
        stock = named_stock(operation)
    pdf = tmp_path / "printed.pdf"
    printed_by_chromium(client.get(reverse("card_sheet", args=[operation.pk, stock.pk])).content, pdf)
    images = page_images(pdf)
    assert len(images) == 1
    assert_every_symbol_is_read(images, stock)
    if mode == Mode.DRILL:
        # Two slices of the screen font make two words of it.
        assert "".join(word.text for word in words(pdf)).count("訓練") == 10
    else:
        assert_names_have_their_shapes(pdf, images)

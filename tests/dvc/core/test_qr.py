"""Symbols: a strange reader reads back what was drawn."""

import re

import numpy as np
import pytest
import zxingcpp

from dvc.core import card_token, qr
from tests.vectors import cards


def pixels(svg: str, scale: int = 6) -> np.ndarray:
    """The drawing's runs as grey pixels: white is 255."""
    side = int(re.findall(r'viewBox="0 0 (\d+) ', svg)[0])
    image = np.full((side, side), 255, dtype=np.uint8)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-", svg):
        image[int(y), int(x) : int(x) + int(width)] = 0
    return image.repeat(scale, 0).repeat(scale, 1)


def decoded(svg: str) -> str:
    return zxingcpp.read_barcodes(pixels(svg))[0].text


def test_a_card_is_read_back_and_has_the_agreed_size() -> None:
    text = card_token.sign(cards.token(1), cards.CURRENT)
    drawing = qr.card_svg_path(text)
    assert decoded(drawing) == text
    assert 'viewBox="0 0 49 49"' in drawing  # version 6 is 41 modules, and 4 of quiet zone on each side


def test_the_quiet_zone_is_empty() -> None:
    image = pixels(qr.card_svg_path(card_token.sign(cards.token(2), cards.CURRENT)), scale=1)
    for _ in range(4):
        assert (image[:4] == 255).all()
        image = np.rot90(image)
    assert image[4, 4] == 0


def test_an_address_is_read_back() -> None:
    address = "https://192.168.10.5:8443/f/9mYkq3?x=1&y=2"
    assert decoded(qr.svg(address, label="現場からの報告")) == address


def test_the_drawing_needs_no_style_and_no_script() -> None:
    drawing = qr.svg("https://example.jp/", label='<b>"&')
    assert "style" not in drawing
    assert "<script" not in drawing
    assert 'aria-label="&lt;b>&quot;&amp;"' in drawing
    assert " id=" not in drawing


@pytest.mark.parametrize("text", ["", "vc1abc", "VC1-ABC", "VC1ABC" * 26, "ＶＣ１"])
def test_what_is_no_card_is_not_drawn_as_one(text: str) -> None:
    with pytest.raises(ValueError, match="capital letters"):
        qr.card_svg_path(text)


@pytest.mark.parametrize("text", ["", "x" * 501])
def test_a_text_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="1 to 500"):
        qr.svg(text)

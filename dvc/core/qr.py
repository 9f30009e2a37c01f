"""QR symbols as SVG, for a page and for paper.

The modules come from the qrcode library; the path is drawn here, one run of dark modules after the other,
because the library's own SVG image gives every symbol the same id and one box per module, and a sheet
carries ten of them. No style attribute and no script, so a strict CSP lets it through. Sharp at any size:
the side is set by CSS.
"""

from itertools import groupby
from typing import Final

import qrcode
from qrcode.constants import ERROR_CORRECT_M

QUIET_ZONE: Final = 4
CARD_VERSION: Final = 6  # 41 modules
CARD_CAPACITY: Final = 154  # letters at level M; a card needs 147
TEXT_CAPACITY: Final = 500  # beyond this the modules are too fine for a tired camera


def card_svg_path(text: str) -> str:
    """The symbol of a card token: version 6, level M, alphanumeric, quiet zone of 4 modules (49 in all).

    ValueError when `text` is not capital letters and digits or does not fit.
    """
    if not (text.isascii() and text.isalnum() and text == text.upper() and len(text) <= CARD_CAPACITY):
        raise ValueError("a card is written in capital letters and digits, 154 at most")
    return _draw(text, version=CARD_VERSION, label="QRカード")


def svg(text: str, *, label: str = "QRコード") -> str:
    """The smallest symbol, level M, for an address or any other text. `label` is what a screen reader says.

    ValueError for an empty text and for more than 500 characters.
    """
    if not 0 < len(text) <= TEXT_CAPACITY:
        raise ValueError("a symbol holds 1 to 500 characters")
    return _draw(text, version=None, label=label)


def _draw(text: str, *, version: int | None, label: str) -> str:
    code = qrcode.QRCode(version=version, error_correction=ERROR_CORRECT_M, border=QUIET_ZONE)
    code.add_data(text, optimize=0)
    code.make(fit=version is None)
    rows = code.get_matrix()
    path = "".join(_row_path(y, row) for y, row in enumerate(rows))
    side = len(rows)
    return (
        f'<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" '
        f'aria-label="{_escape(label)}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/><path fill="#000" d="{path}"/></svg>'
    )


def _row_path(y: int, row: list[bool]) -> str:
    parts = []
    for dark, run in groupby(enumerate(row), key=lambda cell: bool(cell[1])):
        cells = list(run)
        if dark:
            parts.append(f"M{cells[0][0]} {y}h{len(cells)}v1h-{len(cells)}z")
    return "".join(parts)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")

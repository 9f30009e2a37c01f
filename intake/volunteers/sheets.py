"""Cards on paper: ten on an A4 page (the usual name-card sheet: 91 × 55 mm, 14 mm and 11 mm margins), one
template.

The browser prints it always. The PDF needs WeasyPrint and, on this machine, fonts that hold every letter of
the page: a missing letter would print as an empty box, and a name must never do that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from dvc.core import qr, short_code
from dvc.core.refused import Refused
from dvc.operations.models import Center
from intake.volunteers.models import Card, CardState

PER_SHEET: Final = 10
MOST_SHEETS: Final = 10  # in one page or one PDF
CSS: Final = "volunteers/cards.css"
# One full file per weight. The screen's font comes in slices, and slices printed wrong kanji.
FONT_FILES: Final = (
    "BIZUDPGothic-Regular.ttf",
    "BIZUDPGothic-Bold.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJK-Bold.ttc",
)
_FONT_FOLDERS: Final = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path.home() / ".fonts",
    Path("/Library/Fonts"),
)
# Longest name for each size of type, in letters of full width.
_NAME_SIZES: Final = ((5, "xl"), (7, "l"), (11, "m"), (18, "s"))


@dataclass(frozen=True, slots=True)
class Face:
    """One card as it is printed. `size`: xl l m s xs, by the length of the name; names are empty on a blank
    card."""

    symbol: SafeString
    code: str
    name: str
    kana: str
    size: str
    drill: bool


def faces(cards: Iterable[Card]) -> list[Face]:
    """What is printed of each card. The cards need `holder` and `stock` selected with them."""
    return [_face(card) for card in cards]


def sheets(cards: Sequence[Card]) -> list[list[Face]]:
    """Faces in pages of ten."""
    drawn = faces(cards)
    return [drawn[i : i + PER_SHEET] for i in range(0, len(drawn), PER_SHEET)]


def html(pages: Sequence[Sequence[Face]], center: Center) -> str:
    """The page that becomes the PDF."""
    return render_to_string("intake/volunteers/card_sheet_pdf.html", {"pages": pages, "center": center})


def pdf(pages: Sequence[Sequence[Face]], center: Center) -> bytes:
    """The cards as A4 PDF. Refused card.no_font when this machine has no letter for something on the page."""
    text = html(pages, center)
    if missing := missing_on(pages, center):
        raise Refused("card.no_font", letters="".join(missing[:10]))
    return write_pdf(text, css=CSS)


def write_pdf(text: str, *, css: str) -> bytes:
    """An HTML page as PDF, with one stylesheet of frontend/static. Whoever calls has asked `missing_letters`."""
    import weasyprint  # takes 60 MB and a second, and only this needs it

    style = weasyprint.CSS(filename=Path(settings.FRONTEND) / "static" / css)
    written: bytes = weasyprint.HTML(string=text, url_fetcher=_fetch_nothing).write_pdf(stylesheets=[style])
    return written


def missing_on(pages: Sequence[Sequence[Face]], center: Center) -> list[str]:
    """What `missing_letters` says of everything on these cards that people typed."""
    return missing_letters(center.name + "".join(face.name + face.kana for page in pages for face in page))


def missing_letters(text: str) -> list[str]:
    """Letters of `text` that no suitable font of this machine holds; all of them when there is no such
    font."""
    held = _letters_of_fonts()
    return sorted({c for c in text if not c.isspace() and not _is_selector(c) and ord(c) not in held})


def _face(card: Card) -> Face:
    holder = card.holder if card.state == CardState.BOUND else None
    name = holder.name if holder else ""
    return Face(
        symbol=mark_safe(qr.card_svg_path(card.token)),  # noqa: S308  our own drawing of letters and digits
        code=short_code.display(card.short_code),
        name=name,
        kana=holder.kana if holder else "",
        size=name_size(name),
        drill=card.stock is not None and card.stock.drill_id is not None,
    )


def name_size(name: str) -> str:
    """The size of type in which a name fits on a card: xl l m s xs."""
    return next((size for most, size in _NAME_SIZES if _width(name) <= most), "xs")


def _width(name: str) -> float:
    return sum(0.55 if letter.isascii() else 1.0 for letter in name)


def _is_selector(letter: str) -> bool:
    # Chooses a shape of the letter before it; a font without that shape prints the usual one.
    return "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"


@lru_cache(maxsize=1)
def _letters_of_fonts() -> frozenset[int]:
    from fontTools.ttLib import TTFont  # comes with WeasyPrint

    letters: set[int] = set()
    for file in font_files():
        with TTFont(file, fontNumber=0, lazy=True) as font:
            # Nobody asks what its shapes are called. Looking 60,000 names up was a second of the first order anybody saw.
            font.setGlyphOrder([""] * font["maxp"].numGlyphs)
            letters.update(font.getBestCmap())
    return frozenset(letters)


@lru_cache(maxsize=1)
def font_files() -> tuple[Path, ...]:
    """The suitable fonts of this machine, best first; each weight of a family or none of it."""
    found = {
        file.name: file for folder in _FONT_FOLDERS if folder.is_dir() for file in folder.rglob("*.tt[fc]")
    }
    pairs = (FONT_FILES[:2], FONT_FILES[2:])
    return tuple(found[name] for pair in pairs if set(pair) <= found.keys() for name in pair)


def _fetch_nothing(url: str, *_args: object, **_kwargs: object) -> dict[str, object]:
    raise ValueError(f"a card fetches nothing from outside: {url}")

"""One Japanese word for one thing on every screen and print (README, Words)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

BASE = Path(__file__).resolve().parents[2]
PLACES = ("frontend/templates", "frontend/src", "dvc", "intake", "matching")
# What is not said → what is said, and names of others in which it stands all the same.
SAID = {
    "チーム": ("班", ("災害派遣福祉チーム",)),
    "桁数": ("けた数", ()),
    "管理者": ("センター長", ("技術管理者", "センター管理者")),
    "サーバーの担当者": ("技術管理者", ()),
    "手の空いている人": ("手があいている人", ()),
}
# What tells people which button to press, and what it quotes that is put together on the screen or stands elsewhere.
QUOTING = {
    "frontend/templates/dvc/help.html": {"この端末を受付用に登録する", "残り2です", "○○さんが作業中"},
    "dvc/core/refusals.py": {"CSV UTF-8", "最少 ≦ ほしい人数 ≦ 多くても"},
}


@pytest.mark.parametrize("other", SAID)
def test_a_thing_has_one_name_on_every_screen(other: str) -> None:
    word, names = SAID[other]
    found = []
    for file in sources():
        text = file.read_text()
        for name in names:
            text = text.replace(name, "")
        if other in text:
            found.append(str(file.relative_to(BASE)))
    assert found == [], f"say {word}"


@pytest.mark.parametrize("where", QUOTING)
def test_what_help_and_refusals_quote_stands_on_a_screen(where: str) -> None:
    text = re.sub("<[^>]+>", "", (BASE / where).read_text())
    quoted = {words for words in re.findall("「([^「」]+)」", text) if "{" not in words} - QUOTING[where]
    screens = "".join(
        re.sub("「[^「」]*」", "", file.read_text()) for file in sources() if file != BASE / where
    )
    assert sorted(words for words in quoted if words not in screens) == []


def sources() -> list[Path]:
    """All files a screen's words are written in."""
    return [
        file
        for place in PLACES
        for file in sorted((BASE / place).rglob("*"))
        if file.suffix in (".html", ".ts", ".py") and "migrations" not in file.parts
    ]

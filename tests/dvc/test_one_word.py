"""One Japanese word for one thing on every screen and print (README, Words)."""

from __future__ import annotations

from pathlib import Path

import pytest

BASE = Path(__file__).resolve().parents[2]
PLACES = ("frontend/templates", "frontend/src", "dvc", "intake", "matching")
# What is not said → what is said, and names of others in which it stands all the same.
SAID = {"チーム": ("班", ("災害派遣福祉チーム",))}


@pytest.mark.parametrize("other", SAID)
def test_a_thing_has_one_name_on_every_screen(other: str) -> None:
    word, names = SAID[other]
    found = []
    for place in PLACES:
        for file in sorted((BASE / place).rglob("*")):
            if file.suffix not in (".html", ".ts", ".py") or "migrations" in file.parts:
                continue
            text = file.read_text()
            for name in names:
                text = text.replace(name, "")
            if other in text:
                found.append(str(file.relative_to(BASE)))
    assert found == [], f"say {word}"

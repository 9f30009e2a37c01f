"""What a web process remembers must not reach from one test into the next."""

from __future__ import annotations

import pytest

from matching.control.board_views import DRAWN


@pytest.fixture(autouse=True)
def _nothing_drawn() -> None:
    DRAWN.forget()

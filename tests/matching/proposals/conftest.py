"""What is looked at here is what becomes of a plan, not how good it is: that is shown in tests/matching/solver."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matching.proposals import runs


@pytest.fixture(autouse=True)
def little_effort(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sixth of what a center gives: half of the time of these tests went into searching on."""
    monkeypatch.setattr(runs, "WHOLE", replace(runs.WHOLE, effort=50))

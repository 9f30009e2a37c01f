"""How much a test does: enough to see a mistake in `make test`, all of it with FULL=1 (`make unit FULL=1`)."""

from __future__ import annotations

import os

FULL = os.environ.get("FULL", "") not in {"", "0"}


def count(short: int, full: int) -> int:
    """`full` under FULL=1, else `short`."""
    return full if FULL else short

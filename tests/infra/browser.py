"""The Chromium the browser tests drive: the system's, or the one that CHROMIUM names.

Debian packs the same Chromium without windows as well. It draws the same pages for a fifth less, so it is taken where
it is installed.
"""

from __future__ import annotations

import os
import shutil


def chromium() -> str:
    """Its path. Raises `FileNotFoundError` where there is none."""
    installed = (shutil.which(name) for name in ("chromium-headless-shell", "chromium", "chromium-browser"))
    named = os.environ.get("CHROMIUM") or next(filter(None, installed), None)
    if not named:
        raise FileNotFoundError("Chromium is missing: install the package chromium, or name one in CHROMIUM")
    return named

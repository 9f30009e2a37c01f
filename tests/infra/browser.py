"""The Chromium the browser tests drive: the system's, or the one that CHROMIUM names."""

from __future__ import annotations

import os
import shutil


def chromium() -> str:
    """Its path. Raises `FileNotFoundError` where there is none."""
    named = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not named:
        raise FileNotFoundError("Chromium is missing: install the package chromium, or name one in CHROMIUM")
    return named

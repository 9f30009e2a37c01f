"""A need's number as people write it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_NUMBER: Final = re.compile(r"(?:n|no\.?)?\s*([0-9]{1,9})番?")  # № is "no" in the width that counts


def number_of(text: str) -> int | None:
    """12 for 「12」「N12」「№12」「12番」, of any width; None for anything else."""
    found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text).strip().lower())
    return int(found[1]) if found else None

"""Postal codes of the file a center has loaded: which there are, and the towns they stand for."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from typing import Final

from dvc.operations.models import Center
from intake.people.models import PostalCode

# Before an address, or alone: 〒985-0873 町前…, 985-0873, 9850873. Not a house number (町前1-985), nor a telephone number.
_CODE: Final = re.compile(r"(?:^|〒)\s*([0-9]{3})-?([0-9]{4})(?![-0-9])")
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−ーｰ", "-"))


def code_in(text: str) -> str:
    """The seven digits of a postal code that somebody typed with an address, "" without one."""
    found = _CODE.search(unicodedata.normalize("NFKC", text).translate(_DASHES).strip())
    return "".join(found.groups()) if found else ""


class Known:
    """The codes of a center, each area (its first three digits) asked for at most once however many are read."""

    def __init__(self, center: Center) -> None:
        self.center = center
        self._areas: dict[str, dict[str, list[PostalCode]]] = {}

    def of(self, code: str) -> list[PostalCode] | None:
        """The places of a code, none where the file has no such code; None where the file says nothing of the area."""
        area = code[:3]
        if area not in self._areas:
            found = defaultdict(list)
            for row in PostalCode.objects.filter(center=self.center, code__startswith=area):
                found[row.code].append(row)
            self._areas[area] = dict(found)
        codes = self._areas[area]
        return codes.get(code, []) if codes else None

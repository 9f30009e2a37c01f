"""Log lines that name no person, also when something breaks."""

from __future__ import annotations

import logging
import traceback
from typing import Any, Final

from django.db import OperationalError

# Their words are about the machine: a lost connection, a full disk, a file that is not there. All others may quote a row
# (PostgreSQL's "DETAIL: Failing row contains …") or what somebody typed.
_OF_THE_MACHINE: Final = (OperationalError, OSError, ImportError)


class Plain(logging.Formatter):
    """An exception is told as where it broke and what it is called; its message only where it cannot quote anybody."""

    def formatException(self, ei: Any) -> str:  # noqa: N802  # logging calls it so
        error: BaseException | None = ei[1]
        links: list[str] = []
        while error is not None:
            where = "".join(traceback.format_tb(error.__traceback__))
            words = f": {error}" if isinstance(error, _OF_THE_MACHINE) else ""
            links.append(f"Traceback (most recent call last):\n{where}{type(error).__name__}{words}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n\n".join(reversed(links))

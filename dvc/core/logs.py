"""Log lines that name no person, also when something breaks."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from typing import Any, Final

from django.db import OperationalError

# Their words are about the machine: a lost connection, a full disk, a file that is not there. All others may quote a row
# (PostgreSQL's "DETAIL: Failing row contains …") or what somebody typed.
_OF_THE_MACHINE: Final = (OperationalError, OSError, ImportError)


def called(error: BaseException) -> str:
    """What the error is called; with its message only where that cannot quote anybody."""
    words = f": {error}" if isinstance(error, _OF_THE_MACHINE) else ""
    return f"{type(error).__name__}{words}"


def brief(error: BaseException) -> str:
    """The same with the last line of ours that it came through, for where a person looks what is the matter."""
    frames = [(frame, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [one for one in frames if "site-packages" not in one[0].f_code.co_filename] or frames
    if not ours:
        return called(error)
    frame, line = ours[-1]
    return f"{called(error)} ({frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name})"


class Plain(logging.Formatter):
    """An exception is told as where it broke and what it is called, also in Celery's own line about it, which has the
    error's repr among what it is filled with."""

    def format(self, record: logging.LogRecord) -> str:
        # Another formatter may have been here first: it leaves its own words of the exception with the record.
        record = logging.makeLogRecord({**record.__dict__, "exc_text": None})
        if isinstance(record.args, Mapping) and "exc" in record.args:
            error = record.exc_info[1] if record.exc_info else None
            name = called(error) if error else str(record.args["exc"]).partition("(")[0]
            record.args = {**record.args, "exc": name}
        return super().format(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802  # logging calls it so
        error: BaseException | None = ei[1]
        links: list[str] = []
        while error is not None:
            where = "".join(traceback.format_tb(error.__traceback__))
            links.append(f"Traceback (most recent call last):\n{where}{called(error)}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n\n".join(reversed(links))

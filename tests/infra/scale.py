"""How much is tested. `make test`: enough to see a mistake, and of the long tests a third, which the commit chooses. All of
it with FULL=1 (`make test FULL=1`, `make unit FULL=1`)."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib

FULL = os.environ.get("FULL", "") not in {"", "0"}
SHARES = 3
ALL = "all"


def count(short: int, full: int) -> int:
    """`full` under FULL=1, else `short`."""
    return full if FULL else short


def share_of(test: str) -> str:
    """In which share a long test is, "1" to "3": always the same one, so that a run of each has run all of them."""
    return str(zlib.crc32(test.encode()) % SHARES + 1)


def share_to_run() -> str:
    """Whose turn it is: the one that SHARE names, or by chance, but the same for one commit; all of them with FULL=1 and
    where no commit is known. Ends the program when SHARE is none of these."""
    possible = [ALL, *(str(number + 1) for number in range(SHARES))]
    named = os.environ.get("SHARE") or (ALL if FULL else "")
    if named and named not in possible:
        sys.exit(f"SHARE={named}: it is one of {', '.join(possible)}")
    if named:
        return named
    git = ["git", "-c", "safe.directory=*"]  # the tests may run as somebody whose folder it is not
    try:
        asked = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return ALL
    return str(int(asked.stdout, 16) % SHARES + 1)

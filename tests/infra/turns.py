"""Long turns at a core: `python -m tests.infra.turns COMMAND …` runs a command whose processes are interrupted seldom.

Linux takes the core away from a process after 1 to 3 ms when others want it, and each must then bring its own data back
into the core's cache: eight Python processes on two cores compute a fifth to a quarter longer for that. Since Linux 6.12
a process may ask for turns of up to 100 ms (sched_setattr(2), where sched_runtime of a policy without deadlines is the
turn). SCHED_BATCH besides: whoever waited for a browser or a server goes first (beside those little is gained). Where the
kernel does not know it the command runs all the same, only with more interruptions.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys

TURN = 30_000_000  # ns; longer ones gain nothing more
# glibc has no function for it before 2.41.
CALLS = {"x86_64": 314, "aarch64": 274}


class _Attributes(ctypes.Structure):
    """struct sched_attr of linux/sched/types.h, in its first version."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("period", ctypes.c_uint64),
    )


def take_long_turns() -> bool:
    """Ask for them, for this process and all it starts from now on; whether the kernel took the wish."""
    number = CALLS.get(platform.machine())
    if number is None:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    wish = _Attributes(ctypes.sizeof(_Attributes), os.SCHED_BATCH, 0, nice, 0, TURN, 0, 0)
    return bool(ctypes.CDLL(None).syscall(number, 0, ctypes.byref(wish), 0) == 0)


if __name__ == "__main__":
    take_long_turns()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - its arguments are ours

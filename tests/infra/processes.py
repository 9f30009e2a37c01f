"""What the kernel says of processes: who started whom, what they have open, whether they live."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def children(pid: int) -> dict[int, str]:
    """Process ids and names of the direct children of `pid`, the dead ones left out."""
    return {child: name for child, (name, state) in _below(pid).items() if state != "Z"}


def dead_children(pid: int) -> dict[int, str]:
    """Those that have ended and that `pid` has not asked about."""
    return {child: name for child, (name, state) in _below(pid).items() if state == "Z"}


def opened_by(pid: int) -> set[str]:
    """What the kernel calls the files and sockets that `pid` has open."""
    found = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed while we looked
            found.add(os.readlink(file))
    return found


def _below(pid: int) -> dict[int, tuple[str, str]]:
    found: dict[int, tuple[str, str]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, rest = (folder / "stat").read_text().split("(", 1)[1].rsplit(")", 1)
            state, parent = rest.split()[:2]
        except OSError:
            continue  # it ended while we looked
        if int(parent) == pid:
            found[int(folder.name)] = name, state
    return found


def family(pid: int) -> set[int]:
    """`pid` and all its living descendants."""
    below = children(pid)
    return {pid}.union(*(family(child) for child in below)) if below else {pid}


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False

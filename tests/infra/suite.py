"""`make test`: all steps, three side by side for two cores, each to its end; then one table. The more processes share a
core, the longer each computes.

A step's output goes to a log of its own (test-results/NAME.log) and is printed in one piece when the step ends.
Fails when a step failed. `JOBS=1` runs one step after the other.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from tests.infra.scale import ALL, FULL, SHARES, share_to_run

RESULTS = Path("test-results")
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
ROOM = 3 * 2**30  # bytes; a run takes up to 0.7 of a GiB
CORES = len(os.sched_getaffinity(0))
PYTEST = [sys.executable, "-m", "pytest", "-q", "--durations=10", "--color=no"]
# Matching by itself and its engine by itself, because they are as much work as all the others: no step is left alone at
# the end.
ENGINE = [*PYTEST, "tests/matching/solver", "-m"]
MATCHING = [*PYTEST, "tests/matching", "--ignore=tests/matching/solver", "-m"]
UNIT = [
    *PYTEST,
    *(f"--ignore=tests/{folder}" for folder in ("e2e", "faults", "bench", "matching")),
    "tests",
    "-m",
]
ELSEWHERE = "not e2e and not faults and not center"
# Pure code and printed sheets know no database, and the rendering of a page hardly (the rule for marks is in
# tests/conftest.py): one run is enough.
ON_BOTH = ELSEWHERE if FULL else f"{ELSEWHERE} and not once"
MATCHING_POSTGRES = [*MATCHING, ON_BOTH]
UNIT_POSTGRES = [*UNIT, ON_BOTH, *(f"--ignore=tests/{folder}" for folder in ("dvc/core", "vectors"))]
UNIT_POSTGRES += ["--ignore=tests/intake/volunteers/test_sheets.py"]
CENTER = [*PYTEST, "tests/dvc/runtime", "-m", "center"]
# Three hundred killed browsers belong to the faults.
KILLED = "tests/e2e/test_browser_kill.py"
E2E = [*PYTEST, "tests/e2e", *([f"--ignore={KILLED}"] if FULL else [])]
# Half of the browser tests are about tablets: reception, and what happens to its records. Each half has a center and
# a browser of its own, because one after the other they would be at work longest.
TABLETS = [
    f"tests/e2e/test_{name}.py"
    for name in ("browser_kill", "devices", "island", "reception_*", "restore", "selfservice", "tablets")
]
E2E_TABLETS = [
    *PYTEST,
    *(
        str(path)
        for name in TABLETS
        for path in sorted(Path().glob(name))
        if not (FULL and str(path) == KILLED)
    ),
]
E2E_DESKS = [*PYTEST, "tests/e2e", *(f"--ignore-glob={name}" for name in TABLETS)]
# What a browser shows of a database's own ways is shown by the whole morning (what tablets send after being off-line is
# folded on both among the unit tests); the rest runs on both with FULL=1 (certificates and addresses never need it).
E2E_POSTGRES = [*E2E, "--ignore=tests/e2e/test_island.py"] if FULL else [*PYTEST, "tests/e2e/test_morning.py"]
# Where a drill is played twice and the engine thinks, and all others: half of the time each.
LONG_FAULTS = ("tests/faults/test_drill_survives_kills.py", "tests/faults/test_matching.py")
FAULTS_AT_WORK = [*PYTEST, *LONG_FAULTS]
FAULTS = [*PYTEST, "tests/faults", *(f"--ignore={file}" for file in LONG_FAULTS), *([KILLED] if FULL else [])]
# With FULL=1; `make test` has the short sequences among the unit tests. The drill's kills read an SQLite file, and no
# limit on the web server fills PostgreSQL's disk.
FAULTS_POSTGRES = [
    *PYTEST, "tests/faults", "--ignore=tests/faults/test_drill_survives_kills.py", "-k", "not full_disk",
]  # fmt: skip


def on(database: str, command: list[str]) -> list[str]:
    return [sys.executable, "-m", "tests.infra.run", "--db", database, "--", *command]


def at_length(command: list[str]) -> list[str]:
    """For a step that computes and hardly waits: beside others like it, it takes four fifths of the time."""
    return [sys.executable, "-m", "tests.infra.turns", *command]


LINT = {
    "ruff": [sys.executable, "-m", "ruff", "check"],
    "format": [sys.executable, "-m", "ruff", "format", "--check"],
    "import contracts": ["lint-imports", "--no-cache"],
    "migrations": on("sqlite", [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]),
    "types": at_length(on("sqlite", [sys.executable, "-m", "mypy"])),
}
FRONT = {
    "front-end types": at_length(["requirements/node.sh", "npm", "run", "--silent", "typecheck"]),
    "front-end tests": at_length(["requirements/node.sh", "npm", "run", "--silent", "test"]),
}
# In the order they are begun: first what is told within seconds, then what computes, then what waits for browsers and for
# killed parts, the longest first. Beside browsers, which interrupt at every turn, the same computing takes a seventh
# more of both cores; they fill the cores among themselves.
STEPS = {
    **{name: LINT[name] for name in LINT if name != "types"},
    "unit on PostgreSQL": at_length(on("postgres", UNIT_POSTGRES)),
    "unit on SQLite": at_length(on("sqlite", [*UNIT, ELSEWHERE])),
    "matching on SQLite": at_length(on("sqlite", [*MATCHING, ELSEWHERE])),
    "matching on PostgreSQL": at_length(on("postgres", MATCHING_POSTGRES)),
    "engine": at_length(on("sqlite", [*ENGINE, ELSEWHERE])),
    "types": LINT["types"],
    **FRONT,
    "faults at work": on("sqlite", FAULTS_AT_WORK),
    "browser, tablets": on("sqlite", E2E_TABLETS),
    "browser, desks": on("sqlite", E2E_DESKS),
    "faults": on("sqlite", FAULTS),
    "faults on PostgreSQL": on("postgres", FAULTS_POSTGRES),
    "the whole center": on("sqlite", CENTER),
    "browser on PostgreSQL": on("postgres", E2E_POSTGRES),
}
SETS = {
    "all": [name for name in STEPS if FULL or name != "faults on PostgreSQL"],
    "lint": list(LINT),
    "front": list(FRONT),
    "unit": [
        "unit on SQLite",
        "unit on PostgreSQL",
        "matching on SQLite",
        "matching on PostgreSQL",
        "engine",
    ],
    "unit-sqlite": ["unit on SQLite", "matching on SQLite", "engine"],
    "unit-postgres": ["unit on PostgreSQL", "matching on PostgreSQL"],
    "center": ["the whole center"],
    "e2e": ["browser, desks", "browser, tablets", "browser on PostgreSQL"],
    "e2e-sqlite": ["browser, desks", "browser, tablets"],
    "e2e-postgres": ["browser on PostgreSQL"],
    "faults": ["faults at work", "faults", *(["faults on PostgreSQL"] if FULL else [])],
}


@dataclass(frozen=True)
class Outcome:
    """What became of a step: `seconds` of wall time, `cpu` seconds of it and all it started, and what it printed."""

    name: str
    passed: bool
    seconds: float
    cpu: float
    printed: str


class Steps:
    """Runs steps; remembers their processes, so that none outlives us."""

    def __init__(self, chosen: list[str], jobs: int) -> None:
        self.chosen, self.jobs = chosen, jobs
        self.running: set[subprocess.Popen[bytes]] = set()
        # A step alone has all cores; two or more share them.
        self.workers = max(1, CORES // min(jobs, len(chosen)))

    def command(self, name: str) -> list[str]:
        spread = name.startswith(("unit", "matching", "engine")) and self.workers > 1
        return [*STEPS[name], *(("-n", str(self.workers), "--dist", "loadgroup") if spread else ())]

    def run(self, name: str) -> Outcome:
        slug = name.replace(",", "").replace(" ", "-").lower()
        path = {"PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}
        # Steps beside each other take pictures of the same names; a log is read without colours.
        own = {"TEST_RESULTS": str(RESULTS.absolute() / slug), "NO_COLOR": "1"}
        variables = {**os.environ, **path, **own}
        # Dozens of processes are started; without bytecode on disk each compiles all of its modules again.
        variables.pop("PYTHONDONTWRITEBYTECODE", None)
        file = RESULTS / f"{slug}.log"
        start = time.monotonic()
        with file.open("wb") as log:
            process = subprocess.Popen(
                self.command(name), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=variables
            )
            self.running.add(process)
            _, status, used = os.wait4(process.pid, 0)
            self.running.discard(process)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - start
        text = file.read_text(errors="replace")
        return Outcome(name, process.returncode == 0, seconds, used.ru_utime + used.ru_stime, text)

    def each(self) -> Iterator[Outcome]:
        """The outcomes, as the steps end. Ctrl-C and SIGTERM end the running ones and begin no other."""
        lanes = ThreadPoolExecutor(self.jobs)
        signal.signal(signal.SIGTERM, _leave)
        try:
            for ended in as_completed([lanes.submit(self.run, name) for name in self.chosen]):
                yield ended.result()
        finally:
            for process in list(self.running):
                process.terminate()
            lanes.shutdown(cancel_futures=True)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def tell(outcome: Outcome) -> None:
    """A step in one piece; a failure cannot be overlooked."""
    mark = "━" if outcome.passed else "█"
    title = outcome.name if outcome.passed else f"FAILED: {outcome.name}"
    print(f"\n{mark * 2} {title} {mark * max(0, 72 - len(title))}")
    print(outcome.printed.rstrip(), flush=True)


def counts(printed: str) -> Counter[str]:
    """What pytest's last line says: {"passed": 12, "failed": 1, …}; empty for the output of anything else."""
    last = re.findall(r"^(?:=+ )?(\d+ \w+(?:, \d+ \w+)*) in [\d.]+s\b.*$", printed, re.MULTILINE)
    words = last[-1].split(", ") if last else []
    return Counter({word.split()[1].rstrip("s"): int(word.split()[0]) for word in words})


def share_line(share: str) -> str:
    return f"share {share} of {SHARES} of the long tests (SHARE={ALL} runs all of them)"


def summary(outcomes: list[Outcome], seconds: float, share: str) -> None:
    """The names of what failed, the table, and one line like pytest's own for all of them together."""
    print("\n━━ summary " + "━" * 63)
    for outcome in outcomes:
        failed = re.findall(r"^(?:FAILED|ERROR) .*$", outcome.printed, re.MULTILINE)
        if not outcome.passed:
            print("\n".join([f"{outcome.name}:", *failed[:20]]))
    for outcome in outcomes:
        verdict = "ok  " if outcome.passed else "FAIL"
        print(f"{verdict} {outcome.name:<24} {outcome.seconds:7.1f} s   {outcome.cpu:7.1f} s CPU")
    print(f"     {'together':<24} {seconds:7.1f} s   {sum(o.cpu for o in outcomes):7.1f} s CPU")
    if share != ALL:
        print(share_line(share))
    total: Counter[str] = Counter()
    for outcome in outcomes:
        counted = counts(outcome.printed)
        if not outcome.passed and not counted["failed"] and not counted["error"]:
            counted["error"] += 1  # lint, types, or a run that broke off
        total += counted
    order = ("failed", "passed", "skipped", "deselected", "xfailed", "xpassed", "warning", "error")
    said = [f"{total[word]} {word}" for word in order if total[word]]
    if said:
        print(f"{', '.join(said)} in {seconds:.2f}s")


def in_memory() -> Path | None:
    """Where files of a run cost no waiting for a disk; None, where temporary files go, if there is no room for that or a
    folder was named. What is shown of a killed part is the same: only a machine that goes dark forgets it.
    """
    if "TMPDIR" in os.environ or not MEMORY.is_dir():
        return None
    found = os.statvfs(MEMORY)
    usable = os.access(MEMORY, os.W_OK) and not found.f_flag & os.ST_NOEXEC
    return MEMORY if usable and found.f_bavail * found.f_frsize >= ROOM else None


def main(chosen: str) -> int:
    jobs = int(os.environ.get("JOBS") or CORES + 1)
    RESULTS.mkdir(exist_ok=True)
    share = share_to_run() if chosen == "all" else ALL
    os.environ["SHARE"] = share
    print(f"{CORES} cores, {jobs} steps side by side, load {os.getloadavg()[0]:.1f}", flush=True)
    if share != ALL:
        print(share_line(share), flush=True)
    start = time.monotonic()
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="dvc-tests-", dir=in_memory()) as folder:
        os.chmod(folder, 0o711)  # noqa: S103 - PostgreSQL has a user of its own who must get through
        os.environ["DVC_TEMPLATES"] = os.environ["TMPDIR"] = folder
        for outcome in Steps(SETS[chosen], jobs).each():
            tell(outcome)
            outcomes.append(outcome)
    summary(outcomes, time.monotonic() - start, share)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "all"))

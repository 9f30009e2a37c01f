"""`make test`: every step in turn, each to its end, then one table. Fails when a step failed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass

PYTEST = [sys.executable, "-m", "pytest", "-q", "--durations=5"]
UNIT = [*PYTEST, "-n", "2", "--dist", "loadgroup", "-m", "not e2e and not faults and not center", "tests"]
UNIT += [f"--ignore=tests/{folder}" for folder in ("e2e", "faults", "bench")]
# Pure code knows no database: one run is enough.
PURE = [f"--ignore=tests/{folder}" for folder in ("dvc/core", "matching/solver", "vectors")]
CENTER = [*PYTEST, "tests/dvc/runtime", "-m", "center"]
E2E = [*PYTEST, "tests/e2e"]
FAULTS = [*PYTEST, "tests/faults"]


def on(database: str, command: list[str]) -> list[str]:
    return [sys.executable, "-m", "tests.infra.run", "--db", database, "--", *command]


LINT = {
    "ruff": [sys.executable, "-m", "ruff", "check"],
    "format": [sys.executable, "-m", "ruff", "format", "--check"],
    "types": on("sqlite", [sys.executable, "-m", "mypy"]),
    "import contracts": ["lint-imports", "--no-cache"],
    "migrations": on("sqlite", [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]),
}
STEPS = {
    **{name: LINT[name] for name in LINT},
    "front-end types": ["requirements/node.sh", "npm", "run", "--silent", "typecheck"],
    "front-end tests": ["requirements/node.sh", "npm", "run", "--silent", "test"],
    "unit on SQLite": on("sqlite", UNIT),
    "unit on PostgreSQL": on("postgres", [*UNIT, *PURE]),
    "the whole center": on("sqlite", CENTER),
    "browser on SQLite": on("sqlite", E2E),
    "browser on PostgreSQL": on("postgres", E2E),
    "faults": on("sqlite", FAULTS),
}
SETS = {
    "all": list(STEPS),
    "lint": list(LINT),
    "front": ["front-end types", "front-end tests"],
    "unit": ["unit on SQLite", "unit on PostgreSQL"],
    "unit-sqlite": ["unit on SQLite"],
    "unit-postgres": ["unit on PostgreSQL"],
    "center": ["the whole center"],
    "e2e": ["browser on SQLite", "browser on PostgreSQL"],
    "faults": ["faults"],
}


@dataclass(frozen=True)
class Outcome:
    """One line of the table; `seconds` is wall time."""

    name: str
    passed: bool
    seconds: float


def run(name: str) -> Outcome:
    print(f"\n━━ {name} " + "━" * max(0, 70 - len(name)), flush=True)
    start = time.monotonic()
    variables = {**os.environ, "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}
    done = subprocess.run(STEPS[name], stdin=subprocess.DEVNULL, env=variables, check=False)
    return Outcome(name, done.returncode == 0, time.monotonic() - start)


def main(chosen: str) -> int:
    outcomes = [run(name) for name in SETS[chosen]]
    print("\n━━ summary " + "━" * 62)
    for outcome in outcomes:
        print(f"{'ok  ' if outcome.passed else 'FAIL'} {outcome.name:<24} {outcome.seconds:7.1f} s")
    print(f"     {'together':<24} {sum(outcome.seconds for outcome in outcomes):7.1f} s")
    return 0 if all(outcome.passed for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "all"))

"""Which tests send PostgreSQL nothing that others do not send as well: `make alike` writes their names into alike.txt.

`make test` runs those on SQLite alone; with FULL=1, and whenever a folder is run by hand, they run on both. A test that is
new or has another name stands in no list and runs on both. So the list is made anew when the PostgreSQL steps have become
long; until then it is right enough.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.infra import suite

FILE = Path(__file__).with_name("alike.txt")
# What a test costs besides its own seconds.
EACH = 0.02


@dataclass(frozen=True, slots=True)
class Sent:
    """What a test sent: kinds of statements, in `seconds`. One that is `kept` shows more than that."""

    seconds: float
    kept: bool
    kinds: frozenset[str]


def names() -> frozenset[str]:
    """Tests, or whole functions where none of their examples need run twice."""
    return frozenset(FILE.read_text().splitlines())


def function(test: str) -> str:
    """Its name without that of the example."""
    return test.partition("[")[0]


def alike(sent: dict[str, Sent]) -> set[str]:
    """The tests without which PostgreSQL is sent the same kinds of statements: those are kept which send most new ones
    for their time."""
    kept = {name for name, test in sent.items() if test.kept}
    known = {kind for name in kept for kind in sent[name].kinds}
    left = {name: test.kinds - known for name, test in sent.items() if name not in kept}
    while left := {name: kinds for name, kinds in left.items() if kinds}:
        best = max(left, key=lambda name: (len(left[name]) / (sent[name].seconds + EACH), name))
        new = left.pop(best)
        kept.add(best)
        left = {name: kinds - new for name, kinds in left.items()}
    return sent.keys() - kept


def by_function(tests: set[str], among: set[str]) -> list[str]:
    """The names of functions all of whose examples are in `tests`, and of the other tests."""
    others = {function(name) for name in among - tests}
    return sorted({name if function(name) in others else function(name) for name in tests})


def _listened(command: list[str]) -> dict[str, Sent]:
    """What the tests of a step send, run on a PostgreSQL of their own. Raises `CalledProcessError` when one fails."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "statements.json"
        listening = [*command, "-p", "tests.infra.statements"]
        subprocess.run(
            suite.on("postgres", listening), env={**os.environ, "STATEMENTS": str(file)}, check=True
        )
        found = json.loads(file.read_text())
    return {
        name: Sent(test["seconds"], test["kept"], frozenset(test["kinds"])) for name, test in found.items()
    }


def main() -> None:
    sent: dict[str, Sent] = {}
    for step in (suite.UNIT, suite.MATCHING):
        sent |= _listened([*step, f"{suite.ELSEWHERE} and not once", *suite.ONLY_ON_SQLITE])
    found = alike(sent)
    FILE.write_text("\n".join(by_function(found, set(sent))) + "\n")
    seconds = sum(sent[name].seconds for name in found)
    print(f"{len(found)} of {len(sent)} tests need not run on PostgreSQL: {seconds:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()

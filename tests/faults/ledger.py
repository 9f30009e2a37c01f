"""What the faults came to: one row for each, printed as one table when all are done.

Beside every 0 stands what it is worth: after N trials without one loss, the true rate is below 3/N with 95 %
confidence.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

HEAD = f"{'fault':<58} {'N':>6} {'lost':>5} {'doubled':>8} {'bound':>8} {'p95':>9}  control"


@dataclass(frozen=True)
class Row:
    """`n` faults that struck; `p95` with its unit, empty where nothing was timed; `control`: what went red."""

    fault: str
    n: int
    lost: int
    doubled: int
    p95: str = ""
    control: str = ""

    def __str__(self) -> str:
        bound = f"{3 / self.n:.2g}" if self.n and not (self.lost or self.doubled) else "-"
        return (
            f"{self.fault:<58} {self.n:>6} {self.lost:>5} {self.doubled:>8} {'<' + bound:>8} {self.p95:>9}  "
            f"{self.control}"
        )


@dataclass
class Ledger:
    """The rows of this run."""

    rows: list[Row] = field(default_factory=list)

    def note(self, row: Row) -> None:
        self.rows.append(row)
        results = os.environ.get("TEST_RESULTS")
        if results:  # a long run that is broken off still tells what it saw
            Path(results).mkdir(parents=True, exist_ok=True)
            with (Path(results) / "faults.txt").open("a") as file:
                file.write(f"{row}\n")

    def table(self) -> str:
        return "\n".join([HEAD, *(str(row) for row in self.rows)])


def p95(values: list[float]) -> float:
    """The 95th percentile, by rank."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(0.95 * len(ranked)))]

"""A Celery worker without Celery's command line, which alone costs 10 MB (by hand: `python -m dvc.runtime.worker QUEUE [NUMBER]`).

The solo pool: one process a queue instead of two. A task that hangs is ended by the supervisor, which
kills the process; the outbox row's lease then runs out and the sweeper hands it out again.
"""

from __future__ import annotations

import os
import sys

from dvc.celery import app
from matching.solver import warm

# Checks belong to starts by hand and to the tests; here they would load every page of the center.
os.environ.setdefault("CELERY_SKIP_CHECKS", "true")


def main(queue: str, number: int = 1) -> int:
    """Work on `queue` until a signal, as the `number`th of those that share it. Returns the exit code."""
    if queue == "matching" and not warm.HERE.ready:
        warm.HERE.begin()
    worker = app.Worker(
        hostname=f"{queue}.{os.getpid()}@%h",  # several of one queue may be on one machine
        queues=[queue, f"{queue}.{number}"],
        pool_cls="solo",
        concurrency=1,
        loglevel="WARNING",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:3])))

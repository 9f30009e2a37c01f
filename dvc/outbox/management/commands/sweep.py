"""The sweeper: its own process, so that neither a dead worker nor a dead beat can lose work."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone
from django.utils.module_loading import import_string

from dvc.outbox import services

log = logging.getLogger(__name__)


class Check(Protocol):
    """What settings.SWEEP_CHECKS names. `at` is real time."""

    __qualname__: str

    def __call__(self, *, at: datetime) -> object: ...


class Command(BaseCommand):
    help = "Publish due outbox rows again and run the periodic checks of settings.SWEEP_CHECKS, every second."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, default=1.0, help="seconds between two rounds")
        parser.add_argument("--once", action="store_true", help="one round, then stop")

    def handle(self, *args: Any, every: float, once: bool, **options: Any) -> None:
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        checks: list[Check] = [import_string(path) for path in settings.SWEEP_CHECKS]
        while not stop.is_set():
            close_old_connections()
            trouble = run(checks)
            sent = services.sweep(at=timezone.now())
            if trouble is not None:
                raise trouble  # a dead connection: the supervisor starts us again
            if once:
                return
            if sent < services.SWEPT_AT_ONCE:  # otherwise there is more: a broker that lost everything
                stop.wait(every)


def run(checks: Sequence[Check]) -> OperationalError | InterfaceError | None:
    """Each of them once. Neither a bug nor a locked or missing table of one keeps the others from their work: the next
    one may be the backup. A bug is logged; the first trouble with the database is returned."""
    trouble: OperationalError | InterfaceError | None = None
    for check in checks:
        try:
            check(at=timezone.now())
        except (OperationalError, InterfaceError) as error:
            trouble = trouble or error
        except Exception:
            log.exception("%s failed", check.__qualname__)
    return trouble

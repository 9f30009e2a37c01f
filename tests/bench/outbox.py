"""How soon a broker that lost every hint is told again of all that waits: `python -m tests.bench outbox`, on the database of
the environment (PostgreSQL under `make bench`)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import timedelta

import django

from tests.infra.center import BASE
from tests.infra.template import migrated_postgres, migrated_sqlite

WAITING = 5000
GOAL_SECONDS = 15


def main() -> None:
    """In a process, a database and a broker of its own, without the other parts of a center."""
    with tempfile.TemporaryDirectory(prefix="dvc-bench-") as folder:
        variables = {**os.environ, "DATA": folder, "DJANGO_SETTINGS_MODULE": "dvc.settings"}
        variables.pop("BROKER_URL", None)
        if server := os.environ.get("DATABASE_URL", ""):
            variables["DATABASE_URL"] = migrated_postgres(server)
        else:
            shutil.copy(migrated_sqlite(), folder)
        command = [sys.executable, "-m", "tests.bench.outbox"]
        subprocess.run(command, cwd=BASE, env=variables, check=True)


def measure() -> None:
    """In the center's environment: the sweeper's own rounds, with its checks, from an empty broker to a full one."""
    from django.conf import settings
    from django.db import connection
    from django.utils import timezone
    from django.utils.module_loading import import_string

    from dvc.outbox import services
    from dvc.outbox.management.commands import sweep
    from dvc.outbox.models import Row
    from tests.infra.worker import broker_of_the_settings

    told = timezone.now() - timedelta(minutes=1)
    Row.objects.bulk_create(
        Row(kind="exchange.work", object_id=str(one), dedupe_key=str(one), published_at=told)
        for one in range(WAITING)
    )
    checks = [import_string(path) for path in settings.SWEEP_CHECKS]
    sent = rounds = 0
    with broker_of_the_settings():
        begun = time.monotonic()
        while sent < WAITING:
            sweep.run(checks)
            sent += services.sweep(at=timezone.now())
            rounds += 1
        took = time.monotonic() - begun
    print(
        f"{connection.vendor}: {sent} hints sent again after the broker lost them: {took:.2f} s in {rounds} rounds "
        f"(goal ≤ {GOAL_SECONDS} s)"
    )


if __name__ == "__main__":
    django.setup()
    measure()

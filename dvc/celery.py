"""The Celery application. Tasks live in their apps; the one that matters is `outbox.handle`."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dvc.settings")

app = Celery("dvc")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

HEARTBEAT_SECONDS = 10.0
# An unread heartbeat is dropped after a round: after a pause of the broker only the newest counts.
app.conf.beat_schedule = {
    f"heartbeat of {queue}": {
        "task": "runtime.heartbeat",
        "schedule": HEARTBEAT_SECONDS,
        "args": (f"worker.{queue}",),
        "options": {"queue": queue, "expires": HEARTBEAT_SECONDS},
    }
    for queue in ("default", "matching")
}


@beat_init.connect
def first_round(sender: Any, **kwargs: Any) -> None:
    """Beat's first round is a whole interval after its start; the center shall be green before that."""
    for entry in app.conf.beat_schedule.values():
        app.send_task(entry["task"], entry["args"], retry=True, **entry["options"])

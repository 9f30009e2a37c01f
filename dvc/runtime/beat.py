"""Celery beat's own application: it only sends messages, so it does without Django and half the memory.

All that has to happen on time is done by the sweeper from rows in the database; beat sends the
heartbeats that show that broker, workers and database work together.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import Celery
from celery.apps.beat import Beat
from celery.signals import beat_init
from kombu.exceptions import OperationalError

from dvc import settings

logger = logging.getLogger(__name__)
app = Celery("beat", fixups=[])
app.config_from_object(settings, namespace="CELERY")

HEARTBEAT_SECONDS = 10.0
# An unread heartbeat is dropped after a round: after a pause of the broker only the newest counts.
app.conf.beat_schedule = {
    f"heartbeat of {queue}": {
        "task": "runtime.heartbeat",
        "schedule": HEARTBEAT_SECONDS,
        "args": (f"worker.{queue}",),
        "options": {"queue": queue, "expires": HEARTBEAT_SECONDS},
    }
    for queue in settings.PULSES
}


@beat_init.connect
def first_round(sender: Any, **kwargs: Any) -> None:
    """Beat's first round is a whole interval after its start; the center shall be green before that."""
    try:
        for entry in app.conf.beat_schedule.values():
            app.send_task(entry["task"], entry["args"], retry=True, **entry["options"])
    except OperationalError as error:  # the broker is still being brought up, or cannot read its file
        logger.warning("broker unreachable, heartbeats follow in %g s: %s", HEARTBEAT_SECONDS, error)


def main() -> None:
    """Run until a signal. The plain scheduler keeps nothing in a file that a kill could tear."""
    Beat(app=app, scheduler_cls="celery.beat:Scheduler", loglevel="WARNING", quiet=True).run()

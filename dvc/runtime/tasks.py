"""The one task of the runtime: beat sends it, the broker carries it, the worker writes it down."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from dvc.runtime import services


@shared_task(name="runtime.heartbeat", ignore_result=True)
def heartbeat(name: str) -> bool:
    """Reaching this line shows that beat, broker, worker and database work together."""
    return services.beat(name, at=timezone.now())
